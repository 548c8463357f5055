// What is drawn within the nodes: the networks' layers, the prior with Q, the spread of P(X|z), and the balance.

import { priorCircles } from "../shared/latent_map.js";
import { network } from "../shared/layers.js";
import { area, circle, curve, dots, ellipse, PIXELS, plot, ring, segments, text } from "../shared/marks.js";
import { clamp } from "../shared/numbers.js";
import { Plane } from "../shared/plane.js";
import { sized } from "./said.js";

/**
 * @import { Box } from "../shared/layers.js"
 * @import { Point } from "../shared/marks.js"
 * @import { Scene } from "../shared/stage.js"
 * @import { Shown } from "./anatomy.js"
 */

const LABEL = 20; // pixels of a node that its name takes
const EXTENT = 3.6; // of the small map

/**
 * Draws within a box, below its label, its corner the origin.
 * @param {Scene} scene @param {Box} box @param {(scene: Scene) => void} draw
 */
function within(scene, { left, top, width, height }, draw) {
  const { context } = scene;
  context.save();
  context.translate(left + 4, top + LABEL);
  draw({ ...scene, width: width - 8, height: height - LABEL - 5 });
  context.restore();
}

/**
 * Both networks, their layers lit by what runs through them.
 * @param {Scene} scene @param {Record<string, Box>} boxes @param {Shown} shown
 */
export function drawBars(scene, boxes, { forward, x, layers, back, lit }) {
  const sides =
    /** @type {const} */ ([["encoder", [x, ...layers.encoder]], ["decoder", [forward.z, ...layers.decoder]]]);
  for (const [name, values] of sides) {
    within(scene, boxes[name], (own) => {
      const room = own.height - (back ? 16 : 0);
      const unit = room / Math.max(...values.map((row) => row.length));
      const bars = values.map((row, i) => {
        const height = Math.max(row.length * unit, Math.min(4 * row.length, 12));
        return { x: 6 + ((own.width - 12) * i) / (values.length - 1), top: (room - height) / 2, height, values: row };
      });
      const pale = lit !== "machine" && lit !== "training";
      plot(own, PIXELS, network(bars, pale ? "quiet" : name === "encoder" ? "posterior" : "ink", true, false));
      if (!back) return;
      const size = back.sizes[`${name} weights`];
      const words = `∂${name === "encoder" ? "φ" : "θ"} ${sized(size)}`;
      plot(own, PIXELS, text(words, [own.width / 2, own.height - 3], { colour: "ink", font: "600 11px" }));
    });
  }
}

/**
 * The prior as dashed circles, Q and z on them; and in a lens beside them Q as large as it can be seen.
 * @param {Scene} scene @param {Box} box @param {Shown} shown
 */
export function drawPrior(scene, box, { forward: { mean, std, z } }) {
  within(scene, box, (own) => {
    const size = Math.min(own.width, own.height);
    const [across, down] = [own.width - size, own.height - size];
    const radius = Math.min(Math.max(across, down) / 2, size / 2) - 1;
    const plane = new Plane(EXTENT, size);
    const place = (
      /** @type {number[]} */ [one, two],
    ) => /** @type {Point} */ ([across + plane.x(clamp(one, -EXTENT, EXTENT)), plane.y(clamp(two, -EXTENT, EXTENT))]);
    own.context.save();
    own.context.translate(across, 0);
    plot(own, plane, priorCircles());
    own.context.restore();
    const at = place(mean);
    plot(own, PIXELS, ellipse(at, std.map((sd) => Math.max(1, sd * plane.scale)), "posterior"));
    if (radius > 12) {
      const centre = /** @type {Point} */ (across > down ? [radius, own.height / 2] : [own.width / 2, size + radius]);
      const scale = radius / (2.6 * Math.max(...std));
      const off = z.map((value, i) => (value - mean[i]) * scale);
      const inside = Math.hypot(...off) < radius;
      plot(
        own,
        PIXELS,
        segments([[at, centre]], { colour: "posterior", width: 1, alpha: 0.6 }),
        dots([centre], { colour: "paper", radius }),
        ellipse(centre, std.map((sd) => sd * scale), "posterior"),
        circle(centre, radius, { colour: "posterior", width: 1 }),
        inside && ring([centre[0] + off[0], centre[1] - off[1]], { colour: "ink", radius: 3, width: 2 }),
      );
    }
    plot(own, PIXELS, ring(place(z), { colour: "ink", radius: 3.5, width: 2 }));
  });
}

/** f(z) over the pixels, with its spread, and X as dots. @param {Scene} scene @param {Box} box @param {Shown} shown */
export function drawSpread(scene, box, { forward: { f }, x, sigma }) {
  within(scene, box, (own) => {
    const [low, high] = [Math.min(-2 * sigma, 0), Math.max(1, ...f) + 2 * sigma];
    const across = (/** @type {number} */ i) => ((i + 0.5) * own.width) / f.length;
    const up = (/** @type {number} */ value) => ((high - value) / (high - low)) * own.height;
    const line = (/** @type {number} */ off) =>
      Array.from(f, (value, i) => /** @type {Point} */ ([across(i), up(value + off)]));
    for (const [times, alpha] of [[2, 0.14], [1, 0.24]]) {
      const band = [...line(times * sigma), ...line(-times * sigma).reverse()];
      plot(own, PIXELS, area(band, { colour: "reconstruction", alpha }));
    }
    plot(
      own,
      PIXELS,
      curve(line(0), { colour: "reconstruction", width: 1.5 }),
      dots(Array.from(x, (value, i) => /** @type {Point} */ ([across(i), up(value)])), { colour: "ink", radius: 1.4 }),
    );
  });
}

/**
 * What each pixel takes off log P(X|z), in nats, as bars that hang down.
 * @param {Scene} scene @param {Box} box @param {Shown} shown
 */
export function drawLosses(scene, box, { forward: { f }, x, sigma }) {
  within(scene, box, (own) => {
    const [top, room] = [own.height - 16, 16];
    const losses = Array.from(f, (value, i) => 0.5 * ((x[i] - value) / sigma) ** 2);
    const scale = room / Math.max(4, ...losses);
    const each = own.width / f.length;
    const bars = losses.map((loss, i) => {
      const [left, right, end] = [(i + 0.15) * each, (i + 0.85) * each, top + loss * scale];
      return area([[left, top], [right, top], [right, end], [left, end]], { colour: "reconstruction" });
    });
    plot(own, PIXELS, segments([[[0, top], [own.width, top]]], { colour: "axis" }), ...bars);
  });
}

/**
 * The reconstruction as a bar from zero, and what the KL takes off it.
 * @param {Scene} scene @param {Box} box @param {Shown} shown
 */
export function drawBalance(scene, box, { forward: { logLikelihood, kl } }) {
  within(scene, box, (own) => {
    const elbo = logLikelihood - kl;
    const [low, high] = [Math.min(0, elbo), Math.max(0, logLikelihood)];
    const across = (/** @type {number} */ value) => 2 + ((value - low) / (high - low || 1)) * (own.width - 4);
    const bar = (
      /** @type {number} */ from,
      /** @type {number} */ to,
      /** @type {number} */ top,
      /** @type {string} */ colour,
    ) => area([[across(from), top], [across(to), top], [across(to), top + 6], [across(from), top + 6]], { colour });
    const top = own.height - 13;
    plot(
      own,
      PIXELS,
      bar(0, logLikelihood, top, "reconstruction"),
      bar(elbo, logLikelihood, top + 7, "kl"),
      segments([[[across(0), top - 2], [across(0), top + 14]]], { colour: "axis", width: 1.5 }),
      segments([[[across(elbo), top - 2], [across(elbo), top + 14]]], { colour: "evidence", width: 2.5 }),
    );
  });
}
