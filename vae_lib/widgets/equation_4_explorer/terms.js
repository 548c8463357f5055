// The terms of Eq. (4) for z ~ N(0, 1), X|z ~ N(z², σ²) and a Gaussian Q, and the way uphill on the ELBO.

/**
 * @typedef {{x: number, sigma: number, mean: number, std: number}} Setting
 * @typedef {{evidence: number, gap: number, elbo: number, reconstruction: number, kl: number}} Terms
 */

import { clamp } from "../shared/numbers.js";

export const LOG_2PI = Math.log(2 * Math.PI);
const STEPS = 40; // of one ascent
const LONGEST = 0.3; // step of an ascent, in units of the mean and of log width

/** log P(X), and P(z|X) as a function of z. @param {number} x @param {number} sigma */
export function exactPosterior(x, sigma) {
  const [low, step, count] = [-8, 0.004, 4001];
  const logJoint = (/** @type {number} */ z) =>
    -LOG_2PI - Math.log(sigma) - (x - z * z) ** 2 / (2 * sigma * sigma) - (z * z) / 2;
  const values = Float64Array.from({ length: count }, (_, i) => logJoint(low + i * step));
  const most = values.reduce((a, b) => Math.max(a, b));
  const evidence = most + Math.log(step * values.reduce((sum, value) => sum + Math.exp(value - most), 0));
  return {
    evidence,
    peak: Math.exp(most - evidence),
    density: (/** @type {number} */ z) => Math.exp(logJoint(z) - evidence),
  };
}

/** E_Q[log P(X|z)] and the KL to the prior, both exact. @param {Setting} setting */
export function sides({ x, sigma, mean, std }) {
  const variance = std * std;
  const error = x * x - 2 * x * (mean * mean + variance) + mean ** 4 + 6 * mean * mean * variance +
    3 * variance * variance;
  const reconstruction = -0.5 * LOG_2PI - Math.log(sigma) - error / (2 * sigma * sigma);
  const kl = 0.5 * (variance + mean * mean - 1) - Math.log(std);
  return { reconstruction, kl, elbo: reconstruction - kl };
}

/** The gradient of the ELBO with respect to the mean and the log width. @param {Setting} setting */
function slope({ x, sigma, mean, std }) {
  const variance = std * std;
  const byMean = 4 * mean * (mean * mean + 3 * variance - x); // of E_Q[(X − z²)²]
  const byLogStd = 4 * variance * (3 * mean * mean + 3 * variance - x);
  return [-byMean / (2 * sigma * sigma) - mean, -byLogStd / (2 * sigma * sigma) + 1 - variance];
}

/**
 * Gradient steps on the ELBO. The length of a step is taken from how the slope changed over the last one (Barzilai and
 * Borwein 1988), at most LONGEST, and halved until the ELBO rises.
 */
export class Ascent {
  /** @param {Setting} setting @param {{q: [number, number][]}} limits */
  constructor(setting, { q: [means, widths] }) {
    this.setting = setting;
    this.limits = { means, widths };
    this.left = STEPS;
    this.rate = Infinity;
  }

  /** Takes a step; false where none is left or none leads up. */
  step() {
    const { setting } = this;
    const uphill = slope(setting);
    const steepness = Math.hypot(...uphill);
    if (this.left === 0 || !(steepness > 1e-7)) return false;
    this.left--;
    const before = sides(setting).elbo;
    for (let rate = Math.min(this.rate, LONGEST / steepness), tries = 0; tries < 40; rate /= 2, tries++) {
      const next = {
        ...setting,
        mean: clamp(setting.mean + rate * uphill[0], ...this.limits.means),
        std: clamp(setting.std * Math.exp(rate * uphill[1]), ...this.limits.widths),
      };
      const moved = [next.mean - setting.mean, Math.log(next.std / setting.std)];
      const expected = moved[0] * uphill[0] + moved[1] * uphill[1];
      if (!(expected > 0) || sides(next).elbo < before + 1e-4 * expected) continue;
      const after = slope(next);
      const bend = moved[0] * (uphill[0] - after[0]) + moved[1] * (uphill[1] - after[1]);
      this.rate = bend > 0 ? bend / ((uphill[0] - after[0]) ** 2 + (uphill[1] - after[1]) ** 2) : Infinity;
      this.setting = next;
      return true;
    }
    return false;
  }
}
