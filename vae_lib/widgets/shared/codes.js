// Codes on a map: where each class lies, which is near, and where a name has room.

import { bytes, clamp } from "./numbers.js";

/**
 * @import { Plane } from "./plane.js"
 * @typedef {{digit: number, at: number[]}} Named a label, and where its name stands
 * @typedef {Uint8Array | Uint16Array} Labels of which a code has one
 */

/** Labels as Python packs them: two bytes for each code where there are more classes than one byte tells apart. */
export function readLabels(/** @type {DataView} */ view, /** @type {number} */ count) {
  const read = bytes(view);
  return read.length === 2 * count && count ? new Uint16Array(read.slice().buffer) : read;
}

/** What a label is called. @param {string[] | undefined} classes @param {number} label */
export function nameOf(classes, label) {
  return classes?.[label] ?? `${label}`;
}

/** Per label, from the lowest: the median of its codes, where its name is written. */
export function clusters(/** @type {Float32Array} */ points, /** @type {Labels} */ labels) {
  const median = (/** @type {number[]} */ values) => Float32Array.from(values).sort()[values.length >> 1];
  /** @type {Map<number, number[]>} */
  const members = new Map();
  labels.forEach((label, i) => {
    const found = members.get(label);
    if (found) found.push(i);
    else members.set(label, [i]);
  });
  return [...members].sort(([a], [b]) => a - b).map(([digit, own]) => ({
    digit,
    at: [0, 1].map((axis) => median(own.map((i) => points[2 * i + axis]))),
  }));
}

/** The label that most codes within `radius` of z have, or null where there are none. */
export function mostNear(
  /** @type {Float32Array} */ points,
  /** @type {Labels} */ labels,
  /** @type {number[]} */ z,
  /** @type {number} */ radius,
) {
  /** @type {number[]} */
  const counts = [];
  for (let i = 0; i < labels.length; i++) {
    if ((points[2 * i] - z[0]) ** 2 + (points[2 * i + 1] - z[1]) ** 2 < radius ** 2) {
      counts[labels[i]] = (counts[labels[i]] ?? 0) + 1;
    }
  }
  const most = counts.reduce((high, count) => Math.max(high, count), 0); // of those that are there
  return most ? counts.indexOf(most) : null;
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

/**
 * The digits' names that can stand near their codes, on the map; none where most codes lie in one heap.
 * @param {{digit: number, at: number[]}[]} medians @param {Plane} plane
 */
export function readable(medians, plane) {
  const inner = plane.extent - 24 / plane.scale; // the triangles at the edge stay free
  const names = medians.map(({ digit, at }) => ({ digit, at: at.map((value) => clamp(value, -inner, inner)) }));
  const moved = apart(names, 20 / plane.scale);
  const near = names.filter(({ at }, i) =>
    Math.hypot(moved[i].at[0] - at[0], moved[i].at[1] - at[1]) * plane.scale < 16
  );
  return near.length > names.length / 2 ? near : [];
}

/** The place on a circle about the origin that is farthest from the digits' names and from the axes. */
export function freePlace(/** @type {number} */ radius, /** @type {number[][]} */ taken) {
  const places = [45, 30, 60, 120, 135, 150, 210, 225, 240, 300, 315, 330].map((degrees) => {
    const angle = (-degrees * Math.PI) / 180;
    const at = [radius * Math.cos(angle), radius * Math.sin(angle)];
    // Words are wide, so a name to the left or right is nearer than one above or below.
    const room = taken.map((name) => Math.hypot((name[0] - at[0]) / 2, name[1] - at[1]));
    return { at, room: Math.min(radius, ...room) };
  });
  return places.reduce((best, place) => (place.room > best.room + 1e-9 ? place : best)).at;
}
