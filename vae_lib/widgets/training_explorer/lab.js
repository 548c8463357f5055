// What the parts of the page share: the task, the settings, the model as it is, and the talk with the thread.

import { bytes } from "../shared/numbers.js";
import { fill, ShownError, shownNumber } from "../shared/words.js";
import { Learner } from "./learner.js";
import { countParameters } from "./linear.js";
import { trainingThread } from "./thread.js";

/**
 * @import { Model, Scope } from "../shared/view.js"
 * @import { Settings } from "./learner.js"
 */

export const SETTINGS = /** @type {const} */ (["lr", "beta", "sigma", "sample", "kl", "gradient", "mistake"]);

/** How many epochs a press on Train is good for: a page that was forgotten comes to rest. */
const EPOCHS = 300;

/** The pictures that are looked at together share the room of a batch. */
const LEAST_BATCH = 8;

const EXAMPLES = [0, 1, 4, 6, 7];

/** Two digits that count, as people write them: 0.0032, 0.16, 4, 25. @param {number} value */
export function roughly(value) {
  return `${Number(value.toPrecision(2))}`;
}

/** @param {Model} model @returns {Settings} */
export function readSettings(model) {
  const read = Object.fromEntries(SETTINGS.map((name) => [name, model.get(name)]));
  if (![read.lr, read.beta, read.sigma].every((value) => Number.isFinite(value) && value > 0)) {
    throw new ShownError("bad_training", "lr, beta and sigma must be positive numbers");
  }
  return /** @type {Settings} */ (read);
}

/** The digits, and the sizes of the model that learns them. @param {Model} model */
function readTask(model) {
  const [labels, images] = [bytes(model.get("labels")), bytes(model.get("images"))];
  const [hidden, batch, brightest] = ["hidden", "batch_size", "brightest"].map((name) => model.get(name));
  const pixels = images.length / labels.length;
  const side = Math.sqrt(pixels);
  const whole = [hidden, batch, side].every((size) => Number.isInteger(size) && size > 0);
  if (!whole || batch < LEAST_BATCH || images.some((value) => value > brightest)) {
    throw new ShownError("bad_training", "pictures, labels or sizes do not fit");
  }
  return { labels, side, task: { images, brightest, pixels, hidden, batch, seed: model.get("seed") } };
}

/** Everything that is known of the training. */
export class Lab {
  /** @param {Scope} scope @param {Model} model */
  constructor(scope, model) {
    const { labels, side, task } = readTask(model);
    this.model = model;
    this.words = model.get("words");
    this.labels = labels;
    this.side = side;
    this.task = task;
    this.settings = readSettings(model);
    this.seed = task.seed;
    /** Draws what the thread has learned. */
    this.eye = new Learner(task);
    this.examples = EXAMPLES.map((digit) => labels.indexOf(digit)).filter((place) => place >= 0);
    this.codes = new Float32Array(2 * labels.length);
    /** @type {{values: number[], reconstruction: number[], kl: number[]}} */
    this.history = { values: [], reconstruction: [], kl: [] };
    this.running = false;
    this.pausing = false; // asked to, and not answered yet
    this.trouble = ""; // what ended the training, until Reset
    this.epoch = this.done = this.stepTime = 0;
    /**
     * The numbers of the last order, of the last that started or stopped training, and of the last that gave it other
     * weights.
     */
    this.orders = { last: 0, running: 0, weights: 0 };
    /** Hears of each frame, and whether training stopped with it. @type {(frame: any, stopped: boolean) => void} */
    this.onFrame = () => {};
    this.tellThread = trainingThread(scope, (frame) => {
      if (!scope.signal.aborted && frame.heard >= this.orders.weights) this.take(frame); // else of one given up
    });
  }

  /** @param {any} frame */
  take(frame) {
    this.eye.parameters.set(frame.parameters);
    this.codes = frame.codes;
    if (frame.fresh) this.history = { values: [], reconstruction: [], kl: [] };
    const first = frame.epoch - frame.history.length + 1;
    frame.history.forEach((/** @type {number[]} */ [reconstruction, kl], /** @type {number} */ i) => {
      this.history.values.push(first + i);
      this.history.reconstruction.push(reconstruction);
      this.history.kl.push(kl);
    });
    [this.epoch, this.done] = [frame.epoch, frame.done];
    if (frame.stepTime) this.stepTime = frame.stepTime;
    if (frame.trouble) this.trouble = frame.trouble;
    const stopped = this.running && !frame.running && frame.heard >= this.orders.running;
    if (stopped) this.running = this.pausing = false;
    this.onFrame(frame, stopped);
  }

  /** @param {Record<string, any> & {order: string}} message */
  send(message) {
    const { orders } = this;
    orders.last++;
    if (["run", "pause"].includes(message.order)) orders.running = orders.last;
    if (["start", "reset", "take"].includes(message.order)) orders.weights = orders.running = orders.last;
    this.tellThread({ ...message, number: orders.last });
  }

  run() {
    this.running = true;
    this.pausing = false;
    this.stepTime = 0;
    this.send({ order: "run", epochs: EPOCHS });
  }

  pause() {
    if (!this.running) return;
    this.pausing = true;
    this.send({ order: "pause" });
  }

  /** Other weights than training came to. @param {Record<string, any> & {order: string}} message */
  begin(message) {
    this.running = this.pausing = false;
    this.trouble = "";
    this.stepTime = 0;
    this.send(message);
  }

  /** Weights that came from Python or another view, or none. */
  given() {
    const total = countParameters(this.task.pixels, this.task.hidden);
    const view = this.model.get("parameters");
    if (view.byteLength === 0) return null;
    const count = Math.floor(view.byteLength / 4);
    const values = Float32Array.from({ length: count }, (_, i) => view.getFloat32(4 * i, true));
    if (view.byteLength !== 4 * total || !values.every(Number.isFinite)) {
      throw new ShownError("bad_training", `need ${4 * total} bytes of finite weights, got ${view.byteLength}`);
    }
    return values;
  }

  /** What training makes small, as it is set now. @param {number[]} terms */
  lossOf([reconstruction, kl]) {
    const { settings: { kl: kept, beta, mistake }, task: { pixels } } = this;
    const pull = (kept ? beta : 0) * (mistake === "sign" ? -1 : 1);
    return pull * kl - reconstruction * (mistake === "mean" ? 1 / pixels : 1);
  }

  lastTerms() {
    return [this.history.reconstruction.at(-1) ?? 0, this.history.kl.at(-1) ?? 0];
  }

  progressText() {
    const { task: { batch }, labels, words, epoch, done, stepTime } = this;
    return fill(stepTime ? words.progress_time : words.progress, {
      epoch: `${epoch}`,
      step: `${Math.ceil(done / batch)}`,
      steps: `${Math.ceil(labels.length / batch)}`,
      time: shownNumber(stepTime, 1),
    });
  }

  /** Mean and standard deviation of Q(z|X) of the examples; without a draw, the point that stands for it. */
  posteriors() {
    const { eye, examples, settings, task: { pixels } } = this;
    examples.forEach((place, row) =>
      eye.x.set(eye.images.subarray(place * pixels, (place + 1) * pixels), row * pixels)
    );
    eye.encode(examples.length);
    return examples.map((_, row) => {
      const q = eye.q.subarray(4 * row, 4 * row + 4);
      return Float32Array.from([q[0], q[1], ...[2, 3].map((i) => (settings.sample ? Math.exp(0.5 * q[i]) : 0))]);
    });
  }

  /** Without a draw, the difference of the terms is no bound, and has another name. */
  named() {
    const { words } = this;
    return this.settings.sample ? words : { ...words, elbo: words.difference, curve_elbo: words.difference };
  }
}
