// The pad: a digit is drawn on it, and what was chosen is shown on it.

import { drawStroke, enlarged, GRID, normalised, same } from "../shared/ink.js";
import { picture } from "../shared/canvas.js";
import { box, element } from "../shared/form.js";
import { draggable } from "../shared/hand.js";

/** @import { Scope } from "../shared/view.js" */

/**
 * @param {Scope} scope @param {Record<string, string>} words
 * @param {() => void} begin hears when the pen comes down @param {(x: Uint8Array) => void} onInk hears what picture
 *   the ink makes
 */
export function machinePad(scope, words, begin, onInk) {
  const canvas = element("canvas", { class: "vae-digit vae-pad", role: "img", "aria-label": words.pad_name });
  const invite = element("p", { class: "vae-invite", "aria-hidden": "true" }, words.invite);
  const draw = picture(canvas, GRID, GRID);
  let ink = new Float32Array(GRID * GRID);
  /** What the pen's ink has made; none while the pad shows what was chosen. @type {Uint8Array | null} */
  let made = null;
  let wet = false;
  const inked = scope.perFrame(() => {
    if (!wet) return; // another picture was set meanwhile
    wet = false;
    made = normalised(ink);
    invite.hidden = true;
    draw(ink);
    onInk(made);
  });
  draggable(scope, canvas, {
    take: () => {
      begin();
      if (!made) ink.fill(0);
      made ??= new Uint8Array(0);
      return /** @type {{last: number[] | null}} */ ({ last: null });
    },
    move: (_at, stroke, event) => {
      stroke.last = drawStroke(ink, canvas, event, stroke.last);
      wet = true;
      inked();
    },
  });
  const show = (/** @type {Uint8Array} */ x) => {
    if (made && made.length && same(made, x)) return;
    [ink, made, wet] = [enlarged(x), null, false];
    draw(ink);
    invite.hidden = x.some((level) => level > 0);
  };
  return { canvas, element: box("vae-sheet", canvas, invite), show };
}
