// Curves of both terms of Eq. (4) over the epochs.

import { Chart } from "./chart.js";
import { axes, clipped, curve, dots, grid, PIXELS, plot, ring, segments, text } from "./marks.js";
import { clamp } from "./numbers.js";
import { fill, shownNumber } from "./words.js";

/**
 * @import { Point } from "./marks.js"
 * @import { Scene } from "./stage.js"
 */

const NAME = "600 12.5px";

/** Room at the left for the scale's numbers. */
const MARGIN = 40;

/** A curve of more points is drawn without its dots. */
const MOST_DOTS = 40;

/**
 * An axis whose zero stands `MARGIN` pixels from the left.
 * @param {number} most @param {number} width @returns {[number, number]}
 */
export function axisTo(most, width) {
  return [(-most * MARGIN) / (width - MARGIN - 16), (most * (width - MARGIN)) / (width - MARGIN - 16)];
}

/** A chart over the epochs, on a scale of square roots, which gives the early ones room. */
class EpochChart extends Chart {
  /** @type {number[]} */
  epochs = [];

  zTicks() {
    /** @type {{value: number, text: string}[]} */
    const ticks = [];
    let last = Infinity;
    for (const epoch of [...this.epochs].reverse()) {
      const value = Math.sqrt(epoch);
      if (last - this.x(value) < 26) continue;
      last = this.x(value);
      ticks.push({ value, text: `${epoch}` });
    }
    return ticks;
  }
}

/** @typedef {{values: number[], reconstruction: number[], kl: number[]}} Course epochs, and nats */

const CURVES = /** @type {const} */ (["kl", "elbo", "reconstruction"]);
const COLOURS = { kl: "kl", elbo: "ink", reconstruction: "reconstruction" };

/** Both terms and the ELBO over the epochs. */
export class TermsOverEpochs {
  /** @param {Scene} scene @param {Course} course */
  constructor(scene, { values, reconstruction, kl }) {
    const elbo = reconstruction.map((value, i) => value - kl[i]);
    const [rising, high] = [[...elbo].sort((a, b) => a - b), Math.max(...reconstruction, ...kl)];
    // The first steps gain so much that they would flatten the rest: the scale begins where the later ones fill it.
    const low = Math.max(rising[0], high - 2.5 * (high - rising[rising.length >> 1]));
    const room = Math.max(1, high - low);
    this.chart = new EpochChart(scene, {
      low: low - 0.04 * room,
      high: high + 0.04 * room,
      above: 18,
      below: 24,
      axis: axisTo(Math.sqrt(Math.max(1, ...values)), scene.width),
    });
    this.chart.epochs = values;
    this.bottom = scene.height - 22;
    this.roots = values.map(Math.sqrt);
    this.curves = { reconstruction, elbo, kl };
  }

  /** @param {"kl" | "elbo" | "reconstruction"} name @returns {Point[]} */
  points(name) {
    return this.curves[name].map((value, i) => [this.roots[i], value]);
  }

  /** The curves, within the scale, above the numbers of the axis. @param {Scene} scene */
  drawStatic(scene) {
    const end = /** @type {number} */ (this.roots.at(-1));
    const bare = this.roots.length > MOST_DOTS;
    const curves = CURVES.flatMap((name) => [
      curve(this.points(name), { colour: COLOURS[name] }),
      ...(bare ? [] : [dots(this.points(name), { colour: COLOURS[name] })]),
    ]);
    // Both terms are named at their ends.
    const named = /** @type {const} */ ([["reconstruction", "bottom", -6], ["kl", "top", 7]]);
    plot(
      scene,
      this.chart,
      grid(),
      clipped([0, 0, scene.width, this.bottom], ...curves),
      axes(""),
      text(scene.words.epoch_axis, [end, this.chart.low], {
        colour: "quiet",
        font: "italic 600 13px",
        align: "right",
        baseline: "bottom",
        dx: -10,
        dy: scene.height - 24 - this.chart.y(this.chart.low),
        halo: 4,
      }),
      ...named.map(([name, baseline, dy]) =>
        text(scene.words[`curve_${name}`], [end, /** @type {number} */ (this.curves[name].at(-1))], {
          colour: COLOURS[name],
          font: NAME,
          align: "right",
          baseline,
          dx: -10,
          dy,
        })
      ),
      this.elboName(scene),
    );
  }

  /** The name of the ELBO, which ends between the terms, where it rises through the middle. @param {Scene} scene */
  elboName({ words }) {
    const { elbo } = this.curves;
    const middle = (this.chart.low + this.chart.high) / 2;
    const after = clamp(elbo.findIndex((value) => value > middle), 1, elbo.length - 1);
    const [[x1, y1], [x2, y2]] = this.points("elbo").slice(after - 1, after + 1);
    const share = clamp((middle - y1) / (y2 - y1) || 0, 0, 1);
    return text(words.curve_elbo, [x1 + share * (x2 - x1), y1 + share * (y2 - y1)], {
      colour: COLOURS.elbo,
      font: NAME,
      align: "left",
      dx: 10,
      dy: 6,
    });
  }

  /**
   * A line at the present epoch, a ring on each curve; what lies below the scale is written there.
   * @param {Scene} scene @param {number} index
   */
  drawPresent(scene, index) {
    const { chart, curves, bottom } = this;
    const { words, width } = scene;
    const x = chart.x(this.roots[index]);
    const isBelow = (/** @type {"kl"} */ name) => chart.y(curves[name][index]) > bottom - 5;
    const left = x < width / 2;
    plot(
      scene,
      PIXELS,
      segments([[[x, 0], [x, bottom]]], { colour: "ink", alpha: 0.55, width: 1.5 }),
      ...CURVES.map((name) =>
        !isBelow(/** @type {"kl"} */ (name)) &&
        ring([x, chart.y(curves[name][index])], { colour: COLOURS[name], radius: 5, width: 2.5, filled: true })
      ),
      ...CURVES.filter((name) => isBelow(/** @type {"kl"} */ (name))).map((name, row) => {
        const said = fill(words.below, { at: words[`curve_${name}`], value: shownNumber(curves[name][index], 1) });
        return text(`▾ ${said}`, [x + (left ? 9 : -9), bottom - 6 - 17 * row], {
          colour: COLOURS[name],
          font: "600 12px",
          align: left ? "left" : "right",
          baseline: "bottom",
        });
      }),
    );
  }

  /** The epoch that is nearest. @param {[number, number]} at */
  nearest([px]) {
    const distances = this.roots.map((root) => Math.abs(this.chart.x(root) - px));
    return distances.indexOf(Math.min(...distances));
  }
}
