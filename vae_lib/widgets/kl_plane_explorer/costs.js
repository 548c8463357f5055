// What Q costs: the parts of its KL to the prior, as bars and numbers.

import { roundUp } from "../shared/chart.js";
import { box, caption, element, paragraph, span, write } from "../shared/form.js";
import { fill, shownNumber } from "../shared/words.js";

/** @typedef {{mean: [number, number], std: [number, number]}} Q */

const PARTS = /** @type {const} */ (["distance", "width"]);

/** The two parts of one latent's KL to N(0, 1), in nats. @param {number} mean @param {number} std */
function klParts(mean, std) {
  const logVar = 2 * Math.log(std);
  // expm1 keeps the digits where the width is nearly 1 and this part is tiny.
  return { distance: 0.5 * mean ** 2, width: 0.5 * (Math.expm1(logVar) - logVar) };
}

/** @param {Q} q */
export function costs({ mean, std }) {
  const parts = [0, 1].map((axis) => klParts(mean[axis], std[axis]));
  const each = parts.map(({ distance, width }) => distance + width);
  return { parts, each, all: each[0] + each[1] };
}

/** What Q costs, as bars and numbers. @param {Record<string, string>} words */
export function costPanel(words) {
  const barsFor = (/** @type {number} */ axes) =>
    Array.from({ length: axes }, () => PARTS.map((part) => span(`vae-${part}`))).flat();
  const track = (/** @type {HTMLElement[]} */ bars) =>
    element("span", { class: "vae-bar", "aria-hidden": "true" }, ...bars);
  const rows = [words.axis_1, words.axis_2].map((name) => {
    const bars = barsFor(1);
    const [first, second, sum] = [0, 1, 2].map(() => element("data"));
    const terms = paragraph("", `${words.distance} `, first, ` + ${words.width} `, second);
    return { row: box("vae-cost", element("b", {}, name), track(bars), sum, terms), bars, first, second, sum };
  });
  const [allBars, total, head] = [barsFor(2), element("data"), caption("")];
  const means = PARTS.map((part) =>
    paragraph(
      "",
      element("span", { class: `vae-swatch vae-${part}`, "aria-hidden": "true" }),
      words[`${part}_means`],
    )
  );
  const show = (/** @type {ReturnType<typeof costs>} */ { parts, each, all }) => {
    const end = roundUp(Math.max(1, all));
    head.textContent = fill(words.bars_caption, { end: `${end}` });
    const number = (/** @type {HTMLDataElement} */ data, /** @type {number} */ nats) =>
      write(data, nats, shownNumber(nats, 3));
    rows.forEach(({ bars, first, second, sum }, axis) => {
      PARTS.forEach((part, i) => {
        const width = `${(100 * parts[axis][part]) / end}%`;
        for (const bar of [bars[i], allBars[2 * axis + i]]) bar.style.width = width;
        number([first, second][i], parts[axis][part]);
      });
      number(sum, each[axis]);
    });
    number(total, all);
  };
  const whole = box("vae-cost vae-total", element("b", {}, words.total), track(allBars), total);
  const panel = box(
    "vae-costs",
    head,
    box("vae-bars", ...rows.map(({ row }) => row), whole),
    box("vae-legend", ...means),
    paragraph("vae-says", words.sum),
  );
  return { element: panel, show };
}
