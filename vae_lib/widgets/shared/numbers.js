// Numbers: kept within limits, unpacked, drawn from a seed.

/** @param {number} value @param {number} low @param {number} high */
export function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

/** A point on a map, brought within it; the origin where it is none. @param {any} point @param {number} extent */
export function planePoint(point, extent) {
  const valid = Array.isArray(point) && point.length === 2 && point.every(Number.isFinite);
  return valid ? point.map((value) => clamp(value, -extent, extent)) : [0, 0];
}

/** Kept to a thousandth, and on the map. @param {number[]} point @param {number} extent */
export function keptPoint(point, extent) {
  return point.map((value) => clamp(Math.round(value * 1000) / 1000, -extent, extent));
}

/** @param {ArrayBufferView} view */
export function bytes(view) {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** Little-endian float16 to float32. @param {DataView} view */
export function halfFloats(view) {
  const result = new Float32Array(Math.floor(view.byteLength / 2));
  for (let i = 0; i < result.length; i++) {
    const bits = view.getUint16(2 * i, true);
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    const size = exponent === 0
      ? fraction * 2 ** -24
      : exponent < 31
      ? (1 + fraction / 1024) * POWERS[exponent]
      : fraction
      ? NaN
      : Infinity;
    result[i] = bits & 0x8000 ? -size : size;
  }
  return result;
}

const POWERS = Float64Array.from({ length: 32 }, (_, exponent) => 2 ** (exponent - 15));

/**
 * Numbers strictly between 0 and 1 from a seed (a whole number from 0 to 2³² − 1): words of mulberry32 (T. Ettinger).
 * @param {number} seed
 */
export function uniforms(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return (((word ^ (word >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
}

/**
 * The first standard normal numbers of a seed, equal to Python's `normals` but for the last digits: `uniforms`, two at
 * a time, by Box and Muller (1958).
 * @param {number} seed @param {number} count
 */
export function normals(seed, count) {
  const result = new Float64Array(count);
  const uniform = uniforms(seed);
  for (let i = 0; i < count; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(uniform())); // finite, as no number is 0
    const angle = 2 * Math.PI * uniform();
    result[i] = radius * Math.cos(angle);
    if (i + 1 < count) result[i + 1] = radius * Math.sin(angle);
  }
  return result;
}
