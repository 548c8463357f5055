// Drawing on a canvas.

/**
 * Fits a canvas to its size on the page; one unit is one CSS pixel.
 * @param {HTMLCanvasElement} canvas @param {number} width @param {number} height
 */
export function fitCanvas(canvas, width, height, /** @type {CanvasRenderingContext2DSettings} */ settings = {}) {
  const ratio = window.devicePixelRatio || 1;
  const [w, h] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", settings));
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}

/**
 * Text with a halo, legible on dots and lines.
 * @param {CanvasRenderingContext2D} context @param {string} text @param {number} x @param {number} y
 * @param {string} colour @param {string} halo
 */
export function haloText(context, text, x, y, colour, halo, width = 4) {
  context.lineJoin = "round";
  context.lineWidth = width;
  context.strokeStyle = halo;
  context.strokeText(text, x, y);
  context.fillStyle = colour;
  context.fillText(text, x, y);
}

/** Red, green and blue, 0 to 255. @param {string} hex #rrggbb */
export function channels(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

/** The colour half way between two, both as #rrggbb: ink that keeps a hue. @param {string} one @param {string} other */
export function mixed(one, other) {
  const [a, b] = [channels(one), channels(other)];
  return `rgb(${a.map((value, i) => Math.round((value + b[i]) / 2)).join(", ")})`;
}

/**
 * The ring that a hand takes hold of, with paper around it; filled for one that stands on a curve.
 * @param {CanvasRenderingContext2D} context @param {[number, number]} at
 * @param {{colour: string, paper: string, radius?: number, width?: number, filled?: boolean}} style
 */
export function drawRing(context, [x, y], { colour, paper, radius = 9, width = 3, filled = false }) {
  const circle = (/** @type {number} */ r) => {
    context.beginPath();
    context.arc(x, y, r, 0, 2 * Math.PI);
  };
  for (const [line, style] of /** @type {[number, string][]} */ ([[width + 4, paper], [width, colour]])) {
    circle(radius);
    context.strokeStyle = style;
    context.lineWidth = line;
    context.stroke();
  }
  if (!filled) return;
  circle(radius - width / 2);
  context.fillStyle = paper;
  context.fill();
}

/**
 * A network's output as grey values, white on black, at its own resolution.
 * @param {HTMLCanvasElement} canvas @param {number} height @param {number} width
 */
export function picture(canvas, height, width) {
  canvas.width = width;
  canvas.height = height;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  return (/** @type {Float32Array} */ values) => {
    for (let i = 0; i < pixels.length; i++) {
      // The four bytes are red, green, blue, alpha: grey three times, and opaque.
      pixels[i] = 0xff000000 | (Math.round(255 * values[i]) * 0x010101);
    }
    context.putImageData(image, 0, 0);
  };
}
