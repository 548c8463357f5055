// The two networks as what they are: a bar for each layer, as long as it is wide, each unit lit by what runs through
// it.

import { PIXELS, plot, text } from "./marks.js";

/**
 * @import { Network } from "./network.js"
 * @import { Mark, Point } from "./marks.js"
 * @import { Scene } from "./stage.js"
 * @typedef {{x: number, top: number, height: number, values: ArrayLike<number>}} Bar
 * @typedef {{left: number, top: number, width: number, height: number}} Box in pixels
 */

export const BAR = 9; // its thickness
const LEAST = 5; // pixels of a unit where there are few

/** The values of a network's layers, as they are now. @param {Network} network */
export function layerValues(network) {
  return network.steps.map(({ output }) => output);
}

/**
 * Bars between two places, about a line at the height `middle`; a hundred units are as long in each.
 * @param {ArrayLike<number>[]} layers @param {number} from the middle of the first @param {number} to that of the last
 * @param {number} middle @param {number} room pixels for the largest
 * @returns {Bar[]}
 */
export function barsBetween(layers, from, to, middle, room) {
  const unit = room / Math.max(...layers.map(({ length }) => length));
  return layers.map((values, i) => {
    const height = values.length * Math.max(unit, Math.min(LEAST, room / (2 * values.length)));
    return { x: from + ((to - from) * i) / (layers.length - 1), top: middle - height / 2, height, values };
  });
}

/**
 * How much each unit is lit, from 0 to 1: the root of its size beside the largest of its layer, or that alone would be
 * seen.
 * @param {ArrayLike<number>} values
 */
export function shades(values) {
  const sizes = Array.from(values, Math.abs);
  const most = Math.max(...sizes);
  return sizes.map((size) => (most > 0 ? Math.sqrt(size / most) : 0));
}

/**
 * What a layer gives to the next, as a field between their ends.
 * @param {Point[]} corners
 * @param {string} colour
 * @returns {Mark}
 */
export function field(corners, colour) {
  return ({ context, colours, inks }) => {
    context.save();
    context.fillStyle = colours[colour] ?? inks[colour];
    context.globalAlpha = 0.13;
    context.beginPath();
    for (const [x, y] of corners) context.lineTo(x, y);
    context.fill();
    context.restore();
  };
}

/**
 * Bars joined by fields, and each with the number of its units above where there is room.
 * @param {Bar[]} bars
 * @param {string} colour
 * @param {boolean} lit
 * @param {boolean} counted
 * @returns {Mark}
 */
export function network(bars, colour, lit, counted) {
  return (scene) => {
    const side = bars[1].x > bars[0].x ? BAR / 2 : -BAR / 2;
    for (const [i, one] of bars.slice(1).entries()) plot(scene, PIXELS, between(bars[i], one, side, colour));
    for (const bar of bars) drawBar(scene, bar, colour, lit);
    if (!counted) return;
    for (const { x, top, values } of bars) {
      plot(scene, PIXELS, text(`${values.length}`, [x, top - 9], { colour: "quiet", font: "11px", halo: 3 }));
    }
  };
}

/** @param {Bar} one @param {Bar} next @param {number} side @param {string} colour */
function between(one, next, side, colour) {
  return field([
    [one.x + side, one.top],
    [next.x - side, next.top],
    [next.x - side, next.top + next.height],
    [one.x + side, one.top + one.height],
  ], colour);
}

/** @param {Scene} scene @param {Bar} bar @param {string} colour @param {boolean} lit */
function drawBar({ context, inks, colours }, { x, top, height, values }, colour, lit) {
  const left = x - BAR / 2;
  context.save();
  context.beginPath();
  context.roundRect(left, top, BAR, height, 2.5);
  context.fillStyle = inks.paper;
  context.fill();
  context.save();
  context.clip();
  context.fillStyle = colours[colour] ?? inks[colour];
  const each = height / values.length;
  if (lit) {
    shades(values).forEach((shade, i) => {
      context.globalAlpha = shade;
      context.fillRect(left, top + i * each, BAR, each);
    });
  }
  context.restore();
  context.strokeStyle = colours[colour] ?? inks[colour];
  context.lineWidth = 1.25;
  context.stroke();
  context.restore();
}

/**
 * A line that bends once or not at all, with a head.
 * @param {Point} from
 * @param {Point} to
 * @param {{colour: string, bend?: [Point, Point], paper?: boolean}} style `bend` are the ends' handles
 * @returns {Mark}
 */
export function arrow(from, to, { colour, bend = [from, to] }) {
  return ({ context, colours, inks }) => {
    const back = bend[1][0] === to[0] && bend[1][1] === to[1] ? from : bend[1];
    const angle = Math.atan2(to[1] - back[1], to[0] - back[0]);
    const trace = () => {
      context.beginPath();
      context.moveTo(...from);
      context.bezierCurveTo(...bend[0], ...bend[1], ...to);
      for (const turn of [2.6, -2.6]) {
        context.moveTo(...to);
        context.lineTo(to[0] + 7 * Math.cos(angle + turn), to[1] + 7 * Math.sin(angle + turn));
      }
      context.stroke();
    };
    context.save();
    context.lineCap = context.lineJoin = "round";
    for (
      const [width, style] of /** @type {[number, string][]} */ ([[5, inks.paper], [2, colours[colour] ?? inks.ink]])
    ) {
      context.lineWidth = width;
      context.strokeStyle = style;
      trace();
    }
    context.restore();
  };
}
