// A pad to draw a digit on, and what a VAE makes of it: X, Q(z|X), ε, z, f(z), log P(X|z).

import { drawRing, fitCanvas, haloText, INKS, mixed, picture, termColours } from "../shared/canvas.js";
import { roundUp } from "../shared/chart.js";
import { announcer, choices, element, OWN_KEYS } from "../shared/form.js";
import { draggable } from "../shared/hand.js";
import { clusters, drawEllipses, drawMarker, drawStatic, mostNear } from "../shared/latent_map.js";
import { Network } from "../shared/network.js";
import { bytes, clamp, halfFloats, normals } from "../shared/numbers.js";
import { Plane } from "../shared/plane.js";
import { currentTheme, mount, watchTheme } from "../shared/view.js";
import { fill, ShownError, shownNumber } from "../shared/words.js";

/** @import { Model, Scope } from "../shared/view.js" */

/** @typedef {[number, number]} Pair */
/** @typedef {{ink: Float32Array, x: Uint8Array}} Sheet the pad's ink, 0 to 1, and the picture made of it, 0 to 255 */
/**
 * @typedef {{mean: Pair, std: Pair, z: Pair, image: Float32Array, log_likelihood: number, kl: number, elbo: number}} Seen
 *   what the model makes of a picture; `image` lasts until the next picture
 */

const SIDE = 28; // pixels of X in a row
const BOX = 20; // of them that a digit's longer side takes, as in MNIST
const CELL = 10; // points of the pad to one pixel
export const GRID = SIDE * CELL;
const PEN = 1.1 * CELL; // radius
const SOFT = 0.8 * CELL; // width of the pen's edge, over which the ink fades
const UNDOS = 20;

/** The stroke that a model is being told of, so that its other views remember one picture for a stroke, not for each frame. @type {WeakMap<Model, object>} */
const strokes = new WeakMap();

/** What is no digit, as strokes in pixels of X. @type {Record<"scribble" | "cross", Pair[][]>} */
const NO_DIGITS = {
  scribble: [Array.from({ length: 121 }, (_, i) => /** @type {Pair} */ ([
    14 + 9.5 * Math.sin((i * Math.PI) / 20 + 0.6),
    14 + 9.5 * Math.sin((i * Math.PI) / 15),
  ]))],
  cross: [[[4, 4], [24, 24]], [[24, 4], [4, 24]]],
};

// ------------------------------------------------------------------------------------------------ the drawing

/**
 * Lays ink along a line, whose width may change from one end to the other.
 * @param {Float32Array} ink @param {number[]} from x, y, radius, in points of the pad @param {number[]} to
 */
function drawLine(ink, from, to) {
  const [dx, dy, dr] = [to[0] - from[0], to[1] - from[1], to[2] - from[2]];
  const squared = dx * dx + dy * dy;
  const reach = Math.max(from[2], to[2]) + SOFT / 2;
  const span = (/** @type {number} */ axis) => [
    Math.max(0, Math.floor(Math.min(from[axis], to[axis]) - reach)),
    Math.min(GRID, Math.ceil(Math.max(from[axis], to[axis]) + reach)),
  ];
  const [[left, right], [top, bottom]] = [span(0), span(1)];
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const [px, py] = [x + 0.5 - from[0], y + 0.5 - from[1]];
      const t = squared > 0 ? clamp((px * dx + py * dy) / squared, 0, 1) : 1;
      const within = from[2] + t * dr + SOFT / 2 - Math.hypot(px - t * dx, py - t * dy);
      if (within <= 0) continue;
      const i = y * GRID + x;
      ink[i] = Math.max(ink[i], Math.min(1, within / SOFT));
    }
  }
}

/** @param {Pair[][]} strokes in pixels of X */
function inkOf(strokes) {
  const ink = new Float32Array(GRID * GRID);
  for (const stroke of strokes) {
    const points = stroke.map(([x, y]) => [x * CELL, y * CELL, PEN]);
    points.forEach((point, i) => drawLine(ink, points[Math.max(0, i - 1)], point));
  }
  return ink;
}

/** A picture on the pad, every pixel a square of ink. @param {ArrayLike<number>} x */
export function enlarged(x) {
  const ink = new Float32Array(GRID * GRID);
  for (let i = 0; i < ink.length; i++) {
    ink[i] = x[Math.floor(i / GRID / CELL) * SIDE + Math.floor((i % GRID) / CELL)] / 255;
  }
  return ink;
}

/** Cuts a length into pieces and the rest: how much of which points each piece covers. @param {number} length @param {number} piece */
function pieces(length, piece) {
  return Array.from({ length: Math.ceil(length / piece - 1e-9) }, (_, i) => {
    const [start, end] = [i * piece, Math.min((i + 1) * piece, length)];
    const first = Math.floor(start);
    const shares = Array.from(
      { length: Math.ceil(end) - first },
      (_, j) => (Math.min(end, first + j + 1) - Math.max(start, first + j)) / piece,
    );
    return { first, shares };
  });
}

/**
 * A drawing in the form of MNIST's digits (LeCun et al. 1998): its box shrunk by area to 20 pixels along the longer
 * side, and moved by whole pixels until the centre of mass lies in the middle of 28 by 28. No ink gives a black picture.
 * @param {Float32Array} ink @returns {Uint8Array}
 */
export function normalised(ink) {
  const picture = new Uint8Array(SIDE * SIDE);
  let [left, right, top, bottom] = [GRID, -1, GRID, -1];
  for (let y = 0, i = 0; y < GRID; y++) {
    for (let x = 0; x < GRID; x++, i++) {
      if (ink[i] === 0) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      bottom = y;
    }
  }
  if (right < 0) return picture;
  const [width, height] = [right - left + 1, bottom - top + 1];
  const piece = Math.max(width, height) / BOX;
  const [columns, rows] = [pieces(width, piece), pieces(height, piece)];

  const line = new Float64Array(width);
  const small = rows.map(({ first, shares }) => {
    line.fill(0);
    shares.forEach((share, j) => {
      const start = (top + first + j) * GRID + left;
      for (let x = 0; x < width; x++) line[x] += share * ink[start + x];
    });
    return columns.map((column) =>
      Math.round(255 * column.shares.reduce((sum, share, j) => sum + share * line[column.first + j], 0))
    );
  });

  let [mass, byX, byY] = [0, 0, 0];
  small.forEach((row, y) =>
    row.forEach((value, x) => {
      mass += value;
      byX += value * x;
      byY += value * y;
    })
  );
  if (mass === 0) return picture;
  const place = (/** @type {number} */ moment, /** @type {number} */ length) =>
    clamp(SIDE / 2 - Math.floor(moment / mass + 0.5), 0, SIDE - length);
  const [x0, y0] = [place(byX, columns.length), place(byY, rows.length)];
  small.forEach((row, y) => picture.set(row, (y0 + y) * SIDE + x0));
  return picture;
}

/** @param {ArrayLike<number> | undefined} a @param {ArrayLike<number>} b */
function same(a, b) {
  if (!a) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** @param {Uint8Array} x */
function brightness(x) {
  return Float32Array.from(x, (level) => level / 255);
}

// -------------------------------------------------------------------------------------------------- the model

/**
 * What the model makes of a picture, or null where it gives a number that is not finite.
 * @param {{encoder: Network, decoder: Network, sigma: number}} model @param {Uint8Array} x @param {Pair} epsilon
 * @returns {Seen | null}
 */
function look({ encoder, decoder, sigma }, x, epsilon) {
  const pixels = brightness(x);
  const [mean1, mean2, logVar1, logVar2] = encoder.run(pixels);
  /** @type {Pair} */
  const std = [Math.exp(logVar1 / 2), Math.exp(logVar2 / 2)];
  /** @type {Pair} */
  const z = [mean1 + std[0] * epsilon[0], mean2 + std[1] * epsilon[1]];
  const image = decoder.run(z);
  let squares = 0;
  for (let i = 0; i < pixels.length; i++) squares += (pixels[i] - image[i]) ** 2;
  const log_likelihood = -0.5 * pixels.length * Math.log(2 * Math.PI * sigma ** 2) - squares / (2 * sigma ** 2);
  // expm1 keeps the digits where Q is nearly the prior.
  const kl = 0.5 * (Math.expm1(logVar1) - logVar1 + mean1 ** 2 + Math.expm1(logVar2) - logVar2 + mean2 ** 2);
  const elbo = log_likelihood - kl;
  return [...z, ...std, elbo].every(Number.isFinite)
    ? { mean: [mean1, mean2], std, z, image, log_likelihood, kl, elbo }
    : null;
}

// ---------------------------------------------------------------------------------------------------- the map

/** How much larger the lens shows Q, so that its ellipses and z fit, or 1 where it needs no lens. @param {Seen} seen @param {number} room pixels of the map's scale in half a lens */
function lensTimes({ mean, std, z }, room) {
  const content = Math.max(2.3 * Math.max(...std), 1.15 * Math.hypot(z[0] - mean[0], z[1] - mean[1]));
  const most = Math.min(room / content, 5000);
  const power = 10 ** Math.floor(Math.log10(most));
  return most < 2 ? 1 : power * /** @type {number} */ ([5, 2, 1].find((factor) => factor * power <= most));
}

/**
 * A lens over a corner of the map, in which Q(z|X) is large enough to be seen, with μ and z.
 * @param {CanvasRenderingContext2D} context @param {Plane} plane @param {Seen} seen
 * @param {{at: Pair, radius: number, times: number, marker: Pair, colour: string, inks: any, font: string, words: Record<string, string>}} scene
 */
function drawLens(context, plane, seen, { at, radius, times, marker, colour, inks, font, words }) {
  const scale = plane.scale * times;
  const [x, y] = at;
  const away = Math.hypot(marker[0] - x, marker[1] - y);
  context.strokeStyle = inks.quiet;
  context.lineWidth = 1.25;
  context.beginPath();
  context.moveTo(x + ((marker[0] - x) * radius) / away, y + ((marker[1] - y) * radius) / away);
  context.lineTo(marker[0] - ((marker[0] - x) * 12) / away, marker[1] - ((marker[1] - y) * 12) / away);
  context.stroke();
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = inks.paper;
  context.fill();
  context.stroke();

  drawEllipses(context, at, seen.std.map((sd) => sd * scale), colour);
  /** @type {Pair} */
  const z = [x + (seen.z[0] - seen.mean[0]) * scale, y - (seen.z[1] - seen.mean[1]) * scale];
  context.strokeStyle = inks.ink;
  context.lineWidth = 1.25;
  context.beginPath();
  context.moveTo(...at);
  context.lineTo(...z);
  context.stroke();
  context.beginPath();
  context.arc(x, y, 3, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
  drawRing(context, z, { colour: inks.ink, paper: inks.paper, radius: 5, width: 2.5 });
  const side = z[0] < x ? -1 : 1;
  context.font = `italic 600 14px ${font}`;
  context.textBaseline = "middle";
  context.textAlign = side < 0 ? "right" : "left";
  haloText(context, words.lens_z, z[0] + 10 * side, z[1], inks.ink, inks.paper);
  context.textAlign = side < 0 ? "left" : "right";
  haloText(context, words.lens_mean, x - 7 * side, y, colour, inks.paper);
  context.font = `600 12px ${font}`;
  context.textAlign = "center";
  const below = y < plane.size / 2;
  context.textBaseline = below ? "top" : "bottom";
  const text = fill(words.lens, { times: `${times}` });
  const half = context.measureText(text).width / 2 + 6;
  haloText(
    context,
    text,
    clamp(x, half, plane.size - half),
    below ? y + radius + 5 : y - radius - 5,
    mixed(colour, inks.ink),
    inks.paper,
    5,
  );
}

// ---------------------------------------------------------------------------------------------------- the fit

/** The axes of the three rows, in nats. @param {number[][]} usual @param {number} sigma */
function axes(usual, sigma) {
  const best = -0.5 * SIDE * SIDE * Math.log(2 * Math.PI * sigma ** 2); // of log P(X|z), where f(z) is X
  const farther = (/** @type {number[]} */ [low, , high]) => low - 2 * (high - low);
  const least = usual.length ? farther(usual[2]) : best - (0.1 * SIDE * SIDE) / sigma ** 2;
  const step = roundUp((best - least) / 6);
  const fit = { low: Math.floor(least / step) * step, high: Math.ceil(best / step) * step, step };
  const most = roundUp(usual.length ? 2 * usual[1][2] : 20);
  return { log_likelihood: fit, kl: { low: 0, high: most, step: most / 4 }, elbo: fit };
}

/** log P(X|z), the KL and the ELBO, each a number and its place on an axis. @param {Record<string, string>} words @param {number[][]} usual @param {number} sigma */
function fitPanel(words, usual, sigma) {
  const scales = axes(usual, sigma);
  const rows = /** @type {[keyof typeof scales, string][]} */ ([
    ["log_likelihood", ""],
    ["kl", words.minus],
    ["elbo", words.equals],
  ]).map(([term, sign], i) => {
    const { low, high, step } = scales[term];
    const percent = (/** @type {number} */ nats) => clamp((100 * (nats - low)) / (high - low), 0, 100);
    const at = (/** @type {HTMLElement} */ mark, /** @type {number} */ nats) => {
      mark.style.left = `${percent(nats)}%`;
      return mark;
    };
    const number = element("data", { class: "vae-number" });
    const pointer = element("div", { class: "vae-pointer" });
    const ticks = Array.from(
      { length: Math.round((high - low) / step) + 1 },
      (_, k) =>
        at(
          element("span", { class: "vae-tick" }, element("span", {}, shownNumber(low + k * step, step % 1 ? 1 : 0))),
          low + k * step,
        ),
    );
    const track = element("div", { class: "vae-track", role: "img" }, ...ticks);
    if (usual.length) {
      const band = at(element("div", { class: "vae-band" }, element("span", {}, words.usual)), usual[i][0]);
      band.style.right = `${100 - percent(usual[i][2])}%`;
      track.append(band, at(element("div", { class: "vae-median" }), usual[i][1]));
    }
    track.append(pointer);
    const row = element(
      "div",
      { class: "vae-row", "data-term": term },
      element(
        "p",
        { class: "vae-term" },
        element("span", { class: "vae-sign" }, sign),
        " ",
        element("span", {}, words[term]),
        " ",
        number,
      ),
      track,
    );
    const show = (/** @type {number | null} */ nats) => {
      const value = nats === null ? words.no_number : shownNumber(nats, 2);
      number.textContent = value;
      number.value = nats === null ? "" : `${nats}`;
      pointer.hidden = nats === null;
      const spoken = usual.length ? words.row_spoken : words.row_spoken_alone;
      track.setAttribute(
        "aria-label",
        fill(spoken, { value, low: shownNumber(usual[i]?.[0] ?? 0, 1), high: shownNumber(usual[i]?.[2] ?? 0, 1) }),
      );
      if (nats === null) return;
      at(pointer, nats);
      pointer.dataset.beyond = nats < low ? "low" : nats > high ? "high" : "";
    };
    return { term, row, show };
  });
  const show = (/** @type {Seen | null} */ seen) => {
    for (const { term, show } of rows) show(seen && seen[term]);
  };
  return { element: element("div", { class: "vae-bars" }, ...rows.map(({ row }) => row)), show };
}

/** Which sentence says how log P(X|z) lies to that of test digits. @param {number} value @param {number[]} usual */
function verdictWord(value, [low, , high]) {
  return value < low ? "verdict_below" : value > high ? "verdict_above" : "verdict_within";
}

// ----------------------------------------------------------------------------------------------------- widget

/** @param {{model: Model, el: HTMLElement}} view */
function render(view) {
  const anew = [
    "encoder_weights",
    "encoder_layers",
    "decoder_weights",
    "decoder_layers",
    "sigma",
    "extent",
    "points",
    "labels",
    "examples",
    "example_labels",
    "usual",
  ];
  return mount(view, { kind: "vae-pad-widget", anew, followed: ["x", "epsilon"] }, build);
}

/** @param {Model} model @param {HTMLElement} body @param {Scope} scope */
function build(model, body, scope) {
  const words = model.get("words");
  const palette = model.get("palette");
  const extent = model.get("extent");
  const points = halfFloats(model.get("points"));
  const labels = bytes(model.get("labels"));
  const medians = labels.length ? clusters(points, labels) : [];
  /** @type {number[][]} */
  const usual = model.get("usual");
  const encoder = new Network(model.get("encoder_layers"), model.get("encoder_weights"));
  const decoder = new Network(model.get("decoder_layers"), model.get("decoder_weights"));
  const sigma = model.get("sigma");
  if (
    encoder.inputs !== SIDE * SIDE || encoder.outputs !== 4 || decoder.inputs !== 2 ||
    decoder.outputs !== SIDE * SIDE || !(sigma > 0)
  ) {
    throw new ShownError("bad_weights", "the networks are not those of 28 by 28 pixels and two latents");
  }
  const networks = { encoder, decoder, sigma };
  const { signal } = scope;
  const empty = () => ({ ink: new Float32Array(GRID * GRID), x: new Uint8Array(SIDE * SIDE) });
  const sheetOf = (/** @type {Uint8Array} */ x) => ({ ink: enlarged(x), x });

  // Elements
  const pad = element("canvas", { class: "vae-digit vae-pad", role: "img", "aria-label": words.pad_name });
  const invite = element("p", { class: "vae-invite", "aria-hidden": "true" }, words.invite);
  const map = element("canvas", { class: "vae-map", role: "img" });
  const mapNote = element("p", { class: "vae-near" });
  const xCanvas = element("canvas", { class: "vae-digit vae-coarse vae-x", role: "img", "aria-label": words.x_name });
  const fCanvas = element("canvas", { class: "vae-digit vae-coarse vae-f", role: "img", "aria-label": words.f_name });
  const verdict = element("p", { class: "vae-verdict" });
  const fit = fitPanel(words, usual, sigma);
  const live = announcer(scope);
  const button = (/** @type {string} */ text, /** @type {() => void} */ onClick) => {
    const made = element("button", { class: "vae-button", type: "button", ...OWN_KEYS }, text);
    made.addEventListener("click", onClick, { signal });
    return made;
  };
  /** One of the chain's pairs of numbers. @param {"mean" | "std" | "epsilon" | "z"} name */
  const numbers = (name) => {
    const data = element("data");
    const set = (/** @type {Pair | null} */ pair) => {
      data.value = pair ? JSON.stringify(pair) : "";
      data.textContent = pair ? pairText(pair, name === "epsilon" ? 2 : 3) : words.no_number;
    };
    return {
      element: element("p", { class: "vae-pair", "data-name": name }, element("i", {}, words[name]), " ", data),
      set,
    };
  };
  const pairText = (/** @type {Pair} */ [first, second], digits = 3) =>
    fill(words.pair, { first: shownNumber(first, digits), second: shownNumber(second, digits) });
  const chain = { mean: numbers("mean"), std: numbers("std"), epsilon: numbers("epsilon"), z: numbers("z") };

  const given = bytes(model.get("examples"));
  const exampleLabels = bytes(model.get("example_labels"));
  const count = Math.floor(given.length / (SIDE * SIDE));
  const examples = [
    ...Array.from({ length: count }, (_, i) => {
      const x = given.slice(i * SIDE * SIDE, (i + 1) * SIDE * SIDE);
      const name = i < exampleLabels.length
        ? fill(words.example_digit, { label: `${exampleLabels[i]}` })
        : fill(words.example, { number: `${i + 1}` });
      return { name, ink: () => enlarged(x), x: () => x };
    }),
    ...Object.entries(NO_DIGITS).map(([kind, strokes]) => {
      const ink = () => inkOf(strokes);
      return { name: words[`example_${kind}`], ink, x: () => normalised(ink()) };
    }),
  ].map((example) => ({ ...example, label: element("canvas", { class: "vae-digit" }) }));
  const buttons = choices(scope, examples, ({ x, ink }) => change({ ink: ink(), x: x().slice() }));
  /** X of the examples that are drawn already. @type {Map<HTMLCanvasElement, Uint8Array>} */
  const drawn = new Map();
  const markExamples = () => buttons.mark(({ label }) => same(drawn.get(label), sheet.x));
  /** One a frame: the digit comes first, and a dozen pictures take their time. */
  const drawExamples = scope.perFrame(() => {
    const { label, x } = examples[drawn.size];
    const pixels = x();
    drawn.set(label, pixels);
    picture(label, SIDE, SIDE)(brightness(pixels));
    markExamples();
    if (drawn.size < examples.length) drawExamples();
  });

  const caption = (/** @type {string} */ text) => element("p", { class: "vae-caption" }, text);
  body.replaceChildren(
    element(
      "div",
      { class: "vae-drawing" },
      caption(words.pad_caption),
      element("div", { class: "vae-sheet" }, pad, invite),
      element(
        "div",
        { class: "vae-tools" },
        button(words.clear, () => change(empty())),
        button(words.undo, () => undo()),
      ),
    ),
    element("div", { class: "vae-examples" }, caption(words.examples_caption), buttons.element),
    element(
      "ol",
      { class: "vae-chain" },
      element("li", { class: "vae-step-x" }, caption(words.x_caption), xCanvas),
      element("li", { class: "vae-step-q" }, caption(words.q_caption), chain.mean.element, chain.std.element),
      element("li", {}, caption(words.epsilon_caption), chain.epsilon.element),
      element("li", {}, caption(words.z_caption), chain.z.element),
      element("li", { class: "vae-step-f" }, caption(words.f_caption), fCanvas),
    ),
    element(
      "div",
      { class: "vae-action" },
      button(
        words.resample,
        () => setEpsilon(/** @type {Pair} */ ([...normals(Math.floor(Math.random() * 2 ** 32), 2)])),
      ),
      element("p", {}, words.resample_hint),
    ),
    element(
      "div",
      { class: "vae-mapped" },
      caption(points.length ? words.map_caption : words.map_caption_no_codes),
      map,
      mapNote,
    ),
    element(
      "div",
      { class: "vae-fit" },
      caption(usual.length ? words.fit_caption_usual : words.fit_caption),
      fit.element,
      verdict,
    ),
    element("p", { class: "vae-hint" }, words.hint),
    live.element,
  );

  // Showing
  const [drawPad, drawX, drawF] = [
    picture(pad, GRID, GRID),
    picture(xCanvas, SIDE, SIDE),
    picture(fCanvas, SIDE, SIDE),
  ];
  const black = new Float32Array(SIDE * SIDE);
  /** @type {Sheet} */
  let sheet = empty();
  /** @type {Pair} */
  let epsilon = [0, 0];
  /** @type {Seen | null} */
  let seen = null;
  const background = document.createElement("canvas");
  let plane = new Plane(extent, 1);
  let size = 0;
  let font = "";
  /** Where the lens stands: the side of the map on each axis. @type {Pair} */
  let corner = [1, -1];

  const drawMap = scope.perFrame(() => {
    if (size === 0) return;
    const context = fitCanvas(map, size, size);
    context.drawImage(background, 0, 0, size, size);
    if (!seen) return;
    const theme = currentTheme();
    const inks = INKS[theme];
    const colour = termColours(palette, theme).posterior;
    const radius = size * 0.17;
    const times = lensTimes(seen, (radius - 12) / plane.scale);
    const onMap = /** @type {Pair} */ (seen.z.map((value) => clamp(value, -extent, extent)));
    /** @type {Pair} */
    const marker = [plane.x(onMap[0]), plane.y(onMap[1])];
    const lensAt = () => /** @type {Pair} */ ([
      size / 2 + corner[0] * (size / 2 - radius - 10),
      size / 2 - corner[1] * (size / 2 - radius - 10),
    ]);
    if (times > 1 && Math.hypot(marker[0] - lensAt()[0], marker[1] - lensAt()[1]) < radius + 30) {
      corner = [onMap[0] > 0 ? -1 : 1, onMap[1] > 0 ? -1 : 1];
    }
    drawEllipses(
      context,
      [plane.x(seen.mean[0]), plane.y(seen.mean[1])],
      seen.std.map((sd) => sd * plane.scale),
      colour,
    );
    drawMarker(context, plane, onMap, theme);
    if (times > 1) drawLens(context, plane, seen, { at: lensAt(), radius, times, marker, colour, inks, font, words });
  });
  /** In a frame: the page's layout is known by then, and nothing else waits for it. */
  const drawBackground = scope.perFrame(() => {
    size = Math.floor(map.clientWidth);
    if (size === 0) return; // not on the page yet, or hidden
    plane = new Plane(extent, size);
    font = getComputedStyle(body).fontFamily;
    drawStatic(fitCanvas(background, size, size, { willReadFrequently: true }), plane, {
      points,
      labels,
      medians,
      palette,
      words,
      font,
      theme: currentTheme(),
      prior: true,
    });
    drawMap();
  });

  const nearest = () => {
    if (!seen || !labels.length) return "";
    const label = mostNear(points, labels, seen.z, extent / 15);
    return label === null ? words.near_none : fill(words.near, { label: `${label}` });
  };
  const verdictText = () => {
    if (!seen) return isEmpty() ? words.empty : words.not_finite;
    return usual.length ? words[verdictWord(seen.log_likelihood, usual[0])] : "";
  };
  const isEmpty = () => sheet.x.every((level) => level === 0);
  const announce = () =>
    live.say(() =>
      seen
        ? fill(words.live, {
          log_likelihood: shownNumber(seen.log_likelihood),
          near: nearest(),
          verdict: verdictText(),
        })
        : verdictText()
    );

  /** Shows the sheet and ε; the map in the next frame. */
  const show = () => {
    seen = isEmpty() ? null : look(networks, sheet.x, epsilon);
    drawPad(sheet.ink);
    drawX(brightness(sheet.x));
    drawF(seen ? seen.image : black);
    invite.hidden = !isEmpty();
    chain.epsilon.set(epsilon);
    for (const name of /** @type {const} */ (["mean", "std", "z"])) chain[name].set(seen && seen[name]);
    fit.show(seen);
    verdict.textContent = verdictText();
    const beyond = seen !== null && seen.z.some((value) => Math.abs(value) > extent);
    mapNote.textContent = `${nearest()}${beyond ? ` ${words.beyond}` : ""}`;
    map.setAttribute(
      "aria-label",
      seen
        ? fill(words.map_name, { mean: pairText(seen.mean), std: pairText(seen.std), z: pairText(seen.z) })
        : words.map_name_empty,
    );
    markExamples();
    drawMap();
  };
  const report = () => {
    model.set("x", new DataView(sheet.x.slice().buffer));
    model.save_changes();
    announce();
  };

  // Changing
  /** @type {Sheet[]} */
  const before = [];
  /** Whether the pen left ink that X does not have yet. */
  let wet = false;
  const dry = () => {
    if (wet) sheet.x = normalised(sheet.ink);
    wet = false;
  };
  /** The stroke of another view before which the sheet was remembered. @type {object | undefined} */
  let remembered;
  /** The stroke of this one. */
  let own = {};
  const remember = () => {
    before.push({ ink: sheet.ink.slice(), x: sheet.x });
    if (before.length > UNDOS) before.shift();
  };
  const change = (/** @type {Sheet} */ next) => {
    if (same(next.ink, sheet.ink)) return;
    dry();
    remember();
    sheet = next;
    show();
    report();
  };
  const undo = () => {
    const last = before.pop();
    if (!last) return;
    wet = false;
    sheet = last;
    show();
    report();
  };
  const setEpsilon = (/** @type {Pair} */ next) => {
    epsilon = next;
    show();
    model.set("epsilon", next);
    model.save_changes();
    announce();
  };
  const follow = () => {
    const value = model.get("x");
    const x = value instanceof DataView && value.byteLength === SIDE * SIDE
      ? bytes(value).slice()
      : new Uint8Array(SIDE * SIDE);
    const pair = model.get("epsilon");
    /** @type {Pair} */
    const next = Array.isArray(pair) && pair.length === 2 && pair.every(Number.isFinite) ? [pair[0], pair[1]] : [0, 0];
    const newPicture = !same(x, sheet.x);
    if (!newPicture && same(next, epsilon)) return;
    if (newPicture) {
      const stroke = strokes.get(model);
      if (!stroke || stroke !== remembered) {
        dry();
        remember();
      }
      remembered = stroke;
      wet = false;
      sheet = sheetOf(x);
    }
    epsilon = next;
    show();
  };

  // The pen
  const inked = scope.perFrame(() => {
    if (!wet) return; // another picture was set meanwhile
    dry();
    show();
    strokes.set(model, own);
    report();
    strokes.delete(model);
  });
  draggable(scope, pad, {
    take: () => {
      dry();
      remember();
      own = {};
      return /** @type {{last: number[] | null}} */ ({ last: null });
    },
    move: (_at, stroke, event) => {
      const box = pad.getBoundingClientRect();
      const coalesced = event.getCoalescedEvents?.() ?? [];
      for (const { clientX, clientY, pointerType, pressure } of coalesced.length ? coalesced : [event]) {
        const radius = pointerType === "pen" && pressure > 0 ? PEN * (0.6 + 0.8 * pressure) : PEN;
        const point = [
          ((clientX - box.left - pad.clientLeft) * GRID) / pad.clientWidth,
          ((clientY - box.top - pad.clientTop) * GRID) / pad.clientHeight,
          radius,
        ];
        drawLine(sheet.ink, stroke.last ?? point, point);
        stroke.last = point;
      }
      wet = true;
      inked();
    },
  });

  scope.onResize(map, drawBackground);
  window.addEventListener("resize", () => drawBackground(), { signal }); // zooming changes the pixel ratio only
  follow();
  if (isEmpty()) show(); // an empty pad is no news to follow
  before.length = 0;
  if (examples.length) drawExamples();
  watchTheme(scope, drawBackground);
  return follow;
}

export default { render };
