// A VAE that learns.

import { uniforms } from "../shared/numbers.js";
import { countParameters, LATENTS, linear, linearBackToInput, linearBackToWeights, shapes, silu } from "./linear.js";

/**
 * @typedef {{lr: number, beta: number, sigma: number, sample: boolean, kl: boolean, gradient: "pathwise" | "score",
 *   mistake: "none" | "mean" | "sign" | "detached"}} Settings
 * @typedef {{images: Uint8Array, brightest: number, pixels: number, hidden: number, batch: number, seed: number}} Task
 *   `images` hold `pixels` values each, from 0 to `brightest`
 */

/** A step whose loss or gradient is no number. */
export class NotFinite extends Error {}

/** The VAE with one hidden layer of SiLU in each network, P(X|z) = N(f(z), σ²I), and Adam (Kingma & Ba 2015). */
export class Learner {
  /** @param {Task} task */
  constructor({ images, brightest, pixels, hidden, batch, seed }) {
    this.pixels = pixels;
    this.hidden = hidden;
    this.batch = batch;
    this.count = images.length / pixels;
    this.images = Float64Array.from(images, (value) => value / brightest);
    const total = countParameters(pixels, hidden);
    this.parameters = new Float64Array(total);
    this.gradient = new Float64Array(total);
    this.layers = this.views(this.parameters);
    this.slopes = this.views(this.gradient);
    const room = (/** @type {number} */ width) => new Float64Array(batch * width);
    this.x = room(pixels);
    this.encoded = { raw: room(hidden), value: room(hidden), slope: room(hidden), back: room(hidden) };
    this.q = room(2 * LATENTS);
    this.dq = room(2 * LATENTS);
    this.z = room(LATENTS);
    this.dz = room(LATENTS);
    this.decoded = { raw: room(hidden), value: room(hidden), slope: room(hidden), back: room(hidden) };
    this.logits = room(pixels);
    this.f = room(pixels);
    this.df = room(pixels);
    this.reconstruction = room(1);
    this.kl = room(1);
    this.moment = new Float64Array(total);
    this.square = new Float64Array(total);
    this.steps = 0;
    this.epoch = 0;
    /** The order of the running epoch's pictures, and how many of them are done. @type {Int32Array | null} */
    this.order = null;
    this.done = 0;
    this.sums = [0, 0];
    this.uniform = uniforms(seed);
    this.reset(seed);
  }

  /** Weight and bias of the four layers, as views of a row of numbers. @param {Float64Array} row */
  views(row) {
    let start = 0;
    const parts = shapes(this.pixels, this.hidden).map(({ count }) => row.subarray(start, start += count));
    return [0, 2, 4, 6].map((i) => ({ w: parts[i], b: parts[i + 1] }));
  }

  /** From the beginning, with the start and all draws of a seed. @param {number} seed */
  reset(seed) {
    this.uniform = uniforms(seed);
    let at = 0;
    for (const { inputs, count } of shapes(this.pixels, this.hidden)) {
      for (let i = 0; i < count; i++) this.parameters[at++] = (2 * this.uniform() - 1) / Math.sqrt(inputs);
    }
    this.forget();
  }

  /** Takes up weights, as from Python, and forgets the way to them. @param {ArrayLike<number>} parameters */
  take(parameters, epoch = 0) {
    this.parameters.set(parameters);
    this.forget(epoch);
  }

  forget(epoch = 0) {
    this.moment.fill(0);
    this.square.fill(0);
    this.steps = 0;
    this.epoch = epoch;
    this.order = null;
    this.done = 0;
    this.sums = [0, 0];
  }

  /** Two independent draws from N(0, 1): Box and Muller (1958). */
  normalPair() {
    const radius = Math.sqrt(-2 * Math.log(this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  }

  noise(/** @type {number} */ count) {
    const drawn = new Float64Array(LATENTS * count);
    for (let i = 0; i < count; i++) drawn.set(this.normalPair(), LATENTS * i);
    return drawn;
  }

  /** Mean and log variance of Q(z|X) for the first rows of x. @param {number} rows */
  encode(rows) {
    const [first, second] = this.layers;
    linear(this.encoded.raw, this.x, first.w, first.b, rows);
    silu(this.encoded.value, this.encoded.slope, this.encoded.raw, rows * this.hidden);
    linear(this.q, this.encoded.value, second.w, second.b, rows);
  }

  /** f(z) for the first rows of z. @param {number} rows */
  decode(rows) {
    const [, , third, fourth] = this.layers;
    linear(this.decoded.raw, this.z, third.w, third.b, rows);
    silu(this.decoded.value, this.decoded.slope, this.decoded.raw, rows * this.hidden);
    linear(this.logits, this.decoded.value, fourth.w, fourth.b, rows);
    for (let i = 0; i < rows * this.pixels; i++) this.f[i] = 1 / (1 + Math.exp(-this.logits[i]));
  }

  /**
   * Both terms of Eq. (4) for some pictures, in nats, with one z each; `settings` say how z comes about and σ.
   * @param {ArrayLike<number>} pictures their places among the images, at most a batch of them
   * @param {Float64Array} noise two numbers ε for each
   * @param {Settings} settings
   * @returns {[number, number]} the sums over the pictures
   */
  terms(pictures, noise, { sigma, sample }) {
    const rows = pictures.length;
    const { pixels } = this;
    for (let row = 0; row < rows; row++) {
      this.x.set(this.images.subarray(pictures[row] * pixels, (pictures[row] + 1) * pixels), row * pixels);
    }
    this.encode(rows);
    for (let row = 0; row < rows; row++) {
      let kl = 0;
      for (let i = 0; i < LATENTS; i++) {
        const [mean, logVariance] = [this.q[4 * row + i], this.q[4 * row + LATENTS + i]];
        this.z[LATENTS * row + i] = mean + (sample ? Math.exp(0.5 * logVariance) * noise[LATENTS * row + i] : 0);
        kl += 0.5 * (mean * mean + Math.exp(logVariance) - 1 - logVariance);
      }
      this.kl[row] = kl;
    }
    this.decode(rows);
    const constant = 0.5 * pixels * Math.log(2 * Math.PI * sigma * sigma);
    let [reconstructions, kls] = [0, 0];
    for (let row = 0; row < rows; row++) {
      let squares = 0;
      for (let i = row * pixels; i < (row + 1) * pixels; i++) squares += (this.x[i] - this.f[i]) ** 2;
      this.reconstruction[row] = -squares / (2 * sigma * sigma) - constant;
      reconstructions += this.reconstruction[row];
      kls += this.kl[row];
    }
    return [reconstructions, kls];
  }

  /**
   * The gradient of the loss, β · KL − reconstruction averaged over the pictures of the last call of `terms`.
   * @param {number} rows @param {Float64Array} noise @param {Settings} settings as they were there
   */
  backward(rows, noise, settings) {
    const { pixels, hidden, encoded, decoded } = this;
    const { sigma, sample, mistake } = settings;
    const [first, second, third, fourth] = this.slopes;
    const weight = (mistake === "mean" ? 1 / pixels : 1) / rows;
    const pull = (settings.kl ? settings.beta : 0) * (mistake === "sign" ? -1 : 1) / rows;
    for (let i = 0; i < rows * pixels; i++) {
      this.df[i] = (weight * (this.f[i] - this.x[i]) / (sigma * sigma)) * this.f[i] * (1 - this.f[i]);
    }
    linearBackToWeights(fourth.w, fourth.b, this.df, decoded.value, rows);
    linearBackToInput(decoded.back, this.df, this.layers[3].w, pixels, rows);
    for (let i = 0; i < rows * hidden; i++) decoded.back[i] *= decoded.slope[i];
    linearBackToWeights(third.w, third.b, decoded.back, this.z, rows);
    linearBackToInput(this.dz, decoded.back, this.layers[2].w, hidden, rows);
    const score = sample && settings.gradient === "score";
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < LATENTS; i++) {
        const [mean, logVariance, e] = [this.q[4 * row + i], this.q[4 * row + LATENTS + i], noise[LATENTS * row + i]];
        const width = Math.exp(0.5 * logVariance);
        let [toMean, toLogVariance] = [
          this.dz[LATENTS * row + i],
          sample ? this.dz[LATENTS * row + i] * e * 0.5 * width : 0,
        ];
        if (score) {
          // log P(X|z) times the slope of log Q(z|X), at a z that counts as given (Williams 1992).
          const loss = -weight * this.reconstruction[row];
          [toMean, toLogVariance] = [(loss * e) / width, loss * 0.5 * (e * e - 1)];
        }
        if (mistake === "detached" && !score) [toMean, toLogVariance] = [0, 0];
        this.dq[4 * row + i] = toMean + pull * mean;
        this.dq[4 * row + LATENTS + i] = toLogVariance + pull * 0.5 * (Math.exp(logVariance) - 1);
      }
    }
    linearBackToWeights(second.w, second.b, this.dq, encoded.value, rows);
    linearBackToInput(encoded.back, this.dq, this.layers[1].w, 2 * LATENTS, rows);
    for (let i = 0; i < rows * hidden; i++) encoded.back[i] *= encoded.slope[i];
    linearBackToWeights(first.w, first.b, encoded.back, this.x, rows);
  }

  /**
   * One step of Adam on some pictures; gives the sums of both terms before it.
   * @param {ArrayLike<number>} pictures @param {Float64Array} noise @param {Settings} settings
   */
  step(pictures, noise, settings) {
    const sums = this.terms(pictures, noise, settings);
    this.backward(pictures.length, noise, settings);
    const { parameters, gradient, moment, square } = this;
    // What is not finite anywhere is not finite in the sum of squares.
    let squares = sums[0] + sums[1];
    for (let i = 0; i < gradient.length; i++) squares += gradient[i] * gradient[i];
    if (!Number.isFinite(squares)) throw new NotFinite();
    this.steps++;
    const rate = settings.lr / (1 - 0.9 ** this.steps);
    const root = 1 / Math.sqrt(1 - 0.999 ** this.steps);
    for (let i = 0; i < gradient.length; i++) {
      const slope = gradient[i];
      moment[i] += 0.1 * (slope - moment[i]);
      square[i] = 0.999 * square[i] + 0.001 * slope * slope;
      parameters[i] -= (rate * moment[i]) / (root * Math.sqrt(square[i]) + 1e-8);
    }
    return sums;
  }

  /** The next batch of the running epoch; at its end the epoch's mean terms, else null. @param {Settings} settings */
  next(settings) {
    if (!this.order) {
      this.order = Int32Array.from({ length: this.count }, (_, i) => i);
      for (let i = this.count - 1; i > 0; i--) {
        const other = Math.floor(this.uniform() * (i + 1));
        [this.order[i], this.order[other]] = [this.order[other], this.order[i]];
      }
      this.done = 0;
      this.sums = [0, 0];
    }
    const pictures = this.order.subarray(this.done, this.done + this.batch);
    const sums = this.step(pictures, this.noise(pictures.length), settings);
    this.sums = this.sums.map((sum, i) => sum + sums[i]);
    this.done += pictures.length;
    if (this.done < this.count) return null;
    this.order = null;
    this.done = 0;
    this.epoch++;
    return this.sums.map((sum) => sum / this.count);
  }

  /**
   * Mean terms over all pictures, with ε of its own, so that training meets the same draws with it and without.
   * @param {Settings} settings
   */
  measure(settings) {
    const kept = this.uniform;
    this.uniform = uniforms(1);
    let sums = [0, 0];
    this.inBatches((pictures) => {
      const found = this.terms(pictures, this.noise(pictures.length), settings);
      sums = sums.map((sum, i) => sum + found[i]);
    });
    this.uniform = kept;
    return sums.map((sum) => sum / this.count);
  }

  /** The mean of Q(z|X) of every picture, two numbers each. */
  codes() {
    const found = new Float32Array(LATENTS * this.count);
    this.inBatches((pictures) => {
      const from = pictures[0] * this.pixels;
      this.x.set(this.images.subarray(from, from + pictures.length * this.pixels));
      this.encode(pictures.length);
      for (let row = 0; row < pictures.length; row++) {
        for (let i = 0; i < LATENTS; i++) found[LATENTS * (pictures[0] + row) + i] = this.q[4 * row + i];
      }
    });
    return found;
  }

  /** All pictures in their order. @param {(pictures: number[]) => void} each */
  inBatches(each) {
    for (let first = 0; first < this.count; first += this.batch) {
      each(Array.from({ length: Math.min(this.batch, this.count - first) }, (_, i) => first + i));
    }
  }

  /** The pictures f(z) of points, one after the other. @param {ArrayLike<number>} points two numbers each */
  draw(points) {
    const count = points.length / LATENTS;
    const pictures = new Float32Array(count * this.pixels);
    for (let first = 0; first < count; first += this.batch) {
      const rows = Math.min(this.batch, count - first);
      for (let i = 0; i < LATENTS * rows; i++) this.z[i] = points[LATENTS * first + i];
      this.decode(rows);
      pictures.set(this.f.subarray(0, rows * this.pixels), first * this.pixels);
    }
    return pictures;
  }
}
