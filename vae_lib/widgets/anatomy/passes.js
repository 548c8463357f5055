// The way forward from X to the ELBO and the gradient's way back, in float64, on one picture.

import { ACTIVATIONS } from "../shared/network.js";

/**
 * @import { Layer, Network } from "../shared/network.js"
 * @typedef {Float64Array | Float32Array | number[]} Row
 * @typedef {{weight: Float64Array, bias: Float64Array}} Slope
 * @typedef {{sample: boolean, gradient: string}} Setting
 * @typedef {{mean: number[], logVar: number[], std: number[], noise: number[], z: number[], f: Float64Array,
 *   logLikelihood: number, kl: number}} Forward
 */

/** The slope of each activation, where it took in `raw` and gave `value`. */
const SLOPES = {
  identity: () => 1,
  silu: (/** @type {number} */ raw) => {
    const share = 1 / (1 + Math.exp(-raw));
    return share * (1 + raw * (1 - share));
  },
  relu: (/** @type {number} */ raw) => (raw > 0 ? 1 : 0),
  tanh: (/** @type {number} */ _raw, /** @type {number} */ value) => 1 - value * value,
  sigmoid: (/** @type {number} */ _raw, /** @type {number} */ value) => value * (1 - value),
};

/** A network that remembers what ran through it, so that a gradient finds its way back. */
export class Trail {
  /** @param {Network} network whose weights it takes, and moves @param {Layer[]} layers */
  constructor({ steps }, layers) {
    this.layers = steps.map(({ weight, bias }, i) => ({
      weight,
      bias,
      activate: ACTIVATIONS[layers[i].activation],
      slope: SLOPES[/** @type {keyof typeof SLOPES} */ (layers[i].activation)],
      input: new Float64Array(layers[i].inputs),
      raw: new Float64Array(layers[i].outputs),
      output: new Float64Array(layers[i].outputs),
    }));
  }

  /** @param {Row} input @returns {Float64Array} which the next call overwrites */
  forward(input) {
    let values = Float64Array.from(input);
    for (const layer of this.layers) {
      layer.input.set(values);
      for (let row = 0, k = 0; row < layer.raw.length; row++) {
        let sum = layer.bias[row];
        for (let i = 0; i < values.length; i++, k++) sum += layer.weight[k] * values[i];
        layer.raw[row] = sum;
      }
      layer.output.set(layer.raw);
      layer.activate(layer.output);
      values = layer.output;
    }
    return values;
  }

  /**
   * From the slope at the output of the last `forward` to those at its weights and at its input.
   * @param {Row} atOutput
   */
  backward(atOutput) {
    /** @type {Slope[]} */
    const weights = [];
    let at = Float64Array.from(atOutput);
    for (const { weight, input, raw, output, slope } of [...this.layers].reverse()) {
      const bias = at.map((value, row) => value * slope(raw[row], output[row]));
      const own = new Float64Array(weight.length);
      const next = new Float64Array(input.length);
      for (let row = 0, k = 0; row < bias.length; row++) {
        for (let i = 0; i < input.length; i++, k++) {
          own[k] = bias[row] * input[i];
          next[i] += bias[row] * weight[k];
        }
      }
      weights.unshift({ weight: own, bias });
      at = next;
    }
    return { weights, input: at };
  }
}

/**
 * @param {{encoder: Trail, decoder: Trail, sigma: number}} machine @param {Row} x @param {number[]} epsilon
 * @param {Setting} setting @returns {Forward}
 */
export function forwardPass({ encoder, decoder, sigma }, x, epsilon, { sample }) {
  const code = Array.from(encoder.forward(x));
  const [mean, logVar] = [code.slice(0, epsilon.length), code.slice(epsilon.length)];
  const std = logVar.map((value) => Math.exp(0.5 * value));
  const noise = std.map((value, i) => value * epsilon[i]);
  const z = mean.map((value, i) => value + (sample ? noise[i] : 0));
  const f = Float64Array.from(decoder.forward(z));
  let squares = 0;
  for (let i = 0; i < f.length; i++) squares += ((x[i] - f[i]) / sigma) ** 2;
  const kl = mean.reduce((sum, value, i) => sum + 0.5 * (value * value + Math.expm1(logVar[i]) - logVar[i]), 0);
  const logLikelihood = -0.5 * squares - f.length * Math.log(sigma * Math.sqrt(2 * Math.PI));
  return { mean, logVar, std, noise, z, f, logLikelihood, kl };
}

/** The length of a row of numbers. @param {Row[]} rows */
function sizeOf(...rows) {
  let squares = 0;
  for (const row of rows) for (let i = 0; i < row.length; i++) squares += row[i] * row[i];
  return Math.sqrt(squares);
}

/**
 * The gradient of the loss, minus the ELBO, after a `forwardPass`: its size on each line, "from to" by the names of the
 * nodes, none where nothing flows, and the slopes at all weights, encoder first.
 * @param {{encoder: Trail, decoder: Trail, sigma: number}} machine @param {Row} x @param {number[]} epsilon
 * @param {Setting} setting @param {Forward} forward
 */
export function backwardPass({ encoder, decoder, sigma }, x, epsilon, { sample, gradient }, forward) {
  const { mean, logVar, std, f, logLikelihood } = forward;
  const atF = f.map((value, i) => (value - x[i]) / (sigma * sigma));
  const { weights: decoderSlopes, input: atZ } = decoder.backward(atF);
  /** @type {Record<string, Row>} */
  const rows = {
    "elbo reconstruction": [1],
    "elbo kl": [1],
    "reconstruction likelihood": atF,
    "likelihood f": atF,
    "f decoder": atF,
    "decoder z": atZ,
    "kl mean": mean,
    "kl log_var": logVar.map((value) => 0.5 * Math.expm1(value)),
  };
  const score = sample && gradient === "score";
  if (score) {
    // log P(X|z) times the slope of log Q(z|X), at a z that counts as given (Williams 1992).
    rows["reconstruction mean"] = std.map((value, i) => (-logLikelihood * epsilon[i]) / value);
    rows["reconstruction log_var"] = std.map((_, i) => -logLikelihood * 0.5 * (epsilon[i] ** 2 - 1));
  } else if (gradient !== "detached") {
    rows["z plus"] = rows["plus mean"] = atZ;
    if (sample) {
      const atStd = std.map((_, i) => atZ[i] * epsilon[i]);
      rows["plus times"] = atZ;
      rows["times exp"] = atStd;
      rows["exp log_var"] = std.map((value, i) => 0.5 * value * atStd[i]);
    }
  }
  const total = (/** @type {string} */ end) => {
    const arriving = Object.keys(rows).filter((key) => key.endsWith(` ${end}`)).map((key) => rows[key]);
    return mean.map((_, i) => arriving.reduce((sum, row) => sum + row[i], 0));
  };
  [rows["mean encoder"], rows["log_var encoder"]] = [total("mean"), total("log_var")];
  const { weights: encoderSlopes } = encoder.backward([...rows["mean encoder"], ...rows["log_var encoder"]]);
  const sizes = Object.fromEntries(Object.entries(rows).map(([key, row]) => [key, sizeOf(row)]));
  for (const [name, slopes] of /** @type {const} */ ([["encoder", encoderSlopes], ["decoder", decoderSlopes]])) {
    sizes[`${name} weights`] = sizeOf(...slopes.flatMap(({ weight, bias }) => [weight, bias]));
  }
  return { sizes, slopes: [...encoderSlopes, ...decoderSlopes].flatMap(({ weight, bias }) => [weight, bias]) };
}

/** The weights of both networks, encoder first: the order of the trait. @param {Trail[]} trails */
export function weightRows(...trails) {
  return trails.flatMap(({ layers }) => layers.flatMap(({ weight, bias }) => [weight, bias]));
}

/** Steps of Adam (Kingma & Ba 2015) with PyTorch's own settings, on weights that it moves. */
export class Adam {
  /** @param {Float32Array[]} weights @param {number} rate */
  constructor(weights, rate) {
    this.weights = weights;
    this.rate = rate;
    this.steps = 0;
    this.moments = weights.map((row) => new Float64Array(row.length));
    this.squares = weights.map((row) => new Float64Array(row.length));
  }

  /** @param {ArrayLike<number>[]} slopes */
  step(slopes) {
    this.steps++;
    const rate = this.rate / (1 - 0.9 ** this.steps);
    const root = 1 / Math.sqrt(1 - 0.999 ** this.steps);
    this.weights.forEach((weights, row) => {
      const [moment, square, slope] = [this.moments[row], this.squares[row], slopes[row]];
      for (let i = 0; i < weights.length; i++) {
        moment[i] += 0.1 * (slope[i] - moment[i]);
        square[i] = 0.999 * square[i] + 0.001 * slope[i] * slope[i];
        weights[i] -= (rate * moment[i]) / (root * Math.sqrt(square[i]) + 1e-8);
      }
    });
  }
}
