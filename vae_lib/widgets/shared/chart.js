// A picture over a number line: axis, scale, curves.

import { axisName, paper, PIXELS, plot, segments, tickBelow, tickBeside } from "./marks.js";
import { shownNumber } from "./words.js";

/**
 * @import { Point } from "./marks.js"
 * @import { Scene } from "./stage.js"
 */

/** Where a line one pixel wide is sharp. @param {number} at */
export function sharp(at) {
  return Math.round(at) + 0.5;
}

/** 1, 2, 5, 10, ..., or 0.5, 0.2, ...: the first of these that is at least `least`. @param {number} least */
export function roundUp(least) {
  const power = 10 ** Math.floor(Math.log10(least) + 1e-9);
  return power * (/** @type {number} */ ([1, 2, 5, 10].find((factor) => factor * power >= least * (1 - 1e-9))));
}

/** A picture over a number line: the axis below, a scale at the left, room above and below for what is written. */
export class Chart {
  /**
   * @param {Pick<Scene, "width" | "height">} scene
   * @param {{low: number, high: number, above: number, below: number, axis: [number, number]}} range
   *   values, pixels above and below them, and the ends of the axis
   */
  constructor({ width, height }, { low, high, above, below, axis }) {
    this.axis = axis;
    this.width = width;
    this.height = height;
    this.low = low;
    this.high = high;
    this.scale = (height - above - below) / (high - low);
    this.top = above;
  }

  /** @param {number} z */
  x(z) {
    return ((z - this.axis[0]) / (this.axis[1] - this.axis[0])) * this.width;
  }

  /** @param {number} px */
  z(px) {
    return this.axis[0] + (px / this.width) * (this.axis[1] - this.axis[0]);
  }

  /** @param {number} value */
  y(value) {
    return this.top + (this.high - value) * this.scale;
  }

  zTicks() {
    const [left, right] = this.axis;
    const step = roundUp((right - left) / (this.width < 480 ? 6 : 12));
    const [first, last] = [Math.floor(left / step + 1e-9) + 1, Math.ceil(right / step - 1e-9) - 1];
    const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step)
      .map((value) => ({ value, text: shownNumber(value, digits) }));
  }

  valueTicks() {
    const step = roundUp((this.high - this.low) / 5);
    const [first, last] = [Math.ceil(this.low / step - 1e-9), Math.floor(this.high / step + 1e-9)];
    const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step)
      .map((value) => ({ value, text: shownNumber(value, digits) }));
  }

  /** Paper, a line at each tick, dashes at `dashed`. @param {Scene} scene @param {number[]} dashed */
  grid(scene, dashed) {
    const { width, height } = this;
    const down = (/** @type {number} */ x) => /** @type {[Point, Point]} */ ([[x, 0], [x, height]]);
    const across = (/** @type {number} */ y) => /** @type {[Point, Point]} */ ([[0, sharp(y)], [width, sharp(y)]]);
    const ticks = [
      ...this.zTicks().map(({ value }) => down(sharp(this.x(value)))),
      ...this.valueTicks().map(({ value }) => across(this.y(value))),
    ];
    plot(
      scene,
      PIXELS,
      paper(),
      segments(ticks, { colour: "grid" }),
      this.low <= 0 && this.high >= 0 && segments([across(this.y(0))], { colour: "axis" }),
      segments(dashed.map((z) => down(this.x(z))), { colour: "quiet", dash: [3, 4], alpha: 0.6 }),
    );
  }

  /** The numbers at the edges and the axis's name. @param {Scene} scene @param {string[]} names */
  labels(scene, [name]) {
    const { width, height } = this;
    // Zero is the axis itself, where a curve would run through the number.
    const beside = this.valueTicks().map(({ value, text }) => ({
      text,
      y: this.y(value),
      isAxis: Math.abs(value) < 1e-9,
    }))
      .filter(({ y, isAxis }) => !isAxis && y > 8 && y < height - 22);
    plot(
      scene,
      PIXELS,
      ...this.zTicks().map(({ value, text: words }) => tickBelow(words, this.x(value), height)),
      ...beside.map(({ text: words, y }) => tickBeside(words, y)),
      axisName(name, [width - 7, height - 3], "right", "bottom"),
    );
  }

  /**
   * A function of z as a path, two points to a pixel; the pen is lifted where it lies less than `rest` pixels above
   * zero.
   * @param {(z: number) => number} f
   */
  path(f, rest = -Infinity) {
    const path = new Path2D();
    let down = false;
    for (let px = 0; px <= this.width; px += 0.5) {
      const value = f(this.z(px));
      const rises = value * this.scale >= rest;
      if (rises && down) path.lineTo(px, this.y(value));
      else if (rises) path.moveTo(px, this.y(value));
      down = rises;
    }
    return path;
  }

  /** What lies between a path and zero. @param {Path2D} path */
  closed(path) {
    const area = new Path2D(path);
    area.lineTo(this.width, this.y(0));
    area.lineTo(0, this.y(0));
    area.closePath();
    return area;
  }
}
