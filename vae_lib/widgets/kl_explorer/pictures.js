// The two densities, and what a divergence between them adds up at each z.

import { Chart } from "../shared/chart.js";
import { mixed } from "../shared/canvas.js";
import { area, axes, clipped, curve, grid, PIXELS, plot, ring, text, textWidth } from "../shared/marks.js";
import { clamp } from "../shared/numbers.js";
import { fill } from "../shared/words.js";
import { AXIS, crossings, integrand, integrandRange, logDensity } from "./gaussians.js";

/**
 * @import { Mark, Point } from "../shared/marks.js"
 * @import { Scene } from "../shared/stage.js"
 * @import { Gaussian } from "./gaussians.js"
 * @typedef {{positive: string, negative: string}} Sizes in nats, as text
 */

const NAME = "600 13px";

/**
 * Q and P as curves, a ring on each peak; returns where the rings stand, in pixels.
 * @param {Scene} scene @param {{q: Gaussian, p: Gaussian}} both @param {"q" | "p" | null} held
 */
export function drawDensities(scene, { q, p }, held) {
  const tallest = 1 / (Math.min(q[1], p[1]) * Math.sqrt(2 * Math.PI));
  const range = {
    low: 0,
    high: Math.max(0.8, tallest),
    above: 38,
    below: 22,
    axis: /** @type {Point} */ ([-AXIS, AXIS]),
  };
  const chart = new Chart(scene, range);
  const each = /** @type {const} */ (["p", "q"]).map((name) => {
    const [gaussian, colour] = name === "p" ? [p, "prior"] : [q, "posterior"];
    const density = (/** @type {number} */ z) => Math.exp(logDensity(gaussian, z));
    return { name, colour, density, peak: /** @type {Point} */ ([gaussian[0], density(gaussian[0])]) };
  });
  const peaks = each.map(({ peak: [z, height] }) => /** @type {Point} */ ([chart.x(z), chart.y(height)]));
  // Names stand above their rings, and step aside where they would meet.
  const [dx, dy] = [peaks[1][0] - peaks[0][0], peaks[1][1] - peaks[0][1]];
  const push = (Math.abs(dy) < 40 ? Math.max(0, 30 - Math.abs(dx)) / 2 : 0) * (dx < 0 ? -1 : 1);
  plot(
    scene,
    chart,
    grid(crossings(q, p)),
    ...each.flatMap(({ colour, density }) => [area(density, { colour, alpha: 0.14 }), curve(density, { colour })]),
    axes(scene.words.axis),
    ...each.map(({ name, colour, peak }) =>
      ring(peak, { colour, radius: 8, width: held === name ? 5 : 3.5, filled: true })
    ),
    ...each.map(({ name, colour, peak }, i) =>
      text(scene.words[name], peak, {
        colour,
        font: "italic 700 17px",
        baseline: "bottom",
        dx: i === 0 ? -push : push,
        dy: -13,
      })
    ),
  );
  return { p: peaks[0], q: peaks[1] };
}

/**
 * The integrand of D[a‖b]: filled above zero, hatched below, each part with its size.
 * @param {Scene} scene @param {Gaussian} a @param {Gaussian} b @param {Sizes} sizes
 */
export function drawIntegrand(scene, a, b, sizes) {
  const { width, height } = scene;
  const range = { ...integrandRange(a, b), above: 14, below: 42, axis: /** @type {Point} */ ([-AXIS, AXIS]) };
  const chart = new Chart(scene, range);
  const f = (/** @type {number} */ z) => integrand(a, b, z);
  const zero = chart.y(0);
  const colour = "gap";
  plot(
    scene,
    chart,
    grid(crossings(a, b)),
    clipped([0, 0, width, zero], area(f, { colour, alpha: 0.42 })),
    clipped([0, zero, width, height - zero], area(f, { colour, alpha: 0.1 }), hatched(f)),
    curve(f, { colour, width: 1.75 }),
    axes(scene.words.axis),
  );
  const hills = hillsOf(chart, f);
  plot(scene, PIXELS, nameAbove(scene, chart, f, hills, sizes), nameBelow(scene, chart, hills, sizes));
}

/** Slanted lines between a function and zero. @param {(z: number) => number} f @returns {Mark} */
function hatched(f) {
  return ({ context, colours, width, height }, chart) => {
    context.clip(chart.closed(chart.path(f)));
    context.strokeStyle = colours.gap;
    context.globalAlpha = 0.75;
    context.lineWidth = 1;
    context.beginPath();
    for (let x = -height; x < width; x += 6) {
      context.moveTo(x, height);
      context.lineTo(x + height, 0);
    }
    context.stroke();
  };
}

/**
 * Where the function is highest and lowest, in pixels, and how much.
 * @param {Chart} chart @param {(z: number) => number} f
 */
function hillsOf(chart, f) {
  let [highest, lowest, top, bottom] = [0, 0, 0, 0];
  for (let px = 0; px <= chart.width; px += 0.5) {
    const value = f(chart.z(px));
    if (value > top) [highest, top] = [px, value];
    if (value < bottom) [lowest, bottom] = [px, value];
  }
  return { highest, lowest, top, bottom };
}

const isSome = (/** @type {string} */ size) => Number(size) > 0;

/**
 * The size of the filled area beside the highest hill, where it has fallen to two thirds: on the side away from the
 * valley if there is room.
 * @param {Scene} scene @param {Chart} chart @param {(z: number) => number} f @param {ReturnType<typeof hillsOf>} hills
 * @param {Sizes} sizes
 */
function nameAbove(scene, chart, f, { highest, lowest, top }, { positive, negative }) {
  if (!isSome(positive) || top * chart.scale <= 4) return null;
  const { width } = chart;
  const words = fill(scene.words.plus, { value: positive });
  const room = textWidth(scene, words, NAME) + 10;
  const slope = (/** @type {number} */ side) => {
    let px = highest;
    while (px >= 0 && px <= width && f(chart.z(px)) > 0.66 * top) px += side;
    return px;
  };
  const first = isSome(negative) ? highest > lowest : highest < width / 2;
  const fits = (/** @type {number} */ end) => end > 34 && end < width - 4;
  const side = (first ? [1, -1] : [-1, 1]).find((one) => fits(slope(one) + one * room));
  const y = Math.min(chart.y(0.66 * top), chart.y(0) - 12);
  return text(words, [side ? slope(side) + 10 * side : highest, y], {
    colour: mixed(scene.colours.gap, scene.inks.ink),
    font: NAME,
    align: side === 1 ? "left" : side === -1 ? "right" : "center",
  });
}

/**
 * The size of the hatched area, below its lowest place.
 * @param {Scene} scene @param {Chart} chart @param {ReturnType<typeof hillsOf>} hills @param {Sizes} sizes
 */
function nameBelow(scene, chart, { lowest, bottom }, { negative }) {
  if (!isSome(negative) || -bottom * chart.scale <= 1) return null;
  const words = fill(scene.words.minus, { value: negative });
  const half = textWidth(scene, words, NAME) / 2 + 6;
  return text(words, [clamp(lowest, half + 30, chart.width - half), chart.y(bottom) + 5], {
    colour: mixed(scene.colours.gap, scene.inks.ink),
    font: NAME,
    baseline: "top",
  });
}
