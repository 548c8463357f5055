// The lines between the nodes: forward as arrows, and the gradient's way back, dotted, each with its size.

import { PIXELS, plot, text } from "../shared/marks.js";
import { clamp } from "../shared/numbers.js";
import { boxesOf, PARTS, TALL, TALL_SCORE, TERM, WIDE, WIDE_SCORE } from "./nodes.js";
import { sized } from "./said.js";

/**
 * @import { Box } from "../shared/layers.js"
 * @import { Point } from "../shared/marks.js"
 * @import { Scene } from "../shared/stage.js"
 * @import { Shown } from "./anatomy.js"
 * @import { Wire } from "./nodes.js"
 * @typedef {Record<string, Box>} Boxes
 */

/** A side of a box, as one coordinate. @param {Box} box @param {string} side */
function sideOf({ left, top, width, height }, side) {
  return { l: left, r: left + width, t: top, b: top + height, m: top + height / 2, c: left + width / 2 }[side] ?? 0;
}

/**
 * A place on a side; "r*" is where it is level with the other end.
 * @param {Box} box @param {string} at as "r.5" @param {Point} [other] @returns {Point}
 */
function placeOn(box, at, other = [0, 0]) {
  const [side, share] = [at[0], Number(at.slice(1))];
  const edge = sideOf(box, side);
  if (at[1] === "*") return "lr".includes(side) ? [edge, other[1]] : [other[0], edge];
  return "lr".includes(side) ? [edge, box.top + share * box.height] : [box.left + share * box.width, edge];
}

/**
 * The corners of a line, along the axes all the way.
 * @param {Boxes} boxes @param {Wire} wire @returns {Point[]}
 */
export function cornersOf(boxes, { from, start, to, end, way }) {
  const known = start[1] === "*" ? placeOn(boxes[to], end) : placeOn(boxes[from], start);
  const [first, last] = [placeOn(boxes[from], start, known), placeOn(boxes[to], end, known)];
  const across = "lr".includes(end[0]);
  const corners = [first];
  let [x, y] = first;
  for (const one of way) {
    const [, axis, name, side, off] = /** @type {string[]} */ (one.match(/^(\w):(\w+)\.(\w)([+-]\d+)?$/));
    const value = sideOf(boxes[name], side) + Number(off ?? 0);
    [x, y] = axis === "x" ? [value, y] : [x, value];
    corners.push([x, y]);
  }
  if (way.length === 0 && across && "lr".includes(start[0])) {
    const middle = (x + last[0]) / 2;
    corners.push([middle, y], [middle, last[1]]);
  } else if (way.length === 0 && !across && "tb".includes(start[0])) {
    const middle = (y + last[1]) / 2;
    corners.push([x, middle], [last[0], middle]);
  } else corners.push(across ? [x, last[1]] : [last[0], y]);
  corners.push(last);
  return corners.filter((corner, i) => i === 0 || away(corners[i - 1], corner) > 0.5);
}

/** @param {Point} from @param {Point} to */
function away(from, to) {
  return Math.hypot(to[0] - from[0], to[1] - from[1]);
}

/** Traces a line with round corners. @param {CanvasRenderingContext2D} context @param {Point[]} corners */
function traceLine(context, corners) {
  context.beginPath();
  context.moveTo(...corners[0]);
  corners.slice(1).forEach((corner, i) => {
    const next = corners[i + 2];
    const short = next && Math.min(away(corners[i], corner), away(corner, next)) / 2;
    if (next) context.arcTo(...corner, ...next, Math.min(6, short));
    else context.lineTo(...corner);
  });
}

/**
 * A line with a head at its end.
 * @param {Scene} scene @param {Point[]} corners @param {{colour: string, width: number, dash?: number[]}} style
 */
function drawLine({ context, colours, inks }, corners, { colour, width, dash = [] }) {
  const [before, [x, y]] = corners.slice(-2);
  const angle = Math.atan2(y - before[1], x - before[0]);
  context.save();
  context.strokeStyle = context.fillStyle = colours[colour] ?? inks[colour];
  context.lineWidth = width;
  context.lineCap = dash.length ? "butt" : "round";
  context.setLineDash(dash);
  traceLine(context, corners);
  context.stroke();
  const reach = 5 + width;
  context.beginPath();
  for (const turn of [0, 2.7, -2.7]) {
    const far = turn ? reach : 0;
    context.lineTo(x + far * Math.cos(angle + turn), y + far * Math.sin(angle + turn));
  }
  context.fill();
  context.restore();
}

/** Where the number of a line stands. @param {Point[]} corners @param {string} label */
function labelPlace(corners, label) {
  const lengths = corners.slice(1).map((corner, i) => away(corners[i], corner));
  const longest = lengths.indexOf(Math.max(...lengths));
  const [[x0, y0], [x1, y1]] = [corners[longest], corners[longest + 1]];
  const side = label[0] ?? (Math.abs(x1 - x0) > Math.abs(y1 - y0) ? "a" : "r");
  const share = label.length > 1 ? Number(label.slice(1)) : 0.5;
  const [dx, dy] = { a: [0, -9], u: [0, 10], l: [-6, 0], r: [6, 0] }[side] ?? [0, 0];
  const at = /** @type {Point} */ ([x0 + share * (x1 - x0) + dx, y0 + share * (y1 - y0) + dy]);
  const align = /** @type {CanvasTextAlign} */ ({ l: "right", r: "left" }[side] ?? "center");
  return { at, align };
}

/** Two strokes across a line, where it is cut. @param {Scene} scene @param {Point[]} corners */
function drawCut({ context, inks }, corners) {
  const [[x0, y0], [x1, y1]] = corners.slice(-2);
  const angle = Math.atan2(y1 - y0, x1 - x0);
  context.save();
  context.translate((x0 + x1) / 2, (y0 + y1) / 2);
  context.rotate(angle);
  context.fillStyle = inks.paper;
  context.fillRect(-3, -8, 6, 16);
  context.strokeStyle = inks.ink;
  context.lineWidth = 2.5;
  context.beginPath();
  for (const x of [-4, 4]) {
    context.moveTo(x - 2, 8);
    context.lineTo(x + 2, -8);
  }
  context.stroke();
  context.restore();
}

/** Where a slope comes from, as a colour. @param {Wire} wire */
function slopeColour({ from, to }) {
  if (to === "kl") return "kl";
  if (to === "elbo") return "evidence";
  return ["mean", "log_var"].includes(to) && from === "encoder" ? "ink" : "reconstruction";
}

/** Whether the nodes stand in a row. @param {Boxes} boxes */
function inARow(boxes) {
  return boxes.f.left > boxes.decoder.left;
}

/** @param {Scene} scene @param {Boxes} boxes @param {Shown} shown @param {string} pointed */
export function drawWires(scene, boxes, shown, pointed) {
  const [bright, lit] = [PARTS[shown.lit], boxesOf(pointed)];
  const [wires, score] = inARow(boxes) ? [WIDE, WIDE_SCORE] : [TALL, TALL_SCORE];
  const sizes = shown.back?.sizes;
  for (const wire of wires) {
    const { from, to } = wire;
    const corners = cornersOf(boxes, wire);
    const on = lit.includes(from) || lit.includes(to);
    const idle = !shown.sample && (from === "epsilon" || from === "times" || to === "times");
    const colour = bright.includes(from) && bright.includes(to) && !idle ? TERM[from] ?? "ink" : "axis";
    const size = sizes?.[`${to} ${from}`];
    drawLine(scene, corners, {
      colour: sizes ? "axis" : colour,
      width: on && !sizes ? 2.75 : 1.5,
      dash: idle ? [3, 3] : [],
    });
    if (sizes && size !== undefined) drawBack(scene, corners, wire, size);
    if (sizes && from === "plus" && size === undefined) drawCut(scene, corners);
    if (sizes && from === "epsilon") {
      const { at, align } = labelPlace(corners, wire.label);
      plot(scene, PIXELS, text(scene.words.no_slope, at, { colour: "quiet", font: "11px", align, halo: 4 }));
    }
  }
  for (const wire of score) {
    const size = sizes?.[`${wire.from} ${wire.to}`];
    if (size !== undefined) drawBack(scene, cornersOf(boxes, wire).reverse(), wire, size);
  }
}

/** The way back on a line. @param {Scene} scene @param {Point[]} corners @param {Wire} wire @param {number} size */
function drawBack(scene, corners, wire, size) {
  const colour = slopeColour(wire);
  const width = clamp(2.6 + 0.7 * Math.log10(size || 1e-9), 1.5, 5);
  drawLine(scene, [...corners].reverse(), { colour, width, dash: [2 + width / 2, 2.5] });
  const { at, align } = labelPlace(corners, wire.label);
  const named = wire.to === "kl" ? wire.from : wire.from === "reconstruction" ? wire.to : "";
  const words = ["mean", "log_var"].includes(named) ? `${scene.words[`label_${named}`]} ${sized(size)}` : sized(size);
  plot(scene, PIXELS, text(words, at, { colour, font: "600 11px", align, halo: 4 }));
}
