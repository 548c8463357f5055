// One slider through a series of models: the map, samples and reconstructions of each, and where its terms lie.

import { bind } from "../shared/binding.js";
import { readLabels } from "../shared/codes.js";
import { readLook } from "../shared/example.js";
import { box, element, freshId, slider, span } from "../shared/form.js";
import { bring, draggable, mapKeys } from "../shared/hand.js";
import { clamp, halfFloats, keptPoint, planePoint } from "../shared/numbers.js";
import { player } from "../shared/player.js";
import { mount, tell } from "../shared/view.js";
import { fill } from "../shared/words.js";
import { decoders, figuresAt, mapRows, readEntries, valueText } from "./models.js";
import { chartPanel, mapPanel, noteText, numbersPanel, picturesPanel } from "./panels.js";

/**
 * @import { Binding } from "../shared/binding.js"
 * @import { Model, Scope } from "../shared/view.js"
 * @import { Entries } from "./models.js"
 * @typedef {{index: number, z: number[]}} State
 */

/** How long Play rests at a model, in milliseconds. */
const REST = 600;

const ANEW = [
  "over",
  "values",
  "figures",
  "weights",
  "layers",
  "image_shape",
  "points",
  "labels",
  "posteriors",
  "classes",
];

/** @param {{model: Model, el: HTMLElement}} view */
function render(view) {
  const anew = [...ANEW, "pictures", "extent", "seed", "samples"];
  return mount(view, { kind: "vae-series", anew, followed: ["index", "z"] }, build);
}

/** @param {Model} model @param {HTMLElement} body @param {Scope} scope */
function build(model, body, scope) {
  const [words, extent] = [model.get("words"), model.get("extent")];
  const entries = readEntries(model);
  const { over, values } = entries;
  const labels = readLabels(model.get("labels"), halfFloats(model.get("points")).length / 2 / values.length);
  const decoder = decoders(model, values.length, readLook(model).numbers);
  const onMap = mapRows(model, values.length, labels);
  const [hintId, last] = [freshId(), values.length - 1];
  /** Another model, or another point of the map. @type {Binding<State>} */
  const bound = bind(scope, model, {
    read: () => {
      const index = model.get("index");
      const place = Number.isFinite(index) ? clamp(Math.round(index), 0, last) : 0;
      return { index: place, z: planePoint(model.get("z"), extent) };
    },
    heard: (next, old) => next.index !== old.index && !stepping && play.stop(),
    show({ index, z }, old) {
      const network = decoder(index);
      if (index !== old?.index) {
        const at = fill(words[`${over}_value`], { value: valueText(entries, index) });
        pictures.show(network, model.get("posteriors")[index], at);
        numbers.show(index, at);
        stops.set(index);
        map.showModel(index);
        chart.show(at);
      }
      pictures.showAtRing(network.run(z));
      map.showPoint(z);
    },
    say: () => {
      const { index } = bound.now;
      const note = noteText(words, entries, index);
      return fill(words[`${over}_live`], { value: valueText(entries, index), ...figuresAt(entries, index), note });
    },
  });
  const map = mapPanel(scope, model, onMap, labels, hintId);
  const pictures = picturesPanel(model, onMap.examples);
  const chart = chartPanel(scope, model, entries, () => bound.now.index);
  const numbers = numbersPanel(words, entries);

  // By hand, and by Play: the trait changes, and the binding follows it, so that a decoder that fails is said.
  let stepping = false;
  const choose = (/** @type {number | undefined} */ index) => {
    if (index === undefined || index === bound.now.index) return;
    tell(scope, model, { index });
    if (!play.playing()) bound.say();
  };
  const play = player(scope, [words.play, words.pause], {
    begin: () => (bound.now.index === last ? 0 : REST / 2),
    step: () => {
      stepping = true;
      choose(bound.now.index < last ? bound.now.index + 1 : 0);
      stepping = false;
      return bound.now.index === last ? false : REST;
    },
    stopped: () => bound.say(),
  });
  const pick = (/** @type {number | undefined} */ index) => {
    play.stop();
    choose(index);
  };
  const stops = modelSlider(scope, words, entries, pick);
  const moveTo = (/** @type {number[]} */ z) => {
    tell(scope, model, { z: keptPoint(z, extent) });
    bound.say(() => map.place.textContent ?? "");
  };
  draggable(scope, chart.canvas, { take: () => true, move: (px) => pick(chart.nearest(px)) });
  bring(scope, map.map, map.plane, () => bound.now.z, moveTo);
  mapKeys(scope, map.map, extent <= 6 ? 0.1 : 0.2, () => bound.now.z, moveTo);
  body.replaceChildren(
    map.element,
    pictures.element,
    box("vae-controls", play.button, stops.element),
    chart.element,
    numbers.element,
    element("p", { class: "vae-hint", id: hintId }, words[`${over}_hint`]),
    bound.live,
  );
  return bound.begin();
}

/**
 * A slider with the models' values below it.
 * @param {Scope} scope @param {Record<string, string>} words @param {Entries} entries
 * @param {(index: number) => void} onInput
 */
function modelSlider(scope, words, entries, onInput) {
  const { over, values } = entries;
  const text = (/** @type {number} */ index) => valueText(entries, index);
  const made = slider(scope, {
    label: words[`${over}_slider`],
    min: 0,
    max: values.length - 1,
    step: 1,
    text,
    spoken: (index) => {
      const place = { place: `${index + 1}`, count: `${values.length}` };
      return fill(words[`${over}_spoken`], { value: text(index), ...place });
    },
    onInput,
  });
  const marks = values.map((_, i) => {
    const mark = span((values.length - 1 - i) % 2 ? "vae-second" : "", text(i));
    mark.style.setProperty("--at", `${i / (values.length - 1)}`);
    return mark;
  });
  made.element.append(element("div", { class: "vae-stops", "aria-hidden": "true" }, ...marks));
  return made;
}

export default { render };
