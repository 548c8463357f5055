// One code with the ellipses of its Q(z|X): as they lie on the map, or larger in a lens.

import { circle, clipped, dots, ellipse, PIXELS, plot, segments, text } from "../shared/marks.js";
import { clamp } from "../shared/numbers.js";
import { fill } from "../shared/words.js";

/**
 * @import { Mark, Point } from "../shared/marks.js"
 * @import { Plane } from "../shared/plane.js"
 * @typedef {{code: Point, width: number[], z: number[], colour: string,
 *   near: (reach: number) => {at: Point, colour: string}[]}} Marked `near` has the codes about this one
 */

const TIMES = [64, 32, 16, 8, 4, 2];
const Q = "posterior";

/** @param {Marked} mark @returns {Mark} */
export function markedCode(mark) {
  return (scene, /** @type {Plane} */ plane) => {
    const radii = mark.width.map((one) => one * plane.scale);
    const lens = clamp(0.115 * plane.size, 34, 48);
    const times = TIMES.find((one) => 2 * Math.max(...radii) * one <= 0.8 * lens);
    const marks = times ? throughLens(mark, plane, radii, lens, times) : asItLies(mark, plane, radii);
    plot(scene, PIXELS, ...marks);
  };
}

/** A name beside Q. @param {(words: Record<string, string>) => string} word @param {Point} at @returns {Mark} */
function named(word, at) {
  return (scene, scale) => plot(scene, scale, text(word(scene.words), at, { colour: Q, font: "600 12.5px" }));
}

/** @param {Marked} mark @param {Plane} plane @param {number[]} radii in pixels */
function asItLies({ code, colour }, plane, radii) {
  const at = /** @type {Point} */ ([plane.x(code[0]), plane.y(code[1])]);
  const above = at[1] - 2 * radii[1] - 11;
  const y = above > 12 ? above : Math.min(at[1] + 2 * radii[1] + 11, plane.size - 12);
  return [
    ellipse(at, radii, Q),
    dots([at], { colour: "paper", radius: 4.5 }),
    dots([at], { colour, radius: 3 }),
    named((words) => words.q, [clamp(at[0], 24, plane.size - 24), y]),
  ];
}

/**
 * @param {Marked} mark @param {Plane} plane @param {number[]} radii @param {number} lens its radius, in pixels
 * @param {number} times
 */
function throughLens({ code, z, colour, near }, plane, radii, lens, times) {
  const at = /** @type {Point} */ ([plane.x(code[0]), plane.y(code[1])]);
  const centre = cornerFor(plane, lens, [at, [plane.x(z[0]), plane.y(z[1])]]);
  const distance = Math.hypot(centre[0] - at[0], centre[1] - at[1]);
  const edge = /** @type {Point} */ ([0, 1].map((i) => centre[i] - ((centre[i] - at[i]) * lens) / distance));
  const larger = (/** @type {Point} */ place) => /** @type {Point} */ ([
    centre[0] + (place[0] - code[0]) * plane.scale * times,
    centre[1] - (place[1] - code[1]) * plane.scale * times,
  ]);
  return [
    segments([[at, edge]], { colour: Q, width: 1.25 }),
    dots([at], { colour: "paper", radius: 4.5 }),
    ellipse(at, radii, Q),
    dots([at], { colour, radius: 2 }),
    dots([centre], { colour: "paper", radius: lens }),
    clipped(
      [...centre, lens],
      ...near(lens / (plane.scale * times)).map((one) =>
        dots([larger(one.at)], { colour: one.colour, radius: 2.5, alpha: 0.6 })
      ),
      ellipse(centre, radii.map((radius) => radius * times), Q),
      dots([centre], { colour: "paper", radius: 4.5 }),
      dots([centre], { colour, radius: 3 }),
    ),
    circle(centre, lens, { colour: Q, width: 1.5 }),
    named((words) => fill(words.lens, { times: `${times}` }), [
      clamp(centre[0], 40, plane.size - 40),
      centre[1] + lens + 10,
    ]),
  ];
}

/**
 * A corner, where few codes are, and not over what is taken.
 * @param {Plane} plane @param {number} lens @param {Point[]} taken
 */
function cornerFor({ size }, lens, taken) {
  const [low, high] = [lens + 8, size - lens - 8];
  const corners = /** @type {Point[]} */ ([[high, low], [low, low], [high, high - 20], [low, high - 20]]);
  const room = (/** @type {Point} */ [x, y]) => Math.min(...taken.map(([px, py]) => Math.hypot(px - x, py - y)));
  return corners.find((corner) => room(corner) > lens + 26) ?? corners[0];
}
