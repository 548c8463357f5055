// Elements, and the parts of a form.

import { picture } from "./canvas.js";

/** @import { Scope } from "./view.js" */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string>} [attributes]
 * @param {(Node | string)[]} children
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** @param {string} name of its class, if any @param {(Node | string)[]} children */
export function box(name, ...children) {
  return element("div", name ? { class: name } : {}, ...children);
}

/** @param {string} name of its class, if any @param {(Node | string)[]} children */
export function paragraph(name, ...children) {
  return element("p", name ? { class: name } : {}, ...children);
}

/** @param {string} name of its class, if any @param {(Node | string)[]} children */
export function span(name, ...children) {
  return element("span", name ? { class: name } : {}, ...children);
}

/** What stands above a picture or a control. @param {string} text */
export function caption(text) {
  return paragraph("vae-caption", text);
}

let lastId = 0;

/** An id that no other view on the page has. */
export function freshId() {
  return `vae-${++lastId}-${Math.random().toString(36).slice(2, 8)}`;
}

/** JupyterLab takes the arrow keys for itself before an element sees them, unless it carries this. */
export const OWN_KEYS = { "data-lm-suppress-shortcuts": "true" };

/**
 * @param {Scope} scope @param {string | Node} label @param {() => void} press
 * @param {Record<string, string>} [attributes]
 */
export function button(scope, label, press, attributes = {}) {
  const made = element("button", { class: "vae-button", type: "button", ...attributes, ...OWN_KEYS }, label);
  made.addEventListener("click", press, { signal: scope.signal });
  return made;
}

/**
 * One of the radio buttons of a group, which the label has to stand beside.
 * @param {Scope} scope @param {string} group a `freshId` @param {() => void} pick
 * @param {Record<string, string>} [attributes]
 */
export function radio(scope, group, pick, attributes = {}) {
  const made = element("input", { type: "radio", name: group, ...attributes, ...OWN_KEYS });
  made.addEventListener("change", () => made.checked && pick(), { signal: scope.signal });
  return made;
}

/**
 * A box to tick, with its label.
 * @param {Scope} scope @param {string} label @param {(ticked: boolean) => void} onChange
 */
export function check(scope, label, onChange) {
  const input = element("input", { type: "checkbox", ...OWN_KEYS });
  input.addEventListener("change", () => onChange(input.checked), { signal: scope.signal });
  return { input, element: element("label", { class: "vae-check" }, input, label) };
}

/**
 * A canvas for a picture that a network makes, and what draws its values there.
 * @param {number} height @param {number} width @param {Record<string, string>} [attributes]
 */
export function tile(height, width, attributes = {}) {
  const coarse = width * height < 400 ? " vae-coarse" : "";
  const canvas = element("canvas", { class: `vae-digit${coarse}`, ...attributes });
  canvas.style.aspectRatio = `${width} / ${height}`;
  return { canvas, draw: picture(canvas, height, width) };
}

/** Shows a number behind its text. @param {HTMLDataElement} data @param {number} value @param {string} text */
export function write(data, value, text) {
  data.value = `${value}`;
  data.textContent = text;
}

/**
 * A labelled native slider with its value in words.
 * @param {Scope} scope
 * @param {{label: string, min: number, max: number, step: number, text: (value: number) => string,
 *   spoken: (value: number) => string, onInput: (value: number) => void}} options
 */
export function slider(scope, { label, min, max, step, text, spoken, onInput }) {
  const id = freshId();
  const input = element("input", { type: "range", id, min: `${min}`, max: `${max}`, step: `${step}`, ...OWN_KEYS });
  const output = element("output", { for: id, "aria-hidden": "true" }); // the slider says it
  const set = (/** @type {number} */ value) => {
    input.value = `${value}`;
    input.setAttribute("aria-valuetext", spoken(value));
    output.textContent = text(value);
  };
  input.addEventListener("input", () => onInput(input.valueAsNumber), { signal: scope.signal });
  const row = box("vae-slider", element("label", { for: id }, label), input, output);
  return { element: row, input, set };
}

/**
 * A row of buttons, one of which may be what is shown now.
 * @template {{label: Node | string, name: string}} Option
 * @param {Scope} scope @param {Option[]} options @param {(option: Option) => void} pick
 */
export function choices(scope, options, pick) {
  const buttons = options.map((option) =>
    button(scope, option.label, () => pick(option), { "aria-label": option.name })
  );
  const mark = (/** @type {(option: Option) => boolean} */ shown) =>
    buttons.forEach((one, i) => one.setAttribute("aria-pressed", `${shown(options[i])}`));
  return { element: box("vae-choices", ...buttons), mark };
}

/**
 * A select with a label before it.
 * @param {Scope} scope @param {string} label @param {string[]} options @param {(value: string) => void} onChange
 */
export function choice(scope, label, options, onChange) {
  const id = freshId();
  const select = element(
    "select",
    { id, class: "vae-select", ...OWN_KEYS },
    ...options.map((one) => element("option", {}, one)),
  );
  select.addEventListener("change", () => onChange(select.value), { signal: scope.signal });
  return { select, parts: [element("label", { for: id }, label), select] };
}

/** A text for screen readers, said when the reader's hand rests, so that it can be followed. @param {Scope} scope */
export function announcer(scope, restMs = 600) {
  const live = element("div", { class: "vae-live", role: "status", "aria-live": "polite" });
  let timer = 0;
  scope.onEnd(() => clearTimeout(timer));
  const say = (/** @type {() => string} */ text) => {
    clearTimeout(timer);
    timer = setTimeout(() => (live.textContent = text()), restMs);
  };
  return { element: live, say };
}
