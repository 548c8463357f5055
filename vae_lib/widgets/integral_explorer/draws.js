// Draws from the prior, decoded in slices, and the estimate of log P(X) that they make.

import { normals } from "../shared/numbers.js";

/**
 * @import { Network } from "../shared/network.js"
 * @typedef {ReturnType<typeof estimates>} Estimates
 */

/** How long one slice of decoding may take. */
const SLICE_MS = 5;

/** What is drawn filled: the fewest draws that carry this much of the sum. */
const CARRIED = 0.99;

/**
 * The squared error |X − f(z)|² of each draw, which σ does not change. Decoding goes in slices, so that the page stays
 * live; `onMore` is called after each.
 */
export class Draws {
  /**
   * @param {Network} network @param {Float32Array} x @param {number} seed @param {number} most
   * @param {() => void} onMore
   */
  constructor(network, x, seed, most, onMore) {
    this.network = network;
    this.x = x;
    this.most = most;
    this.z = Float32Array.from(normals(seed, 2 * most));
    this.squares = new Float64Array(most);
    this.done = 0;
    this.onMore = onMore;
    this.timer = 0;
  }

  /** Decodes some draws now, and the others soon. */
  start() {
    const start = performance.now();
    do this.decodeOne(); while (this.done < this.most && performance.now() - start < SLICE_MS);
    if (this.done < this.most) this.timer = setTimeout(() => this.start());
    this.onMore();
  }

  decodeOne() {
    const { x, done } = this;
    const decoded = this.network.run(this.at(done));
    let sum = 0;
    for (let i = 0; i < x.length; i++) sum += (x[i] - decoded[i]) ** 2;
    this.squares[done] = sum;
    this.done++;
  }

  /** @param {number} index */
  at(index) {
    return this.z.subarray(2 * index, 2 * index + 2);
  }

  stop() {
    clearTimeout(this.timer);
  }
}

/**
 * The estimate after each of the first `count` draws, and who carries the last one.
 * @param {Draws} draws @param {number} count @param {number} sigma
 */
export function estimates({ squares, x }, count, sigma) {
  const constant = x.length * Math.log(sigma * Math.sqrt(2 * Math.PI));
  const running = new Float64Array(count);
  const logWeights = new Float64Array(count);
  let [most, sum, ofSquares, best] = [-Infinity, 0, 0, 0]; // sums of w and w², relative to the largest w
  for (let i = 0; i < count; i++) {
    const log = -squares[i] / (2 * sigma * sigma) - constant;
    logWeights[i] = log;
    if (log > most) {
      const shrink = Math.exp(most - log);
      sum = sum * shrink + 1;
      ofSquares = ofSquares * shrink * shrink + 1;
      [most, best] = [log, i];
    } else {
      const weight = Math.exp(log - most);
      sum += weight;
      ofSquares += weight * weight;
    }
    running[i] = most + Math.log(sum / (i + 1));
  }
  const shares = logWeights.map((log) => Math.exp(log - most) / sum);
  const sorted = Float64Array.from(shares).sort();
  let [carried, carriers] = [0, 0];
  while (carriers < count && carried < CARRIED) carried += sorted[count - ++carriers];
  return { running, shares, best, carriers, least: sorted[count - carriers], effective: (sum * sum) / ofSquares };
}
