// The map of latent space: digits as dots, Q, and in a lens as large as it can be seen, and the ring at z.

import { apart, clusters, freePlace } from "../shared/codes.js";
import { priorCircles } from "../shared/latent_map.js";
import { mixed } from "../shared/canvas.js";
import { circle, dots, ellipse, grid, PIXELS, plot, ring, segments, text } from "../shared/marks.js";
import { clamp } from "../shared/numbers.js";
import { Plane } from "../shared/plane.js";
import { stage } from "../shared/stage.js";
import { fill } from "../shared/words.js";

/**
 * @import { Named } from "../shared/codes.js"
 * @import { Point } from "../shared/marks.js"
 * @import { Scene } from "../shared/stage.js"
 * @import { Model, Scope } from "../shared/view.js"
 * @typedef {{mean: number[], std: number[]}} Q
 */

/** Places on the map that belong to no hand: what the lens shows is larger by one of these. */
const TIMES = [40, 30, 20, 15, 10, 8, 6, 4, 3, 2];

/**
 * How many times larger Q is shown so that it fills the lens, or 1 where it is large enough.
 * @param {number[]} radii of one standard deviation, in pixels
 * @param {number} lens
 */
export function timesLarger(radii, lens) {
  return 2.3 * Math.max(...radii) > lens / 2 ? 1 : TIMES.find((one) => 2.3 * Math.max(...radii) * one <= lens) ?? 2;
}

/**
 * The corner of a map, of those that `before` comes first of, that leaves `room` about all that is taken.
 * @param {number} size
 * @param {number} lens
 * @param {Point[]} taken
 * @param {Point | undefined} before
 * @returns {Point}
 */
export function cornerOf(size, lens, taken, before) {
  const [low, high] = [lens + 5, size - lens - 5];
  const corners = /** @type {Point[]} */ ([[high, low], [low, low], [high, high], [low, high]]);
  const room = (/** @type {Point} */ [x, y]) => Math.min(...taken.map(([px, py]) => Math.hypot(px - x, py - y)));
  if (before && room(before) > lens + 14) return before;
  return corners.reduce((best, one) => (room(one) > room(best) ? one : best));
}

/**
 * What does not move.
 * @param {Scene} scene
 * @param {Plane} plane
 * @param {Float32Array} points
 * @param {Uint8Array} labels
 * @param {Named[]} medians
 */
function drawUnder(scene, plane, points, labels, medians) {
  const { palette, inks, words } = scene;
  const small = plane.size < 170;
  /** @type {Point[][]} */
  const byDigit = Array.from({ length: 11 }, () => []);
  for (let i = 0; i < points.length / 2; i++) byDigit[labels[i] ?? 10].push([points[2 * i], points[2 * i + 1]]);
  plot(
    scene,
    plane,
    grid(),
    ...byDigit.map((each, digit) =>
      dots(each, { colour: palette.digits[digit] ?? inks.quiet, radius: small ? 1 : 1.3, alpha: 0.5 })
    ),
    priorCircles(),
    ...apart(medians, 13 / plane.scale).map(({ digit, at }) =>
      text(`${digit}`, /** @type {Point} */ (at), {
        colour: mixed(palette.digits[digit], inks.ink),
        font: `700 ${small ? 13 : 15}px`,
        halo: 4,
      })
    ),
    text(words.prior, /** @type {Point} */ (freePlace(2, medians.map(({ at }) => at))), {
      colour: "prior",
      font: "12px",
      halo: 4,
    }),
  );
}

/**
 * Q, and the lens.
 * @param {Scene} scene
 * @param {Plane} plane
 * @param {Q} q
 * @param {number[]} z
 * @param {Point | undefined} before
 * @returns {Point | undefined} where the lens stands
 */
function drawQ(scene, plane, { mean, std }, z, before) {
  const lens = clamp(plane.size * 0.155, 22, 34);
  const [at, mark] = [mean, z].map(([one, two]) => /** @type {Point} */ ([plane.x(one), plane.y(two)]));
  const radii = std.map((sd) => sd * plane.scale);
  const times = timesLarger(radii, lens);
  plot(scene, PIXELS, ellipse(at, radii, "posterior"), dots([at], { colour: "posterior", radius: 3 }));
  if (times === 1) return;
  const centre = cornerOf(plane.size, lens, [at, mark], before);
  const away = Math.hypot(at[0] - centre[0], at[1] - centre[1]);
  const edge = /** @type {Point} */ ([0, 1].map((i) => centre[i] + ((at[i] - centre[i]) * lens) / away));
  const off = [mark[0] - at[0], mark[1] - at[1]].map((one) => one * times);
  const inside = Math.hypot(...off) < lens - 4;
  const side = centre[0] < plane.size / 2 ? 1 : -1;
  plot(
    scene,
    PIXELS,
    segments([[at, edge]], { colour: "posterior", width: 1, alpha: 0.7 }),
    dots([centre], { colour: "paper", radius: lens }),
    ellipse(centre, radii.map((one) => one * times), "posterior"),
    dots([centre], { colour: "posterior", radius: 2 }),
    inside && ring([centre[0] + off[0], centre[1] + off[1]], { colour: "ink", radius: 3, width: 2 }),
    circle(centre, lens, { colour: "posterior", width: 1.25 }),
    text(fill(scene.words.lens, { times: `${times}` }), [
      centre[0] + side * (lens + 4),
      centre[1] + (centre[1] < plane.size / 2 ? -0.6 : 0.6) * lens,
    ], { colour: "posterior", font: "600 12px", align: side > 0 ? "left" : "right", halo: 4 }),
  );
  return centre;
}

/**
 * @param {Scope} scope @param {Model} model @param {HTMLCanvasElement} map
 * @param {{points: Float32Array, labels: Uint8Array, now: () => {q: Q | null, z: number[]}, drawn: () => void}} options
 *   `drawn` hears when the map's size has changed
 */
export function machineMap(scope, model, map, { points, labels, now, drawn }) {
  const extent = model.get("extent");
  const medians = labels.length ? clusters(points, labels) : [];
  let plane = new Plane(extent, 1);
  /** @type {Point | undefined} */
  let corner;
  const { redraw } = stage(scope, model, map, {
    square: true,
    under: (scene) => {
      plane = new Plane(extent, scene.width);
      corner = undefined;
      drawUnder(scene, plane, points, labels, medians);
      drawn();
    },
    draw: (scene) => {
      const { q, z } = now();
      if (q) corner = drawQ(scene, plane, q, z, corner);
      plot(scene, plane, ring(/** @type {Point} */ (z), { colour: "ink", radius: 8 }));
    },
  });
  return { redraw, plane: () => plane, medians };
}
