// Equation (4): a posterior with two modes, a Gaussian Q over it, and the terms as bars on one axis of nats.

import { drawRing, fitCanvas, haloText, INKS, termColours } from "../shared/canvas.js";
import { announcer, element, OWN_KEYS, slider } from "../shared/form.js";
import { draggable } from "../shared/hand.js";
import { clamp } from "../shared/numbers.js";
import { currentTheme, mount, tell, watchTheme } from "../shared/view.js";
import { fill, ShownError, shownNumber } from "../shared/words.js";

/** @import { Model, Scope, Theme } from "../shared/view.js" */

/** @typedef {{x: number, sigma: number, mean: number, std: number}} Setting */
/** @typedef {{evidence: number, gap: number, elbo: number, reconstruction: number, kl: number}} Terms */

/** As in Python. @type {Record<keyof Setting, [number, number]>} */
const LIMITS = { x: [-1, 3], sigma: [0.2, 2], mean: [-3, 3], std: [0.05, 2] };
const LOG_2PI = Math.log(2 * Math.PI);
const EDGE = 4; // the picture reaches from −EDGE to EDGE
const STEPS = 40; // of one ascent
const LONGEST = 0.3; // step of an ascent, in units of the mean and of log width
const WIDTHS = 160; // stops of the slider for Q's width: equal ratios, from the narrowest to the widest

// ---------------------------------------------------------------------------------------------------- numbers

/** log P(X), and P(z|X) as a function of z. @param {number} x @param {number} sigma */
function exactPosterior(x, sigma) {
  const [low, step, count] = [-8, 0.004, 4001];
  const logJoint = (/** @type {number} */ z) =>
    -LOG_2PI - Math.log(sigma) - (x - z * z) ** 2 / (2 * sigma * sigma) - (z * z) / 2;
  const values = Float64Array.from({ length: count }, (_, i) => logJoint(low + i * step));
  const most = values.reduce((a, b) => Math.max(a, b));
  const evidence = most + Math.log(step * values.reduce((sum, value) => sum + Math.exp(value - most), 0));
  return {
    evidence,
    peak: Math.exp(most - evidence),
    density: (/** @type {number} */ z) => Math.exp(logJoint(z) - evidence),
  };
}

/** E_Q[log P(X|z)] and the KL to the prior, both exact. @param {Setting} setting */
function sides({ x, sigma, mean, std }) {
  const variance = std * std;
  const error = x * x - 2 * x * (mean * mean + variance) + mean ** 4 + 6 * mean * mean * variance +
    3 * variance * variance;
  const reconstruction = -0.5 * LOG_2PI - Math.log(sigma) - error / (2 * sigma * sigma);
  const kl = 0.5 * (variance + mean * mean - 1) - Math.log(std);
  return { reconstruction, kl, elbo: reconstruction - kl };
}

/** The gradient of the ELBO with respect to the mean and the log width. @param {Setting} setting */
function slope({ x, sigma, mean, std }) {
  const variance = std * std;
  const byMean = 4 * mean * (mean * mean + 3 * variance - x); // of E_Q[(X − z²)²]
  const byLogStd = 4 * variance * (3 * mean * mean + 3 * variance - x);
  return [-byMean / (2 * sigma * sigma) - mean, -byLogStd / (2 * sigma * sigma) + 1 - variance];
}

/**
 * Gradient steps on the ELBO. The length of a step is taken from how the slope changed over the last one (Barzilai and
 * Borwein 1988), at most LONGEST, and halved until the ELBO rises.
 */
class Ascent {
  /** @param {Setting} setting */
  constructor(setting) {
    this.setting = setting;
    this.left = STEPS;
    this.rate = Infinity;
  }

  /** Takes a step; false where none is left or none leads up. */
  step() {
    const { setting } = this;
    const uphill = slope(setting);
    const steepness = Math.hypot(...uphill);
    if (this.left === 0 || !(steepness > 1e-7)) return false;
    this.left--;
    const before = sides(setting).elbo;
    for (let rate = Math.min(this.rate, LONGEST / steepness), tries = 0; tries < 40; rate /= 2, tries++) {
      const next = {
        ...setting,
        mean: clamp(setting.mean + rate * uphill[0], ...LIMITS.mean),
        std: clamp(setting.std * Math.exp(rate * uphill[1]), ...LIMITS.std),
      };
      const moved = [next.mean - setting.mean, Math.log(next.std / setting.std)];
      const expected = moved[0] * uphill[0] + moved[1] * uphill[1];
      if (!(expected > 0) || sides(next).elbo < before + 1e-4 * expected) continue;
      const after = slope(next);
      const bend = moved[0] * (uphill[0] - after[0]) + moved[1] * (uphill[1] - after[1]);
      this.rate = bend > 0 ? bend / ((uphill[0] - after[0]) ** 2 + (uphill[1] - after[1]) ** 2) : Infinity;
      this.setting = next;
      return true;
    }
    return false;
  }
}

/** The model's numbers within their limits, or one sentence for nonsense. @param {Model} model @returns {Setting} */
function readSetting(model) {
  const q = model.get("q");
  const given = { x: model.get("x"), sigma: model.get("sigma"), mean: q?.[0], std: q?.[1] };
  const numbers = Array.isArray(q) && q.length === 2 && Object.values(given).every(Number.isFinite);
  if (!numbers || given.sigma <= 0 || given.std <= 0) throw new ShownError("bad_numbers", "x, sigma or q is no number");
  return {
    x: clamp(given.x, ...LIMITS.x),
    sigma: clamp(given.sigma, ...LIMITS.sigma),
    mean: clamp(given.mean, ...LIMITS.mean),
    std: clamp(given.std, ...LIMITS.std),
  };
}

// ---------------------------------------------------------------------------------------------------- picture

/** Where things lie in the picture of the densities. @param {number} width @param {number} height @param {number} top the density at the top */
function frame(width, height, top) {
  const [floor, room] = [height - 24, height - 24 - 26];
  return {
    width,
    height,
    floor,
    x: (/** @type {number} */ z) => ((z + EDGE) / (2 * EDGE)) * width,
    y: (/** @type {number} */ density) => floor - (density / top) * room,
    z: (/** @type {number} */ px) => (px / width) * 2 * EDGE - EDGE,
  };
}

/** The densities. @param {CanvasRenderingContext2D} context @param {ReturnType<typeof frame>} place @param {any} scene */
function drawDensities(context, place, scene) {
  const { setting, posterior, palette, words, theme, font } = scene;
  const inks = INKS[/** @type {Theme} */ (theme)];
  const colours = termColours(palette, theme);
  const colour = (/** @type {string} */ term) => colours[term];
  const { width, height, floor } = place;
  const { mean, std } = setting;
  const gaussian = (/** @type {number} */ m, /** @type {number} */ s) => (/** @type {number} */ z) =>
    Math.exp(-0.5 * ((z - m) / s) ** 2 - 0.5 * LOG_2PI) / s;
  context.fillStyle = inks.paper;
  context.fillRect(0, 0, width, height);

  // Lines at whole numbers
  context.lineWidth = 1;
  for (let z = -EDGE + 1; z < EDGE; z++) {
    const x = Math.round(place.x(z)) + 0.5;
    context.strokeStyle = z === 0 ? inks.axis : inks.grid;
    context.beginPath();
    context.moveTo(x, 0);
    context.lineTo(x, floor);
    context.stroke();
  }

  const fillBelow = (
    /** @type {(z: number) => number} */ density,
    /** @type {string} */ style,
    /** @type {number} */ alpha,
  ) => {
    context.beginPath();
    for (let px = 0; px <= width; px++) context.lineTo(px, place.y(density(place.z(px))));
    context.lineTo(width, floor);
    context.lineTo(0, floor);
    context.globalAlpha = alpha;
    context.fillStyle = style;
    context.fill();
    context.globalAlpha = 1;
  };
  const stroke = (
    /** @type {(z: number) => number} */ density,
    /** @type {string} */ style,
    /** @type {number} */ line,
  ) => {
    context.beginPath();
    let down = false; // the pen rests where the curve lies on the axis
    for (let px = 0; px <= width; px++) {
      const y = place.y(density(place.z(px)));
      if (y > floor - 0.3) down = false;
      else if (down) context.lineTo(px, y);
      else {
        context.moveTo(px, y);
        down = true;
      }
    }
    context.strokeStyle = style;
    context.lineWidth = line;
    context.stroke();
  };
  context.lineJoin = "round";
  const q = gaussian(mean, std);
  fillBelow(posterior.density, inks.ink, theme === "dark" ? 0.2 : 0.14);
  context.setLineDash([5, 4]);
  stroke(gaussian(0, 1), colour("prior"), 1.25);
  context.setLineDash([]);
  stroke(posterior.density, inks.ink, 1.5);
  fillBelow(q, colour("posterior"), theme === "dark" ? 0.16 : 0.12);
  stroke(q, colour("posterior"), 2.5);

  // The axis
  context.fillStyle = inks.paper;
  context.fillRect(0, floor + 1, width, height - floor);
  context.strokeStyle = inks.axis;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(0, Math.round(floor) + 0.5);
  context.lineTo(width, Math.round(floor) + 0.5);
  context.stroke();
  context.fillStyle = inks.quiet;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.font = `11px ${font}`;
  for (let z = -EDGE + 1; z < EDGE; z++) context.fillText(shownNumber(z, 0), place.x(z), floor + 13);
  context.textAlign = "right";
  context.font = `italic 600 14px ${font}`;
  context.fillText(words.axis, width - 8, floor + 12);

  // The ring at Q's peak
  const [x, y] = [place.x(mean), place.y(q(mean))];
  context.globalAlpha = 0.35;
  context.strokeStyle = inks.ink;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x, floor);
  context.stroke();
  context.globalAlpha = 1;
  drawRing(context, [x, y], { colour: inks.ink, paper: inks.paper });

  // Names on the curves: Q's on its outer side, the posterior's on the side where Q is not.
  const side = mean < 0 ? -1 : 1;
  const name = (
    /** @type {string} */ text,
    /** @type {number} */ px,
    /** @type {number} */ py,
    /** @type {number} */ outward,
    /** @type {string} */ style,
    weight = "600 13.5px",
  ) => {
    context.font = `${weight} ${font}`;
    context.textAlign = outward < 0 ? "right" : "left";
    context.textBaseline = "middle";
    haloText(context, text, px, py, style, inks.paper, 5);
  };
  const room = 68;
  const qSide = side > 0 ? (x + room < width ? 1 : -1) : (x - room > 0 ? -1 : 1);
  const flat = place.y(q(mean + (qSide * (2 * EDGE * 40)) / width)) - y < 14; // the curve would run through the name
  name(words.q, x + 17 * qSide, flat ? y - 19 : y, qSide, colour("posterior"));
  let edge = -side * EDGE; // from the picture's edge inward, to half the height of the first mode
  while (Math.abs(edge) > 0.01 && posterior.density(edge) < 0.55 * posterior.peak) edge += 0.02 * side;
  const at = clamp(place.x(edge) - 9 * side, 4, width - 4);
  name(words.posterior, at, place.y(posterior.density(edge)), -side, inks.ink);
  name(
    words.prior,
    place.x(-2.55 * side),
    place.y(0.4 * Math.exp(-0.5 * 2.55 ** 2)) - 11,
    -side,
    colour("prior"),
    "12.5px",
  );
}

// ------------------------------------------------------------------------------------------------------- bars

/** The terms as rows on one axis of nats that Q does not move. @param {Record<string, string>} words */
function bars(words) {
  const rows = /** @type {[keyof Terms, string][]} */ ([
    ["evidence", ""],
    ["gap", words.minus],
    ["elbo", words.equals],
    ["reconstruction", words.equals],
    ["kl", words.minus],
  ]).map(([term, sign]) => {
    const number = element("data", { class: "vae-number" });
    const bar = element("div", { class: "vae-bar" });
    const track = element("div", { class: "vae-track", "aria-hidden": "true" }, bar);
    const row = element(
      "div",
      { class: "vae-row", "data-term": term },
      element(
        "p",
        { class: "vae-term" },
        element("span", { class: "vae-sign" }, sign),
        " ",
        element("span", { class: "vae-term-name" }, words[term]),
        " ",
        number,
      ),
      track,
    );
    return { term, number, bar, track, row };
  });
  const ticks = element("div", { class: "vae-ticks" });
  const evidenceLine = element("div", { class: "vae-line", "data-term": "evidence" });
  const elboLine = element("div", { class: "vae-line", "data-term": "elbo" });
  const layer = element("div", { class: "vae-layer", "aria-hidden": "true" }, ticks, evidenceLine, elboLine);
  const panel = element("div", { class: "vae-bars" }, layer, ...rows.map(({ row }) => row));

  let [low, high] = [-6, 0.3];
  const percent = (/** @type {number} */ nats) => clamp((100 * (nats - low)) / (high - low), 0, 100);

  /** The axis for one X and σ. @param {number} evidence @param {number} sigma */
  const setAxis = (evidence, sigma) => {
    const best = Math.max(0, -0.5 * LOG_2PI - Math.log(sigma)); // the reconstruction where z² is X
    low = Math.floor(Math.min(evidence, 0) - 4);
    high = best + 0.035 * (best - low);
    const step = [1, 2, 5, 10].find((candidate) => (high - low) / candidate <= 8) ?? 20;
    const marks = [];
    for (let nats = Math.floor(high / step) * step; nats > low; nats -= step) {
      const mark = element(
        "span",
        { class: nats === 0 ? "vae-tick vae-zero" : "vae-tick" },
        element("span", {}, shownNumber(nats, 0)),
      );
      mark.style.left = `${percent(nats)}%`;
      marks.push(mark);
    }
    ticks.replaceChildren(...marks);
  };

  /** @param {Terms} terms */
  const show = (terms) => {
    const { evidence, elbo, reconstruction } = terms;
    const ends = {
      evidence: [evidence, 0],
      gap: [elbo, evidence],
      elbo: [elbo, 0],
      reconstruction: [reconstruction, 0],
      kl: [elbo, reconstruction],
    };
    for (const { term, number, bar, track } of rows) {
      const [left, right] = ends[term].sort((a, b) => a - b);
      number.textContent = shownNumber(terms[term], 3);
      number.value = `${terms[term]}`;
      bar.style.left = `${percent(left)}%`;
      bar.style.right = `${100 - percent(right)}%`;
      track.toggleAttribute("data-beyond", left < low);
    }
    evidenceLine.style.left = `${percent(evidence)}%`;
    elboLine.style.left = `${percent(elbo)}%`;
    elboLine.hidden = elbo < low;
  };
  return { element: panel, setAxis, show };
}

// ----------------------------------------------------------------------------------------------------- widget

/** @param {{model: Model, el: HTMLElement}} view */
function render(view) {
  return mount(view, { kind: "vae-eq4", anew: [], followed: ["x", "sigma", "q"] }, build);
}

/** @param {Model} model @param {HTMLElement} body @param {Scope} scope @returns {() => void} */
function build(model, body, scope) {
  let setting = readSetting(model);
  const words = model.get("words");
  const palette = model.get("palette");
  const { signal } = scope;

  // Elements
  const canvas = element("canvas", { class: "vae-densities", role: "img" });
  const chart = bars(words);
  const live = announcer(scope);
  const number = (/** @type {keyof Setting} */ name, digits = 2) => () => shownNumber(setting[name], digits);
  const make = (/** @type {keyof Setting} */ name, /** @type {number} */ step) =>
    slider(scope, {
      label: words[name],
      min: LIMITS[name][0],
      max: LIMITS[name][1],
      step,
      text: number(name),
      spoken: () => fill(words.slider_text, { name: words[name], value: number(name)() }),
      onInput: (value) => moveByHand({ [name]: value }),
    });
  const [narrowest, widest] = LIMITS.std;
  const sliders = {
    mean: make("mean", 0.05),
    std: slider(scope, {
      label: words.std,
      min: 0,
      max: WIDTHS,
      step: 1,
      text: number("std", 3),
      spoken: () => fill(words.slider_text, { name: words.std, value: number("std", 3)() }),
      onInput: (stop) => moveByHand({ std: narrowest * (widest / narrowest) ** (stop / WIDTHS) }),
    }),
    x: make("x", 0.05),
    sigma: make("sigma", 0.05),
  };
  const button = element("button", { class: "vae-button", type: "button", ...OWN_KEYS }, words.ascend);
  body.replaceChildren(
    element("div", {}, element("p", { class: "vae-caption" }, words.densities_caption), canvas),
    element("div", {}, element("p", { class: "vae-caption" }, words.bars_caption), chart.element),
    element("div", { class: "vae-sliders" }, ...Object.values(sliders).map((one) => one.element)),
    element("div", { class: "vae-action" }, button, element("p", { class: "vae-hint" }, words.hint)),
    live.element,
  );

  // Showing
  let posterior = exactPosterior(setting.x, setting.sigma);
  let place = frame(1, 1, 1);
  const terms = () => {
    const { reconstruction, kl, elbo } = sides(setting);
    return { evidence: posterior.evidence, gap: posterior.evidence - elbo, elbo, reconstruction, kl };
  };
  const draw = scope.perFrame(() => {
    const [width, height] = [Math.floor(canvas.clientWidth), Math.floor(canvas.clientHeight)];
    if (width === 0) return; // not on the page yet, or hidden
    // Room for a Q that fits one of two modes is twice the posterior's height; a narrower Q lowers all curves.
    const top = Math.max(2.1 * posterior.peak, 0.5, 0.42 / setting.std);
    place = frame(width, height, top);
    const scene = {
      setting,
      posterior,
      palette,
      words,
      theme: currentTheme(),
      font: getComputedStyle(body).fontFamily,
    };
    drawDensities(fitCanvas(canvas, width, height), place, scene);
  });
  const show = (/** @type {Setting} */ next, first = false) => {
    const changed = first || next.x !== setting.x || next.sigma !== setting.sigma;
    setting = next;
    if (changed) {
      posterior = exactPosterior(setting.x, setting.sigma);
      chart.setAxis(posterior.evidence, setting.sigma);
    }
    chart.show(terms());
    for (const name of /** @type {const} */ (["mean", "x", "sigma"])) sliders[name].set(setting[name]);
    sliders.std.set((WIDTHS * Math.log(setting.std / narrowest)) / Math.log(widest / narrowest));
    canvas.setAttribute("aria-label", fill(words.densities_name, { mean: number("mean")(), std: number("std", 3)() }));
    draw();
  };
  const announce = () =>
    live.say(() => {
      const { evidence, elbo, gap } = terms();
      return fill(words.live, { evidence: shownNumber(evidence), elbo: shownNumber(elbo), gap: shownNumber(gap) });
    });
  /** Shows a setting that came from the page, and tells Python. @param {Setting} next */
  const move = (next) => {
    const old = setting;
    show(next);
    tell(scope, model, {
      ...(next.x !== old.x && { x: next.x }),
      ...(next.sigma !== old.sigma && { sigma: next.sigma }),
      ...((next.mean !== old.mean || next.std !== old.std) && { q: [next.mean, next.std] }),
    });
  };
  const moveByHand = (/** @type {Partial<Setting>} */ change) => {
    stop();
    const next = { ...setting };
    for (const [name, value] of /** @type {[keyof Setting, number][]} */ (Object.entries(change))) {
      next[name] = clamp(Math.round(value * 1000) / 1000, ...LIMITS[name]);
    }
    move(next);
    announce();
  };
  const follow = () => {
    const next = readSetting(model);
    if (/** @type {(keyof Setting)[]} */ (Object.keys(next)).every((name) => next[name] === setting[name])) return;
    stop();
    show(next);
  };

  // Ascent
  let running = 0;
  const stop = () => {
    if (!running) return;
    cancelAnimationFrame(running);
    running = 0;
    button.textContent = words.ascend;
    announce();
  };
  scope.onEnd(() => cancelAnimationFrame(running));
  button.addEventListener("click", () => {
    if (running) return stop();
    const ascent = new Ascent(setting);
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      while (ascent.step());
      move(ascent.setting);
      announce();
      return;
    }
    button.textContent = words.stop;
    const tick = () => {
      if (!ascent.step()) return stop();
      running = requestAnimationFrame(tick);
      move(ascent.setting);
    };
    running = requestAnimationFrame(tick);
  }, { signal });

  // Q under the pointer: a finger takes it near its ring and scrolls elsewhere, a mouse takes it anywhere.
  draggable(scope, canvas, {
    take: ([px], event) => {
      const offset = place.x(setting.mean) - px;
      const near = Math.abs(offset) < 30;
      return near || event.pointerType !== "touch" ? (near ? offset : 0) : null;
    },
    move: ([px], offset) => moveByHand({ mean: place.z(px + offset) }),
  });

  scope.onResize(canvas, draw);
  window.addEventListener("resize", draw, { signal }); // zooming changes the pixel ratio only
  show(setting, true);
  watchTheme(scope, draw);
  return follow;
}

export default { render };
