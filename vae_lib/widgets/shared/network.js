// Networks of linear layers and convolutions, as Python's `pack_weights` sends them.

import { convolution, doubled } from "./convolution.js";
import { halfFloats } from "./numbers.js";
import { ShownError } from "./words.js";

/** @typedef {{inputs: number, outputs: number, activation: string, bits: number, doubles?: number[]}} Layer */

/** In-place activations. @type {Record<string, (values: Float32Array | Float64Array) => void>} */
export const ACTIVATIONS = {
  identity() {},
  silu(v) {
    for (let i = 0; i < v.length; i++) v[i] /= 1 + Math.exp(-v[i]);
  },
  relu(v) {
    for (let i = 0; i < v.length; i++) if (v[i] < 0) v[i] = 0;
  },
  tanh(v) {
    for (let i = 0; i < v.length; i++) v[i] = Math.tanh(v[i]);
  },
  sigmoid(v) {
    for (let i = 0; i < v.length; i++) v[i] = 1 / (1 + Math.exp(-v[i]));
  },
};

/** How many bytes Python's `pack_weights` makes of these layers. @param {Layer[]} layers */
export function weightBytes(layers) {
  return layers.reduce(
    (sum, layer) => {
      const { inputs, outputs, bits, doubles } = layer;
      if (doubles) return sum + convolution(layer).bytes;
      return sum + (bits === 8 ? outputs * (inputs + 4) : 2 * outputs * (inputs + 1));
    },
    0,
  );
}

/** Rows of whole numbers, each row times its step. @param {DataView} steps float16 @param {DataView} numbers int8 */
function steppedRows(steps, numbers) {
  const result = Float32Array.from(new Int8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
  const columns = result.length / (steps.byteLength / 2);
  halfFloats(steps).forEach((step, row) => {
    for (let i = row * columns; i < (row + 1) * columns; i++) result[i] *= step;
  });
  return result;
}

/**
 * From numbers to the rows of a weight, each times the numbers.
 * @param {Float32Array} weight @param {Float32Array} bias @param {Float32Array} output
 */
function linearRows(weight, bias, output) {
  return (/** @type {Float32Array} */ values) => {
    const width = values.length;
    for (let row = 0, k = 0; row < output.length; row++) {
      let sum = bias[row];
      for (let i = 0; i < width; i++, k++) sum += weight[k] * values[i];
      output[row] = sum;
    }
  };
}

/** Layers with activations, as Python's `pack_weights` and `describe_layers` send them. */
export class Network {
  /** @param {Layer[]} layers @param {DataView} packed */
  constructor(layers, packed) {
    const needed = weightBytes(layers);
    let width = layers[0]?.inputs;
    for (const { inputs, outputs, activation } of layers) {
      if (inputs !== width || !(activation in ACTIVATIONS)) throw new ShownError("bad_weights", "layers do not fit");
      width = outputs;
    }
    if (layers.length === 0 || packed.byteLength !== needed) {
      throw new ShownError("bad_weights", `need ${needed} bytes of weights, got ${packed.byteLength}`);
    }
    let start = packed.byteOffset;
    const take = (/** @type {number} */ length) => new DataView(packed.buffer, (start += length) - length, length);
    this.steps = layers.map((layer) => {
      const { inputs, outputs, activation, bits } = layer;
      const found = layer.doubles && convolution(layer);
      const weight = bits === 8
        ? steppedRows(take(2 * outputs), take(outputs * inputs))
        : halfFloats(take(found ? found.weights : 2 * outputs * inputs));
      const bias = halfFloats(take(found ? 2 * found.maps : 2 * outputs));
      if (!weight.every(Number.isFinite) || !bias.every(Number.isFinite)) {
        throw new ShownError("bad_weights", "a weight is not finite");
      }
      const output = new Float32Array(outputs);
      const compute = found ? doubled(found, weight, bias, output) : linearRows(weight, bias, output);
      return { weight, bias, compute, output, activate: ACTIVATIONS[activation] };
    });
    this.inputs = layers[0].inputs;
    this.outputs = /** @type {number} */ (width);
  }

  /** The network's output; the next call overwrites it. @param {ArrayLike<number>} input */
  run(input) {
    let values = Float32Array.from(input);
    for (const { compute, output, activate } of this.steps) {
      compute(values);
      activate(output);
      values = output;
    }
    return values;
  }
}

/**
 * The decoder of a map: from two numbers to the pixels of a picture.
 * @param {Layer[]} layers @param {DataView} packed @param {number} pixels
 */
export function planeDecoder(layers, packed, pixels) {
  const network = new Network(layers, packed);
  if (network.inputs !== 2 || network.outputs !== pixels) {
    throw new ShownError("bad_weights", "the decoder does not draw pictures of this size from two numbers");
  }
  return network;
}
