// Two Gaussians, and each divergence between them as the signed area under its integrand.

import { bind, limited } from "../shared/binding.js";
import { roundUp } from "../shared/chart.js";
import { box, caption, element, freshId, paragraph, radio, slider, span, write } from "../shared/form.js";
import { grab } from "../shared/hand.js";
import { clamp } from "../shared/numbers.js";
import { stage } from "../shared/stage.js";
import { mount } from "../shared/view.js";
import { fill, ShownError, shownNumber } from "../shared/words.js";
import { AXIS, divergence, signedParts } from "./gaussians.js";
import { drawDensities, drawIntegrand } from "./pictures.js";

/**
 * @import { Model, Scope } from "../shared/view.js"
 * @import { Binding } from "../shared/binding.js"
 * @import { Gaussian } from "./gaussians.js"
 * @typedef {{q: Gaussian, p: Gaussian, reverse: boolean}} State
 */

/** @param {{model: Model, el: HTMLElement}} view */
function render(view) {
  return mount(view, { kind: "vae-kl", anew: [], followed: ["q", "p", "reverse"] }, build);
}

/** @param {Model} model @param {HTMLElement} body @param {Scope} scope */
function build(model, body, scope) {
  const words = model.get("words");
  /** @type {Binding<State>} */
  const bound = bind(scope, model, {
    read: () => {
      const [q, p] = [limited(model, "q"), limited(model, "p")];
      if (!q || !p) throw new ShownError("bad_gaussian", "q and p must each be a mean and a standard deviation");
      return { q, p, reverse: model.get("reverse") === true };
    },
    show(now) {
      directions.show(now);
      integrand.show(now.reverse);
      densities.show(now);
      for (const one of knobs) one.show(now);
    },
    say: () => {
      const { q, p } = bound.now;
      return fill(words.live, { qp: shownNumber(divergence(q, p), 3), pq: shownNumber(divergence(p, q), 3) });
    },
  });
  const set = (/** @type {"q" | "p"} */ name, /** @type {number} */ which, /** @type {number} */ value) =>
    bound.moveByHand({ [name]: bound.now[name].map((old, i) => (i === which ? value : old)) });
  const densities = densityPicture(scope, model, () => bound.now, (name, mean) => set(name, 0, mean));
  const integrand = integrandPicture(scope, model, () => pairOf(bound.now));
  const directions = directionRows(scope, words, (reverse) => bound.moveByHand({ reverse }));
  const knobs = /** @type {const} */ ([["q", 0], ["q", 1], ["p", 0], ["p", 1]]).map(([name, which]) =>
    knob(scope, model, name, which, (value) => set(name, which, Math.round(value * 1000) / 1000))
  );
  const [mean1, width1, mean2, width2] = knobs.map((one) => one.element);
  body.replaceChildren(
    box("", caption(words.densities_caption), densities.canvas),
    integrand.element,
    directions.element,
    box("vae-sliders", box("vae-term-posterior", mean1, width1), box("vae-term-prior", mean2, width2)),
    paragraph("vae-hint", words.hint),
    bound.live,
  );
  return bound.begin();
}

/** The Gaussian that is averaged under, and the other. @param {State} state */
function pairOf({ q, p, reverse }) {
  return reverse ? [p, q] : [q, p];
}

/**
 * A slider for one number of a Gaussian.
 * @param {Scope} scope @param {Model} model @param {"q" | "p"} name @param {0 | 1} which
 * @param {(value: number) => void} onInput
 */
function knob(scope, model, name, which, onInput) {
  const [words, kind, [min, max]] = [model.get("words"), which ? "width" : "mean", model.get("limits")[name][which]];
  const spoken = (/** @type {number} */ value) =>
    fill(words[`${kind}_spoken`], { name: words[name], value: shownNumber(value) });
  const label = words[`${kind}_${name}`];
  const one = slider(scope, { label, min, max, step: 0.05, text: shownNumber, spoken, onInput });
  return { element: one.element, show: (/** @type {State} */ now) => one.set(now[name][which]) };
}

/**
 * Both divergences as bars, to choose between.
 * @param {Scope} scope @param {Record<string, string>} words @param {(reverse: boolean) => void} choose
 */
function directionRows(scope, words, choose) {
  const [legend, group] = [element("legend"), freshId()];
  const rows = [false, true].map((reverse) => {
    const value = reverse ? "pq" : "qp";
    const input = radio(scope, group, () => choose(reverse), { value });
    const [bar, data] = [span(""), element("data")];
    const track = element("span", { class: "vae-bar", "aria-hidden": "true" }, bar);
    const row = element("label", { class: "vae-direction" }, input, element("b", {}, words[value]), track, data);
    return { row, input, bar, data };
  });
  const show = (/** @type {State} */ { q, p, reverse }) => {
    const values = [divergence(q, p), divergence(p, q)];
    const end = roundUp(Math.max(1, ...values));
    legend.textContent = fill(words.bars_caption, { end: `${end}` });
    rows.forEach(({ input, bar, data }, i) => {
      input.checked = reverse === (i === 1);
      bar.style.width = `${(100 * values[i]) / end}%`;
      write(data, values[i], fill(words.nats, { value: shownNumber(values[i], 3) }));
    });
  };
  return { element: element("fieldset", {}, legend, ...rows.map(({ row }) => row)), show };
}

/**
 * The integrand of the chosen direction, with the sizes of its areas.
 * @param {Scope} scope @param {Model} model @param {() => Gaussian[]} pair
 */
function integrandPicture(scope, model, pair) {
  const words = model.get("words");
  const canvas = element("canvas", { class: "vae-integrand", role: "img" });
  const [head, sentence] = [caption(""), paragraph("vae-area")];
  let sizes = { positive: "", negative: "", total: "" };
  const { redraw } = stage(scope, model, canvas, {
    draw: (scene) => {
      const [a, b] = pair();
      drawIntegrand(scene, a, b, sizes);
    },
  });
  const show = (/** @type {boolean} */ reverse) => {
    const [a, b] = pair();
    const parts = signedParts(a, b);
    // Rounded so that what is written adds up: the filled area is the total and the hatched area, as both are shown.
    const [total, negative] = [divergence(a, b), parts.negative].map((value) => Math.round(1000 * value) / 1000);
    const [positive, ...others] = [total + negative, negative, total].map((value) => shownNumber(value, 3));
    sizes = { positive, negative: others[0], total: others[1] };
    head.textContent = reverse ? words.integrand_caption_pq : words.integrand_caption_qp;
    const name = fill(words.integrand_name, { ...sizes, direction: reverse ? words.pq : words.qp });
    canvas.setAttribute("aria-label", name);
    sentence.textContent = fill(words.area, sizes) + (parts.beyond >= 0.0005 ? ` ${words.area_beyond}` : "");
    redraw();
  };
  return { element: box("", head, canvas, sentence), show };
}

/**
 * Both densities, whose peaks a hand moves.
 * @param {Scope} scope @param {Model} model @param {() => State} now
 * @param {(name: "q" | "p", mean: number) => void} setMean
 */
function densityPicture(scope, model, now, setMean) {
  const words = model.get("words");
  const canvas = element("canvas", { class: "vae-densities", role: "img" });
  /** @type {ReturnType<typeof drawDensities> | undefined} where the rings are, in pixels */
  let peaks;
  const { redraw } = stage(scope, model, canvas, { draw: (scene) => (peaks = drawDensities(scene, now(), hand.held)) });
  /** @type {{held: "q" | "p" | null}} */
  const hand = grab(scope, canvas, {
    rings: () => (peaks ? [{ name: /** @type {"q" | "p"} */ ("q"), at: peaks.q }, { name: "p", at: peaks.p }] : []),
    move: ([px], name) => {
      const z = (px / canvas.clientWidth) * 2 * AXIS - AXIS;
      const [[low, high]] = model.get("limits")[name];
      setMean(name, clamp(Math.round(100 * z) / 100, low, high));
    },
    changed: () => redraw(),
    cursor: (name) => (name ? "ew-resize" : ""),
  });
  const show = ({ q, p } = now()) => {
    const [q_mean, q_width, p_mean, p_width] = [...q, ...p].map((value) => shownNumber(value));
    canvas.setAttribute("aria-label", fill(words.densities_name, { q_mean, q_width, p_mean, p_width }));
    redraw();
  };
  return { canvas, show };
}

export default { render };
