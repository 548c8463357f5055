// Each ε joined to its z, over the density of Q, whose peak a hand moves.

import { Chart, sharp } from "../shared/chart.js";
import { element } from "../shared/form.js";
import { grab } from "../shared/hand.js";
import {
  area,
  axes,
  clipped,
  curve,
  dots,
  grid,
  PIXELS,
  plot,
  ring,
  segments,
  text,
  textWidth,
} from "../shared/marks.js";
import { clamp } from "../shared/numbers.js";
import { stage } from "../shared/stage.js";
import { fill, shownNumber } from "../shared/words.js";

/**
 * @import { Mark, Point } from "../shared/marks.js"
 * @import { Model, Scope } from "../shared/view.js"
 * @import { Scene } from "../shared/stage.js"
 * @import { Setting } from "./estimates.js"
 * @typedef {{e: number, above: Point, below: Point}} Pair the places of an ε and of its z, in pixels
 * @typedef {{upper: Line, lower: Line, slope: Line, top: number, floor: number}} Lines
 */

/** The ends of both number lines. */
const AXIS = /** @type {Point} */ ([-7, 7]);
const ARROW = 0.6; // length of an arrow for a derivative of 1, in units of z

/** A number line whose heights carry no numbers. */
export class Line extends Chart {
  valueTicks() {
    return /** @type {{value: number, text: string}[]} */ ([]);
  }
}

const gaussian = (/** @type {number} */ mean, /** @type {number} */ sd) => (/** @type {number} */ z) =>
  Math.exp(-0.5 * ((z - mean) / sd) ** 2) / (sd * Math.sqrt(2 * Math.PI));

/**
 * The line of the ε, that of the z, and between them the room for g(z) = z².
 * @param {Scene} scene @param {number} tallest @returns {Lines}
 */
function linesOf(scene, tallest) {
  const [top, floor, below] = [74, scene.height - 70, 70];
  return {
    top,
    floor,
    upper: new Line(scene, { low: 0, high: 0.4, above: 24, below: scene.height - top, axis: AXIS }),
    lower: new Line(scene, { low: 0, high: Math.max(0.55, tallest), above: top + 58, below, axis: AXIS }),
    slope: new Line(scene, { low: 0, high: 30, above: top + 40, below, axis: AXIS }),
  };
}

/** @param {(z: number) => number} density @param {string} colour @returns {Mark[]} */
function hill(density, colour) {
  return [area(density, { colour, alpha: 0.13 }), curve(density, { colour })];
}

/**
 * The ε above, the z below, and what joins them; returns where Q's ring stands.
 * @param {Scene} scene @param {Setting} setting @param {Float64Array} noise @param {boolean} held @returns {Point}
 */
function drawPaths(scene, setting, noise, held) {
  const { mu, sigma, wrt } = setting;
  const [{ width }, q] = [scene, gaussian(mu, sigma)];
  const lines = linesOf(scene, q(mu));
  const { upper, lower, slope, top, floor } = lines;
  const line = sharp(top);
  plot(scene, lower, grid());
  plot(scene, PIXELS, segments([[[0, line], [width, line]]], { colour: "axis" }));
  plot(scene, upper, ...hill(gaussian(0, 1), "quiet"));
  // g rises from the line of the z and ends below the line of the ε.
  const g = curve((z) => z * z, { colour: "quiet", width: 1.25, dash: [4, 4] });
  plot(scene, slope, clipped([0, top + 40, width, floor - top - 40], g));
  plot(scene, lower, ...hill(q, "posterior"));
  const pairs = Array.from(noise).sort((a, b) => a - b).map((e) => ({
    e,
    above: /** @type {Point} */ ([upper.x(e), top]),
    below: /** @type {Point} */ ([lower.x(mu + sigma * e), floor]),
  }));
  plot(
    scene,
    PIXELS,
    segments(pairs.map(({ above, below }) => [above, below]), { colour: "ink", alpha: 0.5, width: 1.25 }),
    dots(pairs.map(({ above }) => above), { colour: "ink", radius: 3.5 }),
    dots(pairs.map(({ below }) => below), { colour: "posterior", radius: 3.5 }),
    ...arrows(pairs, wrt, lower),
  );
  plot(scene, lower, axes(""));
  const peak = /** @type {Point} */ ([lower.x(mu), lower.y(q(mu))]);
  plot(
    scene,
    PIXELS,
    ...names(scene, setting, lines),
    ring(peak, { colour: "posterior", radius: 8, width: held ? 5 : 3.5, filled: true }),
  );
  return peak;
}

/**
 * How each z moves with the parameter: arrows in four rows, so that neighbours do not lie on each other.
 * @param {Pair[]} pairs @param {string} wrt @param {Line} lower @returns {Mark[]}
 */
function arrows(pairs, wrt, lower) {
  return pairs.flatMap(({ e, below: [x, floor] }, i) => {
    const y = floor + 11 + 8 * (i % 4);
    const end = lower.x(lower.z(x) + ARROW * (wrt === "mu" ? 1 : e));
    const head = clamp(end - x, -4.5, 4.5);
    const tip = /** @type {Point[]} */ ([[end - head, y - 3], [end, y], [end - head, y + 3]]);
    return [
      segments([[[x, floor], [x, y]]], { colour: "posterior", alpha: 0.35 }),
      segments([[[x, y], [end, y]]], { colour: "posterior", width: 1.75 }),
      curve(tip, { colour: "posterior", width: 1.75 }),
    ];
  });
}

/** @param {Scene} scene @param {Setting} setting @param {Lines} lines @returns {Mark[]} */
function names(scene, { mu, wrt }, { slope, top, floor }) {
  const { words, width } = scene;
  const name = (
    /** @type {string} */ word,
    /** @type {Point} */ at,
    /** @type {string} */ colour,
    /** @type {CanvasTextAlign} */ align,
    font = "600 13px",
  ) => text(word, at, { colour, align, font });
  const side = mu > 0 ? -1 : 1; // where Q is not
  const room = textWidth(scene, words.g, "12.5px") / 2;
  const besideG = clamp(slope.x(side * 4.6) + (8 + room) * side, room + 5, width - room - 5);
  return [
    name(words.noise_axis, [width - 8, top - 11], "quiet", "right", "italic 600 14px"),
    name(words.axis, [width - 8, floor - 11], "quiet", "right", "italic 600 14px"),
    name(words.noise, [8, 15], "ink", "left"),
    name(words.q, [8, top + 20], "posterior", "left"),
    name(words[`path_${wrt}`], [side < 0 ? 8 : width - 8, floor + 24], "posterior", side < 0 ? "left" : "right"),
    name(words.g, [besideG, slope.y(4.6 ** 2)], "quiet", "center", "12.5px"),
  ];
}

/**
 * @param {Scope} scope @param {Model} model
 * @param {() => {now: Setting, noise: Float64Array}} get the ε are those that are held
 * @param {(mu: number) => void} setMu
 */
export function pathsPicture(scope, model, get, setMu) {
  const words = model.get("words");
  const canvas = element("canvas", { class: "vae-paths", role: "img" });
  /** @type {Point | undefined} where the ring is, in pixels */
  let at;
  const { redraw } = stage(scope, model, canvas, {
    draw: (scene) => (at = drawPaths(scene, get().now, get().noise, hand.held !== null)),
  });
  /** @type {{held: string | null}} */
  const hand = grab(scope, canvas, {
    rings: () => (at ? [{ name: "q", at }] : []),
    move: ([px]) => {
      const z = AXIS[0] + (px / canvas.clientWidth) * (AXIS[1] - AXIS[0]);
      const [low, high] = model.get("limits").mu;
      setMu(clamp(Math.round(100 * z) / 100, low, high));
    },
    changed: () => redraw(),
    cursor: (name) => (name ? "ew-resize" : ""),
  });
  const show = (/** @type {Setting} */ { mu, sigma, wrt }) => {
    const numbers = { mu: shownNumber(mu), sigma: shownNumber(sigma) };
    const said = { ...numbers, by: words[`by_${wrt}`], arrows: words[`arrows_${wrt}`] };
    canvas.setAttribute("aria-label", fill(words.paths_name, said));
    redraw();
  };
  return { canvas, show };
}
