// Two estimates of a gradient of E[z²], draw by draw, and what they come to.

import { roundUp } from "../shared/chart.js";
import { grouped } from "../shared/words.js";

/**
 * @typedef {"mu" | "sigma"} Parameter
 * @typedef {"score" | "pathwise"} Kind
 * @typedef {{mu: number, sigma: number, samples: number, seed: number, wrt: Parameter}} Setting
 * @typedef {ReturnType<typeof moments> & ReturnType<typeof histogram>} About
 */

export const KINDS = /** @type {const} */ (["score", "pathwise"]);
const BINS = 90;

/**
 * What one draw's ε gives as an estimate.
 * @type {Record<Kind, Record<Parameter, (e: number, mu: number, sigma: number) => number>>}
 */
const ESTIMATE = {
  score: {
    mu: (e, mu, sigma) => ((mu + sigma * e) ** 2 * e) / sigma,
    sigma: (e, mu, sigma) => ((mu + sigma * e) ** 2 * (e * e - 1)) / sigma,
  },
  pathwise: {
    mu: (e, mu, sigma) => 2 * (mu + sigma * e),
    sigma: (e, mu, sigma) => 2 * (mu + sigma * e) * e,
  },
};

/** The derivative of E[z²] = μ² + s². @param {Setting} setting */
export function exactGradient(setting) {
  return 2 * setting[setting.wrt];
}

/**
 * The variances of one draw's estimates; Python's `exact_variances` says how they come.
 * @param {Setting} setting @returns {Record<Kind, number>}
 */
export function exactVariances({ mu, sigma, wrt }) {
  const [mu2, sigma2] = [mu * mu, sigma * sigma];
  return wrt === "mu"
    ? { score: (mu2 * mu2) / sigma2 + 14 * mu2 + 15 * sigma2, pathwise: 4 * sigma2 }
    : { score: (2 * mu2 * mu2) / sigma2 + 60 * mu2 + 74 * sigma2, pathwise: 4 * mu2 + 8 * sigma2 };
}

/** One estimate for each ε. @param {Kind} kind @param {Float64Array} noise @param {Setting} setting */
export function estimates(kind, noise, { mu, sigma, wrt }) {
  const one = ESTIMATE[kind][wrt];
  const values = new Float64Array(noise.length); // a loop takes half the time of `map`
  for (let i = 0; i < values.length; i++) values[i] = one(noise[i], mu, sigma);
  return values;
}

/** Mean, its standard error, and variance: NaN where there are too few. @param {Float64Array} values */
export function moments(values) {
  const count = values.length;
  let [mean, squares] = [0, 0];
  for (const value of values) mean += value / count;
  for (const value of values) squares += (value - mean) ** 2;
  const variance = count > 1 ? squares / (count - 1) : NaN;
  return { mean: count ? mean : NaN, variance, error: Math.sqrt(variance / count) };
}

/**
 * The numbers of values in equal bins from low to high, and of those beyond.
 * @param {Float64Array} values @param {number} low @param {number} high
 */
export function histogram(values, low, high) {
  const bins = new Uint32Array(BINS);
  let [left, right] = [0, 0];
  const scale = BINS / (high - low);
  for (const value of values) {
    if (value < low) left++;
    else if (value > high) right++;
    else bins[Math.min(BINS - 1, Math.floor((value - low) * scale))]++;
  }
  return { bins, left, right };
}

/** 200 values of ε that part N(0, 1) into equal shares. */
const SHARES = (() => {
  const values = new Float64Array(200);
  const step = 0.001;
  for (let e = -5, below = 0, i = 0; i < values.length; e += step) {
    below += (step * Math.exp(-0.5 * e * e)) / Math.sqrt(2 * Math.PI);
    if (below >= (i + 0.5) / values.length) values[i++] = e;
  }
  return values;
})();

/**
 * The ends of the histograms' axis, the same however many draws there are: wide enough for 98 of 100 estimates of
 * either kind, and at whole steps, so that it stands still for small moves.
 * @param {Setting} setting @returns {[number, number]}
 */
export function estimateAxis(setting) {
  const sorted = KINDS.map((kind) => estimates(kind, SHARES, setting).sort());
  const low = Math.min(0, ...sorted.map((values) => values[1]));
  const high = Math.max(0, ...sorted.map((values) => values[values.length - 2]));
  const step = roundUp((high - low) / 10);
  return [Math.floor(low / step) * step, Math.ceil(high / step) * step];
}

/** A number to three digits, grouped. @param {number} value */
export function threeDigits(value) {
  return grouped(value, value === 0 ? 0 : 2 - Math.floor(Math.log10(Math.abs(value)) + 1e-9));
}

/** A mean to the second digit of its error, and the error. @param {{mean: number, error: number}} about */
export function meanAndError({ mean, error }) {
  const digits = error > 0 ? 1 - Math.floor(Math.log10(error) + 1e-9) : 2;
  return { mean: grouped(mean, digits), error: grouped(error, digits) };
}
