// A picture over a number line: axis, scale, curves.

import { haloText } from "./canvas.js";
import { shownNumber } from "./words.js";

/** @import { Scene } from "./stage.js" */

/** 1, 2, 5, 10, ..., or 0.5, 0.2, ...: the first of these that is at least `least`. @param {number} least */
export function roundUp(least) {
  const power = 10 ** Math.floor(Math.log10(least) + 1e-9);
  return power * (/** @type {number} */ ([1, 2, 5, 10].find((factor) => factor * power >= least * (1 - 1e-9))));
}

/** A picture over a number line: the axis below, a scale at the left, room above and below for what is written. */
export class Chart {
  /**
   * @param {Pick<Scene, "context" | "width" | "height">} scene
   * @param {{low: number, high: number, above: number, below: number, axis: [number, number]}} range
   *   values, pixels above and below them, and the ends of the axis
   */
  constructor({ context, width, height }, { low, high, above, below, axis }) {
    this.context = context;
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

  /** @param {number[]} from @param {number[]} to @param {string} colour */
  line(from, to, colour) {
    const { context } = this;
    context.beginPath();
    context.moveTo(from[0], from[1]);
    context.lineTo(to[0], to[1]);
    context.lineWidth = 1;
    context.strokeStyle = colour;
    context.stroke();
  }

  /** @param {Scene} scene @param {number[]} dashed */
  grid({ inks }, dashed) {
    this.drawGrid(inks, dashed);
  }

  /** @param {Scene} scene @param {string[]} names */
  labels({ inks, font }, [name]) {
    this.drawLabels(inks, font, name);
  }

  /** Paper, a line at each tick, dashes at `marks`. @param {any} inks @param {number[]} [marks] */
  drawGrid(inks, marks = []) {
    const { context, width, height } = this;
    context.fillStyle = inks.paper;
    context.fillRect(0, 0, width, height);
    const sharp = (/** @type {number} */ at) => Math.round(at) + 0.5;
    for (const { value } of this.zTicks()) {
      this.line([sharp(this.x(value)), 0], [sharp(this.x(value)), height], inks.grid);
    }
    for (const { value } of this.valueTicks()) {
      this.line([0, sharp(this.y(value))], [width, sharp(this.y(value))], inks.grid);
    }
    if (this.low <= 0 && this.high >= 0) this.line([0, sharp(this.y(0))], [width, sharp(this.y(0))], inks.axis);
    context.setLineDash([3, 4]);
    context.globalAlpha = 0.6;
    for (const z of marks) this.line([this.x(z), 0], [this.x(z), height], inks.quiet);
    context.globalAlpha = 1;
    context.setLineDash([]);
  }

  /** The numbers at the edges and the axis's name. @param {any} inks @param {string} font @param {string} name */
  drawLabels(inks, font, name) {
    const { context, width, height } = this;
    context.font = `11px ${font}`;
    context.textBaseline = "bottom";
    context.textAlign = "center";
    for (const { value, text } of this.zTicks()) {
      haloText(context, text, this.x(value), height - 4, inks.quiet, inks.paper, 3);
    }
    context.textBaseline = "middle";
    context.textAlign = "left";
    for (const { value, text } of this.valueTicks()) {
      const y = this.y(value);
      if (Math.abs(value) < 1e-9) continue; // the axis itself, where a curve would run through the number
      if (y > 8 && y < height - 22) haloText(context, text, 5, y, inks.quiet, inks.paper, 3);
    }
    context.font = `italic 600 14px ${font}`;
    context.textAlign = "right";
    context.textBaseline = "bottom";
    haloText(context, name, width - 7, height - 3, inks.quiet, inks.paper);
  }

  /** A function of z as a path, two points to a pixel; the pen is lifted where it lies less than `rest` pixels above zero. @param {(z: number) => number} f */
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
