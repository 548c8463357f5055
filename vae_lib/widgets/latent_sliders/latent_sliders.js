// One slider for each latent number, sorted by its KL; the decoded picture; how far each slider moves a pixel.

import { bind } from "../shared/binding.js";
import { exampleTile, readLook } from "../shared/example.js";
import { box, button, caption, choices, element, freshId, paragraph, slider, span, write } from "../shared/form.js";
import { Network } from "../shared/network.js";
import { clamp, normals } from "../shared/numbers.js";
import { mount } from "../shared/view.js";
import { fill, ShownError, shownNumber } from "../shared/words.js";

/**
 * @import { Binding } from "../shared/binding.js"
 * @import { Model, Scope } from "../shared/view.js"
 * @typedef {{z: number[], seed: number}} State
 */

/** Places on each slider at which its change is measured, the ends among them. */
const PLACES = 25;

/** Milliseconds that the hand has rested before the changes are measured, and that a frame may measure for. */
const REST_MS = 120;
const FRAME_MS = 4;

const subscript = (/** @type {number} */ number) => `${number}`.replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[Number(digit)]);

/**
 * How far a pixel changes while z_i runs over its slider and the others stay as they are: the largest difference, one
 * latent number at a time. Each `step` is one run of the decoder.
 * @param {Network} network @param {number[]} z @param {number[]} order @param {number} extent
 * @param {(index: number, change: number) => void} done
 */
function changes(network, z, order, extent, done) {
  const low = new Float32Array(network.outputs);
  const high = new Float32Array(network.outputs);
  const point = [...z];
  let [at, place] = [0, 0];
  return {
    /** False when there is no more to measure. */
    step() {
      const index = order[at];
      point[index] = extent * ((2 * place) / (PLACES - 1) - 1);
      const values = network.run(point);
      if (place === 0) {
        low.set(values);
        high.set(values);
      }
      for (let i = 0; i < values.length; i++) {
        if (values[i] < low[i]) low[i] = values[i];
        else if (values[i] > high[i]) high[i] = values[i];
      }
      if (++place < PLACES) return true;
      let change = 0;
      for (let i = 0; i < low.length; i++) change = Math.max(change, high[i] - low[i]);
      done(index, change);
      point[index] = z[index];
      place = 0;
      return ++at < order.length;
    },
  };
}

/** @param {{model: Model, el: HTMLElement}} view */
function render(view) {
  const anew = ["weights", "layers", "image_shape", "kl", "choices", "extent", "columns"];
  return mount(view, { kind: "vae-lsliders", anew, followed: ["z", "seed"] }, build);
}

/** The latent numbers, and which of them cost how much. @param {Model} model */
function readSpace(model) {
  const [kl, extent, look] = [model.get("kl"), model.get("extent"), readLook(model)];
  const network = new Network(model.get("layers"), model.get("weights"));
  if (network.outputs !== look.numbers) {
    throw new ShownError("bad_weights", "the decoder does not draw pictures of this size");
  }
  const count = network.inputs;
  const fits = Array.isArray(kl) && kl.length === count && kl.every((nats) => Number.isFinite(nats) && nats >= 0);
  if (!fits || !(extent > 0)) throw new ShownError("bad_numbers", "kl does not fit the decoder");
  /** From the dearest to the cheapest. @type {number[]} */
  const order = Array.from(kl, (_, i) => i).sort((a, b) => kl[b] - kl[a] || a - b);
  return { kl: /** @type {number[]} */ (kl), extent, look, network, count, order };
}

/** @param {Model} model @param {HTMLElement} body @param {Scope} scope */
function build(model, body, scope) {
  const [words, unused] = [model.get("words"), model.get("unused")];
  const space = readSpace(model);
  const { kl, extent, look, network, count, order } = space;
  const image = exampleTile(look, { "aria-label": words.picture_name });
  const paint = scope.perFrame(() => image.draw(network.run(bound.now.z)));
  /** @type {Binding<State>} */
  const bound = bind(scope, model, {
    read: () => {
      const [z, seed] = [model.get("z"), model.get("seed")];
      const valid = Array.isArray(z) && z.length === count && z.every(Number.isFinite);
      return { z: Array.from({ length: count }, (_, i) => (valid ? clamp(z[i], -extent, extent) : 0)), seed };
    },
    write: ({ z, seed }) => ({ seed, z }),
    show({ z }, old) {
      if (old && z.every((value, i) => value === old.z[i])) return;
      for (const row of rows) if (z[row.index] !== old?.z[row.index]) row.set(z[row.index]);
      starts.mark(z);
      paint();
      measureLater();
    },
  });
  const moveTo = (/** @type {number[]} */ z, /** @type {() => string} */ text, seed = bound.now.seed) => {
    bound.move({ z, seed });
    bound.say(text);
  };
  const rows = order.map((index) =>
    latentRow(scope, model, space, index, (value, text) => {
      moveTo(bound.now.z.map((old, i) => (i === index ? Math.round(value * 1000) / 1000 : old)), text);
    })
  );
  const measureLater = measuring(scope, space, () => bound.now.z, rows);
  const origin = button(scope, words.origin, () => moveTo(new Array(count).fill(0), () => words.said_origin));
  const draw = button(scope, words.draw, () => {
    const { seed } = bound.now;
    const drawn = Array.from(normals(seed, count), (value) => clamp(value, -extent, extent));
    moveTo(drawn, () => words.said_draw, (seed + 1) % 2 ** 32);
  });
  const starts = startButtons(scope, model, (z, label) => moveTo(z, () => fill(words.said_digit, { label })));
  const used = kl.filter((nats) => nats >= unused).length;
  const headings = box("vae-cost", span("", words.kl_head), span("", words.change_head));
  const head = element("div", { class: "vae-head", "aria-hidden": "true" }, span(""), headings);
  const acts = box("vae-acts", caption(words.picture_caption), origin, draw);
  body.replaceChildren(
    paragraph("vae-says", fill(words.summary, { used: `${used}`, all: `${count}`, unused: `${unused}` })),
    box("vae-left", box("vae-see", image.element, acts), ...starts.elements),
    box("vae-rows", head, ...rows.map(({ element }) => element)),
    paragraph("vae-hint", words.hint),
    bound.live,
  );
  return bound.begin();
}

/**
 * A latent number: its slider, what it costs, and what it changes.
 * @param {Scope} scope @param {Model} model @param {ReturnType<typeof readSpace>} space @param {number} index
 * @param {(value: number, text: () => string) => void} onInput with what is said then
 */
function latentRow(scope, model, { kl, extent, order }, index, onInput) {
  const [words, unused] = [model.get("words"), model.get("unused")];
  const latent = fill(words.latent, { index: subscript(index + 1) });
  const knob = slider(scope, {
    label: latent,
    min: -extent,
    max: extent,
    step: 0.05,
    text: shownNumber,
    spoken: (value) => fill(words.slider_text, { latent, value: shownNumber(value) }),
    onInput: (value) => onInput(value, () => fill(words.said_slider, { latent, change: change.textContent ?? "" })),
  });
  const nats = kl[index];
  const bar = span("");
  bar.style.width = `${(100 * nats) / Math.max(unused, kl[order[0]])}%`;
  const track = element("span", { class: "vae-bar", "aria-hidden": "true" }, bar);
  const unit = (/** @type {string} */ text) => span("vae-unit", text);
  const [change, number] = [element("data"), element("data")];
  write(number, nats, shownNumber(nats, nats < unused ? 4 : 3));
  const changeCell = span("", unit(words.change), change);
  const cost = element(
    "p",
    { class: "vae-cost", id: freshId() },
    nats < unused ? span("vae-unused", words.unused) : track,
    span("", unit(words.kl), number, unit(words.nats)),
    changeCell,
  );
  knob.input.setAttribute("aria-describedby", cost.id);
  return {
    index,
    set: knob.set,
    element: box("vae-row", knob.element, cost),
    wait: () => changeCell.classList.add("vae-waits"),
    showChange(/** @type {number} */ value) {
      write(change, value, shownNumber(value, 3));
      changeCell.classList.remove("vae-waits");
    },
  };
}

/**
 * The codes to start from.
 * @param {Scope} scope @param {Model} model @param {(z: number[], label: string) => void} pick
 */
function startButtons(scope, model, pick) {
  const words = model.get("words");
  /** @type {{label: string, z: number[], name: string}[]} */
  const codes = model.get("choices").map((/** @type {any} */ { label, z }) => ({
    label,
    z,
    name: fill(words.digit, { label }),
  }));
  const starts = choices(scope, codes, ({ label, z }) => pick([...z], label));
  return {
    elements: codes.length ? [box("vae-starts", caption(words.digits_caption), starts.element)] : [],
    mark: (/** @type {number[]} */ now) => starts.mark(({ z }) => z.every((value, i) => value === now[i])),
  };
}

/**
 * Measures, when the hand has rested, how far each slider moves a pixel, in slices of a frame.
 * @param {Scope} scope @param {ReturnType<typeof readSpace>} space @param {() => number[]} z
 * @param {ReturnType<typeof latentRow>[]} rows
 */
function measuring(scope, { network, order, extent }, z, rows) {
  /** @type {ReturnType<typeof changes> | undefined} */
  let job;
  const measure = scope.perFrame(() => {
    if (!job) return;
    const until = performance.now() + FRAME_MS;
    let more = true;
    while (more && performance.now() < until) more = job.step();
    if (more) measure();
  });
  let timer = 0;
  scope.onEnd(() => clearTimeout(timer));
  return () => {
    clearTimeout(timer);
    job = undefined; // it measures about a z that is left
    for (const row of rows) row.wait();
    timer = setTimeout(() => {
      job = changes(network, z(), order, extent, (index, change) => rows[order.indexOf(index)].showChange(change));
      measure();
    }, REST_MS);
  };
}

export default { render };
