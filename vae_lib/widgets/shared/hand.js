// A hand on a picture: by mouse, pen or finger, and by the arrow keys.

/** @import { Scope } from "./view.js" */

/**
 * One hand at a time on an element, by mouse, pen or finger.
 * @template Held
 * @param {Scope} scope @param {HTMLElement} target
 * @param {{take: (at: [number, number], event: PointerEvent) => Held | null,
 *   move: (at: [number, number], held: Held, event: PointerEvent) => void, drop?: () => void,
 *   hover?: (at: [number, number], event: PointerEvent) => void}} hand
 *   `take` says what the hand holds, or null where there is nothing to hold; places are in pixels of the element
 */
export function draggable(scope, target, { take, move, drop, hover }) {
  const { signal } = scope;
  /** @type {{id: number, held: Held} | null} */
  let hand = null;
  const place = (/** @type {PointerEvent} */ event) => {
    const box = target.getBoundingClientRect();
    return /** @type {[number, number]} */ ([
      event.clientX - box.left - target.clientLeft,
      event.clientY - box.top - target.clientTop,
    ]);
  };
  target.addEventListener("pointerdown", (event) => {
    if (hand || event.button !== 0) return;
    const held = take(place(event), event);
    if (held === null) return;
    hand = { id: event.pointerId, held };
    target.setPointerCapture(event.pointerId);
    if (target.tabIndex >= 0) target.focus({ preventScroll: true });
    move(place(event), held, event);
    event.preventDefault();
  }, { signal });
  target.addEventListener("pointermove", (event) => {
    if (event.pointerId === hand?.id) move(place(event), hand.held, event);
    else hover?.(place(event), event);
  }, { signal });
  for (const name of /** @type {const} */ (["pointerup", "pointercancel", "lostpointercapture"])) {
    target.addEventListener(name, (event) => {
      if (event.pointerId !== hand?.id) return;
      hand = null;
      drop?.();
    }, { signal });
  }
}

/**
 * The arrow keys move a point on a map by `step`, with Shift five times as far; Home brings it to the origin.
 * @param {Scope} scope @param {HTMLElement} map @param {number} step
 * @param {() => number[]} at @param {(next: number[]) => void} moveTo
 */
export function mapKeys(scope, map, step, at, moveTo) {
  map.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const far = (event.shiftKey ? 5 : 1) * step;
    const [x, y] = at();
    /** @type {Record<string, number[]>} */
    const targets = {
      ArrowLeft: [x - far, y],
      ArrowRight: [x + far, y],
      ArrowDown: [x, y - far],
      ArrowUp: [x, y + far],
      Home: [0, 0],
    };
    const target = targets[event.key];
    if (!target) return;
    event.preventDefault(); // or the page would scroll
    moveTo(target);
  }, { signal: scope.signal });
}
