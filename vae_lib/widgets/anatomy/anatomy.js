// The whole machine taken apart: every number between X and the ELBO, in a graph, an equation and ten lines of code.

import { bind, limited } from "../shared/binding.js";
import { box, paragraph } from "../shared/form.js";
import { Network } from "../shared/network.js";
import { bytes, clamp, normals } from "../shared/numbers.js";
import { player } from "../shared/player.js";
import { mount } from "../shared/view.js";
import { fill, ShownError } from "../shared/words.js";
import { controls, pictureRadios } from "./controls.js";
import { codeBlock, equation4, pointing, sentenceLine, sentenceOf } from "./explain.js";
import { machineGraph } from "./graph.js";
import { BOXES } from "./nodes.js";
import { backwardPass, forwardPass, Trail, weightRows } from "./passes.js";
import { textOf } from "./said.js";
import { training } from "./steps.js";

/**
 * @import { Binding } from "../shared/binding.js"
 * @import { Model, Scope } from "../shared/view.js"
 * @import { Forward } from "./passes.js"
 * @typedef {{index: number, epsilon: number[], hold: boolean, sample: boolean, gradient: string, backward: boolean,
 *   node: string, lit: string}} State
 * @typedef {{forward: Forward, back: {sizes: Record<string, number>} | null, x: Float32Array, epsilon: number[],
 *   sample: boolean, gradient: string, lit: string, sigma: number,
 *   layers: {encoder: Float64Array[], decoder: Float64Array[]}}} Shown
 */

const STAY = 2600; // milliseconds at each node of the walk

const FOLLOWED = ["index", "epsilon", "hold", "sample", "gradient", "backward", "node", "lit"];

/** @param {{model: Model, el: HTMLElement}} view */
function render(view) {
  const networks = ["encoder_weights", "encoder_layers", "decoder_weights", "decoder_layers"];
  const anew = [...networks, "sigma", "images", "names", "image_shape", "lr", "limits", "options"];
  return mount(view, { kind: "vae-anatomy", anew, followed: FOLLOWED }, build);
}

/** The two networks, whose weights steps move, and the pictures. @param {Model} model */
function readMachine(model) {
  const [encoder, decoder] = ["encoder", "decoder"].map((name) => {
    const layers = model.get(`${name}_layers`);
    return new Trail(new Network(layers, model.get(`${name}_weights`)), layers);
  });
  const sigma = model.get("sigma");
  const [height, width] = model.get("image_shape");
  const pixels = height * width;
  const [inputs, outputs] = [encoder, decoder].map(({ layers }) => [layers[0].input.length, layers.at(-1)?.raw.length]);
  const packed = bytes(model.get("images"));
  const fits = inputs[0] === pixels && inputs[1] === 4 && outputs[0] === 2 && outputs[1] === pixels;
  if (!fits || !(sigma > 0) || packed.length !== 4 * pixels * model.get("names").length) {
    throw new ShownError("bad_weights", "the networks or the pictures do not fit");
  }
  const all = new Float32Array(packed.slice().buffer);
  const pictures = Array.from(model.get("names"), (_, i) => all.slice(i * pixels, (i + 1) * pixels));
  const weights = weightRows(encoder, decoder);
  return { encoder, decoder, sigma, pictures, weights, first: weights.map((row) => row.slice()) };
}

/** @param {Model} model @param {number} count of pictures @returns {State} */
function readState(model, count) {
  const [index, epsilon] = [model.get("index"), limited(model, "epsilon")];
  const known = Object.entries(model.get("options")).every(([name, options]) => options.includes(model.get(name)));
  if (!epsilon || !known || !Number.isInteger(index) || index < 0 || index >= count) {
    throw new ShownError("bad_numbers", "a trait is none that Python takes");
  }
  const read = Object.fromEntries(FOLLOWED.map((name) => [name, model.get(name)]));
  return /** @type {State} */ ({ ...read, epsilon });
}

/** ε from N(0, I), within the limits. @param {Model} model */
function drawNoise(model) {
  const limits = model.get("limits").epsilon;
  return Array.from(
    normals(Math.floor(Math.random() * 2 ** 32), 2),
    (value, i) => clamp(Math.round(100 * value) / 100, limits[i][0], limits[i][1]),
  );
}

/**
 * Goes from node to node, once, or one at a press where the reader asked for less motion.
 * @param {Scope} scope @param {Record<string, string>} words @param {Binding<State>} bound
 */
function walkThrough(scope, words, bound) {
  const after = () => (BOXES.indexOf(bound.now.node) + 1) % BOXES.length;
  return player(scope, [words.play, words.pause], {
    begin: () => {
      if (after() === 0) bound.move({ node: BOXES[0] });
      return bound.now.node === BOXES[0] ? STAY / 2 : 0;
    },
    step: () => {
      bound.moveByHand({ node: BOXES[after()] });
      return after() === 0 ? false : STAY;
    },
    still: () => bound.moveByHand({ node: BOXES[after()] }),
    stopped: () => {},
  });
}

/**
 * All numbers of a state, and the slopes at the weights.
 * @param {ReturnType<typeof readMachine>} machine @param {State} now
 * @returns {{shown: Shown, slopes: ArrayLike<number>[]}}
 */
function calculated(machine, now) {
  const { pictures, sigma } = machine;
  const { epsilon, sample, gradient, lit } = now;
  const x = pictures[now.index];
  const forward = forwardPass(machine, x, epsilon, now);
  const back = backwardPass(machine, x, epsilon, now, forward);
  const [encoder, decoder] = [machine.encoder, machine.decoder].map((one) => one.layers.map(({ output }) => output));
  const layers = { encoder, decoder };
  const shown = { forward, back: now.backward ? back : null, x, epsilon, sample, gradient, lit, sigma, layers };
  return { shown, slopes: back.slopes };
}

/** Whether two states differ in what is pointed at alone. @param {State} one @param {State} other */
function sameNumbers(one, other) {
  return JSON.stringify({ ...one, node: "" }) === JSON.stringify({ ...other, node: "" });
}

/** @param {Model} model @param {HTMLElement} body @param {Scope} scope */
function build(model, body, scope) {
  const words = model.get("words");
  const machine = readMachine(model);
  const { pictures, weights, first } = machine;
  let found = calculated(machine, readState(model, pictures.length));
  let over = /** @type {string | null} */ (null);
  const pointed = () => over ?? bound.now.node;
  const point = () => {
    for (const part of [graph, equation, code]) part.point(pointed());
    about.show(sentenceOf(words, found.shown, pointed()));
  };
  const showAll = () => {
    found = calculated(machine, bound.now);
    graph.show(found.shown);
    code.show(found.shown);
    panel.show(bound.now, steps.moved());
    stepped.textContent = steps.said(found.shown.forward);
    point();
  };
  /** @type {Binding<State>} */
  const bound = bind(scope, model, {
    read: () => readState(model, pictures.length),
    heard: () => play.stop(),
    show(now, old) {
      examples.show(now.index);
      for (const one of groups) one.show(now.node);
      if (old && sameNumbers(now, old)) point();
      else showAll();
    },
    say: () => sentenceOf(words, found.shown, bound.now.node),
  });
  const numbers = () => fill(words.live, { elbo: textOf(found.shown, "elbo")[0] });
  const change = (/** @type {Partial<State>} */ next) => {
    play.stop();
    bound.moveByHand(next, numbers);
  };
  const anew = () => (bound.now.hold ? {} : { epsilon: drawNoise(model) });
  const graph = machineGraph(scope, model, { now: () => found.shown, pointed });
  const [equation, code, about, stepped] = [
    equation4(words),
    codeBlock(words),
    sentenceLine(),
    paragraph("vae-stepped"),
  ];
  const steps = training(scope, model, { weights, first, moved: () => showAll() });
  const panel = controls(scope, model, {
    change,
    noise: (axis, value) => change({ epsilon: bound.now.epsilon.map((old, i) => (i === axis ? value : old)) }),
    anew: () => change({ epsilon: drawNoise(model) }),
    step: () => {
      steps.step(found.slopes, found.shown.forward);
      if (!bound.move(anew())) showAll();
      bound.say(numbers);
    },
    reset: () => (steps.reset(), showAll(), bound.say(numbers)),
  });
  const examples = pictureRadios(scope, model, pictures, (index) => change({ index, ...anew() }));
  const play = walkThrough(scope, words, bound);
  const hover = (/** @type {string | null} */ name) => (over = name, point());
  const pick = (/** @type {string} */ node) => {
    play.stop();
    over = null;
    bound.moveByHand({ node });
    point();
  };
  const groups = [graph, equation, code].map(({ buttons }) => pointing(scope, buttons, { hover, pick }));
  body.replaceChildren(
    box("vae-top", examples.element, ...panel.ways, play.button),
    graph.element,
    about.element,
    box("vae-below", equation.element, code.element, box("vae-set", panel.element, stepped)),
    paragraph("vae-hint", words.hint),
    bound.live,
  );
  return bound.begin();
}

export default { render };
