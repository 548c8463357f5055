// What plays by itself until it ends, is stopped, or the view goes.

import { button } from "./form.js";

/** @import { Scope } from "./view.js" */

/** Whether the reader asked for less motion. */
export function wantsStill() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/**
 * A button that plays and pauses.
 * @param {Scope} scope @param {[play: string, pause: string]} words
 * @param {{begin: () => number | void, step: (time: number) => boolean | number, still?: () => void,
 *   stopped: () => void}} options
 *   `begin` prepares, and says how many milliseconds there are before the first `step`, or nothing for the next frame;
 *   `step` says so for the one after it, true for the next frame, and false at the end; `still` is done in their place
 *   where the reader asked for less motion
 */
export function player(scope, [play, pause], { begin, step, still, stopped }) {
  /** Ends what is awaited; none while nothing plays. @type {(() => void) | null} */
  let waiting = null;
  const next = (/** @type {boolean | number | void} */ rest) => {
    if (typeof rest === "number") {
      const timer = setTimeout(() => tick(performance.now()), rest);
      waiting = () => clearTimeout(timer);
    } else {
      const frame = requestAnimationFrame(tick);
      waiting = () => cancelAnimationFrame(frame);
    }
  };
  const tick = (/** @type {number} */ time) => {
    const rest = step(time);
    if (!waiting) return; // the step stopped it
    if (rest === false) stop();
    else next(rest);
  };
  const stop = () => {
    if (!waiting) return;
    waiting();
    waiting = null;
    made.textContent = play;
    stopped();
  };
  const made = button(scope, play, () => {
    if (waiting) return stop();
    if (still && wantsStill()) return still();
    made.textContent = pause;
    next(begin());
  });
  scope.onEnd(() => waiting?.());
  return { button: made, stop, playing: () => waiting !== null };
}
