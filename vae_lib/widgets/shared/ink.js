// Ink on the pad, and the picture X that is made of it.

import { bytes, clamp } from "./numbers.js";
import { fill } from "./words.js";

/** @import { Model } from "./view.js" */
/** @typedef {[number, number]} Pair */

export const SIDE = 28; // pixels of X in a row
const BOX = 20; // of them that a digit's longer side takes, as in MNIST
const CELL = 10; // points of the pad to one pixel
export const GRID = SIDE * CELL;
const PEN = 1.1 * CELL; // radius
const SOFT = 0.8 * CELL; // width of the pen's edge, over which the ink fades

/** What is no digit, as strokes in pixels of X. @type {Record<"scribble" | "cross", Pair[][]>} */
export const NO_DIGITS = {
  scribble: [Array.from({ length: 121 }, (_, i) => /** @type {Pair} */ ([
    14 + 9.5 * Math.sin((i * Math.PI) / 20 + 0.6),
    14 + 9.5 * Math.sin((i * Math.PI) / 15),
  ]))],
  cross: [[[4, 4], [24, 24]], [[24, 4], [4, 24]]],
};

/**
 * Lays ink along a line, whose width may change from one end to the other.
 * @param {Float32Array} ink @param {number[]} from x, y, radius, in points of the pad @param {number[]} to
 */
function drawLine(ink, from, to) {
  const [dx, dy, dr] = [to[0] - from[0], to[1] - from[1], to[2] - from[2]];
  const squared = dx * dx + dy * dy;
  const reach = Math.max(from[2], to[2]) + SOFT / 2;
  const span = (/** @type {number} */ axis) => [
    Math.max(0, Math.floor(Math.min(from[axis], to[axis]) - reach)),
    Math.min(GRID, Math.ceil(Math.max(from[axis], to[axis]) + reach)),
  ];
  const [[left, right], [top, bottom]] = [span(0), span(1)];
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const [px, py] = [x + 0.5 - from[0], y + 0.5 - from[1]];
      const t = squared > 0 ? clamp((px * dx + py * dy) / squared, 0, 1) : 1;
      const within = from[2] + t * dr + SOFT / 2 - Math.hypot(px - t * dx, py - t * dy);
      if (within <= 0) continue;
      const i = y * GRID + x;
      ink[i] = Math.max(ink[i], Math.min(1, within / SOFT));
    }
  }
}

/** @param {Pair[][]} strokes in pixels of X */
export function inkOf(strokes) {
  const ink = new Float32Array(GRID * GRID);
  for (const stroke of strokes) {
    const points = stroke.map(([x, y]) => [x * CELL, y * CELL, PEN]);
    points.forEach((point, i) => drawLine(ink, points[Math.max(0, i - 1)], point));
  }
  return ink;
}

/** A picture on the pad, every pixel a square of ink. @param {ArrayLike<number>} x */
export function enlarged(x) {
  const ink = new Float32Array(GRID * GRID);
  for (let i = 0; i < ink.length; i++) {
    ink[i] = x[Math.floor(i / GRID / CELL) * SIDE + Math.floor((i % GRID) / CELL)] / 255;
  }
  return ink;
}

/**
 * Cuts a length into pieces and the rest: how much of which points each piece covers.
 * @param {number} length @param {number} piece
 */
function pieces(length, piece) {
  return Array.from({ length: Math.ceil(length / piece - 1e-9) }, (_, i) => {
    const [start, end] = [i * piece, Math.min((i + 1) * piece, length)];
    const first = Math.floor(start);
    const shares = Array.from(
      { length: Math.ceil(end) - first },
      (_, j) => (Math.min(end, first + j + 1) - Math.max(start, first + j)) / piece,
    );
    return { first, shares };
  });
}

/**
 * A drawing in the form of MNIST's digits (LeCun et al. 1998): its box shrunk by area to 20 pixels along the longer
 * side, and moved by whole pixels until the centre of mass lies in the middle of 28 by 28. No ink gives a
 * black picture.
 * @param {Float32Array} ink @returns {Uint8Array}
 */
export function normalised(ink) {
  const picture = new Uint8Array(SIDE * SIDE);
  let [left, right, top, bottom] = [GRID, -1, GRID, -1];
  for (let y = 0, i = 0; y < GRID; y++) {
    for (let x = 0; x < GRID; x++, i++) {
      if (ink[i] === 0) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      bottom = y;
    }
  }
  if (right < 0) return picture;
  const [width, height] = [right - left + 1, bottom - top + 1];
  const piece = Math.max(width, height) / BOX;
  const [columns, rows] = [pieces(width, piece), pieces(height, piece)];

  const line = new Float64Array(width);
  const small = rows.map(({ first, shares }) => {
    line.fill(0);
    shares.forEach((share, j) => {
      const start = (top + first + j) * GRID + left;
      for (let x = 0; x < width; x++) line[x] += share * ink[start + x];
    });
    return columns.map((column) =>
      Math.round(255 * column.shares.reduce((sum, share, j) => sum + share * line[column.first + j], 0))
    );
  });

  let [mass, byX, byY] = [0, 0, 0];
  small.forEach((row, y) =>
    row.forEach((value, x) => {
      mass += value;
      byX += value * x;
      byY += value * y;
    })
  );
  if (mass === 0) return picture;
  const place = (/** @type {number} */ moment, /** @type {number} */ length) =>
    clamp(SIDE / 2 - Math.floor(moment / mass + 0.5), 0, SIDE - length);
  const [x0, y0] = [place(byX, columns.length), place(byY, rows.length)];
  small.forEach((row, y) => picture.set(row, (y0 + y) * SIDE + x0));
  return picture;
}

/** @param {ArrayLike<number> | undefined} a @param {ArrayLike<number>} b */
export function same(a, b) {
  if (!a) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** @param {Uint8Array} x */
export function brightness(x) {
  return Float32Array.from(x, (level) => level / 255);
}

/**
 * Draws to where a pointer has moved on the pad, by way of all places that the event stands for; a pen that presses
 *   draws
 * wider. Gives the end of the line, from which it goes on.
 * @param {Float32Array} ink @param {HTMLElement} pad @param {PointerEvent} event @param {number[] | null} last the
 *   end so far
 */
export function drawStroke(ink, pad, event, last) {
  const box = pad.getBoundingClientRect();
  const coalesced = event.getCoalescedEvents?.() ?? [];
  for (const { clientX, clientY, pointerType, pressure } of coalesced.length ? coalesced : [event]) {
    const point = [
      ((clientX - box.left - pad.clientLeft) * GRID) / pad.clientWidth,
      ((clientY - box.top - pad.clientTop) * GRID) / pad.clientHeight,
      pointerType === "pen" && pressure > 0 ? PEN * (0.6 + 0.8 * pressure) : PEN,
    ];
    drawLine(ink, last ?? point, point);
    last = point;
  }
  return last;
}

/** The pictures to choose from, and what each is called. @param {Model} model */
export function namedExamples(model) {
  const words = model.get("words");
  const [given, labels] = [bytes(model.get("examples")), bytes(model.get("example_labels"))];
  return Array.from({ length: Math.floor(given.length / (SIDE * SIDE)) }, (_, i) => ({
    x: given.slice(i * SIDE * SIDE, (i + 1) * SIDE * SIDE),
    name: i < labels.length
      ? fill(words.example_digit, { label: `${labels[i]}` })
      : fill(words.example, { number: `${i + 1}` }),
  }));
}

/** X, or an empty sheet where that is no picture. @param {Model} model */
export function readPicture(model) {
  const value = model.get("x");
  const fits = value instanceof DataView && value.byteLength === SIDE * SIDE;
  return fits ? bytes(value).slice() : new Uint8Array(SIDE * SIDE);
}
