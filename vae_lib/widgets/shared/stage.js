// A picture on a canvas: as large as it is seen, at the device's pixels, in the theme's colours, drawn once a frame.

import { fitCanvas } from "./canvas.js";
import { currentTheme, inTheme, watchTheme } from "./view.js";

/** @import { Model, Palette, Scope, Theme } from "./view.js" */

/**
 * @typedef {{context: CanvasRenderingContext2D, width: number, height: number, theme: Theme,
 *   inks: Record<string, string>, colours: Record<string, string>, palette: Palette,
 *   words: Record<string, string>, classes?: string[], font: string}} Scene
 *   what a picture is drawn with; `colours` are the terms', `inks` all others
 */

/**
 * @param {Scope} scope @param {Model} model @param {HTMLCanvasElement} canvas
 * @param {{draw: (scene: Scene) => void, under?: (scene: Scene) => void, square?: boolean, read?: boolean}} options
 *   `under` draws what stays until the size, the theme or `anew` changes it; a `square` picture is as high as it is
 *   wide; `read` is for one whose pixels are read
 */
export function stage(scope, model, canvas, { draw, under, square = false, read = false }) {
  const settings = { willReadFrequently: read };
  const layer = document.createElement("canvas");
  /** @type {Omit<Scene, "context"> | null} none while it is to be looked up */
  let look = null;
  const lookUp = () => {
    const [width, height] = [canvas.clientWidth, square ? canvas.clientWidth : canvas.clientHeight];
    if (width === 0) return null; // not on the page yet, or hidden
    const [theme, palette, words] = [currentTheme(), model.get("palette"), model.get("words")];
    const classes = model.get("classes");
    const [inks, colours] = [inTheme(palette.neutrals, theme), inTheme(palette.terms, theme)];
    const font = getComputedStyle(canvas).fontFamily;
    const found = { width, height, theme, inks, colours, palette, words, classes, font };
    under?.({ ...found, context: fitCanvas(layer, width, height, settings) });
    return found;
  };
  const redraw = scope.perFrame(() => {
    look ??= lookUp();
    if (!look) return;
    const context = fitCanvas(canvas, look.width, look.height, settings);
    if (under) context.drawImage(layer, 0, 0, look.width, look.height);
    draw({ ...look, context });
  });
  const anew = () => {
    look = null;
    redraw();
  };
  scope.onResize(canvas, anew);
  window.addEventListener("resize", anew, { signal: scope.signal }); // zooming changes the pixel ratio only
  watchTheme(scope, anew);
  return { redraw, anew };
}
