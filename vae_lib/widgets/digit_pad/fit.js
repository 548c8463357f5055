// How well f(z) fits X: log P(X|z), the KL and the ELBO, each a number and its place on an axis.

import { roundUp } from "../shared/chart.js";
import { box, element, paragraph, span } from "../shared/form.js";
import { clamp } from "../shared/numbers.js";
import { fill, shownNumber } from "../shared/words.js";
import { SIDE } from "../shared/ink.js";

/**
 * @import { Seen } from "./seen.js"
 * @typedef {{low: number, high: number, step: number}} Axis in nats
 * @typedef {"log_likelihood" | "kl" | "elbo"} Term
 */

/** The axes of the three rows. @param {number[][]} usual @param {number} sigma @returns {Record<Term, Axis>} */
function axesOf(usual, sigma) {
  const best = -0.5 * SIDE * SIDE * Math.log(2 * Math.PI * sigma ** 2); // of log P(X|z), where f(z) is X
  const farther = (/** @type {number[]} */ [low, , high]) => low - 2 * (high - low);
  const least = usual.length ? farther(usual[2]) : best - (0.1 * SIDE * SIDE) / sigma ** 2;
  const step = roundUp((best - least) / 6);
  const fit = { low: Math.floor(least / step) * step, high: Math.ceil(best / step) * step, step };
  const most = roundUp(usual.length ? 2 * usual[1][2] : 20);
  return { log_likelihood: fit, kl: { low: 0, high: most, step: most / 4 }, elbo: fit };
}

/** @param {Record<string, string>} words @param {number[][]} usual @param {number} sigma */
export function fitPanel(words, usual, sigma) {
  const scales = axesOf(usual, sigma);
  const rows = /** @type {[Term, string][]} */ ([
    ["log_likelihood", ""],
    ["kl", words.minus],
    ["elbo", words.equals],
  ]).map(([term, sign], i) => fitRow(words, term, sign, scales[term], usual[i]));
  return {
    element: box("vae-bars", ...rows.map(({ row }) => row)),
    show: (/** @type {Seen | null} */ seen) => rows.forEach(({ term, show }) => show(seen && seen[term])),
  };
}

/**
 * @param {Record<string, string>} words @param {Term} term @param {string} sign @param {Axis} axis
 * @param {number[] | undefined} usual
 */
function fitRow(words, term, sign, { low, high, step }, usual) {
  const percent = (/** @type {number} */ nats) => clamp((100 * (nats - low)) / (high - low), 0, 100);
  const at = (/** @type {HTMLElement} */ mark, /** @type {number} */ nats) => {
    mark.style.left = `${percent(nats)}%`;
    return mark;
  };
  const number = element("data", { class: "vae-number" });
  const pointer = box("vae-pointer");
  const ticks = Array.from({ length: Math.round((high - low) / step) + 1 }, (_, k) => {
    const nats = low + k * step;
    return at(span("vae-tick", span("", shownNumber(nats, step % 1 ? 1 : 0))), nats);
  });
  const track = element("div", { class: "vae-track", role: "img" }, ...ticks);
  if (usual) {
    const band = at(box("vae-band", span("", words.usual)), usual[0]);
    band.style.right = `${100 - percent(usual[2])}%`;
    track.append(band, at(box("vae-median"), usual[1]));
  }
  track.append(pointer);
  const head = paragraph("vae-term", span("vae-sign", sign), " ", span("", words[term]), " ", number);
  const show = (/** @type {number | null} */ nats) => {
    const value = nats === null ? words.no_number : shownNumber(nats, 2);
    number.textContent = value;
    number.value = nats === null ? "" : `${nats}`;
    pointer.hidden = nats === null;
    const [least, , most] = (usual ?? [0, 0, 0]).map((one) => shownNumber(one, 1));
    const spoken = usual ? words.row_spoken : words.row_spoken_alone;
    track.setAttribute("aria-label", fill(spoken, { value, low: least, high: most }));
    if (nats === null) return;
    at(pointer, nats);
    pointer.dataset.beyond = nats < low ? "low" : nats > high ? "high" : "";
  };
  return { term, row: element("div", { class: "vae-row", "data-term": term }, head, track), show };
}

/** Which sentence says how log P(X|z) lies to that of test digits. @param {number} value @param {number[]} usual */
export function verdictWord(value, [low, , high]) {
  return value < low ? "verdict_below" : value > high ? "verdict_above" : "verdict_within";
}
