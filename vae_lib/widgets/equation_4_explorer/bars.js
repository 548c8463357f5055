// The terms of Eq. (4) as rows of bars.

import { box, element, paragraph, span, write } from "../shared/form.js";
import { clamp } from "../shared/numbers.js";
import { shownNumber } from "../shared/words.js";
import { LOG_2PI } from "./terms.js";

/** @import { Terms } from "./terms.js" */

const ROWS = /** @type {[keyof Terms, "" | "minus" | "equals"][]} */ ([
  ["evidence", ""],
  ["gap", "minus"],
  ["elbo", "equals"],
  ["reconstruction", "equals"],
  ["kl", "minus"],
]);

/** The terms as rows on one axis of nats that Q does not move. @param {Record<string, string>} words */
export function termBars(words) {
  const rows = ROWS.map(([term, sign]) => {
    const [number, bar] = [element("data", { class: "vae-number" }), box("vae-bar")];
    const track = element("div", { class: "vae-track", "aria-hidden": "true" }, bar);
    const name = span("vae-term-name", words[term]);
    const head = paragraph("vae-term", span("vae-sign", sign && words[sign]), " ", name, " ", number);
    return { term, number, bar, track, row: element("div", { class: "vae-row", "data-term": term }, head, track) };
  });
  const ticks = box("vae-ticks");
  const line = (/** @type {string} */ term) => element("div", { class: "vae-line", "data-term": term });
  const [evidenceLine, elboLine] = [line("evidence"), line("elbo")];
  const layer = element("div", { class: "vae-layer", "aria-hidden": "true" }, ticks, evidenceLine, elboLine);

  let [low, high] = [-6, 0.3];
  const percent = (/** @type {number} */ nats) => clamp((100 * (nats - low)) / (high - low), 0, 100);
  /** The axis for one X and σ. @param {number} evidence @param {number} sigma */
  const setAxis = (evidence, sigma) => {
    const best = Math.max(0, -0.5 * LOG_2PI - Math.log(sigma)); // the reconstruction where z² is X
    low = Math.floor(Math.min(evidence, 0) - 4);
    high = best + 0.035 * (best - low);
    const step = [1, 2, 5, 10].find((candidate) => (high - low) / candidate <= 8) ?? 20;
    const marks = [];
    for (let nats = Math.floor(high / step) * step; nats > low; nats -= step) {
      const mark = span(nats === 0 ? "vae-tick vae-zero" : "vae-tick", span("", shownNumber(nats, 0)));
      mark.style.left = `${percent(nats)}%`;
      marks.push(mark);
    }
    ticks.replaceChildren(...marks);
  };
  const show = (/** @type {Terms} */ terms) => {
    const { evidence, elbo, reconstruction } = terms;
    const ends = {
      evidence: [evidence, 0],
      gap: [elbo, evidence],
      elbo: [elbo, 0],
      reconstruction: [reconstruction, 0],
      kl: [elbo, reconstruction],
    };
    for (const { term, number, bar, track } of rows) {
      const [left, right] = ends[term].sort((a, b) => a - b);
      write(number, terms[term], shownNumber(terms[term], 3));
      bar.style.left = `${percent(left)}%`;
      bar.style.right = `${100 - percent(right)}%`;
      track.toggleAttribute("data-beyond", left < low);
    }
    evidenceLine.style.left = `${percent(evidence)}%`;
    elboLine.style.left = `${percent(elbo)}%`;
    elboLine.hidden = elbo < low;
  };
  return { element: box("vae-bars", layer, ...rows.map(({ row }) => row)), setAxis, show };
}
