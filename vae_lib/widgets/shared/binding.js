// What a view shows and what the model holds, kept in step: by hand from here to Python, and from Python to here.

import { announcer } from "./form.js";
import { tell } from "./view.js";

/** @import { Model, Scope } from "./view.js" */

/**
 * @typedef {[number, number]} Limits the lowest and the highest number that Python takes
 */

/**
 * A trait's number, or its numbers, where they lie within the limits that Python sends for it; else null.
 * @template {Limits | Limits[]} L
 * @param {Model} model @param {string} name @returns {any}
 */
export function limited(model, name) {
  const [value, limits] = [model.get(name), model.get("limits")[name]];
  const fits = (/** @type {any} */ number, /** @type {Limits} */ [low, high]) =>
    Number.isFinite(number) && number >= low && number <= high;
  if (typeof limits[0] === "number") return fits(value, limits) ? value : null;
  const each = Array.isArray(value) && value.length === limits.length;
  return each && value.every((number, i) => fits(number, limits[i])) ? [...value] : null;
}

/**
 * @template {Record<string, any>} State
 * @param {Scope} scope @param {Model} model
 * @param {{read: () => State, show: (now: State, old?: State) => void, write?: (state: State) => Record<string, any>,
 *   heard?: (next: State, old: State) => void, say?: () => string, rest?: number}} options
 *   `read` makes a state of the traits, or throws a ShownError; `write` makes the traits of a state, which have the
 *   same names unless it is given; `heard` is called before a change from outside is shown; `say` is what a screen
 *   reader hears after a change by hand
 */
export function bind(scope, model, { read, show, write = (state) => state, heard, say = () => "", rest }) {
  const live = announcer(scope, rest);
  const same = (/** @type {any} */ one, /** @type {any} */ other) => JSON.stringify(one) === JSON.stringify(other);
  const bound = {
    now: read(),
    live: live.element,
    /** What is said when the reader's hand rests. @param {() => string} [text] */
    say: (text = say) => live.say(text),
    /** Shows what came from the page, and tells Python; false where nothing changed. @param {Partial<State>} change */
    move(change) {
      const [old, next] = [bound.now, { ...bound.now, ...change }];
      const before = write(old);
      const changed = Object.entries(write(next)).filter(([name, value]) => !same(value, before[name]));
      if (changed.length === 0) return false;
      bound.now = next;
      show(next, old);
      tell(scope, model, Object.fromEntries(changed));
      return true;
    },
    /** As `move`, by the reader's hand: it is said. @param {Partial<State>} change @param {() => string} [text] */
    moveByHand(change, text = say) {
      if (bound.move(change)) live.say(text);
    },
    /** Shows what the traits hold. */
    follow() {
      const [old, next] = [bound.now, read()];
      if (same(next, old)) return;
      heard?.(next, old);
      bound.now = next;
      show(next, old);
    },
    /** Shows the first state; returns what follows the traits. */
    begin() {
      show(bound.now);
      return bound.follow;
    },
  };
  return bound;
}
