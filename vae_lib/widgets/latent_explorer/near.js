// Codes near a place, codes that stand for their class, and the widths of Q(z|X).

import { clamp, halfFloats } from "../shared/numbers.js";

/** @import { Labels, Named } from "../shared/codes.js" */

/** Finds codes near a place without going through all of them. */
export class Buckets {
  /** @param {Float32Array} points x and y in turn @param {number} extent */
  constructor(points, extent, count = 48) {
    this.points = points;
    this.extent = extent;
    this.count = count;
    const places = Array.from(
      { length: points.length / 2 },
      (_, i) => this.column(points[2 * i]) + count * this.column(points[2 * i + 1]),
    );
    this.starts = new Int32Array(count * count + 1);
    for (const place of places) this.starts[place + 1]++;
    for (let i = 0; i < count * count; i++) this.starts[i + 1] += this.starts[i];
    const free = this.starts.slice();
    this.order = new Int32Array(places.length);
    places.forEach((place, i) => (this.order[free[place]++] = i));
  }

  /** @param {number} value */
  column(value) {
    return clamp(Math.floor(((value + this.extent) / (2 * this.extent)) * this.count), 0, this.count - 1);
  }

  /** The codes within `reach` of a place, each with its distance. @param {number[]} at @param {number} reach */
  within([x, y], reach) {
    const found = [];
    for (let row = this.column(y - reach); row <= this.column(y + reach); row++) {
      const first = this.starts[row * this.count + this.column(x - reach)];
      const last = this.starts[row * this.count + this.column(x + reach) + 1];
      for (let k = first; k < last; k++) {
        const index = this.order[k];
        const distance = Math.hypot(this.points[2 * index] - x, this.points[2 * index + 1] - y);
        if (distance <= reach) found.push({ index, distance });
      }
    }
    return found;
  }

  /** The index of the nearest code within `reach`, or −1. @param {number[]} at @param {number} reach */
  nearest(at, reach) {
    return this.within(at, reach).reduce((best, one) => (one.distance < best.distance ? one : best), {
      index: -1,
      distance: Infinity,
    }).index;
  }
}

/**
 * Per class, the code nearest to the median of its codes: where a walk begins or ends.
 * @param {Float32Array} points @param {Labels} labels @param {Named[]} medians
 */
export function typicalCodes(points, labels, medians) {
  return new Map(medians.map(({ digit, at }) => {
    let [best, least] = [0, Infinity];
    for (let i = 0; i < labels.length; i++) {
      if (labels[i] !== digit) continue;
      const distance = (points[2 * i] - at[0]) ** 2 + (points[2 * i + 1] - at[1]) ** 2;
      if (distance < least) [best, least] = [i, distance];
    }
    return [digit, [points[2 * best], points[2 * best + 1]]];
  }));
}

/**
 * The widths of Q(z|X), or none unless there is one pair for each code.
 * @param {DataView} packed @param {Float32Array} points
 */
export function readWidths(packed, points) {
  const widths = halfFloats(packed);
  return points.length && widths.length === points.length && widths.every((width) => width >= 0 && width < Infinity)
    ? widths
    : null;
}
