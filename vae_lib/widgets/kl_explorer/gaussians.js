// Two Gaussians over z: how they differ at each z, and in all.

/** @typedef {[mean: number, sd: number]} Gaussian */

/** The axis of the pictures, from −AXIS to AXIS: every mean lies on it. */
export const AXIS = 6;

/** log N(z; mean, sd²). @param {Gaussian} gaussian @param {number} z */
export function logDensity([mean, sd], z) {
  return -0.5 * ((z - mean) / sd) ** 2 - Math.log(sd) - 0.5 * Math.log(2 * Math.PI);
}

/** D[a‖b] in nats, in closed form, as Python's `gaussian_kl`. @param {Gaussian} a @param {Gaussian} b */
export function divergence([mean, sd], [otherMean, otherSd]) {
  const logRatio = 2 * Math.log(sd / otherSd);
  // expm1 keeps the digits where the two widths nearly agree and the divergence is tiny.
  return 0.5 * (Math.expm1(logRatio) - logRatio + ((mean - otherMean) / otherSd) ** 2);
}

/** What D[a‖b] adds up over z: a(z) log(a(z) / b(z)). @param {Gaussian} a @param {Gaussian} b @param {number} z */
export function integrand(a, b, z) {
  const log = logDensity(a, z);
  return Math.exp(log) * (log - logDensity(b, z));
}

/**
 * The area above zero, the area below it, and how much of both lies beyond the axis: over the whole line, on a grid
 * that reaches ten standard deviations to either side of a's mean.
 * @param {Gaussian} a @param {Gaussian} b
 */
export function signedParts(a, b) {
  const steps = 4000;
  const step = (20 * a[1]) / steps;
  let [positive, negative, beyond] = [0, 0, 0];
  for (let i = 0; i <= steps; i++) {
    const z = a[0] + step * (i - steps / 2);
    const area = step * integrand(a, b, z);
    if (area > 0) positive += area;
    else negative -= area;
    if (Math.abs(z) > AXIS) beyond += Math.abs(area);
  }
  return { positive, negative, beyond };
}

/** Where the two densities cross: none, one or two places. @param {Gaussian} a @param {Gaussian} b */
export function crossings([m, s], [n, t]) {
  // log a(z) − log b(z) is a parabola in z.
  const A = 0.5 / t ** 2 - 0.5 / s ** 2;
  const B = m / s ** 2 - n / t ** 2;
  const C = 0.5 * (n / t) ** 2 - 0.5 * (m / s) ** 2 + Math.log(t / s);
  if (Math.abs(A) < 1e-9) return Math.abs(B) < 1e-9 ? [] : [-C / B];
  const root = Math.sqrt(Math.max(0, B * B - 4 * A * C));
  return [(-B - root) / (2 * A), (-B + root) / (2 * A)];
}

/** The lowest and the highest value of the integrand on the axis. @param {Gaussian} a @param {Gaussian} b */
function extremes(a, b) {
  let [low, high] = [0, 0];
  for (let z = -AXIS; z <= AXIS; z += 0.02) {
    const value = integrand(a, b, z);
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { low, high };
}

/**
 * The scale of the integrand's picture: one for both directions, so that a switch shows which area is larger, unless
 * one is so much larger that the other would vanish.
 * @param {Gaussian} a @param {Gaussian} b
 */
export function integrandRange(a, b) {
  const [own, other] = [extremes(a, b), extremes(b, a)];
  const high = Math.max(own.high, 0.25);
  const low = Math.min(own.low, -0.06);
  return {
    low: Math.min(low, Math.max(other.low, 3 * low, -high)),
    high: Math.max(high, Math.min(other.high, 3 * high)),
  };
}
