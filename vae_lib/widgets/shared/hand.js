// A hand on a picture: by mouse, pen or finger, and by the arrow keys.

/**
 * @import { Plane } from "./plane.js"
 * @import { Scope } from "./view.js"
 * @typedef {[number, number]} Place in pixels of an element
 */

/** How near a ring is taken, in pixels. */
const NEAR_A_RING = 28;

/**
 * One hand at a time on an element, by mouse, pen or finger. A finger that holds nothing scrolls the page.
 * @template Held
 * @param {Scope} scope @param {HTMLElement} target
 * @param {{take: (at: [number, number], event: PointerEvent) => Held | null,
 *   move: (at: [number, number], held: Held, event: PointerEvent) => void, drop?: () => void,
 *   hover?: (at: [number, number], event: PointerEvent) => void, tap?: (at: [number, number]) => void}} hand
 *   `take` says what the hand holds, or null where there is nothing to hold; `tap` hears of a finger that held nothing
 *   and did not scroll; places are in pixels of the element
 */
export function draggable(scope, target, { take, move, drop, hover, tap }) {
  const { signal } = scope;
  /** @type {{id: number, held: Held} | null} */
  let hand = null;
  /** @type {{id: number, at: Place} | null} */
  let finger = null;
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
    finger = held === null && event.pointerType === "touch" ? { id: event.pointerId, at: place(event) } : null;
    if (held === null) return;
    hand = { id: event.pointerId, held };
    target.setPointerCapture(event.pointerId);
    if (target.tabIndex >= 0) target.focus({ preventScroll: true });
    move(place(event), held, event);
    event.preventDefault();
  }, { signal });
  target.addEventListener("touchstart", (event) => {
    if (hand) event.preventDefault(); // or the page would scroll; comes behind "pointerdown"
  }, { signal, passive: false });
  target.addEventListener("pointermove", (event) => {
    if (event.pointerId === hand?.id) move(place(event), hand.held, event);
    else hover?.(place(event), event);
  }, { signal });
  for (const name of /** @type {const} */ (["pointerup", "pointercancel", "lostpointercapture"])) {
    target.addEventListener(name, (event) => {
      if (event.pointerId === finger?.id) {
        const [at, { at: [x, y] }] = [place(event), finger];
        finger = null;
        if (name === "pointerup" && Math.hypot(at[0] - x, at[1] - y) < 10) tap?.(at);
      }
      if (event.pointerId !== hand?.id) return;
      hand = null;
      drop?.();
    }, { signal });
  }
}

/**
 * The one ring of a map: a mouse or a pen brings it from anywhere, a finger holds it or taps where it shall be.
 * @param {Scope} scope @param {HTMLElement} map @param {() => Plane} plane @param {() => number[]} ring
 * @param {(to: number[]) => void} moveTo @param {(at: number[]) => void} [hover] of a mouse or a pen
 */
export function bring(scope, map, plane, ring, moveTo, hover) {
  const near = (/** @type {Place} */ [x, y]) => {
    const [ringX, ringY] = plane().pixels(ring());
    return Math.hypot(ringX - x, ringY - y) <= NEAR_A_RING;
  };
  const move = (/** @type {Place} */ at) => moveTo(plane().point(...at));
  draggable(scope, map, {
    take: (at, event) => (event.pointerType !== "touch" || near(at) ? true : null),
    move,
    tap: move,
    hover: (at, event) => event.pointerType !== "touch" && hover?.(plane().point(...at)),
  });
}

/**
 * Rings on a picture, each to be taken hold of near by.
 * @template Name
 * @param {Scope} scope @param {HTMLElement} target
 * @param {{rings: () => {name: Name, at: Place, from?: Place}[], move: (at: Place, name: Name) => void,
 *   changed?: () => void, beside?: (event: PointerEvent) => Name | null, tap?: (at: Place) => void,
 *   cursor?: (name: Name | null) => string, reach?: number, away?: (ring: Place, at: Place) => number}} options
 *   `move` hears where what is held shall be: the ring, or the place `from` that it stands for; `changed` hears when a
 *   hand takes or lets go; `beside` says what a hand holds that is near no ring; `reach` and `away` are in pixels
 */
export function grab(
  scope,
  target,
  {
    rings,
    move,
    changed = () => {},
    beside = () => null,
    tap,
    cursor,
    reach = NEAR_A_RING,
    away = (ring, at) => Math.hypot(ring[0] - at[0], ring[1] - at[1]),
  },
) {
  const hand = { held: /** @type {Name | null} */ (null) };
  const near = (/** @type {Place} */ at) => {
    const found = rings().filter((ring) => away(ring.at, at) <= reach);
    return found.reduce((best, one) => (away(one.at, at) < away(best.at, at) ? one : best), found[0]);
  };
  draggable(scope, target, {
    take: (at, event) => {
      const ring = near(at);
      const name = ring ? ring.name : beside(event);
      if (name === null) return null;
      const from = ring?.from ?? ring?.at ?? at;
      hand.held = name;
      changed();
      return { name, offset: [from[0] - at[0], from[1] - at[1]] };
    },
    move: ([x, y], { name, offset }) => move([x + offset[0], y + offset[1]], name),
    tap,
    drop: () => {
      hand.held = null;
      changed();
    },
    hover: cursor && ((at) => (target.style.cursor = cursor(near(at)?.name ?? null))),
  });
  return hand;
}

/**
 * What a mouse or a pen holds beside every ring; a finger scrolls there.
 * @template Name @param {Name} name @returns {(event: PointerEvent) => Name | null}
 */
export function notByTouch(name) {
  return (event) => (event.pointerType === "touch" ? null : name);
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
