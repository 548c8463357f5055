// A walk on the straight line between the typical codes of two classes.

import { mixed } from "../shared/canvas.js";
import { nameOf } from "../shared/codes.js";
import { box, choice, element, slider } from "../shared/form.js";
import { classColour } from "../shared/latent_map.js";
import { plot, ring, text } from "../shared/marks.js";
import { clamp } from "../shared/numbers.js";
import { player, wantsStill } from "../shared/player.js";
import { fill } from "../shared/words.js";

/**
 * @import { Named } from "../shared/codes.js"
 * @import { Mark, Point } from "../shared/marks.js"
 * @import { Model, Scope } from "../shared/view.js"
 */

const WALK_MS = 4000; // from one end to the other
const STILLS = 8; // steps of a walk for a reader who asked for less motion

/** The line of a walk, with its classes at the ends. @param {Named[]} ends @returns {Mark} */
export function walkLine(ends) {
  return (scene, plane) => {
    const { context, inks, palette } = scene;
    const [from, to] = ends.map(({ at }) => /** @type {Point} */ ([plane.x(at[0]), plane.y(at[1])]));
    context.lineCap = "round";
    for (const [line, style] of /** @type {[number, string][]} */ ([[5, inks.paper], [2, inks.ink]])) {
      context.beginPath();
      context.moveTo(...from);
      context.lineTo(...to);
      context.lineWidth = line;
      context.strokeStyle = style;
      context.stroke();
    }
    for (const { digit, at: [x, y] } of ends) {
      const colour = mixed(classColour(palette, digit), inks.ink);
      const name = nameOf(scene.classes, digit);
      const within = name.length <= 2; // else above
      plot(
        scene,
        plane,
        ring([x, y], { colour: "ink", radius: within ? 12 : 6, width: 2, filled: true }),
        text(name, [x, y], { colour, font: "700 15px", dy: within ? 1 : -16, halo: 4 }),
      );
    }
  };
}

/** @param {number[][]} line @param {number} share from 0 to 1 */
function pointOn([from, to], share) {
  return from.map((value, axis) => value + share * (to[axis] - value));
}

/** Where on a line from 0 to 1 the nearest place to a point is. @param {number[][]} line @param {number[]} point */
function onLine([from, to], point) {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const share = ((point[0] - from[0]) * dx + (point[1] - from[1]) * dy) / (dx * dx + dy * dy) || 0;
  return clamp(share, 0, 1);
}

/**
 * Two choices, a button that plays, a slider.
 * @param {Scope} scope @param {Model} model @param {Map<number, number[]>} ends of each class
 * @param {{walk: () => number[] | null, go: (z: number[], walk?: number[]) => void, appear: (walk: number[]) => void,
 *   stopped: () => void}} options
 *   `walk` is the one on the map, if any, `appear` puts one there; `go` moves z; `stopped` hears of an end or a pause.
 *   What is made has `shown`, the ends of the line on the map, or null while there is none
 */
export function walkControls(scope, model, ends, { walk, go, appear, stopped }) {
  const [words, digits] = [model.get("words"), [...ends.keys()]];
  const name = (/** @type {number} */ digit) => nameOf(model.get("classes"), digit);
  let chosen = walk() ?? digits.slice(0, 2);
  let along = 0; // from 0 at the first end to 1 at the other
  let forward = true;
  const line = () => chosen.map((digit) => /** @type {number[]} */ (ends.get(digit)));
  const toward = (/** @type {number} */ share) => pointOn(line(), share);
  const begin = (/** @type {number[]} */ next) => {
    playing.stop();
    chosen = next;
    [along, forward] = [0, true];
    refresh();
  };
  const pick = (/** @type {number} */ end, /** @type {number} */ digit) => {
    const other = digit === chosen[1 - end] ? chosen[end] : chosen[1 - end]; // or they change places
    begin(end === 0 ? [digit, other] : [other, digit]);
    go(toward(0), chosen);
  };
  const [from, to] = [words.walk_from, words.walk_to].map((label, end) =>
    choice(scope, label, digits.map(name), (value) => pick(end, digits.find((digit) => name(digit) === value) ?? 0))
  );
  const percent = (/** @type {number} */ share) => `${Math.round(100 * share)} %`;
  const position = slider(scope, {
    label: words.walk_position,
    min: 0,
    max: 1,
    step: 0.01,
    text: percent,
    spoken: (share) => fill(words.walk_text, { share: percent(share), from: name(chosen[0]), to: name(chosen[1]) }),
    onInput: (share) => {
      playing.stop();
      along = share;
      go(toward(share), chosen);
    },
  });
  const refresh = () => {
    [from, to].forEach(({ select }, end) => (select.value = name(chosen[end])));
    position.set(along);
  };
  const step = pace();
  const playing = player(scope, [words.play, words.pause], {
    begin: () => {
      if (!walk()) appear(chosen);
      if (along >= 1) forward = false;
      if (along <= 0) forward = true;
      step.begin(along, forward);
    },
    step: (time) => {
      const next = step.at(time);
      if (next !== along) {
        along = next;
        go(toward(along));
      }
      return along !== (forward ? 1 : 0);
    },
    stopped,
  });
  refresh();
  const head = box("vae-ends", ...from.parts, ...to.parts, playing.button);
  const label = { class: "vae-walk", role: "group", "aria-label": words.walk_name };
  return {
    element: element("div", label, head, position.element),
    pause: playing.stop,
    shown: () => (walk() ? line().map((at, end) => ({ digit: chosen[end], at })) : null),
    /** Follows the ring as long as it is on the line. @param {number[]} z */
    follow(z) {
      const share = onLine(line(), z);
      const off = (/** @type {number[]} */ at) => Math.hypot(z[0] - at[0], z[1] - at[1]);
      const elsewhere = off(toward(along)) > 0.002 && off(toward(share)) < 0.002; // z is kept to a thousandth
      if (!playing.playing() && elsewhere) along = share;
      position.set(along);
    },
    /** Takes the walk that Python set. @param {number[] | null} next */
    take(next) {
      if (next && `${next}` !== `${chosen}`) begin(next);
    },
  };
}

/** How far a walk is; in a few steps for a reader who asked for less motion. */
function pace() {
  let [start, reached, forward, still] = [0, 0, true, false];
  /** @type {number | undefined} */
  let last;
  return {
    begin(/** @type {number} */ from, /** @type {boolean} */ ahead) {
      [start, reached, forward, still] = [from, from, ahead, wantsStill()];
      last = undefined;
    },
    at(/** @type {number} */ time) {
      // A page out of sight has no frames; the walk goes on where it was.
      reached += ((forward ? 1 : -1) * Math.min(time - (last ?? time), 100)) / WALK_MS;
      last = time;
      if (!still) return clamp(reached, 0, 1);
      const step = (forward ? Math.floor : Math.ceil)(reached * STILLS) / STILLS;
      return clamp(forward ? Math.max(start, step) : Math.min(start, step), 0, 1);
    },
  };
}
