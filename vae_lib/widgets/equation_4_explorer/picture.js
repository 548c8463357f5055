// The densities over z: the exact posterior, the prior, and Q.

import { Chart, sharp } from "../shared/chart.js";
import { area, curve, paper, PIXELS, plot, ring, segments, text } from "../shared/marks.js";
import { clamp } from "../shared/numbers.js";
import { shownNumber } from "../shared/words.js";
import { LOG_2PI } from "./terms.js";

/**
 * @import { Mark, Point } from "../shared/marks.js"
 * @import { Scene } from "../shared/stage.js"
 * @import { exactPosterior, Setting } from "./terms.js"
 * @typedef {ReturnType<typeof exactPosterior>} Posterior
 */

/** The picture reaches from −EDGE to EDGE. */
const EDGE = 4;
const WHOLE = Array.from({ length: 2 * EDGE - 1 }, (_, i) => i + 1 - EDGE);

const gaussian = (/** @type {number} */ mean, /** @type {number} */ sd) => (/** @type {number} */ z) =>
  Math.exp(-0.5 * ((z - mean) / sd) ** 2 - 0.5 * LOG_2PI) / sd;

/**
 * Returns the chart, on which a hand finds Q.
 * @param {Scene} scene @param {Setting} setting @param {Posterior} posterior
 */
export function drawCurves(scene, { mean, std }, posterior) {
  // Room for a Q that fits one of two modes is twice the posterior's height; a narrower Q lowers all curves.
  const high = Math.max(2.1 * posterior.peak, 0.5, 0.42 / std);
  const chart = new Chart(scene, { low: 0, high, above: 26, below: 24, axis: [-EDGE, EDGE] });
  const q = gaussian(mean, std);
  const [dark, peak] = [scene.theme === "dark", /** @type {Point} */ ([mean, q(mean)])];
  const rest = 0.3; // where a curve lies on the axis, no line is drawn
  plot(
    scene,
    chart,
    paper(),
    wholeLines(chart),
    area(posterior.density, { colour: "ink", alpha: dark ? 0.2 : 0.14 }),
    curve(gaussian(0, 1), { colour: "prior", width: 1.25, dash: [5, 4], rest }),
    curve(posterior.density, { colour: "ink", width: 1.5, rest }),
    area(q, { colour: "posterior", alpha: dark ? 0.16 : 0.12 }),
    curve(q, { colour: "posterior", width: 2.5, rest }),
    axisBelow(chart),
    segments([[peak, [mean, 0]]], { colour: "ink", alpha: 0.35 }),
    ring(peak, { colour: "ink" }),
    ...names(scene, chart, mean, q, posterior),
  );
  return chart;
}

/** A line at each whole number. @param {Chart} chart @returns {Mark} */
function wholeLines(chart) {
  return (scene) =>
    WHOLE.forEach((z) => {
      const x = sharp(chart.x(z));
      plot(scene, PIXELS, segments([[[x, 0], [x, chart.y(0)]]], { colour: z === 0 ? "axis" : "grid" }));
    });
}

/** @param {Chart} chart @returns {Mark} */
function axisBelow(chart) {
  return (scene) => {
    const { context, width, height, inks, words } = scene;
    const [floor, line] = [chart.y(0), sharp(chart.y(0))];
    context.fillStyle = inks.paper;
    context.fillRect(0, floor + 1, width, height - floor);
    plot(
      scene,
      PIXELS,
      segments([[[0, line], [width, line]]], { colour: "axis" }),
      ...WHOLE.map((z) =>
        text(shownNumber(z, 0), [chart.x(z), floor + 13], { colour: "quiet", font: "11px", halo: 3 })
      ),
      text(words.axis, [width - 8, floor + 12], { colour: "quiet", font: "italic 600 14px", align: "right", halo: 3 }),
    );
  };
}

/**
 * Names on the curves: Q's on its outer side, the posterior's on the side where Q is not.
 * @param {Scene} scene @param {Chart} chart @param {number} mean @param {(z: number) => number} q
 * @param {Posterior} posterior
 */
function names({ words, width }, chart, mean, q, posterior) {
  const side = mean < 0 ? -1 : 1;
  const name = (
    /** @type {string} */ word,
    /** @type {Point} */ at,
    /** @type {number} */ outward,
    /** @type {string} */ colour,
    /** @type {{font?: string, dx?: number, dy?: number}} */ style = {},
  ) => text(word, at, { colour, font: "600 13.5px", align: outward < 0 ? "right" : "left", ...style });
  const [x, y, room] = [chart.x(mean), chart.y(q(mean)), 68];
  const qSide = side > 0 ? (x + room < width ? 1 : -1) : (x - room > 0 ? -1 : 1);
  const flat = chart.y(q(mean + (qSide * (2 * EDGE * 40)) / width)) - y < 14; // the curve would run through the name
  let edge = -side * EDGE; // from the picture's edge inward, to half the height of the first mode
  while (Math.abs(edge) > 0.01 && posterior.density(edge) < 0.55 * posterior.peak) edge += 0.02 * side;
  const at = clamp(chart.x(edge) - 9 * side, 4, width - 4);
  return [
    name(words.q, [mean, q(mean)], qSide, "posterior", { dx: 17 * qSide, dy: flat ? -19 : 0 }),
    name(words.posterior, [chart.z(at), posterior.density(edge)], -side, "ink"),
    name(words.prior, [-2.55 * side, 0.4 * Math.exp(-0.5 * 2.55 ** 2)], -side, "prior", { font: "12.5px", dy: -11 }),
  ];
}
