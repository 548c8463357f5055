// What the nodes say: their numbers as text, and the slopes that come to them.

import { fill, shownNumber } from "../shared/words.js";

/** @import { Shown } from "./anatomy.js" */

export const PAIRS = ["mean", "log_var", "exp", "epsilon", "times", "plus", "z"];
export const NATS = ["kl", "reconstruction", "elbo"];

/** The numbers of a node. @param {Shown} shown @param {string} name @returns {number[]} */
export function numbersOf({ forward, epsilon }, name) {
  const { mean, logVar, std, noise, z, logLikelihood, kl } = forward;
  /** @type {Record<string, number[]>} */
  const numbers = {
    mean,
    log_var: logVar,
    exp: std,
    epsilon,
    times: noise,
    plus: z,
    z,
    kl: [kl],
    reconstruction: [logLikelihood],
    elbo: [logLikelihood - kl],
  };
  return numbers[name] ?? [];
}

/** How many digits of a node's numbers are shown. @param {string} name */
function digitsOf(name) {
  return ["exp", "times"].includes(name) ? 3 : 2;
}

/** A node's numbers as text. @param {Shown} shown @param {string} name */
export function textOf(shown, name) {
  return numbersOf(shown, name).map((value) => shownNumber(value, digitsOf(name)));
}

/** What keeps a slope from the encoder's side of z. @param {Shown} shown */
function cutBy({ sample, gradient }) {
  return gradient === "detached" || (gradient === "score" && sample) ? gradient : "undrawn";
}

/**
 * The sizes of the slopes that come to a node, by where they come from; for a network that at its weights.
 * @param {Shown} shown @param {string} name @returns {Record<string, number>}
 */
export function slopesAt({ back }, name) {
  const sizes = back?.sizes ?? {};
  if (`${name} weights` in sizes) return { weights: sizes[`${name} weights`] };
  const arriving = Object.keys(sizes).filter((key) => key.endsWith(` ${name}`));
  return Object.fromEntries(arriving.map((key) => [key.split(" ")[0], sizes[key]]));
}

/** What comes back to a node. @param {Record<string, string>} words @param {Shown} shown @param {string} name */
export function backOf(words, shown, name) {
  const arriving = Object.entries(slopesAt(shown, name));
  if (arriving.length === 0) return words[`back_none_${name}`] ?? words[`back_none_${cutBy(shown)}`];
  return arriving.map(([from, size]) => {
    const start = words[`spoken_${from}`] ?? words[`label_${from}`] ?? "";
    return fill(from === "weights" ? words.back_weights : words.back_from, { from: start, size: sized(size) });
  }).join(" ");
}

/** The size of a slope, short. @param {number} size */
export function sized(size) {
  if (size === 0) return "0";
  if (size < 0.001) return size.toExponential(0).replace("-", "−");
  return size.toFixed(size >= 99.5 ? 0 : size >= 9.95 ? 1 : size >= 0.1 ? 2 : 3);
}
