// What a view shows and what the model holds, kept in step: by hand from here to Python, and from Python to here.

import { announcer } from "./form.js";
import { bytes } from "./numbers.js";
import { tell } from "./view.js";

/** @import { Model, Scope } from "./view.js" */

/** @typedef {[number, number]} Limits the lowest and the highest number that Python takes */

/**
 * @template State
 * @typedef {{now: State, live: HTMLElement, say(text?: () => string): void, move(change: Partial<State>): boolean,
 *   moveByHand(change: Partial<State>, text?: () => string): void, follow(): void, begin(): () => void}} Binding
 *   `live` is said to a screen reader. `move` shows what came from the page and tells Python, and is false where that
 *   changes nothing; `moveByHand` says it too. `follow` shows what the traits hold; `begin` does so first.
 */

/**
 * A trait's number, or its numbers, where they lie within the limits that Python sends for it; else null.
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
 * @template {object} State
 * @param {Scope} scope @param {Model} model
 * @param {{read: () => State, show: (now: State, old?: State) => void, write?: (state: State) => any,
 *   heard?: (next: State, old: State) => void, say?: () => string, rest?: number}} options
 *   `read` makes a state of the traits, or throws a ShownError; `write` makes the traits of a state, which have the
 *   same names unless it is given; `heard` is called before a change from outside is shown; `say` is what a screen
 *   reader hears after a change by hand
 * @returns {Binding<State>}
 */
export function bind(scope, model, { read, show, write = (state) => state, heard, say = () => "", rest }) {
  const live = announcer(scope, rest);
  const packed = (/** @type {string} */ _name, /** @type {any} */ value) =>
    ArrayBuffer.isView(value) ? `${bytes(value)}` : value;
  const same = (/** @type {any} */ one, /** @type {any} */ other) =>
    JSON.stringify(one, packed) === JSON.stringify(other, packed);
  const bound = {
    now: read(),
    live: live.element,
    say: (text = say) => live.say(text),
    move(/** @type {Partial<State>} */ change) {
      const [old, next] = [bound.now, { ...bound.now, ...change }];
      const before = write(old);
      const changed = Object.entries(write(next)).filter(([name, value]) => !same(value, before[name]));
      if (changed.length === 0) return false;
      bound.now = next;
      show(next, old);
      tell(scope, model, Object.fromEntries(changed));
      return true;
    },
    moveByHand(/** @type {Partial<State>} */ change, text = say) {
      if (bound.move(change)) live.say(text);
    },
    follow() {
      const [old, next] = [bound.now, read()];
      if (same(next, old)) return;
      heard?.(next, old);
      bound.now = next;
      show(next, old);
    },
    begin() {
      show(bound.now);
      return bound.follow;
    },
  };
  return bound;
}
