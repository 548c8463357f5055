// The map of the draws: all of them as small rings, those that carry the sum as dots as large as their shares.

import { fitCanvas } from "../shared/canvas.js";
import { element } from "../shared/form.js";
import { circleNames, priorCircles } from "../shared/latent_map.js";
import { axes, grid, plot, ring } from "../shared/marks.js";
import { clamp } from "../shared/numbers.js";
import { Plane } from "../shared/plane.js";
import { stage } from "../shared/stage.js";

/**
 * @import { Model, Scope } from "../shared/view.js"
 * @import { Scene } from "../shared/stage.js"
 * @import { Draws, Estimates } from "./draws.js"
 */

/** The map's half side: hardly one draw in ten thousand lies beyond. */
const EXTENT = 4;

/**
 * The rings of the first `count` draws, all alike.
 * @param {CanvasRenderingContext2D} context @param {Plane} plane @param {any} scene
 */
function drawSpecks(context, plane, { z, from, count, colour }) {
  const [radius, side] = [1.7, 6];
  const stamp = document.createElement("canvas");
  const pen = fitCanvas(stamp, side, side);
  pen.strokeStyle = colour;
  pen.lineWidth = 0.8;
  pen.beginPath();
  pen.arc(side / 2, side / 2, radius, 0, 2 * Math.PI);
  pen.stroke();
  for (let i = from; i < count; i++) {
    context.drawImage(stamp, plane.x(z[2 * i]) - side / 2, plane.y(z[2 * i + 1]) - side / 2, side, side);
  }
}

/** The radius of a dot whose area is its share of the sum. @param {Plane} plane @param {number} share */
function dotRadius(plane, share) {
  return Math.max(1.5, 0.05 * plane.size * Math.sqrt(share));
}

/** A dot to stamp, with room for its soft edge. @param {number} radius @param {string} colour */
function dot(radius, colour) {
  const canvas = document.createElement("canvas");
  const context = fitCanvas(canvas, 2 * radius + 2, 2 * radius + 2);
  context.fillStyle = colour;
  context.beginPath();
  context.arc(radius + 1, radius + 1, radius, 0, 2 * Math.PI);
  context.fill();
  return canvas;
}

/** The draws that carry the sum. @param {CanvasRenderingContext2D} context @param {Plane} plane @param {any} scene */
function drawCarriers(context, plane, { z, shown, stamps, colours }) {
  const { shares, least } = shown;
  context.fillStyle = colours.evidence;
  context.globalAlpha = 0.6;
  for (let i = 0; i < shares.length; i++) {
    if (shares[i] < least) continue;
    const [x, y] = [plane.x(z[2 * i]), plane.y(z[2 * i + 1])];
    const exact = dotRadius(plane, shares[i]);
    const radius = Math.round(4 * exact) / 4;
    if (radius > 4) { // never many, as their shares add up to at most 1
      context.beginPath();
      context.arc(x, y, exact, 0, 2 * Math.PI);
      context.fill();
      continue;
    }
    let stamp = stamps.get(radius);
    if (!stamp) stamps.set(radius, stamp = dot(radius, colours.evidence));
    context.drawImage(stamp, x - radius - 1, y - radius - 1, 2 * radius + 2, 2 * radius + 2);
  }
  context.globalAlpha = 1;
}

/**
 * A ring around the draw that counts most.
 * @param {Scene} scene @param {Plane} plane @param {Float32Array} z @param {Estimates} shown
 */
function markLargest(scene, plane, z, { shares, best }) {
  const [z1, z2] = [z[2 * best], z[2 * best + 1]].map((value) => clamp(value, -EXTENT, EXTENT));
  const radius = Math.max(8, dotRadius(plane, shares[best]) + 3);
  plot(scene, plane, ring([z1, z2], { colour: "ink", radius, width: 2 }));
}

/** @param {Scope} scope @param {Model} model @param {() => {draws: Draws, shown: Estimates | undefined}} get */
export function drawsMap(scope, model, get) {
  const map = element("canvas", { class: "vae-map", role: "img" });
  const specks = document.createElement("canvas");
  /** Small dots of the theme's colour, by radius. @type {Map<number, HTMLCanvasElement>} */
  const stamps = new Map();
  let plane = new Plane(EXTENT, 1);
  /** How many draws lie on the layer of specks, and whose. */
  let laid = { count: 0, draws: /** @type {Draws | null} */ (null) };
  const laySpecks = (/** @type {string} */ colour) => {
    const { draws, shown } = get();
    const count = shown ? shown.shares.length : 0;
    const keeps = laid.draws === draws && laid.count <= count;
    const context = fitCanvas(specks, plane.size, plane.size);
    if (!keeps) context.clearRect(0, 0, plane.size, plane.size);
    drawSpecks(context, plane, { z: draws.z, from: keeps ? laid.count : 0, count, colour });
    laid = { count, draws };
  };
  const { redraw } = stage(scope, model, map, {
    square: true,
    under: (scene) => {
      plane = new Plane(EXTENT, scene.width);
      plot(scene, plane, grid(), axes(scene.words.axis_1, scene.words.axis_2));
      laid = { count: 0, draws: null };
      stamps.clear();
    },
    draw: (scene) => {
      const { context, colours, width } = scene;
      laySpecks(colours.prior);
      context.globalAlpha = laid.count < 500 ? 0.9 : 0.6; // few are seen one by one, many as a cloud
      context.drawImage(specks, 0, 0, width, width);
      context.globalAlpha = 1;
      plot(scene, plane, priorCircles());
      const { draws: { z }, shown } = get();
      if (!shown) return;
      drawCarriers(context, plane, { z, shown, stamps, colours });
      plot(scene, plane, circleNames([]));
      markLargest(scene, plane, z, shown);
    },
  });
  return { map, redraw };
}
