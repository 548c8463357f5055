// A map of a latent space with its codes and their digits, for the widgets that show one.

import { channels, drawRing, fitCanvas, haloText, INKS, mixed } from "./canvas.js";
import { clamp } from "./numbers.js";

/**
 * @import { Mark } from "./marks.js"
 * @import { Plane } from "./plane.js"
 * @import { Theme } from "./view.js"
 */

/** Per digit: its points' indices, and the median of its codes, where its name is written. */
export function clusters(/** @type {Float32Array} */ points, /** @type {Uint8Array} */ labels) {
  const median = (/** @type {number[]} */ values) => Float32Array.from(values).sort()[values.length >> 1];
  return Array.from({ length: 10 }, (_, digit) => digit).flatMap((digit) => {
    /** @type {number[]} */
    const members = [];
    for (let i = 0; i < labels.length; i++) if (labels[i] === digit) members.push(i);
    if (members.length === 0) return [];
    return [{ digit, at: [0, 1].map((axis) => median(members.map((i) => points[2 * i + axis]))) }];
  });
}

/** The digit that most codes within `radius` of z have, or null where there are none. */
export function mostNear(
  /** @type {Float32Array} */ points,
  /** @type {Uint8Array} */ labels,
  /** @type {number[]} */ z,
  /** @type {number} */ radius,
) {
  const counts = new Array(10).fill(0);
  for (let i = 0; i < labels.length; i++) {
    if ((points[2 * i] - z[0]) ** 2 + (points[2 * i + 1] - z[1]) ** 2 < radius ** 2) counts[labels[i]]++;
  }
  const most = Math.max(...counts);
  return most ? counts.indexOf(most) : null;
}

/** The part of the map that does not move: grid or backdrop, circles of the prior, dots, names of the digits. */
export function drawStatic(
  /** @type {CanvasRenderingContext2D} */ context,
  /** @type {Plane} */ plane,
  /** @type {any} */ scene,
) {
  const { points, labels, medians, palette, words, theme, font, prior, backdrop } = scene;
  const inks = INKS[/** @type {Theme} */ (theme)];
  const { size } = plane;
  context.fillStyle = inks.paper;
  context.fillRect(0, 0, size, size);
  if (backdrop) context.drawImage(backdrop, 0, 0, size, size);
  else plane.drawGrid(context, inks);

  drawDots(
    context,
    plane,
    points,
    labels,
    dotLook(points.length / 2, labels.length ? palette.digits : [inks.quiet], size, inks, !!backdrop),
  );

  plane.drawLabels(context, { ink: inks.quiet, paper: inks.paper, font }, [words.axis_1, words.axis_2]);
  const colour = palette.terms.prior[theme === "dark" ? 1 : 0];
  if (prior) drawCircles(context, plane, colour);
  drawNames(context, plane, medians, { palette, inks, font });
  if (prior) drawCircleNames(context, plane, medians, { words, colour, inks, font });
}

/** What a dot looks like: few dots are drawn large and full, ten thousand of them small and pale; all fainter over pictures. */
export function dotLook(
  /** @type {number} */ count,
  /** @type {string[]} */ colours,
  /** @type {number} */ size,
  /** @type {any} */ inks,
  overPictures = false,
) {
  const few = count < 1500;
  const radius = (few ? 2.9 : overPictures ? 1.4 : 1.9) * (size < 360 ? 0.8 : 1);
  const alpha = (few ? 0.8 : inks.dot) * (overPictures ? (few ? 0.7 : 0.35) : 1);
  return { radius, alpha, colours: colours.map(channels) };
}

/**
 * The codes, each in the colour of its label. Blended pixel by pixel: the canvas's own calls take several times as long for
 * ten thousand dots. The context is one that is often read.
 */
export function drawDots(
  /** @type {CanvasRenderingContext2D} */ context,
  /** @type {Plane} */ plane,
  /** @type {Float32Array} */ points,
  /** @type {Uint8Array} */ labels,
  /** @type {ReturnType<typeof dotLook>} */ look,
) {
  const { width, height } = context.canvas;
  const ratio = width / plane.size;
  const image = context.getImageData(0, 0, width, height);
  const pixels = image.data;
  const radius = look.radius * ratio;
  for (let i = 0; i < points.length / 2; i++) {
    const [x, y] = [plane.x(points[2 * i]) * ratio, plane.y(points[2 * i + 1]) * ratio];
    const [red, green, blue] = look.colours[labels[i] ?? 0];
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
}

/** The prior's circles at one and two standard deviations. */
export function drawCircles(
  /** @type {CanvasRenderingContext2D} */ context,
  /** @type {Plane} */ plane,
  /** @type {string} */ colour,
) {
  for (const deviations of [1, 2]) {
    context.strokeStyle = colour;
    context.lineWidth = 1.5;
    context.setLineDash([6, 5]);
    context.beginPath();
    context.arc(plane.x(0), plane.y(0), deviations * plane.scale, 0, 2 * Math.PI);
    context.stroke();
  }
  context.setLineDash([]);
}

/** The prior's circles, as a mark. @returns {Mark} */
export function priorCircles() {
  return ({ context, colours }, plane) => drawCircles(context, plane, colours.prior);
}

/** The ellipses of one and two standard deviations about a pixel. @param {CanvasRenderingContext2D} context @param {[number, number]} at @param {number[]} radii of one standard deviation @param {string} colour */
export function drawEllipses(context, [x, y], [rx, ry], colour) {
  for (const [deviations, alpha, line] of [[2, 0.14, 1.5], [1, 0.24, 2]]) {
    context.beginPath();
    context.ellipse(x, y, deviations * rx, deviations * ry, 0, 0, 2 * Math.PI);
    context.fillStyle = context.strokeStyle = colour;
    context.globalAlpha = alpha;
    context.fill();
    context.globalAlpha = 1;
    context.lineWidth = line;
    context.stroke();
  }
}

/** Each digit at the median of its codes. */
export function drawNames(
  /** @type {CanvasRenderingContext2D} */ context,
  /** @type {Plane} */ plane,
  /** @type {{digit: number, at: number[]}[]} */ medians,
  /** @type {any} */ { palette, inks, font },
) {
  context.textBaseline = "middle";
  context.textAlign = "center";
  context.font = `700 ${plane.size < 360 ? 18 : 21}px ${font}`;
  for (const { digit, at } of apart(medians, 20 / plane.scale)) {
    haloText(
      context,
      `${digit}`,
      plane.x(at[0]),
      plane.y(at[1]),
      mixed(palette.digits[digit], inks.ink),
      inks.paper,
      6,
    );
  }
}

/** The circles' names, where they cover no digit's. */
export function drawCircleNames(
  /** @type {CanvasRenderingContext2D} */ context,
  /** @type {Plane} */ plane,
  /** @type {{at: number[]}[]} */ medians,
  /** @type {any} */ { words, colour, inks, font },
) {
  context.textBaseline = "middle";
  context.textAlign = "center";
  context.font = `12.5px ${font}`;
  for (const [deviations, word] of [[1, words.prior_1], [2, words.prior_2]]) {
    const at = freePlace(deviations, medians.map((cluster) => cluster.at));
    haloText(context, word, plane.x(at[0]), plane.y(at[1]), colour, inks.paper, 6);
  }
}

/** Names that would lie on each other, pushed apart to `room`. */
export function apart(/** @type {{digit: number, at: number[]}[]} */ names, /** @type {number} */ room) {
  const moved = names.map(({ digit, at }) => ({ digit, at: [...at] }));
  for (let round = 0; round < 30; round++) {
    for (const one of moved) {
      for (const other of moved) {
        if (one === other) continue;
        const [dx, dy] = [other.at[0] - one.at[0], other.at[1] - one.at[1]];
        const distance = Math.hypot(dx, dy);
        if (distance >= room) continue;
        const push = (room - distance) / 2;
        const [ux, uy] = distance > 0 ? [dx / distance, dy / distance] : [1, 0];
        one.at = [one.at[0] - push * ux, one.at[1] - push * uy];
        other.at = [other.at[0] + push * ux, other.at[1] + push * uy];
      }
    }
  }
  return moved;
}

/** A dot to stamp, with room for its soft edge. */
export function dot(/** @type {number} */ radius, /** @type {string} */ colour) {
  const canvas = document.createElement("canvas");
  const context = fitCanvas(canvas, 2 * radius + 2, 2 * radius + 2);
  context.fillStyle = colour;
  context.beginPath();
  context.arc(radius + 1, radius + 1, radius, 0, 2 * Math.PI);
  context.fill();
  return canvas;
}

/** Codes beyond the map: a triangle at the edge, pointing to where they are. @param {CanvasRenderingContext2D} context @param {Plane} plane @param {Float32Array} points @param {Uint8Array} labels @param {string[]} colours */
export function drawBeyond(context, plane, points, labels, colours) {
  const { extent, size } = plane;
  for (let i = 0; i < labels.length; i++) {
    const [x, y] = [points[2 * i], points[2 * i + 1]];
    if (Math.abs(x) <= extent && Math.abs(y) <= extent) continue;
    const [px, py] = [clamp(plane.x(x), 7, size - 7), clamp(plane.y(y), 7, size - 7)];
    const angle = Math.atan2(plane.y(y) - py, plane.x(x) - px);
    context.beginPath();
    for (const [turn, reach] of [[0, 6], [2.5, 5], [-2.5, 5]]) {
      context.lineTo(px + reach * Math.cos(angle + turn), py + reach * Math.sin(angle + turn));
    }
    context.fillStyle = colours[labels[i]];
    context.fill();
  }
}

/** The digits' names that can stand near their codes, on the map; none where most codes lie in one heap. @param {{digit: number, at: number[]}[]} medians @param {Plane} plane */
export function readable(medians, plane) {
  const inner = plane.extent - 24 / plane.scale; // the triangles at the edge stay free
  const names = medians.map(({ digit, at }) => ({ digit, at: at.map((value) => clamp(value, -inner, inner)) }));
  const moved = apart(names, 20 / plane.scale);
  const near = names.filter(({ at }, i) =>
    Math.hypot(moved[i].at[0] - at[0], moved[i].at[1] - at[1]) * plane.scale < 16
  );
  return near.length > names.length / 2 ? near : [];
}

/** Q(z|X) of each example, one standard deviation wide, and its letter beside it. @param {CanvasRenderingContext2D} context @param {Plane} plane @param {Float32Array[]} posteriors @param {any} style */
export function drawPosteriors(context, plane, posteriors, { colour, inks, font, names }) {
  const drawn = posteriors.map((
    [mean1, mean2, sd1, sd2],
  ) => [plane.x(mean1), plane.y(mean2), Math.max(1.5, sd1 * plane.scale), Math.max(1.5, sd2 * plane.scale)]);
  for (const [line, style] of /** @type {[number, string][]} */ ([[4.5, inks.paper], [2.25, colour]])) {
    context.lineWidth = line;
    context.strokeStyle = style;
    for (const [x, y, width, height] of drawn) {
      context.beginPath();
      context.ellipse(x, y, width, height, 0, 0, 2 * Math.PI);
      context.stroke();
    }
  }
  context.font = `italic 700 15px ${font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  // Each letter on a side of its own, so that all are read where the ellipses coincide.
  drawn.forEach(([x, y, width, height], i) => {
    const angle = ((126 - 72 * i) * Math.PI) / 180;
    const at = [x + (width + 8) * Math.cos(angle), y - (height + 9) * Math.sin(angle)].map((value) =>
      clamp(value, 10, plane.size - 10)
    );
    haloText(context, names[i], at[0], at[1], colour, inks.paper, 5);
  });
}

/** The place on a circle about the origin that is farthest from the digits' names and from the axes. */
function freePlace(/** @type {number} */ radius, /** @type {number[][]} */ taken) {
  const places = [45, 30, 60, 120, 135, 150, 210, 225, 240, 300, 315, 330].map((degrees) => {
    const angle = (-degrees * Math.PI) / 180;
    const at = [radius * Math.cos(angle), radius * Math.sin(angle)];
    // Words are wide, so a name to the left or right is nearer than one above or below.
    const room = taken.map((name) => Math.hypot((name[0] - at[0]) / 2, name[1] - at[1]));
    return { at, room: Math.min(radius, ...room) };
  });
  return places.reduce((best, place) => (place.room > best.room + 1e-9 ? place : best)).at;
}

/** The ring at z, with hairlines to the map's edges. */
export function drawMarker(
  /** @type {CanvasRenderingContext2D} */ context,
  /** @type {Plane} */ plane,
  /** @type {number[]} */ z,
  /** @type {Theme} */ theme,
) {
  const inks = INKS[theme];
  const [x, y] = [plane.x(z[0]), plane.y(z[1])];
  context.globalAlpha = 0.35;
  context.strokeStyle = inks.ink;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(x, 0);
  context.lineTo(x, plane.size);
  context.moveTo(0, y);
  context.lineTo(plane.size, y);
  context.stroke();
  context.globalAlpha = 1;
  drawRing(context, [x, y], { colour: inks.ink, paper: inks.paper });
}
