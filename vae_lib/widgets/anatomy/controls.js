// What the reader sets: the picture, the noise, whether z is drawn, how the gradient goes, and a step.

import { box, button, check, choice, element, freshId, radio, slider, tile } from "../shared/form.js";
import { fill, shownNumber } from "../shared/words.js";

/**
 * @import { Model, Scope } from "../shared/view.js"
 * @import { State } from "./anatomy.js"
 */

/**
 * Pictures to choose from.
 * @param {Scope} scope @param {Model} model @param {Float32Array[]} pictures @param {(index: number) => void} pick
 */
export function pictureRadios(scope, model, pictures, pick) {
  const [words, names, [height, width], group] = [
    model.get("words"),
    model.get("names"),
    model.get("image_shape"),
    freshId(),
  ];
  const inputs = pictures.map((x, i) => {
    const image = tile(height, width, { "aria-hidden": "true" });
    image.draw(x);
    const input = radio(scope, group, () => pick(i), { "aria-label": fill(words.picture, { label: names[i] }) });
    return { input, element: element("label", {}, input, image.canvas) };
  });
  const named = { class: "vae-examples", role: "radiogroup", "aria-label": words.pictures };
  const show = (/** @type {number} */ index) => inputs.forEach(({ input }, i) => (input.checked = i === index));
  return { element: element("div", named, ...inputs.map((one) => one.element)), show };
}

/**
 * The two sliders of ε.
 * @param {Scope} scope @param {Model} model @param {(axis: number, value: number) => void} move
 */
function noiseSliders(scope, model, move) {
  const words = model.get("words");
  const sliders = [0, 1].map((axis) => {
    const [min, max] = model.get("limits").epsilon[axis];
    const label = words[`epsilon_${axis + 1}`];
    return slider(scope, {
      label,
      min,
      max,
      step: 0.05,
      text: shownNumber,
      spoken: (value) => fill(words.slider_text, { name: label, value: shownNumber(value) }),
      onInput: (value) => move(axis, value),
    });
  });
  return {
    elements: sliders.map((one) => one.element),
    show: (/** @type {number[]} */ epsilon) => sliders.forEach((one, axis) => one.set(epsilon[axis])),
  };
}

/**
 * @param {Scope} scope @param {Model} model
 * @param {{change: (change: Partial<State>) => void, noise: (axis: number, value: number) => void, anew: () => void,
 *   step: () => void, reset: () => void}} hands
 */
export function controls(scope, model, { change, noise, anew, step, reset }) {
  const words = model.get("words");
  const sliders = noiseSliders(scope, model, noise);
  const hold = check(scope, words.hold, (ticked) => change({ hold: ticked }));
  const sample = check(scope, words.sample, (ticked) => change({ sample: ticked }));
  const backward = check(scope, words.backward, (ticked) => change({ backward: ticked }));
  const kinds = /** @type {string[]} */ (model.get("options").gradient);
  const labels = kinds.map((kind) => words[`gradient_${kind}`]);
  const gradient = choice(
    scope,
    words.gradient,
    labels,
    (label) => change({ gradient: kinds[labels.indexOf(label)], backward: true }), // or nothing would be seen of it
  );
  const reseted = button(scope, words.reset, reset);
  const show = (/** @type {State} */ state, /** @type {boolean} */ moved) => {
    sliders.show(state.epsilon);
    hold.input.checked = state.hold;
    sample.input.checked = state.sample;
    backward.input.checked = state.backward;
    gradient.select.value = labels[kinds.indexOf(state.gradient)];
    reseted.disabled = !moved;
  };
  const made = box(
    "vae-controls",
    box("vae-noise", button(scope, words.anew, anew), hold.element, ...sliders.elements),
    box("vae-gradient", ...gradient.parts),
    box("vae-steps", button(scope, words.one_step, step), reseted),
  );
  return { element: made, ways: [sample.element, backward.element], show };
}
