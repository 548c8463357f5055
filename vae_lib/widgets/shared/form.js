// Elements, and the parts of a form.

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

let lastId = 0;

/** An id that no other view on the page has. */
export function freshId() {
  return `vae-${++lastId}-${Math.random().toString(36).slice(2, 8)}`;
}

/** JupyterLab takes the arrow keys for itself before an element sees them, unless it carries this. */
export const OWN_KEYS = { "data-lm-suppress-shortcuts": "true" };

/**
 * A labelled native slider with its value in words.
 * @param {Scope} scope
 * @param {{label: string, min: number, max: number, step: number, text: (value: number) => string,
 *   spoken: (value: number) => string, onInput: (value: number) => void}} options
 */
export function slider(scope, { label, min, max, step, text, spoken, onInput }) {
  const id = freshId();
  const input = element("input", { type: "range", id, min: `${min}`, max: `${max}`, step: `${step}`, ...OWN_KEYS });
  const output = element("output", { for: id, "aria-live": "off" });
  const set = (/** @type {number} */ value) => {
    input.value = `${value}`;
    input.setAttribute("aria-valuetext", spoken(value));
    output.textContent = text(value);
  };
  input.addEventListener("input", () => onInput(input.valueAsNumber), { signal: scope.signal });
  const row = element("div", { class: "vae-slider" }, element("label", { for: id }, label), input, output);
  return { element: row, input, set };
}

/**
 * A row of buttons, one of which may be what is shown now.
 * @template {{label: Node | string, name: string}} Option
 * @param {Scope} scope @param {Option[]} options @param {(option: Option) => void} pick
 */
export function choices(scope, options, pick) {
  const buttons = options.map((option) => {
    const button = element(
      "button",
      { class: "vae-button", type: "button", "aria-label": option.name, ...OWN_KEYS },
      option.label,
    );
    button.addEventListener("click", () => pick(option), { signal: scope.signal });
    return button;
  });
  const mark = (/** @type {(option: Option) => boolean} */ shown) =>
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", `${shown(options[i])}`));
  return { element: element("div", { class: "vae-choices" }, ...buttons), mark };
}

/** A select with a label before it. @param {Scope} scope @param {string} label @param {string[]} options @param {(value: string) => void} onChange */
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
