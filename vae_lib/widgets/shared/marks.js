// Marks, of which a picture is made: each is drawn on a scene, at the places that a scale gives its numbers.

import { drawRing, haloText } from "./canvas.js";

/** @import { Scene } from "./stage.js" */

/**
 * @typedef {[number, number]} Point
 * @typedef {{x(value: number): number, y(value: number): number}} Scale numbers to pixels
 * @typedef {(scene: Scene, scale: any) => void} Mark
 * @typedef {{colour: string, width?: number, dash?: number[], alpha?: number}} Line
 *   a colour is the name of a term or of an ink, or one that CSS knows
 */

/**
 * Draws marks, one over the other; what is no mark is left out.
 * @param {Scene} scene @param {Scale} scale @param {(Mark | false | null | undefined)[]} marks
 */
export function plot(scene, scale, ...marks) {
  for (const mark of marks) if (mark) mark(scene, scale);
}

/** The scale of what is placed in pixels. @type {Scale} */
export const PIXELS = { x: (value) => value, y: (value) => value };

/** @param {Scene} scene @param {string} name */
function shade({ colours, inks }, name) {
  return colours[name] ?? inks[name] ?? name;
}

/**
 * Strokes or fills in a style, and leaves the pen as it was.
 * @param {Scene} scene @param {Line} style @param {(context: CanvasRenderingContext2D) => void} draw
 */
function inStyle(scene, { colour, width = 1, dash = [], alpha = 1 }, draw) {
  const { context } = scene;
  context.save();
  context.strokeStyle = context.fillStyle = shade(scene, colour);
  context.lineWidth = width;
  context.lineJoin = "round";
  context.globalAlpha = alpha;
  context.setLineDash(dash);
  draw(context);
  context.restore();
}

/** A lone path. @param {CanvasRenderingContext2D} context @param {(context: CanvasRenderingContext2D) => void} draw */
function path(context, draw) {
  context.beginPath();
  draw(context);
}

/** @returns {Mark} */
export function paper() {
  return ({ context, inks, width, height }) => {
    context.fillStyle = inks.paper;
    context.fillRect(0, 0, width, height);
  };
}

/**
 * The paper, a line at each tick, and dashed ones where they are asked for.
 * @param {number[]} [dashed] @returns {Mark}
 */
export function grid(dashed = []) {
  return (scene, scale) => scale.grid(scene, dashed);
}

/** The numbers along the axes, and what these are called. @param {string[]} names @returns {Mark} */
export function axes(...names) {
  return (scene, scale) => scale.labels(scene, names);
}

/**
 * A function over the axis, or a line through points.
 * @param {((value: number) => number) | Point[]} shape @param {Line & {rest?: number}} style `rest` as of `Chart.path`
 * @returns {Mark}
 */
export function curve(shape, { rest, ...style }) {
  return (scene, scale) =>
    inStyle(scene, { width: 2.25, ...style }, (context) => {
      if (typeof shape === "function") return context.stroke(scale.path(shape, rest));
      path(context, () => shape.forEach(([x, y]) => context.lineTo(scale.x(x), scale.y(y))));
      context.stroke();
    });
}

/**
 * What lies between a function and zero, or within a line of points.
 * @param {((value: number) => number) | Point[]} shape @param {Line} style @returns {Mark}
 */
export function area(shape, style) {
  return (scene, scale) =>
    inStyle(scene, style, (context) => {
      if (typeof shape === "function") return context.fill(scale.closed(scale.path(shape)));
      path(context, () => shape.forEach(([x, y]) => context.lineTo(scale.x(x), scale.y(y))));
      context.fill();
    });
}

/**
 * Straight lines, each from one point to another.
 * @param {[Point, Point][]} lines @param {Line} style @returns {Mark}
 */
export function segments(lines, style) {
  return (scene, scale) =>
    inStyle(scene, style, (context) => {
      path(context, () =>
        lines.forEach(([from, to]) => {
          context.moveTo(scale.x(from[0]), scale.y(from[1]));
          context.lineTo(scale.x(to[0]), scale.y(to[1]));
        }));
      context.stroke();
    });
}

/** Discs. @param {Point[]} places @param {{colour: string, radius?: number, alpha?: number}} style @returns {Mark} */
export function dots(places, { radius = 3, ...style }) {
  return (scene, scale) =>
    inStyle(scene, style, (context) =>
      places.forEach(([x, y]) => {
        path(context, () => context.arc(scale.x(x), scale.y(y), radius, 0, 2 * Math.PI));
        context.fill();
      }));
}

/**
 * Bars of equal widths across the whole scale, one for each number.
 * @param {ArrayLike<number>} heights @param {Line} style @returns {Mark}
 */
export function bars(heights, style) {
  return (scene, scale) =>
    inStyle(scene, style, (context) => {
      const each = scene.width / heights.length;
      Array.from(heights).forEach((value, i) => {
        const rise = Math.max(1.5, value * scale.scale); // a single one is seen
        if (value) context.fillRect(i * each, scale.y(0) - rise, each - 0.5, rise);
      });
    });
}

/**
 * The ellipses of one and two standard deviations.
 * @param {Point} at @param {number[]} deviations @param {string} colour @returns {Mark}
 */
export function ellipse(at, deviations, colour) {
  return (scene, scale) => {
    const [rx, ry] = deviations.map((one) => one * (scale.scale ?? 1));
    for (const [times, alpha, width] of [[2, 0.14, 1.5], [1, 0.24, 2]]) {
      inStyle(scene, { colour, width }, (context) => {
        path(context, () => context.ellipse(scale.x(at[0]), scale.y(at[1]), times * rx, times * ry, 0, 0, 2 * Math.PI));
        context.globalAlpha = alpha;
        context.fill();
        context.globalAlpha = 1;
        context.stroke();
      });
    }
  };
}

/**
 * A ring to take hold of, or to mark a place.
 * @param {Point} at @param {{colour: string, radius?: number, width?: number, filled?: boolean}} style @returns {Mark}
 */
export function ring(at, { colour, ...style }) {
  return (scene, scale) =>
    drawRing(scene.context, [scale.x(at[0]), scale.y(at[1])], {
      ...style,
      colour: shade(scene, colour),
      paper: scene.inks.paper,
    });
}

/**
 * Words with a halo of paper.
 * @param {string} words @param {Point} at
 * @param {{colour: string, font: string, align?: CanvasTextAlign, baseline?: CanvasTextBaseline, dx?: number,
 *   dy?: number, halo?: number}} style `font` is without the family, as in "600 13px"; `dx` and `dy` are in pixels
 * @returns {Mark}
 */
export function text(
  words,
  at,
  { colour, font, align = "center", baseline = "middle", dx = 0, dy = 0, halo = 5 },
) {
  return (scene, scale) => {
    const { context } = scene;
    context.font = `${font} ${scene.font}`;
    context.textAlign = align;
    context.textBaseline = baseline;
    haloText(context, words, scale.x(at[0]) + dx, scale.y(at[1]) + dy, shade(scene, colour), scene.inks.paper, halo);
  };
}

/** The number of a tick at the lower edge. @param {string} words @param {number} x @param {number} height */
export function tickBelow(words, x, height) {
  return text(words, [x, height - 4], { colour: "quiet", font: "11px", baseline: "bottom", halo: 3 });
}

/** The number of a tick at the left edge. @param {string} words @param {number} y */
export function tickBeside(words, y) {
  return text(words, [5, y], { colour: "quiet", font: "11px", align: "left", halo: 3 });
}

/** @param {string} name @param {Point} at @param {CanvasTextAlign} align @param {CanvasTextBaseline} baseline */
export function axisName(name, at, align, baseline) {
  return text(name, at, { colour: "quiet", font: "italic 600 14px", align, baseline, halo: 4 });
}

/** How wide words are, in pixels. @param {Scene} scene @param {string} words @param {string} font */
export function textWidth({ context, font: family }, words, font) {
  context.font = `${font} ${family}`;
  return context.measureText(words).width;
}

/** A circle whose radius is in pixels. @param {Point} at @param {number} radius @param {Line} style @returns {Mark} */
export function circle(at, radius, style) {
  return (scene, scale) =>
    inStyle(scene, style, (context) => {
      path(context, () => context.arc(scale.x(at[0]), scale.y(at[1]), radius, 0, 2 * Math.PI));
      context.stroke();
    });
}

/**
 * Marks within a rectangle or a circle of pixels.
 * @param {[left: number, top: number, width: number, height: number] | [x: number, y: number, radius: number]} shape
 * @param {Mark[]} marks @returns {Mark}
 */
export function clipped(shape, ...marks) {
  return (scene, scale) => {
    const { context } = scene;
    context.save();
    path(context, () => shape.length === 4 ? context.rect(...shape) : context.arc(...shape, 0, 2 * Math.PI));
    context.clip();
    plot(scene, scale, ...marks);
    context.restore();
  };
}
