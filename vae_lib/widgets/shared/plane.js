// A map of the plane.

import { sharp } from "./chart.js";
import { axisName, paper, PIXELS, plot, segments, tickBelow, tickBeside } from "./marks.js";
import { clamp } from "./numbers.js";
import { shownNumber } from "./words.js";

/** @import { Scene } from "./stage.js" */

/** A square piece of the plane, from −extent to extent in both directions, on a square of `size` pixels. */
export class Plane {
  /** @param {number} extent @param {number} size */
  constructor(extent, size) {
    this.extent = extent;
    this.size = size;
    this.scale = size / (2 * extent);
  }

  /** @param {number} value */
  x(value) {
    return (value + this.extent) * this.scale;
  }

  /** @param {number} value */
  y(value) {
    return (this.extent - value) * this.scale;
  }

  /** The point at a pixel, kept within the map. @param {number} px @param {number} py */
  point(px, py) {
    return [px / this.scale - this.extent, this.extent - py / this.scale]
      .map((value) => clamp(value, -this.extent, this.extent));
  }

  /** Where a point is drawn. @param {number[]} point @returns {[number, number]} */
  pixels([first, second]) {
    return [this.x(first), this.y(second)];
  }

  /** Whole numbers, or every second, fifth, ... that leave room for their labels. */
  ticks() {
    const step = [1, 2, 5, 10, 20, 50, 100].find((candidate) => this.extent / candidate <= 4.5) ??
      2 ** Math.floor(Math.log2(this.extent) - 1);
    const last = Math.floor((this.extent * 0.97) / step);
    return Array.from({ length: 2 * last + 1 }, (_, i) => (i - last) * step);
  }

  /** Paper, axes through the origin and a line at each tick: what lies under the data. @param {Scene} scene */
  grid(scene) {
    const { size } = this;
    const lines = (/** @type {number} */ value) => {
      const [x, y] = [sharp(this.x(value)), sharp(this.y(value))];
      return segments([[[x, 0], [x, size]], [[0, y], [size, y]]], { colour: value === 0 ? "axis" : "grid" });
    };
    plot(scene, PIXELS, paper(), ...this.ticks().map(lines));
  }

  /**
   * The numbers at the edges and the axes' names at their ends: what lies over the data.
   * @param {Scene} scene @param {string[]} names
   */
  labels(scene, [first, second]) {
    const { size } = this;
    const ticks = this.ticks().map((value) => ({ value, words: shownNumber(value, 0) }));
    plot(
      scene,
      PIXELS,
      ...ticks.flatMap(({ value, words }) => [tickBelow(words, this.x(value), size), tickBeside(words, this.y(value))]),
      axisName(first, [size - 7, this.y(0) - 4], "right", "bottom"),
      axisName(second, [this.x(0) + 7, 6], "left", "top"),
    );
  }
}
