// Linear layers and SiLU over rows of numbers, forward and back.

/** Rows of y are W x + b; four outputs at a time, so that x is read once for all. */
export function linear(
  /** @type {Float64Array} */ y,
  /** @type {Float64Array} */ x,
  /** @type {Float64Array} */ w,
  /** @type {Float64Array} */ b,
  /** @type {number} */ rows,
) {
  const outputs = b.length;
  const inputs = w.length / outputs;
  for (let row = 0; row < rows; row++) {
    const at = row * inputs;
    let o = 0;
    for (; o + 3 < outputs; o += 4) {
      const k = o * inputs;
      let [s0, s1, s2, s3] = [b[o], b[o + 1], b[o + 2], b[o + 3]];
      for (let i = 0; i < inputs; i++) {
        const value = x[at + i];
        s0 += w[k + i] * value;
        s1 += w[k + inputs + i] * value;
        s2 += w[k + 2 * inputs + i] * value;
        s3 += w[k + 3 * inputs + i] * value;
      }
      const to = row * outputs + o;
      y[to] = s0;
      y[to + 1] = s1;
      y[to + 2] = s2;
      y[to + 3] = s3;
    }
    for (; o < outputs; o++) {
      let sum = b[o];
      for (let i = 0; i < inputs; i++) sum += w[o * inputs + i] * x[at + i];
      y[row * outputs + o] = sum;
    }
  }
}

/** The gradient at x, from the one at y. */
export function linearBackToInput(
  /** @type {Float64Array} */ dx,
  /** @type {Float64Array} */ dy,
  /** @type {Float64Array} */ w,
  /** @type {number} */ outputs,
  /** @type {number} */ rows,
) {
  const inputs = w.length / outputs;
  dx.fill(0, 0, rows * inputs);
  for (let row = 0; row < rows; row++) {
    const at = row * inputs;
    const from = row * outputs;
    let o = 0;
    for (; o + 3 < outputs; o += 4) {
      const k = o * inputs;
      const [d0, d1, d2, d3] = [dy[from + o], dy[from + o + 1], dy[from + o + 2], dy[from + o + 3]];
      for (let i = 0; i < inputs; i++) {
        dx[at + i] += d0 * w[k + i] + d1 * w[k + inputs + i] + d2 * w[k + 2 * inputs + i] +
          d3 * w[k + 3 * inputs + i];
      }
    }
    for (; o < outputs; o++) for (let i = 0; i < inputs; i++) dx[at + i] += dy[from + o] * w[o * inputs + i];
  }
}

/** The gradients at W and b, from the one at y; four rows at a time, so that each weight's is written once for all. */
export function linearBackToWeights(
  /** @type {Float64Array} */ dw,
  /** @type {Float64Array} */ db,
  /** @type {Float64Array} */ dy,
  /** @type {Float64Array} */ x,
  /** @type {number} */ rows,
) {
  const outputs = db.length;
  const inputs = dw.length / outputs;
  dw.fill(0);
  db.fill(0);
  for (let row = 0; row < rows; row++) for (let o = 0; o < outputs; o++) db[o] += dy[row * outputs + o];
  for (let o = 0; o < outputs; o++) {
    const k = o * inputs;
    let row = 0;
    for (; row + 3 < rows; row += 4) {
      const at = row * inputs;
      const from = row * outputs + o;
      const [d0, d1, d2, d3] = [dy[from], dy[from + outputs], dy[from + 2 * outputs], dy[from + 3 * outputs]];
      for (let i = 0; i < inputs; i++) {
        dw[k + i] += d0 * x[at + i] + d1 * x[at + inputs + i] + d2 * x[at + 2 * inputs + i] +
          d3 * x[at + 3 * inputs + i];
      }
    }
    for (; row < rows; row++) {
      for (let i = 0; i < inputs; i++) dw[k + i] += dy[row * outputs + o] * x[row * inputs + i];
    }
  }
}

/** The SiLU of the first values, and its slope there. */
export function silu(
  /** @type {Float64Array} */ y,
  /** @type {Float64Array} */ slope,
  /** @type {Float64Array} */ x,
  /** @type {number} */ count,
) {
  for (let i = 0; i < count; i++) {
    const share = 1 / (1 + Math.exp(-x[i]));
    y[i] = x[i] * share;
    slope[i] = share + y[i] * (1 - share);
  }
}

export const LATENTS = 2;

/** Weights and biases of encoder and decoder: PyTorch's order, shapes and range at the start. */
export function shapes(/** @type {number} */ pixels, /** @type {number} */ hidden) {
  return [[pixels, hidden], [hidden, 2 * LATENTS], [LATENTS, hidden], [hidden, pixels]]
    .flatMap(([inputs, outputs]) => [{ inputs, count: inputs * outputs }, { inputs, count: outputs }]);
}

export function countParameters(/** @type {number} */ pixels, /** @type {number} */ hidden) {
  return shapes(pixels, hidden).reduce((sum, { count }) => sum + count, 0);
}
