// A map of the plane.

import { haloText } from "./canvas.js";
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

  /** Whole numbers, or every second, fifth, ... that leave room for their labels. */
  ticks() {
    const step = [1, 2, 5, 10, 20, 50, 100].find((candidate) => this.extent / candidate <= 4.5) ??
      2 ** Math.floor(Math.log2(this.extent) - 1);
    const last = Math.floor((this.extent * 0.97) / step);
    return Array.from({ length: 2 * last + 1 }, (_, i) => (i - last) * step);
  }

  /** Paper, and the lines on it. @param {Scene} scene */
  grid({ context, inks }) {
    context.fillStyle = inks.paper;
    context.fillRect(0, 0, this.size, this.size);
    this.drawGrid(context, inks);
  }

  /** @param {Scene} scene @param {[string, string]} names */
  labels({ context, inks, font }, names) {
    this.drawLabels(context, { ink: inks.quiet, paper: inks.paper, font }, names);
  }

  /**
   * Axes through the origin and a line at each tick: what lies under the data.
   * @param {CanvasRenderingContext2D} context @param {{axis: string, grid: string}} style
   */
  drawGrid(context, style) {
    const { size } = this;
    const line = (/** @type {number[]} */ [x1, y1, x2, y2], /** @type {string} */ colour) => {
      context.beginPath();
      context.moveTo(x1, y1);
      context.lineTo(x2, y2);
      context.lineWidth = 1;
      context.strokeStyle = colour;
      context.stroke();
    };
    for (const value of this.ticks()) {
      const colour = value === 0 ? style.axis : style.grid;
      const at = [Math.round(this.x(value)) + 0.5, Math.round(this.y(value)) + 0.5];
      line([at[0], 0, at[0], size], colour);
      line([0, at[1], size, at[1]], colour);
    }
  }

  /**
   * The numbers at the edges and the axes' names at their ends: what lies over the data.
   * @param {CanvasRenderingContext2D} context
   * @param {{ink: string, paper: string, font: string}} style
   * @param {[string, string]} names
   */
  drawLabels(context, style, names) {
    const { size } = this;
    context.font = `11px ${style.font}`;
    for (const value of this.ticks()) {
      const text = shownNumber(value, 0);
      context.textBaseline = "bottom";
      context.textAlign = "center";
      haloText(context, text, this.x(value), size - 4, style.ink, style.paper, 3);
      context.textBaseline = "middle";
      context.textAlign = "left";
      haloText(context, text, 5, this.y(value), style.ink, style.paper, 3);
    }
    context.font = `italic 600 14px ${style.font}`;
    context.textAlign = "right";
    context.textBaseline = "bottom";
    haloText(context, names[0], size - 7, this.y(0) - 4, style.ink, style.paper);
    context.textAlign = "left";
    context.textBaseline = "top";
    haloText(context, names[1], this.x(0) + 7, 6, style.ink, style.paper);
  }
}
