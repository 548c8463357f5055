// Eq. (1) by draws from the prior: a map of the draws and their shares of the sum, and the estimate as draws are added.

import { bind } from "../shared/binding.js";
import { box, button, caption, element, paragraph, slider, tile, write } from "../shared/form.js";
import { Network } from "../shared/network.js";
import { clamp } from "../shared/numbers.js";
import { mount } from "../shared/view.js";
import { fill, grouped, ShownError, shownNumber } from "../shared/words.js";
import { estimateChart } from "./chart.js";
import { Draws, estimates } from "./draws.js";
import { drawsMap } from "./map.js";

/**
 * @import { Binding } from "../shared/binding.js"
 * @import { Model, Scope } from "../shared/view.js"
 * @import { Estimates } from "./draws.js"
 * @typedef {{count: number, stop: number, seed: number}} State `stop` is the place of σ in `sigmas`
 * @typedef {ReturnType<typeof readTables>} Tables
 */

/** @param {{model: Model, el: HTMLElement}} view */
function render(view) {
  const anew = ["weights", "layers", "image_shape", "pixels", "sigmas", "exacts", "own", "band_draws", "bands"];
  return mount(view, { kind: "vae-integral", anew, followed: ["draws", "sigma", "seed"] }, build);
}

/** The lists that Python sends, or one sentence. @param {Model} model */
function readTables(model) {
  const [sigmas, exacts, own, counts, bands] = ["sigmas", "exacts", "own", "band_draws", "bands"].map((name) =>
    model.get(name)
  );
  const numbers = (/** @type {any} */ list, /** @type {number} */ length) =>
    Array.isArray(list) && list.length === length && list.every(Number.isFinite);
  const right = Array.isArray(sigmas) && sigmas.length > 0 && numbers(sigmas, sigmas.length) &&
    sigmas.every((sigma) => sigma > 0) &&
    numbers(exacts, sigmas.length) && sigmas[own] !== undefined &&
    Array.isArray(counts) && counts.length > 1 && numbers(counts, counts.length) && Array.isArray(bands) &&
    bands.length === sigmas.length &&
    bands.every((band) =>
      Array.isArray(band) && band.length === 2 && band.every((line) => numbers(line, counts.length))
    );
  if (!right) throw new ShownError("bad_numbers", "the tables of sigma do not fit each other");
  /** The stop of σ, as Python takes the nearest. @param {number} sigma @returns {number} */
  const nearest = (sigma) => {
    const away = sigmas.map((/** @type {number} */ one) => Math.abs(Math.log(one / sigma)));
    return away.indexOf(Math.min(...away));
  };
  /** Where nine in ten runs of n draws end. @param {number} count @param {number} stop @returns {number[]} */
  const bandAt = (count, stop) => {
    const right = Math.max(1, counts.findIndex((/** @type {number} */ one) => one >= count));
    const [a, b] = [counts[right - 1], counts[right]].map(Math.log);
    const share = (Math.log(count) - a) / (b - a);
    return bands[stop].map((/** @type {number[]} */ line) => line[right - 1] + (line[right] - line[right - 1]) * share);
  };
  /**
   * Its ends at each number of draws at which it was measured.
   * @param {number} stop @returns {[count: number, low: number, high: number][]}
   */
  const bandOf = (stop) =>
    counts.map((/** @type {number} */ count, /** @type {number} */ i) => [count, bands[stop][0][i], bands[stop][1][i]]);
  return { sigmas, exacts, own, nearest, bandAt, bandOf };
}

/** The decoder, and the picture X that it has to explain. @param {Model} model */
function readPicture(model) {
  const [height, width] = model.get("image_shape");
  const network = new Network(model.get("layers"), model.get("weights"));
  const packed = model.get("pixels");
  const x = Float32Array.from({ length: packed.byteLength >> 2 }, (_, i) => packed.getFloat32(4 * i, true));
  const fits = network.inputs === 2 && network.outputs === height * width && x.length === network.outputs;
  if (!fits || !x.every(Number.isFinite)) {
    throw new ShownError("bad_weights", "the decoder does not draw pictures of X's size from two numbers");
  }
  return { network, x, height, width };
}

/** @param {Model} model @param {Tables} tables @returns {State} */
function readState(model, { nearest }) {
  const [count, sigma, seed] = ["draws", "sigma", "seed"].map((name) => model.get(name));
  const { draws: [least, most], seed: [low, high] } = model.get("limits");
  if (![count, sigma, seed].every(Number.isFinite) || sigma <= 0 || seed < low || seed > high) {
    throw new ShownError("bad_numbers", "draws, sigma or seed is no number of its kind");
  }
  return { count: clamp(Math.round(count), least, most), stop: nearest(sigma), seed: Math.floor(seed) };
}

/** @param {Model} model @param {HTMLElement} body @param {Scope} scope */
function build(model, body, scope) {
  const words = model.get("words");
  const tables = readTables(model);
  const { sigmas, exacts, own } = tables;
  const { network, x, height, width } = readPicture(model);
  const { draws: [, most], seed: [, lastSeed] } = model.get("limits");
  /**
   * The draws of the seed, and what those that are decoded by now make; none before the first.
   * @type {{draws: Draws, shown: Estimates | undefined}}
   */
  const made = { draws: new Draws(network, x, 0, most, () => {}), shown: undefined };
  scope.onEnd(() => made.draws.stop());
  /** @type {Binding<State>} */
  const bound = bind(scope, model, {
    read: () => readState(model, tables),
    write: ({ count, stop, seed }) => ({ draws: count, sigma: sigmas[stop], seed }),
    show(now, old) {
      if (now.seed !== old?.seed) drawAnew(now.seed);
      else refresh();
    },
    say: () => numbers.spoken(bound.now),
  });
  /** Draws of the seed; the first of them at once, so that none is shown under another seed. @param {number} seed */
  const drawAnew = (seed) => {
    made.draws.stop();
    made.shown = undefined;
    made.draws = new Draws(network, x, seed, most, () => {
      if (made.shown?.shares.length !== Math.min(bound.now.count, made.draws.done)) refresh();
    });
    made.draws.start();
  };
  /** Shows the numbers of what is decoded at once, the pictures in the next frame. */
  const refresh = () => {
    const { count: wanted, stop } = bound.now;
    const count = Math.min(wanted, made.draws.done);
    const shown = made.shown = estimates(made.draws, count, sigmas[stop]);
    const z = made.draws.at(shown.best);
    knobs.show(bound.now);
    const names = numbers.show(shown, exacts[stop], wanted);
    const [z1, z2] = [...z].map((value) => shownNumber(value));
    map.map.setAttribute("aria-label", fill(words.map_name, { ...names, z1, z2 }));
    const [low, high] = tables.bandAt(count, stop).map((nats) => shownNumber(nats, 1));
    chart.canvas.setAttribute("aria-label", fill(words.chart_name, { ...names, low, high }));
    marked.draw(grey(network.run(z)));
    map.redraw();
    chart.redraw();
  };
  const knobs = sliders(scope, model, tables, (change) => bound.moveByHand(change));
  const numbers = figures(words, tables);
  const map = drawsMap(scope, model, () => made);
  const chart = estimateChart(scope, model, () => {
    const { shown } = made;
    return shown && { shown, exact: exacts[bound.now.stop], band: tables.bandOf(bound.now.stop) };
  }, (count) => bound.moveByHand({ count }));
  const [given, marked] = [words.x_name, words.most_name].map((name) =>
    tile(height, width, { role: "img", "aria-label": name })
  );
  given.draw(grey(x));
  const picture = (/** @type {string} */ head, /** @type {HTMLElement} */ canvas) =>
    element("figure", {}, element("figcaption", {}, head), canvas);
  const anew = button(scope, words.anew, () => {
    const { seed } = bound.now;
    bound.moveByHand({ seed: seed === lastSeed ? 0 : seed + 1 });
  });
  body.replaceChildren(
    box("", caption(words.map_caption), map.map),
    box(
      "vae-pictures",
      picture(words.x_caption, given.canvas),
      picture(words.most_caption, marked.canvas),
      numbers.share,
    ),
    box("vae-curve", caption(words.chart_caption), chart.canvas, numbers.element),
    knobs.element,
    box("vae-action", anew, paragraph("vae-hint", fill(words.hint, { own: shownNumber(sigmas[own], 3) }))),
    bound.live,
  );
  return bound.begin();
}

/** Within the range that is drawn. @param {Float32Array} values */
function grey(values) {
  return values.map((value) => clamp(value, 0, 1));
}

/**
 * @param {Scope} scope @param {Model} model @param {Tables} tables @param {(change: Partial<State>) => void} onInput
 */
function sliders(scope, model, { sigmas, own }, onInput) {
  const [words, [, most]] = [model.get("words"), model.get("limits").draws];
  const last = 4 * Math.log2(most);
  /** Whole numbers in ratios of about 2^(1/4). */
  const counts = [...new Set(Array.from({ length: last + 1 }, (_, i) => Math.round(2 ** (i / 4))))];
  let now = { count: 1, stop: 0 };
  const sigmaText = () => shownNumber(sigmas[now.stop], 3);
  const count = slider(scope, {
    label: words.draws,
    min: 0,
    max: counts.length - 1,
    step: 1,
    text: () => grouped(now.count),
    spoken: () => fill(words.draws_spoken, { value: grouped(now.count) }),
    onInput: (place) => onInput({ count: counts[place] }),
  });
  const sigma = slider(scope, {
    label: words.sigma,
    min: 0,
    max: sigmas.length - 1,
    step: 1,
    text: sigmaText,
    spoken: () => fill(now.stop === own ? words.sigma_own : words.sigma_spoken, { value: sigmaText() }),
    onInput: (stop) => onInput({ stop }),
  });
  const show = (/** @type {State} */ next) => {
    now = next;
    count.set(counts.findLastIndex((stop) => stop <= now.count));
    sigma.set(now.stop);
  };
  return { element: box("vae-sliders", count.element, sigma.element), show };
}

/** The figures, and the sentence on the shares. @param {Record<string, string>} words @param {Tables} tables */
function figures(words, { sigmas }) {
  const parts = /** @type {const} */ (["estimate", "exact", "difference", "effective"]).map((name) => {
    const value = element("data");
    const part = element("span", name === "exact" ? { "data-term": "evidence" } : {}, `${words[name]} `, value);
    return { part, value };
  });
  const share = paragraph("vae-share");
  const show = (/** @type {Estimates} */ shown, /** @type {number} */ exact, /** @type {number} */ wanted) => {
    const { running, effective } = shown;
    const count = running.length;
    const estimate = running[count - 1];
    // Rounded so that what is written adds up.
    const [two, right] = [estimate, exact].map((value) => Math.round(100 * value) / 100);
    const texts = [
      ...[two, right, two - right].map((value) => fill(words.nats, { value: shownNumber(value) })),
      fill(words.effective_of, { effective: shownNumber(effective, 1), draws: grouped(count) }),
    ];
    const values = [estimate, exact, estimate - exact, effective];
    parts.forEach(({ value }, i) => write(value, values[i], texts[i]));
    share.textContent = shareText(words, shown, wanted);
    const carriers = grouped(shown.carriers);
    return { draws: grouped(count), carriers, estimate: shownNumber(two), exact: shownNumber(right) };
  };
  const spoken = (/** @type {State} */ { count, stop }) => {
    const [estimate, exact, difference, effective] = parts.map(({ value }) =>
      (value.textContent ?? "").replace(fill(words.nats, { value: "" }), "")
    );
    const numbers = { estimate, exact, difference, effective };
    return fill(words.live, { draws: grouped(count), sigma: shownNumber(sigmas[stop], 3), ...numbers });
  };
  return { element: paragraph("vae-numbers", ...parts.map(({ part }) => part)), share, show, spoken };
}

/** Which draws carry the sum. @param {Record<string, string>} words @param {Estimates} shown @param {number} wanted */
function shareText(words, { shares, best, carriers }, wanted) {
  const count = shares.length;
  const names = { draws: grouped(count), carriers: grouped(carriers) };
  if (count < wanted) return fill(words.working, { done: grouped(count), draws: grouped(wanted) });
  if (count === 1) return words.share_one;
  const percent = Math.round(100 * shares[best]);
  const largest = percent > 99
    ? fill(words.share_all, { share: "99" })
    : fill(words.share, { share: shares[best] < 0.1 ? shownNumber(100 * shares[best], 1) : `${percent}` });
  return [largest, fill(carriers === count ? words.carriers_all : words.carriers, names)].join(" ");
}

export default { render };
