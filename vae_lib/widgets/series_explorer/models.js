// The models of a series, as Python sends them: figures, decoders, and what lies on the map.

import { clusters } from "../shared/codes.js";
import { planeDecoder, weightBytes } from "../shared/network.js";
import { halfFloats } from "../shared/numbers.js";
import { ShownError, shownNumber } from "../shared/words.js";

/**
 * @import { Labels } from "../shared/codes.js"
 * @import { Network } from "../shared/network.js"
 * @import { Model } from "../shared/view.js"
 */

/**
 * @typedef {{over: "beta" | "epoch", values: number[], reconstruction: number[], kl: number[], active: number[],
 *   sigma?: number[]}} Entries figures of each model, in nats; σ where P(X|z) has one
 */

/** β or the epoch of a model. @param {Entries} entries @param {number} index */
export function valueText({ values }, index) {
  return shownNumber(values[index], 6).replace(/\.?0+$/, "");
}

/**
 * The figures as they are shown: rounded so that the difference of the two terms is the ELBO.
 * @param {Entries} entries @param {number} index
 */
export function figuresAt({ reconstruction, kl }, index) {
  const [first, second] = [reconstruction[index], kl[index]].map((value) => Math.round(100 * value) / 100);
  return {
    reconstruction: shownNumber(first),
    distortion: shownNumber(-first),
    kl: shownNumber(second),
    rate: shownNumber(second),
    elbo: shownNumber(first - second),
  };
}

/** Values and figures, or one sentence for nonsense. @param {Model} model @returns {Entries} */
export function readEntries(model) {
  const [over, values, figures] = [model.get("over"), model.get("values"), model.get("figures")];
  const rows = [
    values,
    ...["reconstruction", "kl", "active"].map((name) => figures?.[name]),
    ...(figures?.sigma ? [figures.sigma] : []),
  ];
  const fits = (/** @type {any} */ row) =>
    Array.isArray(row) && row.length === values.length && row.every(Number.isFinite);
  if (!model.get("options").over.includes(over) || !Array.isArray(values) || values.length < 2 || !rows.every(fits)) {
    throw new ShownError("bad_series", "values and figures do not fit");
  }
  return { over, values, ...figures };
}

/**
 * For each model the decoder, made when it is first asked for.
 * @param {Model} model @param {number} count @param {number} pixels
 */
export function decoders(model, count, pixels) {
  const [layers, weights] = [model.get("layers"), model.get("weights")];
  const sizes = Array.isArray(layers) && layers.every(Array.isArray) ? layers.map(weightBytes) : [];
  if (sizes.length !== count || sizes.reduce((sum, size) => sum + size, 0) !== weights.byteLength) {
    throw new ShownError("bad_weights", `the decoders need ${sizes} bytes of weights, got ${weights.byteLength}`);
  }
  /** @type {Network[]} */
  const made = [];
  return (/** @type {number} */ index) => {
    if (made[index]) return made[index];
    const start = sizes.slice(0, index).reduce((sum, size) => sum + size, weights.byteOffset);
    return (made[index] = planeDecoder(layers[index], new DataView(weights.buffer, start, sizes[index]), pixels));
  };
}

/**
 * What lies on the map for each model, in one row of numbers, so that one blend moves all: the codes, the examples'
 * Q(z|X), the medians where the digits' names stand.
 * @param {Model} model @param {number} count @param {Labels} labels
 */
export function mapRows(model, count, labels) {
  const points = halfFloats(model.get("points"));
  const posteriors = model.get("posteriors");
  const examples = posteriors?.[0]?.length;
  const fits = (/** @type {any} */ row) =>
    Array.isArray(row) && row.length === examples &&
    row.every((q) => Array.isArray(q) && q.length === 4 && q.every(Number.isFinite));
  if (
    points.length !== 2 * labels.length * count || !points.every(Number.isFinite) ||
    !Array.isArray(posteriors) || posteriors.length !== count || !posteriors.every(fits)
  ) {
    throw new ShownError("bad_series", "codes or posteriors do not fit");
  }
  const all = points.length / count;
  const medians = posteriors.map((_, i) => clusters(points.subarray(i * all, (i + 1) * all), labels));
  const rows = posteriors.map((row, i) =>
    Float32Array.from([
      ...points.subarray(i * all, (i + 1) * all),
      ...row.flat(),
      ...medians[i].flatMap(({ at }) => at),
    ])
  );
  const digits = medians[0].map(({ digit }) => digit);
  return {
    rows,
    medians,
    examples,
    parts: (/** @type {Float32Array} */ row) => ({
      points: row.subarray(0, all),
      posteriors: Array.from({ length: examples }, (_, i) => row.subarray(all + 4 * i, all + 4 * i + 4)),
      medians: digits.map((digit, i) => ({
        digit,
        at: [...row.subarray(all + 4 * examples + 2 * i, all + 4 * examples + 2 * i + 2)],
      })),
    }),
  };
}
