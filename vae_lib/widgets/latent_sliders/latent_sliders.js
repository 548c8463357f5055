// One slider for each latent number, sorted by its KL; the decoded picture; how far each slider moves a pixel.

import { picture } from "../shared/canvas.js";
import { announcer, choices, element, freshId, OWN_KEYS, slider } from "../shared/form.js";
import { Network } from "../shared/network.js";
import { clamp, normals } from "../shared/numbers.js";
import { mount, tell } from "../shared/view.js";
import { fill, ShownError, shownNumber } from "../shared/words.js";

/** @import { Model, Scope } from "../shared/view.js" */

/** A latent number whose KL is under this many nats is not used. Python and the words say so too. */
const UNUSED = 0.01;

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
  const anew = ["weights", "layers", "image_shape", "kl", "choices", "extent"];
  return mount(view, { kind: "vae-lsliders", anew, followed: ["z"] }, build);
}

/** @param {Model} model @param {HTMLElement} body @param {Scope} scope @returns {() => void} */
function build(model, body, scope) {
  const words = model.get("words");
  const { signal } = scope;
  const extent = model.get("extent");
  const kl = model.get("kl");
  const [height, width] = model.get("image_shape");
  const network = new Network(model.get("layers"), model.get("weights"));
  if (network.outputs !== height * width) {
    throw new ShownError("bad_weights", "the decoder does not draw pictures of this size");
  }
  const count = network.inputs;
  const fits = Array.isArray(kl) && kl.length === count && kl.every((nats) => Number.isFinite(nats) && nats >= 0);
  if (!fits || !(extent > 0)) throw new ShownError("bad_numbers", "kl does not fit the decoder");
  /** Latent numbers from the dearest to the cheapest. @type {number[]} */
  const order = Array.from(kl, (_, i) => i).sort((a, b) => kl[b] - kl[a] || a - b);
  const dearest = Math.max(UNUSED, kl[order[0]]);
  const nameOf = (/** @type {number} */ index) => fill(words.latent, { index: subscript(index + 1) });

  // Elements
  const canvas = element("canvas", { class: "vae-digit", role: "img", "aria-label": words.picture_name });
  if (width * height < 400) canvas.classList.add("vae-coarse");
  canvas.style.aspectRatio = `${width} / ${height}`;
  const live = announcer(scope);
  const rows = order.map((index) => {
    const knob = slider(scope, {
      label: nameOf(index),
      min: -extent,
      max: extent,
      step: 0.05,
      text: (value) => shownNumber(value),
      spoken: (value) => fill(words.slider_text, { latent: nameOf(index), value: shownNumber(value) }),
      onInput: (value) => {
        moveTo(z.map((old, i) => (i === index ? Math.round(value * 1000) / 1000 : old)));
        live.say(() => fill(words.said_slider, { latent: nameOf(index), change: change.textContent ?? "" }));
      },
    });
    const bar = element("span");
    bar.style.width = `${(100 * kl[index]) / dearest}%`;
    const unit = (/** @type {string} */ text) => element("span", { class: "vae-unit" }, text);
    const change = element("data");
    const changeCell = element("span", {}, unit(words.change), change);
    const cost = element(
      "p",
      { class: "vae-cost", id: freshId() },
      kl[index] < UNUSED
        ? element("span", { class: "vae-unused" }, words.unused)
        : element("span", { class: "vae-bar", "aria-hidden": "true" }, bar),
      element(
        "span",
        {},
        unit(words.kl),
        element("data", { value: `${kl[index]}` }, shownNumber(kl[index], kl[index] < UNUSED ? 4 : 3)),
        unit(words.nats),
      ),
      changeCell,
    );
    knob.input.setAttribute("aria-describedby", cost.id);
    return { index, knob, change, changeCell, row: element("div", { class: "vae-row" }, knob.element, cost) };
  });
  const button = (/** @type {string} */ text, /** @type {() => void} */ press) => {
    const made = element("button", { class: "vae-button", type: "button", ...OWN_KEYS }, text);
    made.addEventListener("click", press, { signal });
    return made;
  };
  const origin = button(words.origin, () => {
    moveTo(new Array(count).fill(0));
    live.say(() => words.said_origin);
  });
  const draw = button(words.draw, () => {
    const seed = model.get("seed");
    moveTo(Array.from(normals(seed, count), (value) => clamp(value, -extent, extent)), { seed: (seed + 1) % 2 ** 32 });
    live.say(() => words.said_draw);
  });
  /** @type {{label: string, z: number[]}[]} */
  const codes = model.get("choices");
  const digits = codes.map(({ label, z: code }) => ({ label, name: fill(words.digit, { label }), code }));
  const starts = choices(scope, digits, ({ label, code }) => {
    moveTo([...code]);
    live.say(() => fill(words.said_digit, { label }));
  });
  const used = kl.filter((/** @type {number} */ nats) => nats >= UNUSED).length;
  body.replaceChildren(
    element("p", { class: "vae-says" }, fill(words.summary, { used: `${used}`, all: `${count}` })),
    element(
      "div",
      { class: "vae-left" },
      element(
        "div",
        { class: "vae-see" },
        canvas,
        element(
          "div",
          { class: "vae-acts" },
          element("p", { class: "vae-caption" }, words.picture_caption),
          origin,
          draw,
        ),
      ),
      ...(model.get("choices").length
        ? [
          element(
            "div",
            { class: "vae-starts" },
            element("p", { class: "vae-caption" }, words.digits_caption),
            starts.element,
          ),
        ]
        : []),
    ),
    element(
      "div",
      { class: "vae-rows" },
      element(
        "div",
        { class: "vae-head", "aria-hidden": "true" },
        element("span"),
        element(
          "div",
          { class: "vae-cost" },
          element("span", {}, words.kl_head),
          element("span", {}, words.change_head),
        ),
      ),
      ...rows.map(({ row }) => row),
    ),
    element("p", { class: "vae-hint" }, words.hint),
    live.element,
  );

  // Showing
  const drawPicture = picture(canvas, height, width);
  /** @type {number[]} */
  let z = new Array(count).fill(0);
  const paint = scope.perFrame(() => drawPicture(network.run(z)));

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
  const measureLater = () => {
    clearTimeout(timer);
    job = undefined; // it measures about a z that is left
    for (const { changeCell } of rows) changeCell.classList.add("vae-waits");
    timer = setTimeout(() => {
      job = changes(network, z, order, extent, (index, change) => {
        const row = rows[order.indexOf(index)];
        row.change.value = `${change}`;
        row.change.textContent = shownNumber(change, 3);
        row.changeCell.classList.remove("vae-waits");
      });
      measure();
    }, REST_MS);
  };

  /** Shows the sliders at once, the picture in the next frame. @param {number[]} next @param {boolean} [first] */
  const show = (next, first = false) => {
    const old = z;
    z = next;
    for (const { index, knob } of rows) if (first || z[index] !== old[index]) knob.set(z[index]);
    starts.mark(({ code }) => code.every((value, i) => value === z[i]));
    paint();
    measureLater();
  };
  /** Moves z by the reader's hand. @param {number[]} next @param {{seed?: number}} [also] what else changes with it */
  const moveTo = (next, also) => {
    if (!also && next.every((value, i) => value === z[i])) return;
    show(next);
    tell(scope, model, { ...also, z: [...next] });
  };
  const given = () => {
    const value = model.get("z");
    const valid = Array.isArray(value) && value.length === count && value.every(Number.isFinite);
    return valid ? value.map((number) => clamp(number, -extent, extent)) : new Array(count).fill(0);
  };
  const follow = () => {
    const next = given();
    if (next.some((value, i) => value !== z[i])) show(next);
  };
  show(given(), true);
  return follow;
}

export default { render };
