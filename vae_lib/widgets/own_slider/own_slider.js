// A slider for a function of the reader's own: where Python runs it is called, elsewhere its pictures are there.

import { bind } from "../shared/binding.js";
import { box, element, paragraph, slider } from "../shared/form.js";
import { mount } from "../shared/view.js";
import { fill, ShownError } from "../shared/words.js";

/** @import { Model, Scope } from "../shared/view.js" */

/** @typedef {{index: number, text: string, picture: DataView | string}} Frame a picture is a PNG or its address */

/** @param {{model: Model, el: HTMLElement}} view */
function render(view) {
  const anew = ["argument", "labels", "stops", "frames"];
  return mount(view, { kind: "vae-own", anew, followed: ["index", "shown"] }, build);
}

/** @param {Model} model @param {HTMLElement} body @param {Scope} scope */
function build(model, body, scope) {
  const [words, argument, labels, frames] = ["words", "argument", "labels", "frames"].map((name) => model.get(name));
  const live = !!(/** @type {any} */ (model)).widget_manager; // the site's models have none
  /** @type {number[]} */
  const stops = live ? labels.map((/** @type {string} */ _, /** @type {number} */ i) => i) : model.get("stops");
  const still = !live && frames.length === 0;
  const spoken = (/** @type {number} */ index) => fill(words.setting, { argument, value: labels[index] });
  const picture = figure(scope);
  const text = element("pre", { class: "vae-own-text" });
  const frameOf = (/** @type {number} */ index) => frames.find((/** @type {Frame} */ frame) => frame.index === index);

  const knob = slider(scope, {
    label: argument,
    min: 0,
    max: stops.length - 1,
    step: 1,
    text: (at) => labels[stops[at]],
    spoken: (at) => spoken(stops[at]),
    onInput: (at) => live ? knob.set(at) : move(at),
  });
  const move = (/** @type {number} */ at) => bound.moveByHand({ index: stops[at] });
  if (live) knob.input.addEventListener("change", () => move(knob.input.valueAsNumber), { signal: scope.signal });
  knob.input.disabled = still;
  for (const touch of ["pointerenter", "focus"]) {
    const load = () => frames.forEach((/** @type {Frame} */ frame) => picture.load(frame));
    knob.input.addEventListener(touch, load, { signal: scope.signal, once: true });
  }

  const bound = bind(scope, model, {
    read: () => ({ index: indexOf(model, stops), shown: model.get("shown") }),
    write: ({ index }) => ({ index }),
    show({ index, shown }) {
      const now = shown?.index === index ? shown : frameOf(index);
      knob.set(stops.indexOf(index));
      body.toggleAttribute("data-busy", !now); // Python is at work
      if (!now) return;
      text.textContent = now.text;
      picture.show(now, fill(words.picture, { setting: spoken(index) }));
    },
    say: /** @returns {string} */ () => [spoken(bound.now.index), text.textContent].join(". "),
  });
  const hint = still ? words.needs_python : live ? words.live : words.film;
  const said = fill(hint, { count: `${stops.length}`, all: `${labels.length}` });
  body.replaceChildren(knob.element, text, picture.element, paragraph("vae-hint", said), bound.live);
  return bound.begin();
}

/** @param {Model} model @param {number[]} stops */
function indexOf(model, stops) {
  const index = model.get("index");
  if (!stops.includes(index)) throw new ShownError("bad_index", `no such stop: ${JSON.stringify(index)}`);
  return index;
}

/** A place for pictures, of which one is there until the next has come. @param {Scope} scope */
function figure(scope) {
  const image = element("img", { alt: "" });
  const frame = box("vae-own-picture", image);
  /** @type {Map<DataView | string, string>} */
  const addresses = new Map();
  /** @type {Promise<void>[]} */
  const coming = [];
  scope.onEnd(async () => {
    await Promise.all(coming);
    addresses.forEach((address) => address.startsWith("blob:") && URL.revokeObjectURL(address));
  });
  scope.onResize(frame, () => {
    if (frame.scrollWidth > frame.clientWidth) frame.setAttribute("tabindex", "0");
    else frame.removeAttribute("tabindex");
  });
  const address = (/** @type {DataView | string} */ picture) => {
    const known = addresses.get(picture) ??
      (typeof picture === "string"
        ? picture
        : URL.createObjectURL(new Blob([/** @type {any} */ (picture)], { type: "image/png" })));
    addresses.set(picture, known);
    return known;
  };
  const isEmpty = (/** @type {DataView | string} */ picture) =>
    typeof picture === "string" ? picture === "" : picture.byteLength === 0;
  let wanted = "";
  const load = async (/** @type {Frame} */ { picture }) => {
    if (isEmpty(picture) || scope.signal.aborted) return;
    const next = new Image();
    next.src = address(picture);
    const come = next.decode().catch(() => {}); // one that does not come leaves its words
    coming.push(come);
    await come;
  };
  return {
    element: frame,
    load,
    async show(/** @type {Frame} */ now, /** @type {string} */ alt) {
      frame.hidden = isEmpty(now.picture);
      if (frame.hidden) return;
      wanted = address(now.picture);
      await load(now);
      if (wanted !== address(now.picture) || scope.signal.aborted) return;
      image.src = wanted;
      image.alt = alt;
    },
  };
}

export default { render };
