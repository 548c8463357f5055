// A slider for a function of the reader's own: where Python runs it is called, elsewhere its pictures are there.

import { bind } from "../shared/binding.js";
import { box, element, paragraph, slider } from "../shared/form.js";
import { mount } from "../shared/view.js";
import { fill, ShownError } from "../shared/words.js";

/** @import { Model, Scope } from "../shared/view.js" */

/**
 * @typedef {DataView | string} Picture a PNG or its address
 * @typedef {{index: number, text: string, picture: Picture, narrow?: Picture}} Frame `narrow` is for a phone
 */

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
  /** @type {Map<Picture, string>} */
  const addresses = new Map();
  /** @type {Promise<void>[]} */
  const coming = [];
  scope.onEnd(async () => {
    await Promise.all(coming);
    addresses.forEach((address) => address.startsWith("blob:") && URL.revokeObjectURL(address));
  });
  const address = (/** @type {Picture} */ picture) => {
    const known = addresses.get(picture) ??
      (typeof picture === "string"
        ? picture
        : URL.createObjectURL(new Blob([/** @type {any} */ (picture)], { type: "image/png" })));
    addresses.set(picture, known);
    return known;
  };
  const isEmpty = (/** @type {Picture} */ picture) =>
    typeof picture === "string" ? picture === "" : picture.byteLength === 0;
  const phone = matchMedia("(max-width: 560px)"); // as book.css
  const fitting = (/** @type {Frame} */ { picture, narrow }) => (phone.matches && narrow) || picture;
  let wanted = "";
  /** @type {[Frame, string] | undefined} */
  let last;
  phone.addEventListener("change", () => last && show(...last), { signal: scope.signal });
  const load = async (/** @type {Frame} */ frame) => {
    const picture = fitting(frame);
    if (isEmpty(picture) || scope.signal.aborted) return;
    const next = new Image();
    next.src = address(picture);
    const come = next.decode().catch(() => {}); // one that does not come leaves its words
    coming.push(come);
    await come;
  };
  const show = async (/** @type {Frame} */ now, /** @type {string} */ alt) => {
    last = [now, alt];
    frame.hidden = isEmpty(now.picture);
    if (frame.hidden) return;
    const coming = address(fitting(now));
    wanted = coming;
    await load(now);
    if (wanted !== coming || scope.signal.aborted) return;
    image.src = wanted;
    image.alt = alt;
  };
  return { element: frame, load, show };
}

export default { render };
