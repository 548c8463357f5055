// A view's life: it is built, follows the theme and the traits, draws in frames, and ends.

import { element } from "./form.js";
import { ShownError } from "./words.js";

/**
 * @typedef {"light" | "dark"} Theme
 * @typedef {Record<string, [string, string]>} Shades light and dark, by name
 * @typedef {{terms: Shades, neutrals: Shades, digits: string[]}} Palette
 * @typedef {{get(name: string): any, set(name: string, value: any): void, save_changes(): void,
 *   on(event: string, callback: () => void): void, off(event: string, callback: () => void): void}} Model
 */

/** The host's theme: the book, JupyterLab, VS Code, Colab, else the system's. @returns {Theme} */
export function currentTheme() {
  const { documentElement: html, body } = document;
  const said = html.dataset.theme ??
    { true: "light", false: "dark" }[body.dataset.jpThemeLight ?? ""] ??
    body.dataset.vscodeThemeKind?.replace("vscode-", "") ??
    html.getAttribute("theme");
  if (said === "light" || said === "dark") return said;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/**
 * Calls back now, and again whenever the theme changes.
 * @param {Scope} scope @param {(theme: Theme) => void} callback
 */
export function watchTheme(scope, callback) {
  /** @type {Theme | undefined} */
  let last;
  const check = () => {
    const theme = currentTheme();
    if (theme !== last) callback(last = theme);
  };
  const observer = new MutationObserver(check);
  for (const element of [document.documentElement, document.body]) observer.observe(element, { attributes: true });
  scope.onEnd(() => observer.disconnect());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", check, { signal: scope.signal });
  check();
}

/** Colours in a theme. @param {Shades} shades @param {Theme} theme @returns {Record<string, string>} */
export function inTheme(shades, theme) {
  return Object.fromEntries(
    Object.entries(shades).map(([name, [light, dark]]) => [name, theme === "dark" ? dark : light]),
  );
}

/**
 * All colours as custom properties, `--ink`, `--term-prior` and so on.
 * @param {HTMLElement} root @param {Palette} palette @param {Theme} theme
 */
function applyTheme(root, { terms, neutrals }, theme) {
  root.dataset.theme = theme;
  for (const [before, shades] of /** @type {const} */ ([["--term-", terms], ["--", neutrals]])) {
    for (const [name, colour] of Object.entries(inTheme(shades, theme))) root.style.setProperty(before + name, colour);
  }
}

/** What waits for a frame, first come first. */
const frames = { waiting: /** @type {Set<() => void>} */ (new Set()), asked: 0 };

/** How much of a frame drawing may take before the rest is left to the next one, in milliseconds. */
const FRAME_SHARE = 8;

/** A widget that starts has many things to draw; one frame after the other, so that the page never stands still. */
function drawFrame() {
  const end = performance.now() + FRAME_SHARE;
  frames.asked = 0;
  for (const draw of [...frames.waiting]) {
    if (performance.now() > end) break;
    frames.waiting.delete(draw);
    draw();
  }
  if (frames.waiting.size) frames.asked ||= requestAnimationFrame(drawFrame);
}

/** Everything that must end with a view: listeners, observers, frames. */
export class Scope {
  constructor() {
    this.controller = new AbortController();
    this.signal = this.controller.signal;
    /** While the view sets several traits, of which some are still the old ones; see `tell`. */
    this.telling = false;
    /** Whether a frame has gone by in which the browser laid the new view out. */
    this.laidOut = false;
    requestAnimationFrame(() => (this.laidOut = true));
  }

  /** @param {() => void} callback */
  onEnd(callback) {
    this.signal.addEventListener("abort", callback, { once: true });
  }

  /** Listens to a synced trait. @param {Model} model @param {string} name @param {() => void} callback */
  onTrait(model, name, callback) {
    model.on(`change:${name}`, callback);
    this.onEnd(() => model.off(`change:${name}`, callback));
  }

  /** Calls back on each change of an element's size. @param {Element} element @param {() => void} callback */
  onResize(element, callback) {
    const observer = new ResizeObserver(callback);
    observer.observe(element);
    this.onEnd(() => observer.disconnect());
  }

  /**
   * A function that asks for `draw` in the next frame, however often it is called. A new view is first drawn one frame
   * later: its layout is work enough for one.
   * @param {() => void} draw
   */
  perFrame(draw) {
    this.onEnd(() => frames.waiting.delete(draw));
    return () => {
      if (this.signal.aborted) return;
      frames.waiting.add(draw);
      frames.asked ||= requestAnimationFrame(
        this.laidOut ? drawFrame : () => (frames.asked = requestAnimationFrame(drawFrame)),
      );
    };
  }

  end() {
    this.controller.abort();
  }
}

/**
 * Sets traits to what a view shows, and saves once. The view's own `follow` hears of the last of them
 * only, when all are set.
 * @param {Scope} scope @param {Model} model @param {Record<string, any>} changes
 */
export function tell(scope, model, changes) {
  const entries = Object.entries(changes);
  entries.forEach(([name, value], i) => {
    scope.telling = i < entries.length - 1;
    model.set(name, value);
  });
  if (entries.length) model.save_changes();
}

/**
 * Traits that Python sets together arrive together: `later` asks for one `rebuild` for all of them.
 * @param {() => void} rebuild
 */
function onceForAll(rebuild) {
  let waiting = false;
  let ended = false;
  const later = () => {
    if (waiting) return;
    waiting = true;
    queueMicrotask(() => {
      waiting = false;
      if (!ended) rebuild();
    });
  };
  return { later, end: () => void (ended = true) };
}

/**
 * Runs `build`; an error that the reader should know of becomes one sentence in the widget.
 * @param {HTMLElement} root @param {Record<string, string>} words @param {() => void} build
 */
function orSentence(root, words, build) {
  try {
    build();
  } catch (error) {
    if (!(error instanceof ShownError)) throw error;
    root.replaceChildren(element("p", { class: "vae-sentence", role: "status" }, words[error.word]));
  }
}

/**
 * What every widget's `render` does: a root that follows the theme, and `build`, run again when a trait of `anew`
 * changes. `build` returns `follow`, which shows what the traits of `followed` hold now; where either throws a
 * ShownError, its sentence stands in the widget until a later change heals it.
 * @param {{model: Model, el: HTMLElement}} view
 * @param {{kind: string, anew: string[], followed?: string[]}} options
 * @param {(model: Model, body: HTMLElement, scope: Scope) => (() => void) | void} build
 * @returns {() => void} what removes the view
 */
export function mount({ model, el }, { kind, anew, followed = [] }, build) {
  const body = element("div", { class: kind });
  const root = element("div", { class: "vae-widget", role: "group" }, body);
  el.replaceChildren(root);
  /** @type {Scope | undefined} */
  let scope;
  /** @type {(() => void) | undefined} none while a sentence stands there instead */
  let follow;
  const start = () => {
    scope?.end();
    const current = (scope = new Scope());
    follow = undefined;
    const words = model.get("words");
    root.setAttribute("aria-label", words.name);
    watchTheme(current, (theme) => applyTheme(root, model.get("palette"), theme));
    orSentence(body, words, () => (follow = build(model, body, current) ?? (() => {})));
  };
  const { later, end } = onceForAll(start);
  const changed = () => {
    if (scope?.telling) return;
    try {
      if (follow) follow();
      else later();
    } catch (error) {
      if (!(error instanceof ShownError)) throw error;
      later();
    }
  };
  const heard = [
    ...["words", "palette", ...anew].map((name) => /** @type {const} */ ([name, later])),
    ...followed.map((name) => /** @type {const} */ ([name, changed])),
  ];
  for (const [name, callback] of heard) model.on(`change:${name}`, callback);
  start();
  return () => {
    end();
    for (const [name, callback] of heard) model.off(`change:${name}`, callback);
    scope?.end();
    root.remove();
  };
}
