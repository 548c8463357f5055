// What the model makes of a picture.

import { Network } from "../shared/network.js";
import { ShownError } from "../shared/words.js";
import { brightness, SIDE } from "../shared/ink.js";

/**
 * @import { Model } from "../shared/view.js"
 * @import { Pair } from "../shared/ink.js"
 */

/**
 * @typedef {{mean: Pair, std: Pair, z: Pair, image: Float32Array, log_likelihood: number, kl: number,
 *   elbo: number}} Seen
 *   what the model makes of a picture; `image` lasts until the next picture
 */

/** @param {Model} model */
export function readNetworks(model) {
  const encoder = new Network(model.get("encoder_layers"), model.get("encoder_weights"));
  const decoder = new Network(model.get("decoder_layers"), model.get("decoder_weights"));
  const [sigma, pixels] = [model.get("sigma"), SIDE * SIDE];
  const fits = encoder.inputs === pixels && encoder.outputs === 4 && decoder.inputs === 2 && decoder.outputs === pixels;
  if (!fits || !(sigma > 0)) {
    throw new ShownError("bad_weights", "the networks are not those of 28 by 28 pixels and two latents");
  }
  return { encoder, decoder, sigma };
}

/**
 * What the model makes of a picture, or null where it gives a number that is not finite.
 * @param {{encoder: Network, decoder: Network, sigma: number}} model @param {Uint8Array} x @param {Pair} epsilon
 * @returns {Seen | null}
 */
export function look({ encoder, decoder, sigma }, x, epsilon) {
  const pixels = brightness(x);
  const [mean1, mean2, logVar1, logVar2] = encoder.run(pixels);
  /** @type {Pair} */
  const std = [Math.exp(logVar1 / 2), Math.exp(logVar2 / 2)];
  /** @type {Pair} */
  const z = [mean1 + std[0] * epsilon[0], mean2 + std[1] * epsilon[1]];
  const image = decoder.run(z);
  let squares = 0;
  for (let i = 0; i < pixels.length; i++) squares += (pixels[i] - image[i]) ** 2;
  const log_likelihood = -0.5 * pixels.length * Math.log(2 * Math.PI * sigma ** 2) - squares / (2 * sigma ** 2);
  // expm1 keeps the digits where Q is nearly the prior.
  const kl = 0.5 * (Math.expm1(logVar1) - logVar1 + mean1 ** 2 + Math.expm1(logVar2) - logVar2 + mean2 ** 2);
  const elbo = log_likelihood - kl;
  return [...z, ...std, elbo].every(Number.isFinite)
    ? { mean: [mean1, mean2], std, z, image, log_likelihood, kl, elbo }
    : null;
}
