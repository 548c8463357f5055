// The whole machine in a row: a digit drawn or chosen, the encoder, its Q on the map, the decoder, and what comes out.

import { brightness, namedExamples, readPicture, same, SIDE } from "../shared/ink.js";
import { bind } from "../shared/binding.js";
import { mostNear } from "../shared/codes.js";
import { box, button, caption, element, freshId, paragraph, radio, tile } from "../shared/form.js";
import { bring, mapKeys } from "../shared/hand.js";
import { mapCanvas } from "../shared/latent_map.js";
import { Network } from "../shared/network.js";
import { bytes, clamp, halfFloats, keptPoint, planePoint } from "../shared/numbers.js";
import { player } from "../shared/player.js";
import { mount } from "../shared/view.js";
import { fill, ShownError, shownNumber } from "../shared/words.js";
import { machineMap } from "./map.js";
import { machinePad } from "./pad.js";
import { strip } from "./strip.js";
import { along, tour } from "./tour.js";

/**
 * @import { Binding } from "../shared/binding.js"
 * @import { Model, Scope } from "../shared/view.js"
 * @import { Q } from "./map.js"
 * @typedef {{x: Uint8Array, z: number[]}} State
 * @typedef {ReturnType<typeof readMachine>} Machine
 */

const SECONDS = 15; // of a whole walk

/** @param {{model: Model, el: HTMLElement}} view */
function render(view) {
  const networks = ["encoder_weights", "encoder_layers", "decoder_weights", "decoder_layers"];
  const anew = [...networks, "epsilon", "extent", "points", "labels", "examples", "example_labels"];
  return mount(view, { kind: "vae-machine", anew, followed: ["x", "z"] }, build);
}

/** The networks, and what the encoder makes of a picture. @param {Model} model */
function readMachine(model) {
  const encoder = new Network(model.get("encoder_layers"), model.get("encoder_weights"));
  const decoder = new Network(model.get("decoder_layers"), model.get("decoder_weights"));
  const [extent, epsilon, pixels] = [model.get("extent"), model.get("epsilon"), SIDE * SIDE];
  if (encoder.inputs !== pixels || encoder.outputs !== 4 || decoder.inputs !== 2 || decoder.outputs !== pixels) {
    throw new ShownError("bad_weights", "the networks are not those of 28 by 28 pixels and two latents");
  }
  /** @type {{x: Uint8Array | null, q: Q | null}} */
  let last = { x: null, q: null };
  /** Q(z|X); none of an empty picture, and none that is not finite. @param {Uint8Array} x @returns {Q | null} */
  const posterior = (x) => {
    if (last.x && same(last.x, x)) return last.q;
    const [mean1, mean2, logVar1, logVar2] = encoder.run(brightness(x));
    const q = { mean: [mean1, mean2], std: [Math.exp(logVar1 / 2), Math.exp(logVar2 / 2)] };
    const drawn = x.some((level) => level > 0) && [...q.mean, ...q.std].every(Number.isFinite);
    last = { x: x.slice(), q: drawn ? q : null };
    return last.q;
  };
  /** z of a Q, with the ε that is held. @param {Q} q */
  const drawn = ({ mean, std }) => mean.map((one, i) => clamp(one + std[i] * epsilon[i], -extent, extent));
  return { encoder, decoder, extent, posterior, drawn };
}

/** @param {Model} model @param {HTMLElement} body @param {Scope} scope */
function build(model, body, scope) {
  const words = model.get("words");
  const machine = readMachine(model);
  const { decoder, extent, posterior, drawn } = machine;
  const [points, labels, hintId] = [halfFloats(model.get("points")), bytes(model.get("labels")), freshId()];
  const near = () => {
    const label = labels.length ? mostNear(points, labels, bound.now.z, extent / 15) : null;
    return label === null ? words.near_none : fill(words.near, { label: `${label}` });
  };
  const numbers = numbersPanel(words);
  const nearest = paragraph("vae-near");
  const out = tile(SIDE, SIDE, { role: "img", "aria-label": words.f_name });
  /** @type {Binding<State>} */
  const bound = bind(scope, model, {
    read: () => ({ x: readPicture(model), z: planePoint(model.get("z"), extent) }),
    write: ({ x, z }) => ({ x: new DataView(x.slice().buffer), z }),
    heard: () => play.stop(),
    show({ x, z }, old) {
      const q = posterior(x);
      if (!old || !same(x, old.x)) {
        pad.show(x);
        examples.mark(x);
      }
      out.draw(decoder.run(z));
      numbers.show(q, z);
      nearest.textContent = labels.length ? near() : "";
      map.redraw();
      row.redraw();
    },
    say: () => fill(words.live, { z: pairText(words, bound.now.z), near: near() }),
  });
  /** What Q a picture has, for a screen reader. */
  const sayQ = () => {
    const q = posterior(bound.now.x);
    const said = q && { mean: pairText(words, q.mean), std: pairText(words, q.std), near: near() };
    return said ? fill(words.live_q, said) : words.live_empty;
  };
  const take = (/** @type {Uint8Array} */ x) => {
    play.stop();
    const q = posterior(x);
    bound.moveByHand({ x, z: q ? drawn(q) : bound.now.z }, sayQ);
  };
  const moveTo = (/** @type {number[]} */ z) => {
    play.stop();
    bound.moveByHand({ z: keptPoint(z, extent) });
  };
  const pad = machinePad(scope, words, () => play.stop(), take);
  const examples = exampleRadios(scope, model, take);
  const canvas = mapCanvas(words.map_name, words.map_role, hintId);
  const now = () => ({ q: posterior(bound.now.x), z: bound.now.z });
  const map = machineMap(scope, model, canvas, { points, labels, now, drawn: () => row.redraw() });
  bring(scope, canvas, map.plane, () => bound.now.z, moveTo);
  mapKeys(scope, canvas, 0.1, () => bound.now.z, moveTo);
  const play = walk(scope, words, bound, map.medians, extent);
  const row = strip(scope, model, machine, { parts: [pad.canvas, canvas, out.canvas], plane: map.plane, now });
  const clear = button(scope, words.clear, () => take(new Uint8Array(SIDE * SIDE)));
  body.replaceChildren(
    partsRow(words, [pad.element, canvas, out.canvas], row.canvas),
    box(
      "vae-under",
      box("vae-choose", examples.element, clear),
      numbers.element,
      ...(map.medians.length > 1 ? [play.button] : []),
      nearest,
    ),
    element("p", { class: "vae-hint", id: hintId }, words.hint),
    bound.live,
  );
  bound.begin();
  return () => {
    const { x, z } = bound.now;
    bound.follow();
    const q = posterior(bound.now.x);
    if (q && !same(x, bound.now.x) && same(z, bound.now.z)) bound.move({ z: drawn(q) });
  };
}

/**
 * The parts, each under its name, and over all of them what joins them.
 * @param {Record<string, string>} words
 * @param {HTMLElement[]} parts
 * @param {HTMLElement} joins
 */
function partsRow(words, [pad, map, out], joins) {
  const part = (/** @type {string} */ name, /** @type {HTMLElement[]} */ ...children) =>
    box(`vae-part vae-part-${name}`, caption(words[`${name}_caption`]), ...children);
  return box("vae-row", part("x", pad), part("encoder"), part("map", map), part("decoder"), part("f", out), joins);
}

/** Two numbers as text. @param {Record<string, string>} words @param {number[]} pair */
function pairText(words, [first, second]) {
  return fill(words.pair, { first: shownNumber(first), second: shownNumber(second) });
}

/** μ and s of Q, and z. @param {Record<string, string>} words */
function numbersPanel(words) {
  const rows = /** @type {const} */ (["mean", "std", "z"]).map((name) => {
    const data = element("data");
    return { name, data, element: element("p", { "data-name": name }, element("i", {}, words[name]), " ", data) };
  });
  const show = (/** @type {Q | null} */ q, /** @type {number[]} */ z) => {
    for (const { name, data } of rows) {
      const pair = name === "z" ? z : q?.[name];
      const digits = name === "std" ? 3 : 2;
      if (pair) {
        const [first, second] = pair.map((one) => shownNumber(one, digits));
        data.value = JSON.stringify(pair);
        data.textContent = fill(words.pair, { first, second });
      } else {
        data.value = "";
        data.textContent = words.no_number;
      }
    }
  };
  return { element: box("vae-numbers", ...rows.map((one) => one.element)), show };
}

/** A few digits to choose from. @param {Scope} scope @param {Model} model @param {(x: Uint8Array) => void} pick */
function exampleRadios(scope, model, pick) {
  const words = model.get("words");
  const group = freshId();
  const rows = namedExamples(model).map(({ name, x }) => {
    const image = tile(SIDE, SIDE, { "aria-hidden": "true" });
    image.draw(brightness(x));
    const input = radio(scope, group, () => pick(x.slice()), { "aria-label": name });
    return { x, input, element: element("label", {}, input, image.canvas) };
  });
  const named = { class: "vae-examples", role: "radiogroup", "aria-label": words.examples };
  const mark = (/** @type {Uint8Array} */ now) => {
    for (const { x, input } of rows) input.checked = same(x, now);
  };
  return { element: element("div", named, ...rows.map((one) => one.element)), mark };
}

/**
 * The button that walks over the map from digit to digit, once, and back.
 * @param {Scope} scope
 * @param {Record<string, string>} words
 * @param {Binding<State>} bound
 * @param {{digit: number, at: number[]}[]} stops
 * @param {number} extent
 */
function walk(scope, words, bound, stops, extent) {
  /** @type {number[][]} */
  let line = [];
  let [whole, gone, last] = [0, 0, 0];
  const lay = () => {
    const start = bound.now.z;
    line = [start, ...tour(start, stops).map(({ at }) => at), start];
    whole = line.slice(1).reduce((sum, to, i) => sum + Math.hypot(to[0] - line[i][0], to[1] - line[i][1]), 0);
    [gone, last] = [0, 0];
  };
  /** @type {number[][]} */
  let steps = [];
  const playing = player(scope, [words.play, words.pause], {
    begin: lay,
    step: (time) => {
      gone += (Math.min(time - (last || time), 100) / 1000) * (whole / SECONDS); // a page out of sight has no frames
      last = time;
      bound.move({ z: gone < whole ? keptPoint(along(line, gone).at, extent) : line[0] });
      return gone < whole;
    },
    still: () => {
      if (!steps.length) {
        lay();
        steps = line.slice(1);
      }
      bound.moveByHand({ z: keptPoint(/** @type {number[]} */ (steps.shift()), extent) });
    },
    stopped: () => bound.say(),
  });
  playing.button.classList.add("vae-play");
  return playing;
}

export default { render };
