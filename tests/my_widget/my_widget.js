// One number, and its square.

import { bind, limited } from "../../vae_lib/widgets/shared/binding.js";
import { Chart } from "../../vae_lib/widgets/shared/chart.js";
import { box, caption, element, paragraph, slider } from "../../vae_lib/widgets/shared/form.js";
import { grab } from "../../vae_lib/widgets/shared/hand.js";
import { area, axes, curve, grid, plot, ring } from "../../vae_lib/widgets/shared/marks.js";
import { clamp } from "../../vae_lib/widgets/shared/numbers.js";
import { player } from "../../vae_lib/widgets/shared/player.js";
import { stage } from "../../vae_lib/widgets/shared/stage.js";
import { mount } from "../../vae_lib/widgets/shared/view.js";
import { fill, ShownError, shownNumber } from "../../vae_lib/widgets/shared/words.js";

/** @import { Model, Scope } from "../../vae_lib/widgets/shared/view.js" */

/** @param {{model: Model, el: HTMLElement}} view */
function render(view) {
  return mount(view, { kind: "vae-mine", anew: [], followed: ["x"] }, build);
}

/** @param {Model} model @param {HTMLElement} body @param {Scope} scope */
function build(model, body, scope) {
  const [words, [min, max]] = [model.get("words"), model.get("limits").x];
  const square = (/** @type {number} */ x) => x * x;
  const bound = bind(scope, model, {
    read: () => {
      const x = limited(model, "x");
      if (x === null) throw new ShownError("bad_number", "x is beyond its limits");
      return { x };
    },
    show({ x }) {
      knob.set(x);
      number.textContent = fill(words.square, { square: shownNumber(square(x)) });
      canvas.setAttribute("aria-label", fill(words.picture_name, { x: shownNumber(x) }));
      redraw();
    },
    say: () => number.textContent ?? "",
  });
  const set = (/** @type {number} */ x) => bound.moveByHand({ x: clamp(Math.round(100 * x) / 100, min, max) });
  const spoken = (/** @type {number} */ x) => fill(words.spoken, { x: shownNumber(x) });
  const knob = slider(scope, { label: words.x, min, max, step: 0.1, text: shownNumber, spoken, onInput: set });
  const number = element("output");
  const canvas = element("canvas", { role: "img" });
  const axis = /** @type {[number, number]} */ ([1.25 * min, 1.25 * max]);
  let chart = /** @type {Chart | null} */ (null);
  const { redraw } = stage(scope, model, canvas, {
    draw: (scene) => {
      chart = new Chart(scene, { low: 0, high: 5, above: 20, below: 22, axis });
      const at = /** @type {[number, number]} */ ([bound.now.x, square(bound.now.x)]);
      const [hill, line] = [area(square, { colour: "prior", alpha: 0.14 }), curve(square, { colour: "prior" })];
      plot(scene, chart, grid(), hill, line, axes(words.axis), ring(at, { colour: "prior", filled: true }));
    },
  });
  grab(scope, canvas, {
    rings: () => chart ? [{ name: "x", at: [chart.x(bound.now.x), chart.y(square(bound.now.x))] }] : [],
    move: ([px]) => chart && set(chart.z(px)),
  });
  const step = () => bound.move({ x: Math.min(max, bound.now.x + 0.01) }) && bound.now.x < max;
  const begin = () => void (bound.now.x === max && bound.move({ x: min }));
  const play = player(scope, [words.play, words.pause], { begin, step, still: () => set(max), stopped: bound.say });
  body.replaceChildren(box("", caption(words.caption), canvas), knob.element, number, play.button);
  body.append(paragraph("vae-hint", words.hint), bound.live);
  return bound.begin();
}

export default { render };
