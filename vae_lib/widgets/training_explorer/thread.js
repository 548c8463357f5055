// Where training runs: a worker of its own, or the page's own thread where there can be none.

import { uniforms } from "../shared/numbers.js";
import { Learner, NotFinite } from "./learner.js";
import { countParameters, LATENTS, linear, linearBackToInput, linearBackToWeights, shapes, silu } from "./linear.js";

/**
 * @import { Scope } from "../shared/view.js"
 * @import { Settings } from "./learner.js"
 */

/** How long between two frames, in milliseconds; a page that draws more slowly gets fewer. */
const FRAME = 90;

/** The training thread's turn where it has to share the page's own, and in a worker. */
const SHORT_SLICE = 6;
const LONG_SLICE = 40;

/** Trains as it is told by messages, in slices, so that it hears the next one. */
export class Trainer {
  /** @param {(message: any) => void} post @param {number} slice in milliseconds */
  constructor(post, slice) {
    this.post = post;
    this.slice = slice;
    /** @type {Learner} */
    this.learner;
    /** @type {Settings} */
    this.settings;
    /** @type {number[][]} the mean terms of the epochs that the page has not heard of */
    this.history = [];
    this.running = this.waiting = this.ended = false;
    this.drawn = true;
    this.last = this.spent = this.batches = 0;
    this.stopAt = Infinity;
    this.heard = 0; // the number of the last order
    this.ports = new MessageChannel();
    this.ports.port1.onmessage = () => {
      this.waiting = false;
      if (this.running && !this.ended) this.train();
    };
  }

  /** What the page says. @param {any} message */
  hear(message) {
    this.heard = message.number;
    /** @type {any} */ (this)[`do_${message.order}`](message);
  }

  soon() {
    if (!this.waiting) this.ports.port2.postMessage(0);
    this.waiting = true;
  }

  frame({ trouble = "", fresh = false, before = /** @type {number[] | null} */ (null) } = {}) {
    const { learner, history, running, heard, spent, batches } = this;
    this.last = performance.now();
    this.drawn = false;
    this.post({
      parameters: Float32Array.from(learner.parameters),
      codes: learner.codes(),
      history,
      epoch: learner.epoch,
      done: learner.done,
      batches: learner.steps,
      stepTime: batches ? spent / batches : 0,
      running,
      trouble,
      fresh,
      before,
      heard,
    });
    this.history = [];
    [this.spent, this.batches] = [0, 0];
  }

  /** @param {() => number[] | null | void} step */
  tried(step, trouble = "not_finite") {
    try {
      const terms = step();
      if (terms) this.history.push(terms);
      return true;
    } catch (error) {
      if (!(error instanceof NotFinite)) throw error;
      this.running = false;
      this.frame({ trouble });
      return false;
    }
  }

  train() {
    const start = performance.now();
    while (this.running && performance.now() - start < this.slice) {
      if (!this.tried(() => this.learner.next(this.settings))) return;
      this.batches++;
      if (this.learner.done === 0 && this.learner.epoch >= this.stopAt) this.running = false;
    }
    const now = performance.now();
    this.spent += now - start;
    if (!this.running || (this.drawn && now - this.last >= FRAME)) this.frame();
    if (this.running) this.soon();
  }

  begin() {
    this.running = false;
    this.history = [this.learner.measure(this.settings)];
    this.frame({ fresh: true });
  }

  /** @param {any} message */
  do_start({ settings, task, parameters, epoch }) {
    this.settings = settings;
    this.learner = new Learner(task);
    if (parameters) this.learner.take(parameters, epoch);
    this.begin();
  }

  /** @param {any} message */
  do_settings({ settings }) {
    this.settings = settings;
    if (this.learner.steps === 0 && !this.running) this.begin(); // the terms of the start depend on them
  }

  /** @param {any} message */
  do_run({ epochs }) {
    this.running = true;
    this.stopAt = this.learner.epoch + epochs;
    this.soon();
  }

  do_pause() {
    this.running = false;
    this.frame(); // whatever it was doing: the page waits for this answer
  }

  do_step() {
    const start = performance.now();
    if (!this.tried(() => this.learner.next(this.settings))) return;
    [this.spent, this.batches] = [performance.now() - start, 1];
    this.frame();
  }

  /** @param {any} message */
  do_one({ picture, noise }) {
    /** @type {number[]} */
    let before = [];
    const step = () => void (before = this.learner.step([picture], Float64Array.from(noise), this.settings));
    if (this.tried(step, "one_not_finite")) this.frame({ before });
  }

  /** @param {any} message */
  do_reset({ seed }) {
    this.learner.reset(seed);
    this.begin();
  }

  /** @param {any} message */
  do_take({ parameters, epoch }) {
    this.learner.take(parameters, epoch);
    this.begin();
  }

  do_drawn() {
    this.drawn = true;
  }

  do_end() {
    this.ended = true;
    this.ports.port1.close();
  }
}

/** The whole program of a worker: the texts of all that training needs. */
function program() {
  const parts = [uniforms, linear, linearBackToInput, linearBackToWeights, silu, shapes, countParameters];
  return [
    `const LATENTS = ${LATENTS}, FRAME = ${FRAME};`,
    ...[...parts, NotFinite, Learner, Trainer].map(String),
    `const trainer = new Trainer((message) => postMessage(message), ${LONG_SLICE});`,
    "onmessage = ({ data }) => trainer.hear(data);",
  ].join("\n");
}

/**
 * @param {Scope} scope @param {(message: any) => void} hear what the thread has to say
 * @returns {(message: any) => void} what tells it something
 */
export function trainingThread(scope, hear) {
  const ownThread = () => {
    const trainer = new Trainer(hear, SHORT_SLICE);
    scope.onEnd(() => trainer.hear({ order: "end" }));
    return (/** @type {any} */ message) => trainer.hear(message);
  };
  /** @type {any[] | null} what the worker may not have got, until it says something */
  let sent = [];
  /** @type {Worker} */
  let worker;
  /** @type {(message: any) => void} */
  let send;
  const address = URL.createObjectURL(new Blob([program()], { type: "text/javascript" }));
  try {
    worker = new Worker(address);
  } catch {
    return ownThread();
  }
  scope.onEnd(() => worker.terminate());
  worker.onmessage = ({ data }) => {
    if (sent) URL.revokeObjectURL(address);
    sent = null;
    hear(data);
  };
  worker.onerror = (event) => {
    if (!sent) return; // it runs: an error of its own is for the console
    event.preventDefault();
    worker.terminate();
    send = ownThread();
    sent.forEach(send);
  };
  send = (message) => {
    sent?.push(message);
    worker.postMessage(message);
  };
  return (message) => send(message);
}
