// What says the machine in words: Eq. (4), the code, and a sentence for what is pointed at.

import { element, paragraph, span } from "../shared/form.js";
import { fill, shownNumber } from "../shared/words.js";
import { EQUATION, LINE_NODES, lineOf, piecesOf } from "./nodes.js";
import { backOf, textOf } from "./said.js";

/**
 * @import { Scope } from "../shared/view.js"
 * @import { Shown } from "./anatomy.js"
 */

/** Eq. (4), each piece to point at. @param {Record<string, string>} words */
export function equation4(words) {
  const pieces = EQUATION.map(([node, word, term]) => {
    const made = node
      ? element("button", { type: "button", class: "vae-piece", "data-node": node })
      : span("vae-piece");
    // An index is set as one.
    const [text, index] = words[word].split("_");
    made.append(text, ...(index ? [element("sub", {}, index)] : []));
    if (term) made.style.setProperty("--term", `var(--term-${term})`);
    if (words[`spoken_${word}`]) made.append(span("vae-live", words[`spoken_${word}`]));
    return made;
  });
  const named = { class: "vae-equation", role: "group", "aria-label": words.equation };
  const point = (/** @type {string} */ name) => {
    const lit = piecesOf(name);
    pieces.forEach((piece, i) => piece.classList.toggle("vae-on", lit.includes(i)));
  };
  const buttons = pieces.filter((piece) => piece instanceof HTMLButtonElement);
  return { element: element("div", named, ...pieces, span("vae-number", words.eq_number)), buttons, point };
}

/** The lines of code for what is shown. @param {Record<string, string>} words @param {Shown} shown */
function codeLines(words, { sample, gradient }) {
  const score = sample && gradient === "score";
  const cut = score || gradient === "detached";
  const kinds = { 4: `${sample ? "" : "_point"}${cut ? "_detached" : ""}`, 8: score ? "_score" : "" };
  return LINE_NODES.map((_, i) => {
    const kind = /** @type {Record<number, string>} */ (kinds)[i + 1] ?? "";
    return words[`line_${i + 1}${kind}`];
  });
}

/** Ten lines of PyTorch, each to point at. @param {Record<string, string>} words */
export function codeBlock(words) {
  const lines = LINE_NODES.map((node) => {
    const code = element("code");
    return { code, made: element("button", { type: "button", class: "vae-line", "data-node": node }, code) };
  });
  const list = element(
    "ol",
    { class: "vae-code", "aria-label": words.code },
    ...lines.map(({ made }) => element("li", {}, made)),
  );
  const show = (/** @type {Shown} */ shown) =>
    codeLines(words, shown).forEach((text, i) => (lines[i].code.textContent = text));
  const point = (/** @type {string} */ name) =>
    lines.forEach(({ made }, i) => made.classList.toggle("vae-on", i === lineOf(name)));
  return { element: list, buttons: lines.map(({ made }) => made), show, point };
}

/**
 * One sentence on what is pointed at.
 * @param {Record<string, string>} words @param {Shown} shown @param {string} name
 */
export function sentenceOf(words, shown, name) {
  const { forward, layers, x, sigma } = shown;
  const widths = (/** @type {ArrayLike<number>[]} */ rows) => rows.map((row) => row.length).join(" → ");
  const about = fill(words[`about_${name}`], {
    pixels: `${x.length}`,
    sigma: shownNumber(sigma),
    encoder: widths([x, ...layers.encoder]),
    decoder: widths([forward.z, ...layers.decoder]),
    value: textOf(shown, name).join(", "),
  });
  const boxless = ["evidence", "gap", "backward", "step"].includes(name);
  return shown.back && !boxless ? `${about} ${backOf(words, shown, name)}` : about;
}

/** Where that sentence stands. */
export function sentenceLine() {
  const line = paragraph("vae-about");
  return { element: line, show: (/** @type {string} */ text) => (line.textContent = text) };
}

/**
 * Buttons to point at what they stand for: by a mouse that rests on one, by a finger, and by the arrow keys, which move
 * among them; all are one tab stop.
 * @param {Scope} scope @param {HTMLButtonElement[]} buttons
 * @param {{hover: (name: string | null) => void, pick: (name: string) => void}} options
 */
export function pointing(scope, buttons, { hover, pick }) {
  const { signal } = scope;
  const name = (/** @type {HTMLButtonElement} */ one) => /** @type {string} */ (one.dataset.node);
  const stop = (/** @type {HTMLButtonElement} */ one) =>
    buttons.forEach((each) => (each.tabIndex = each === one ? 0 : -1));
  for (const [i, one] of buttons.entries()) {
    one.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && hover(name(one)), { signal });
    one.addEventListener("pointerleave", () => hover(null), { signal });
    one.addEventListener("focus", () => one.matches(":focus-visible") && pick(name(one)), { signal });
    one.addEventListener("click", () => pick(name(one)), { signal });
    one.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      /** @type {Record<string, number>} */
      const targets = { ArrowRight: i + 1, ArrowDown: i + 1, ArrowLeft: i - 1, ArrowUp: i - 1, Home: 0, End: -1 };
      const target = targets[event.key];
      if (target === undefined) return;
      event.preventDefault();
      const next = /** @type {HTMLButtonElement} */ (buttons.at(target % buttons.length));
      stop(next);
      next.focus();
    }, { signal });
  }
  stop(buttons[0]);
  /** The one that stands for what is picked is where the tab key leads. @param {string} picked */
  const show = (picked) => {
    const one = buttons.find((each) => name(each) === picked);
    if (one) stop(one);
    for (const each of buttons) each.setAttribute("aria-pressed", `${each === one}`);
  };
  return { show };
}
