// Distortion over rate: what a model gets for what it pays.

import { Chart } from "../shared/chart.js";
import { axisTo } from "../shared/epoch_chart.js";
import { axes, curve, dots, grid, PIXELS, plot, ring, segments, text } from "../shared/marks.js";
import { clamp } from "../shared/numbers.js";
import { fill } from "../shared/words.js";
import { valueText } from "./models.js";

/**
 * @import { Point } from "../shared/marks.js"
 * @import { Scene } from "../shared/stage.js"
 * @import { Entries } from "./models.js"
 */

/** One point for each model, on the curve of all. */
export class RateDistortion {
  /** @param {Scene} scene @param {Entries} entries */
  constructor(scene, entries) {
    const distortion = entries.reconstruction.map((value) => -value);
    const [low, high] = [Math.min(...distortion), Math.max(...distortion)];
    const room = Math.max(1, high - low);
    this.chart = new Chart(scene, {
      low: low - 0.05 * room,
      high: high + 0.05 * room,
      above: 26,
      below: 44,
      axis: axisTo(Math.max(1, ...entries.kl), scene.width),
    });
    this.entries = entries;
    /** In pixels. @type {Point[]} */
    this.places = entries.kl.map((rate, i) => [this.chart.x(rate), this.chart.y(distortion[i])]);
  }

  /** The curve of all models. @param {Scene} scene */
  drawStatic(scene) {
    const { words, width, height } = scene;
    const font = "600 12.5px";
    plot(scene, this.chart, grid(), axes(""));
    plot(
      scene,
      PIXELS,
      curve(this.places, { colour: "quiet", width: 2 }),
      dots(this.places, { colour: "ink" }),
      text(words.rate_axis, [width - 8, height - 22], {
        colour: "kl",
        font,
        align: "right",
        baseline: "bottom",
        halo: 4,
      }),
      text(words.distortion_axis, [8, 7], { colour: "reconstruction", font, align: "left", baseline: "top", halo: 4 }),
    );
  }

  /** The present model, and the slope that theory gives its curve. @param {Scene} scene @param {number} index */
  drawPresent(scene, index) {
    const { chart, entries } = this;
    const { words, width, height } = scene;
    const [x, y] = this.places[index];
    const perNat = (chart.axis[1] - chart.axis[0]) / width;
    const down = entries.values[index] * perNat * chart.scale; // pixels down for each to the right
    const reach = Math.min(110, width / 4) / Math.hypot(1, down);
    // Above and to the right of the curve, which falls, there is room.
    const left = x < width - 130;
    const style = /** @type {const} */ ({ align: left ? "left" : "right", baseline: "bottom" });
    const at = /** @type {Point} */ ([left ? x + 12 : x, clamp(y - 12, 62, height - 40)]);
    plot(
      scene,
      PIXELS,
      segments([[[x - reach, y - reach * down], [x + reach, y + reach * down]]], {
        colour: "ink",
        width: 1.75,
        dash: [6, 5],
      }),
      ring([x, y], { colour: "ink", radius: 7, filled: true }),
      text(fill(words.beta_value, { value: valueText(entries, index) }), at, {
        colour: "ink",
        font: "700 14px",
        ...style,
      }),
      text(words.slope, at, { colour: "quiet", font: "12px", dy: -16, halo: 4, ...style }),
    );
  }

  /** The model whose point is nearest. @param {Point} at */
  nearest([px, py]) {
    const distances = this.places.map(([x, y]) => Math.hypot(x - px, y - py));
    return distances.indexOf(Math.min(...distances));
  }
}
