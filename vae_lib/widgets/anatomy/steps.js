// Training steps on what is shown: they move the weights, and Python hears of it.

import { bytes } from "../shared/numbers.js";
import { fill, shownNumber } from "../shared/words.js";
import { Adam } from "./passes.js";

/**
 * @import { Model, Scope } from "../shared/view.js"
 * @import { Forward } from "./passes.js"
 */

/** All rows in one. @param {Float32Array[]} rows */
function joined(rows) {
  const flat = new Float32Array(rows.reduce((sum, row) => sum + row.length, 0));
  let at = 0;
  for (const row of rows) flat.set(row, (at += row.length) - row.length);
  return flat;
}

/**
 * @param {Scope} scope @param {Model} model
 * @param {{weights: Float32Array[], first: Float32Array[], moved: () => void}} options the weights, which are moved,
 *   what they were at the start, and who hears when Python moves them
 */
export function training(scope, model, { weights, first, moved }) {
  const words = model.get("words");
  let adam = new Adam(weights, model.get("lr"));
  /** What Python has heard from here; a host may say it back. */
  let told = new Uint8Array(0);
  let before = /** @type {number | null} */ (null);
  /** Takes what the trait holds; what does not fit is none. */
  const take = () => {
    const given = bytes(model.get("parameters"));
    told = given.slice();
    const flat = new Float32Array(told.buffer, 0, Math.floor(given.length / 4));
    const fits = flat.length === joined(weights).length && flat.every(Number.isFinite);
    let at = 0;
    weights.forEach((row, i) => row.set(fits ? flat.subarray(at, at += row.length) : first[i]));
    adam = new Adam(weights, model.get("lr"));
    before = null;
  };
  const tellPython = (/** @type {Float32Array[]} */ rows) => {
    const flat = joined(rows);
    told = new Uint8Array(flat.buffer);
    model.set("parameters", new DataView(flat.buffer));
    model.save_changes();
  };
  scope.onTrait(model, "parameters", () => {
    const given = bytes(model.get("parameters"));
    if (given.length === told.length && given.every((value, i) => value === told[i])) return;
    take();
    moved();
  });
  take();
  const elboOf = (/** @type {Forward} */ { logLikelihood, kl }) => logLikelihood - kl;
  return {
    /** @param {ArrayLike<number>[]} slopes @param {Forward} forward the numbers before the step */
    step(slopes, forward) {
      before = elboOf(forward);
      adam.step(slopes);
      tellPython(weights);
    },
    reset() {
      weights.forEach((row, i) => row.set(first[i]));
      adam = new Adam(weights, model.get("lr"));
      before = null;
      tellPython([]);
    },
    moved: () => bytes(model.get("parameters")).length > 0,
    /** What the last step has done. @param {Forward} forward the numbers now */
    said: (forward) =>
      before === null ? "" : fill(words.stepped, {
        count: `${adam.steps}`,
        before: shownNumber(before),
        now: shownNumber(elboOf(forward)),
      }),
  };
}
