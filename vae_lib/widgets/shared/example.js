// What a decoder's numbers are: a picture, grey or in colour, or a row of a table.

import { box, element, span, tile, write } from "./form.js";
import { clamp } from "./numbers.js";
import { ShownError, shownNumber } from "./words.js";

/**
 * @import { Model } from "./view.js"
 * @typedef {{height: number, width: number, channels: number, numbers: number,
 *   columns: {name: string, center: number, scale: number}[]}} Look
 *   `height` and `width` of it as a picture, of which a row of a table has one too, its bars
 */

/** How far a bar reaches, in standard deviations of its column. */
const REACH = 3;

/** Pixels from the middle of the picture of a row to its edge. */
const BAR = 10;

/** @param {Model} model @returns {Look} */
export function readLook(model) {
  const columns = (model.get("columns") ?? []).map((/** @type {[string, number, number]} */ [name, center, scale]) => ({
    name,
    center,
    scale,
  }));
  if (columns.length) {
    const wide = columns.length <= 16 ? 3 : 1;
    return { height: 2 * BAR + 1, width: wide * columns.length, channels: 1, numbers: columns.length, columns };
  }
  const [width, height, channels = 1] = [...model.get("image_shape")].reverse();
  if (channels !== 1 && channels !== 3) throw new ShownError("bad_weights", "pictures are grey or of three channels");
  return { height, width, channels, numbers: channels * height * width, columns };
}

/** Red, green, blue and opacity in one number, as a canvas holds them. @param {number[]} bytes */
const packed = ([red, green, blue]) => (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;

/**
 * The pixels of an example as a picture: grey as a byte, colour as what a canvas holds.
 * @param {Look} look @param {Float32Array} values @param {Uint32Array} pixels
 */
export function paintExample({ height, width, channels, columns }, values, pixels) {
  const size = height * width;
  if (columns.length) {
    const wide = width / columns.length;
    pixels.fill(0);
    values.forEach((value, column) => {
      const end = BAR - Math.round((BAR * clamp(value, -REACH, REACH)) / REACH);
      for (let row = Math.min(end, BAR); row <= Math.max(end, BAR); row++) {
        for (let x = wide * column; x < wide * (column + 1) - (wide > 1 ? 1 : 0); x++) pixels[row * width + x] = 255;
      }
    });
    return;
  }
  for (let i = 0; i < size; i++) {
    pixels[i] = channels === 1
      ? Math.round(255 * values[i])
      : packed([0, 1, 2].map((channel) => Math.round(255 * values[channel * size + i])));
  }
}

/**
 * Where an example stands, and what draws it there.
 * @param {Look} look @param {Record<string, string>} attributes
 * @returns {{element: HTMLElement, draw: (values: Float32Array) => void}}
 */
export function exampleTile(look, attributes) {
  if (look.columns.length) return tableRow(look, attributes);
  const { height, width, channels } = look;
  const grey = tile(height, width, attributes["aria-label"] ? { role: "img", ...attributes } : attributes);
  if (channels === 1) return { element: grey.canvas, draw: grey.draw };
  grey.canvas.classList.replace("vae-digit", "vae-colours");
  const context = /** @type {CanvasRenderingContext2D} */ (grey.canvas.getContext("2d", { willReadFrequently: true }));
  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  return {
    element: grey.canvas,
    draw(values) {
      paintExample(look, values, pixels);
      context.putImageData(image, 0, 0);
    },
  };
}

/** A number with four digits that count. @param {number} value @param {number} scale of its column */
function inUnits(value, scale) {
  if (scale < 1e-4 || Math.abs(value) >= 1e7) return value.toExponential(3).replaceAll("-", "−");
  const digits = clamp(3 - Math.floor(Math.log10(Math.abs(value) || 1)), 0, 6);
  return shownNumber(value, digits);
}

/**
 * A bar for each column, from its mean at the middle, and its value in the table's own unit.
 * @param {Look} look @param {Record<string, string>} attributes
 */
function tableRow({ columns }, attributes) {
  const lines = columns.map(({ name }) => {
    const [bar, value] = [span("vae-column-bar"), element("data")];
    const line = element("li", {}, span("", name), span("vae-column-track", bar), value);
    return { line, bar, value };
  });
  const list = element("ul", { ...attributes, tabindex: "0" }, ...lines.map(({ line }) => line)); // it may scroll
  const draw = (/** @type {Float32Array} */ values) =>
    lines.forEach(({ bar, value }, i) => {
      const { center, scale } = columns[i];
      const share = (50 * clamp(values[i], -REACH, REACH)) / REACH;
      bar.style.left = `${50 + Math.min(share, 0)}%`;
      bar.style.width = `${Math.abs(share)}%`;
      write(value, center + scale * values[i], inUnits(center + scale * values[i], scale));
    });
  return { element: box("vae-columns", list), draw };
}
