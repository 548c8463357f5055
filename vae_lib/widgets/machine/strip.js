// What lies between the pictures: the networks, and the lines into the map and out of it.

import { element } from "../shared/form.js";
import { PIXELS, plot } from "../shared/marks.js";
import { stage } from "../shared/stage.js";
import { arrow, BAR, barsBetween, field, layerValues, network } from "../shared/layers.js";

/**
 * @import { Network } from "../shared/network.js"
 * @import { Plane } from "../shared/plane.js"
 * @import { Point } from "../shared/marks.js"
 * @import { Scene } from "../shared/stage.js"
 * @import { Model, Scope } from "../shared/view.js"
 * @import { Q } from "./map.js"
 * @import { Bar, Box } from "../shared/layers.js"
 */

/** How much of a part's height the widest layer takes. */
const SHARE = 0.84;

/** Where a part stands within the strip. @param {HTMLElement} part @param {DOMRect} within @returns {Box} */
function boxOf(part, within) {
  const { left, top, width, height } = part.getBoundingClientRect();
  return { left: left - within.left, top: top - within.top, width, height };
}

/** The field between a picture's side and a layer. @param {Box} picture @param {Bar} bar @param {string} colour */
function beside({ left, top, width, height }, bar, colour) {
  const right = bar.x > left + width;
  const [edge, side] = [right ? left + width : left, right ? -BAR / 2 : BAR / 2];
  return field(
    [[edge, top], [bar.x + side, bar.top], [bar.x + side, bar.top + bar.height], [edge, top + height]],
    colour,
  );
}

/**
 * @param {Scope} scope @param {Model} model @param {{encoder: Network, decoder: Network}} networks
 * @param {{parts: HTMLElement[], plane: () => Plane, now: () => {q: Q | null, z: number[]}}} options
 *   `parts` are the pad, the map and the picture that comes out
 */
export function strip(scope, model, { encoder, decoder }, { parts, plane, now }) {
  const canvas = element("canvas", { class: "vae-strip", role: "img", "aria-label": model.get("words").strip_name });
  /** @type {Box[]} */
  let boxes = [];
  const { redraw } = stage(scope, model, canvas, {
    under: () => {
      const within = canvas.getBoundingClientRect();
      boxes = parts.map((part) => boxOf(part, within));
    },
    draw: (scene) => {
      scene.context.clearRect(0, 0, scene.width, scene.height);
      const { q, z } = now();
      const place = (/** @type {number[]} */ [one, two]) => /** @type {Point} */ ([
        boxes[1].left + 1 + plane().x(one),
        boxes[1].top + 1 + plane().y(two),
      ]);
      drawEncoder(scene, boxes, layerValues(encoder), q && place(q.mean));
      drawDecoder(scene, boxes, [z, ...layerValues(decoder).slice(0, -1)], place(z));
    },
  });
  return { canvas, redraw };
}

/**
 * @param {Scene} scene
 * @param {Box[]} boxes
 * @param {ArrayLike<number>[]} layers
 * @param {Point | null} to where Q's mean is
 */
function drawEncoder(scene, [pad, map], layers, to) {
  const [left, right, middle] = [pad.left + pad.width, map.left, pad.top + pad.height / 2];
  const room = right - left;
  const bars = barsBetween(layers, left + 0.27 * room, right - 0.18 * room, middle, SHARE * pad.height);
  const from = /** @type {Point} */ ([bars[bars.length - 1].x + BAR / 2 + 2, middle]);
  plot(
    scene,
    PIXELS,
    beside(pad, bars[0], "posterior"),
    network(bars, "posterior", !!to, room > 70),
    to && arrow(from, toward(to, from, 6), {
      colour: "posterior",
      bend: [[from[0] + 0.5 * (to[0] - from[0]), middle], [to[0] - 0.5 * (to[0] - from[0]), to[1]]],
    }),
  );
}

/** @param {Scene} scene @param {Box[]} boxes @param {ArrayLike<number>[]} layers @param {Point} z */
function drawDecoder(scene, [, map, out], layers, z) {
  const below = out.top > map.top + map.height;
  const middle = out.top + out.height / 2;
  const [start, end] = below ? [map.left + 0.6 * map.width, out.left + out.width] : [map.left + map.width, out.left];
  const room = end - start;
  const bars = barsBetween(layers, start + 0.18 * room, end - (below ? 0.13 : 0.27) * room, middle, SHARE * out.height);
  const to = /** @type {Point} */ ([bars[0].x - Math.sign(room) * (BAR / 2 + 3), middle]);
  const from = below ? /** @type {Point} */ ([z[0], z[1] + 11]) : /** @type {Point} */ ([z[0] + 11, z[1]]);
  plot(
    scene,
    PIXELS,
    beside(out, bars[bars.length - 1], "ink"),
    network(bars, "ink", true, Math.abs(room) > 70),
    arrow(from, to, {
      colour: "ink",
      bend: below
        ? [[z[0], z[1] + 0.6 * (middle - z[1])], [to[0] + 0.35 * map.width, middle]]
        : [[from[0] + 0.5 * (to[0] - from[0]), z[1]], [to[0] - 0.5 * (to[0] - from[0]), middle]],
    }),
  );
}

/**
 * A point `pixels` before another, on the way from a third.
 * @param {Point} to
 * @param {Point} from
 * @param {number} pixels
 * @returns {Point}
 */
function toward(to, from, pixels) {
  return [to[0] - Math.sign(to[0] - from[0]) * pixels, to[1]];
}
