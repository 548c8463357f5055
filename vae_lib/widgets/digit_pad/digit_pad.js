// A pad to draw a digit on, and what a VAE makes of it: X, Q(z|X), ε, z, f(z), log P(X|z).

import { picture } from "../shared/canvas.js";
import { announcer, box, button, caption, choices, element, paragraph } from "../shared/form.js";
import { draggable } from "../shared/hand.js";
import { normals } from "../shared/numbers.js";
import { mount } from "../shared/view.js";
import { fill, shownNumber } from "../shared/words.js";
import { chainPanel } from "./chain.js";
import { fitPanel, verdictWord } from "./fit.js";
import {
  brightness,
  drawStroke,
  enlarged,
  GRID,
  inkOf,
  namedExamples,
  NO_DIGITS,
  normalised,
  readPicture,
  same,
  SIDE,
} from "../shared/ink.js";
import { mapPanel } from "./map.js";
import { look, readNetworks } from "./seen.js";

/**
 * @import { Model, Scope } from "../shared/view.js"
 * @import { Pair } from "../shared/ink.js"
 * @import { Seen } from "./seen.js"
 * @typedef {{ink: Float32Array, x: Uint8Array}} Sheet the pad's ink, 0 to 1, and the picture made of it, 0 to 255
 */

const UNDOS = 20;

/**
 * The stroke that a model is being told of, so that its other views remember one picture for a stroke, not for each
 * frame.
 * @type {WeakMap<Model, object>}
 */
const strokes = new WeakMap();

/** @param {{model: Model, el: HTMLElement}} view */
function render(view) {
  const networks = ["encoder_weights", "encoder_layers", "decoder_weights", "decoder_layers", "sigma"];
  const anew = [...networks, "extent", "points", "labels", "examples", "example_labels", "usual"];
  return mount(view, { kind: "vae-pad-widget", anew, followed: ["x", "epsilon"] }, build);
}

/** @returns {Sheet} */
function emptySheet() {
  return { ink: new Float32Array(GRID * GRID), x: new Uint8Array(SIDE * SIDE) };
}

/** The sheet on the pad, and those before it. */
class Sheets {
  now = emptySheet();
  /** @type {Sheet[]} */
  before = [];
  /** Whether the pen left ink that X does not have yet. */
  wet = false;

  get isEmpty() {
    return this.now.x.every((level) => level === 0);
  }

  dry() {
    if (this.wet) this.now.x = normalised(this.now.ink);
    this.wet = false;
  }

  remember() {
    this.dry();
    this.before.push({ ink: this.now.ink.slice(), x: this.now.x });
    if (this.before.length > UNDOS) this.before.shift();
  }

  /** @param {Sheet} sheet */
  lay(sheet) {
    this.wet = false;
    this.now = sheet;
  }
}

/** The traits as a picture and an ε. @param {Model} model @returns {{x: Uint8Array, epsilon: Pair}} */
function readTraits(model) {
  const pair = model.get("epsilon");
  const valid = Array.isArray(pair) && pair.length === 2 && pair.every(Number.isFinite);
  return { x: readPicture(model), epsilon: valid ? [pair[0], pair[1]] : [0, 0] };
}

/** @param {Model} model @param {HTMLElement} body @param {Scope} scope */
function build(model, body, scope) {
  const words = model.get("words");
  /** @type {number[][]} */
  const usual = model.get("usual");
  const networks = readNetworks(model);
  const sheets = new Sheets();
  /** @type {Pair} */
  let epsilon = [0, 0];
  /** @type {Seen | null} */
  let seen = null;
  const map = mapPanel(scope, model);
  const fit = fitPanel(words, usual, networks.sigma);
  const chain = chainPanel(words);
  const verdict = paragraph("vae-verdict");
  const live = announcer(scope);
  const verdictText = () => {
    if (!seen) return sheets.isEmpty ? words.empty : words.not_finite;
    return usual.length ? words[verdictWord(seen.log_likelihood, usual[0])] : "";
  };
  const spoken = () => seen ? spokenText(words, seen, map.nearest(), verdictText()) : verdictText();
  /** Shows the sheet and ε; the map in the next frame. */
  const show = () => {
    seen = sheets.isEmpty ? null : look(networks, sheets.now.x, epsilon);
    pad.show(sheets);
    chain.show(sheets.now.x, epsilon, seen);
    fit.show(seen);
    verdict.textContent = verdictText();
    map.show(seen);
    examples.mark(sheets.now.x);
  };
  const tellOf = (/** @type {string} */ name, /** @type {any} */ value) => {
    model.set(name, value);
    model.save_changes();
    live.say(spoken);
  };
  const report = () => tellOf("x", new DataView(sheets.now.x.slice().buffer));
  const lay = (/** @type {Sheet} */ sheet) => {
    sheets.lay(sheet);
    show();
    report();
  };
  const change = (/** @type {Sheet} */ next) => {
    if (same(next.ink, sheets.now.ink)) return;
    sheets.remember();
    lay(next);
  };
  const undo = () => {
    const last = sheets.before.pop();
    if (last) lay(last);
  };
  const resample = () => {
    epsilon = /** @type {Pair} */ ([...normals(Math.floor(Math.random() * 2 ** 32), 2)]);
    show();
    tellOf("epsilon", epsilon);
  };
  const follow = followed(model, sheets, (next) => {
    epsilon = next;
    show();
  }, () => epsilon);
  const tools = [button(scope, words.clear, () => change(emptySheet())), button(scope, words.undo, undo)];
  const pad = padPanel(scope, model, sheets, tools, () => show(), report);
  const examples = exampleButtons(scope, model, change, () => sheets.now.x);
  const head = caption(usual.length ? words.fit_caption_usual : words.fit_caption);
  body.replaceChildren(
    pad.element,
    box("vae-examples", caption(words.examples_caption), examples.element),
    chain.element,
    box("vae-action", button(scope, words.resample, resample), paragraph("", words.resample_hint)),
    map.element,
    box("vae-fit", head, fit.element, verdict),
    paragraph("vae-hint", words.hint),
    live.element,
  );
  follow();
  if (sheets.isEmpty) show(); // an empty pad is no news to follow
  sheets.before.length = 0;
  examples.draw();
  return follow;
}

/** @param {Record<string, string>} words @param {Seen} seen @param {string} near @param {string} verdict */
function spokenText(words, { log_likelihood }, near, verdict) {
  return fill(words.live, { log_likelihood: shownNumber(log_likelihood), near, verdict });
}

/**
 * Lays the picture of the traits on the sheet; what another view draws in one stroke is remembered once.
 * @param {Model} model @param {Sheets} sheets @param {(epsilon: Pair) => void} show @param {() => Pair} now
 */
function followed(model, sheets, show, now) {
  /** The stroke of another view before which the sheet was remembered. @type {object | undefined} */
  let remembered;
  return () => {
    const { x, epsilon } = readTraits(model);
    const newPicture = !same(x, sheets.now.x);
    if (!newPicture && same(epsilon, now())) return;
    if (newPicture) {
      const stroke = strokes.get(model);
      if (!stroke || stroke !== remembered) sheets.remember();
      remembered = stroke;
      sheets.lay({ ink: enlarged(x), x });
    }
    show(epsilon);
  };
}

/**
 * The pad, on which a pen leaves ink.
 * @param {Scope} scope @param {Model} model @param {Sheets} sheets @param {HTMLElement[]} tools
 * @param {() => void} onInk @param {() => void} report
 */
function padPanel(scope, model, sheets, tools, onInk, report) {
  const words = model.get("words");
  const pad = element("canvas", { class: "vae-digit vae-pad", role: "img", "aria-label": words.pad_name });
  const invite = element("p", { class: "vae-invite", "aria-hidden": "true" }, words.invite);
  const draw = picture(pad, GRID, GRID);
  let own = {}; // the stroke
  const drawn = scope.perFrame(() => {
    if (!sheets.wet) return; // another picture was set meanwhile
    sheets.dry();
    onInk();
    strokes.set(model, own);
    report();
    strokes.delete(model);
  });
  draggable(scope, pad, {
    take: () => {
      sheets.remember();
      own = {};
      return /** @type {{last: number[] | null}} */ ({ last: null });
    },
    move: (_at, stroke, event) => {
      stroke.last = drawStroke(sheets.now.ink, pad, event, stroke.last);
      sheets.wet = true;
      drawn();
    },
  });
  const panel = box(
    "vae-drawing",
    caption(words.pad_caption),
    box("vae-sheet", pad, invite),
    box("vae-tools", ...tools),
  );
  const show = (/** @type {Sheets} */ { now, isEmpty }) => {
    draw(now.ink);
    invite.hidden = !isEmpty;
  };
  return { element: panel, show };
}

/**
 * Test digits, and what is no digit, to choose from.
 * @param {Scope} scope @param {Model} model @param {(sheet: Sheet) => void} change @param {() => Uint8Array} now
 */
function exampleButtons(scope, model, change, now) {
  const words = model.get("words");
  const examples = [
    ...namedExamples(model).map(({ name, x }) => ({ name, ink: () => enlarged(x), x: () => x })),
    ...Object.entries(NO_DIGITS).map(([kind, lines]) => {
      const ink = () => inkOf(lines);
      return { name: words[`example_${kind}`], ink, x: () => normalised(ink()) };
    }),
  ].map((example) => ({ ...example, label: element("canvas", { class: "vae-digit" }) }));
  const buttons = choices(scope, examples, ({ x, ink }) => change({ ink: ink(), x: x().slice() }));
  /** X of the examples that are drawn already. @type {Map<HTMLCanvasElement, Uint8Array>} */
  const drawn = new Map();
  const mark = (/** @type {Uint8Array} */ x) => buttons.mark(({ label }) => same(drawn.get(label), x));
  /** One a frame: the digit comes first, and a dozen pictures take their time. */
  const draw = scope.perFrame(() => {
    const { label, x } = examples[drawn.size];
    const pixels = x();
    drawn.set(label, pixels);
    picture(label, SIDE, SIDE)(brightness(pixels));
    mark(now());
    if (drawn.size < examples.length) draw();
  });
  return { element: buttons.element, mark, draw };
}

export default { render };
