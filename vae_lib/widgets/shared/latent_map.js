// A map of a latent space: its marks, for the widgets that show one.

import { channels, mixed } from "./canvas.js";
import { apart, freePlace, nameOf } from "./codes.js";
import { element, OWN_KEYS } from "./form.js";
import { area, PIXELS, plot, ring, segments, text } from "./marks.js";
import { clamp } from "./numbers.js";

/**
 * @import { Mark, Point } from "./marks.js"
 * @import { Labels, Named } from "./codes.js"
 * @import { Plane } from "./plane.js"
 * @import { Scene } from "./stage.js"
 * @import { Palette } from "./view.js"
 */

/**
 * A map to move about on by hand and by keys.
 * @param {string} name @param {string} role @param {string} hintId of what says how
 */
export function mapCanvas(name, role, hintId) {
  return element("canvas", {
    class: "vae-map",
    tabindex: "0",
    role: "application",
    ...OWN_KEYS,
    "aria-roledescription": role,
    "aria-label": name,
    "aria-describedby": hintId,
  });
}

/**
 * What a dot looks like: few dots are drawn large and full, ten thousand of them small and pale; all fainter over
 * pictures.
 * @param {Scene} scene @param {number} count @param {boolean} coloured @param {boolean} overPictures
 */
function dotLook({ width, theme, inks, palette }, count, coloured, overPictures) {
  const few = count < 1500;
  const radius = (few ? 2.9 : overPictures ? 1.4 : 1.9) * (width < 360 ? 0.8 : 1);
  const alpha = (few ? 0.8 : theme === "dark" ? 0.6 : 0.5) * (overPictures ? (few ? 0.7 : 0.35) : 1);
  return { radius, alpha, colours: (coloured ? palette.digits : [inks.quiet]).map(channels) };
}

/**
 * The codes, each in the colour of its label. Blended pixel by pixel: the canvas's own calls take several times as long
 * for ten thousand dots. The stage is one that is read.
 * @param {Float32Array} points @param {Labels} labels @returns {Mark}
 */
export function codeDots(points, labels, overPictures = false) {
  return (scene, plane) => {
    const { context } = scene;
    const look = dotLook(scene, points.length / 2, labels.length > 0, overPictures);
    const { width, height } = context.canvas;
    const ratio = width / plane.size;
    const image = context.getImageData(0, 0, width, height);
    const pixels = image.data;
    const radius = look.radius * ratio;
    for (let i = 0; i < points.length / 2; i++) {
      const [x, y] = [plane.x(points[2 * i]) * ratio, plane.y(points[2 * i + 1]) * ratio];
      const [red, green, blue] = look.colours[(labels[i] ?? 0) % look.colours.length];
      const last = Math.min(width - 1, Math.floor(x + radius));
      const lowest = Math.min(height - 1, Math.floor(y + radius));
      for (let row = Math.max(0, Math.floor(y - radius)); row <= lowest; row++) {
        for (let column = Math.max(0, Math.floor(x - radius)); column <= last; column++) {
          const edge = radius + 0.5 - Math.sqrt((column + 0.5 - x) ** 2 + (row + 0.5 - y) ** 2);
          if (edge <= 0) continue;
          const share = edge < 1 ? look.alpha * edge : look.alpha;
          const at = 4 * (row * width + column);
          pixels[at] += share * (red - pixels[at]);
          pixels[at + 1] += share * (green - pixels[at + 1]);
          pixels[at + 2] += share * (blue - pixels[at + 2]);
        }
      }
    }
    context.putImageData(image, 0, 0);
  };
}

/** The prior's circles at one and two standard deviations. @returns {Mark} */
export function priorCircles() {
  return ({ context, colours }, plane) => {
    for (const deviations of [1, 2]) {
      context.strokeStyle = colours.prior;
      context.lineWidth = 1.5;
      context.setLineDash([6, 5]);
      context.beginPath();
      context.arc(plane.x(0), plane.y(0), deviations * plane.scale, 0, 2 * Math.PI);
      context.stroke();
    }
    context.setLineDash([]);
  };
}

/** The circles' names, where they cover no digit's. @param {{at: number[]}[]} medians @returns {Mark} */
export function circleNames(medians) {
  return (scene, plane) => {
    for (const [i, word] of [scene.words.prior_1, scene.words.prior_2].entries()) {
      const at = freePlace(i + 1, medians.map((cluster) => cluster.at));
      plot(scene, plane, text(word, /** @type {Point} */ (at), { colour: "prior", font: "12.5px", halo: 6 }));
    }
  };
}

/** More names than these would cover the map; the colours stay, and each code says its own. */
const MOST_NAMES = 40;

/** Each class at the median of its codes. @param {Named[]} medians @returns {Mark} */
export function digitNames(medians) {
  return (scene, plane) => {
    if (medians.length > MOST_NAMES) return;
    const names = new Map(medians.map(({ digit }) => [digit, shortened(nameOf(scene.classes, digit))]));
    const longest = Math.max(0, ...[...names.values()].map((name) => name.length));
    const words = longest > 2;
    const size = words ? 14 : plane.size < 360 ? 18 : 21;
    const wide = words ? 0.6 * longest : 1; // times as wide as high
    const inner = plane.extent - (words ? (wide * size) / 2 / plane.scale : 0);
    const placed = apart(medians.map(({ digit, at: [x, y] }) => ({ digit, at: [x / wide, y] })), 20 / plane.scale);
    for (const { digit, at: [x, y] } of placed) {
      const colour = mixed(classColour(scene.palette, digit), scene.inks.ink);
      const at = /** @type {Point} */ ([words ? clamp(x * wide, -inner, inner) : x, y]);
      plot(scene, plane, text(names.get(digit) ?? "", at, { colour, font: `700 ${size}px`, halo: words ? 4 : 6 }));
    }
  };
}

/** @param {string} name */
const shortened = (name) => (name.length > 16 ? `${name.slice(0, 15)}…` : name);

/** A label's colour; of more classes than colours some share one. @param {Palette} palette @param {number} label */
export function classColour(palette, label) {
  return palette.digits[label % palette.digits.length];
}

/**
 * Codes beyond the map: a triangle at the edge, pointing to where they are.
 * @param {Float32Array} points @param {Labels} labels @returns {Mark}
 */
export function beyondTheEdge(points, labels) {
  return (scene, /** @type {Plane} */ plane) => {
    const { extent, size } = plane;
    for (let i = 0; i < labels.length; i++) {
      const [x, y] = [points[2 * i], points[2 * i + 1]];
      if (Math.abs(x) <= extent && Math.abs(y) <= extent) continue;
      const [px, py] = [clamp(plane.x(x), 7, size - 7), clamp(plane.y(y), 7, size - 7)];
      const angle = Math.atan2(plane.y(y) - py, plane.x(x) - px);
      const corners = [[0, 6], [2.5, 5], [-2.5, 5]].map((
        [turn, reach],
      ) => /** @type {Point} */ ([px + reach * Math.cos(angle + turn), py + reach * Math.sin(angle + turn)]));
      plot(scene, PIXELS, area(corners, { colour: classColour(scene.palette, labels[i]) }));
    }
  };
}

/**
 * Q(z|X) of each example, one standard deviation wide, and its letter beside it.
 * @param {Float32Array[]} posteriors two means and two standard deviations each @param {string} letters @returns {Mark}
 */
export function posteriorEllipses(posteriors, letters) {
  return (scene, plane) => {
    const { context, colours, inks } = scene;
    const drawn = posteriors.map(([mean1, mean2, ...widths]) => [
      plane.x(mean1),
      plane.y(mean2),
      ...widths.map((sd) => Math.max(1.5, sd * plane.scale)),
    ]);
    for (const [line, style] of /** @type {[number, string][]} */ ([[4.5, inks.paper], [2.25, colours.posterior]])) {
      context.lineWidth = line;
      context.strokeStyle = style;
      for (const [x, y, width, height] of drawn) {
        context.beginPath();
        context.ellipse(x, y, width, height, 0, 0, 2 * Math.PI);
        context.stroke();
      }
    }
    // Each letter on a side of its own, so that all are read where the ellipses coincide.
    drawn.forEach(([x, y, width, height], i) => {
      const angle = ((126 - 72 * i) * Math.PI) / 180;
      const at = [x + (width + 8) * Math.cos(angle), y - (height + 9) * Math.sin(angle)];
      const kept = /** @type {Point} */ (at.map((value) => clamp(value, 10, plane.size - 10)));
      plot(scene, PIXELS, text(letters[i], kept, { colour: "posterior", font: "italic 700 15px" }));
    });
  };
}

/** The ring at z, with hairlines to the map's edges. @param {number[]} z @returns {Mark} */
export function marker([z1, z2]) {
  return (scene, plane) =>
    plot(
      scene,
      plane,
      segments([[[z1, plane.extent], [z1, -plane.extent]], [[-plane.extent, z2], [plane.extent, z2]]], {
        colour: "ink",
        alpha: 0.35,
      }),
      ring([z1, z2], { colour: "ink" }),
    );
}
