// z = μ + σε: each ε joined to its z, and two estimates of one gradient of E[z²] as histograms on one scale.

import { drawRing, fitCanvas, haloText, INKS, mixed, termColours } from "../shared/canvas.js";
import { Chart, roundUp } from "../shared/chart.js";
import { announcer, element, freshId, OWN_KEYS, slider } from "../shared/form.js";
import { draggable } from "../shared/hand.js";
import { clamp, normals } from "../shared/numbers.js";
import { currentTheme, mount, tell, watchTheme } from "../shared/view.js";
import { fill, grouped, ShownError, shownNumber } from "../shared/words.js";

/** @import { Model, Scope } from "../shared/view.js" */

/** @typedef {"mu" | "sigma"} Parameter */
/** @typedef {"score" | "pathwise"} Kind */
/** @typedef {{mu: number, sigma: number, samples: number, seed: number, wrt: Parameter}} Setting */

/** As in Python. @type {Record<Parameter, [number, number]>} */
const LIMITS = { mu: [-3, 3], sigma: [0.1, 2] };
const MOST = 4000;
const LARGEST_SEED = 2 ** 32 - 1;
const HELD = 12;

/** The ends of both number lines. */
const AXIS = /** @type {[number, number]} */ ([-7, 7]);
const STOPS = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, MOST]; // of the slider for the number of draws
const BLOCK = 500; // draws of one press without motion
const SECONDS = 2; // from no draw to MOST
const BINS = 90;
const REACH = 28; // how near to the peak, in pixels, a hand takes hold of it
const ARROW = 0.6; // length of an arrow for a derivative of 1, in units of z
const KINDS = /** @type {const} */ (["score", "pathwise"]);

// ------------------------------------------------------------------------------------------------ mathematics

/** What one draw's ε gives as an estimate. @type {Record<Kind, Record<Parameter, (e: number, mu: number, sigma: number) => number>>} */
const ESTIMATE = {
  score: {
    mu: (e, mu, sigma) => ((mu + sigma * e) ** 2 * e) / sigma,
    sigma: (e, mu, sigma) => ((mu + sigma * e) ** 2 * (e * e - 1)) / sigma,
  },
  pathwise: {
    mu: (e, mu, sigma) => 2 * (mu + sigma * e),
    sigma: (e, mu, sigma) => 2 * (mu + sigma * e) * e,
  },
};

/** The derivative of E[z²] = μ² + σ². @param {Setting} setting */
export function exactGradient(setting) {
  return 2 * setting[setting.wrt];
}

/** The variances of one draw's estimates; Python's `exact_variances` says how they come. @param {Setting} setting @returns {Record<Kind, number>} */
export function exactVariances({ mu, sigma, wrt }) {
  const [mu2, sigma2] = [mu * mu, sigma * sigma];
  return wrt === "mu"
    ? { score: (mu2 * mu2) / sigma2 + 14 * mu2 + 15 * sigma2, pathwise: 4 * sigma2 }
    : { score: (2 * mu2 * mu2) / sigma2 + 60 * mu2 + 74 * sigma2, pathwise: 4 * mu2 + 8 * sigma2 };
}

/** One estimate for each ε. @param {Kind} kind @param {Float64Array} noise @param {Setting} setting */
export function estimates(kind, noise, { mu, sigma, wrt }) {
  const one = ESTIMATE[kind][wrt];
  const values = new Float64Array(noise.length); // a loop takes half the time of `map`
  for (let i = 0; i < values.length; i++) values[i] = one(noise[i], mu, sigma);
  return values;
}

/** Mean, its standard error, and variance: NaN where there are too few. @param {Float64Array} values */
export function moments(values) {
  const count = values.length;
  let [mean, squares] = [0, 0];
  for (const value of values) mean += value / count;
  for (const value of values) squares += (value - mean) ** 2;
  const variance = count > 1 ? squares / (count - 1) : NaN;
  return { mean: count ? mean : NaN, variance, error: Math.sqrt(variance / count) };
}

/** The numbers of values in equal bins from low to high, and of those beyond. @param {Float64Array} values @param {number} low @param {number} high */
export function histogram(values, low, high) {
  const bins = new Uint32Array(BINS);
  let [left, right] = [0, 0];
  const scale = BINS / (high - low);
  for (const value of values) {
    if (value < low) left++;
    else if (value > high) right++;
    else bins[Math.min(BINS - 1, Math.floor((value - low) * scale))]++;
  }
  return { bins, left, right };
}

/** 200 values of ε that part N(0, 1) into equal shares. */
const SHARES = (() => {
  const values = new Float64Array(200);
  const step = 0.001;
  for (let e = -5, below = 0, i = 0; i < values.length; e += step) {
    below += (step * Math.exp(-0.5 * e * e)) / Math.sqrt(2 * Math.PI);
    if (below >= (i + 0.5) / values.length) values[i++] = e;
  }
  return values;
})();

/**
 * The ends of the histograms' axis, the same however many draws there are: wide enough for 98 of 100 estimates of
 * either kind, and at whole steps, so that it stands still for small moves.
 * @param {Setting} setting @returns {[number, number]}
 */
export function estimateAxis(setting) {
  const sorted = KINDS.map((kind) => estimates(kind, SHARES, setting).sort());
  const low = Math.min(0, ...sorted.map((values) => values[1]));
  const high = Math.max(0, ...sorted.map((values) => values[values.length - 2]));
  const step = roundUp((high - low) / 10);
  return [Math.floor(low / step) * step, Math.ceil(high / step) * step];
}

/** The model's values, or one sentence for nonsense. @param {Model} model @returns {Setting} */
function readSetting(model) {
  const [mu, sigma, samples, seed, wrt] = ["mu", "sigma", "samples", "seed", "wrt"].map((name) => model.get(name));
  const within = (/** @type {any} */ value, /** @type {number} */ low, /** @type {number} */ high) =>
    Number.isFinite(value) && value >= low && value <= high;
  const whole = (/** @type {any} */ value, /** @type {number} */ high) =>
    Number.isInteger(value) && within(value, 0, high);
  const fits = within(mu, ...LIMITS.mu) && within(sigma, ...LIMITS.sigma) && whole(samples, MOST) &&
    whole(seed, LARGEST_SEED);
  if (!fits || (wrt !== "mu" && wrt !== "sigma")) throw new ShownError("bad_numbers", "a trait is beyond its limits");
  return { mu, sigma, samples, seed, wrt };
}

/** A number to three digits, grouped. @param {number} value */
export function threeDigits(value) {
  return grouped(value, value === 0 ? 0 : 2 - Math.floor(Math.log10(Math.abs(value)) + 1e-9));
}

/** A mean to the second digit of its error, and the error. @param {{mean: number, error: number}} about */
function meanAndError({ mean, error }) {
  const digits = error > 0 ? 1 - Math.floor(Math.log10(error) + 1e-9) : 2;
  return { mean: grouped(mean, digits), error: grouped(error, digits) };
}

// ---------------------------------------------------------------------------------------------------- drawing

/** A number line whose heights carry no numbers. */
class Line extends Chart {
  valueTicks() {
    return /** @type {{value: number, text: string}[]} */ ([]);
  }
}

/** @param {CanvasRenderingContext2D} context @param {number} x @param {number} y @param {number} radius */
function drawDot(context, x, y, radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

/** The ε above, the z below, and what joins them; returns where Q's ring stands. @param {CanvasRenderingContext2D} context @param {number} width @param {number} height @param {any} scene @returns {[number, number]} */
function drawPaths(context, width, height, { setting, noise, colours, inks, font, words, held }) {
  const { mu, sigma, wrt } = setting;
  const top = 74; // the line of the ε
  const floor = height - 70; // the line of the z
  const gaussian = (/** @type {number} */ m, /** @type {number} */ s) => (/** @type {number} */ z) =>
    Math.exp(-0.5 * ((z - m) / s) ** 2) / (s * Math.sqrt(2 * Math.PI));
  const tallest = 1 / (sigma * Math.sqrt(2 * Math.PI));
  const upper = new Line(context, width, height, { low: 0, high: 0.4, above: 24, below: height - top, axis: AXIS });
  const lower = new Line(context, width, height, {
    low: 0,
    high: Math.max(0.55, tallest),
    above: top + 58,
    below: height - floor,
    axis: AXIS,
  });
  const slope = new Line(context, width, height, {
    low: 0,
    high: 30,
    above: top + 40,
    below: height - floor,
    axis: AXIS,
  });
  const q = gaussian(mu, sigma);
  const ink = colours.posterior;

  lower.drawGrid(inks);
  const sharp = Math.round(top) + 0.5;
  upper.line([0, sharp], [width, sharp], inks.axis);
  const curve = (
    /** @type {Line} */ chart,
    /** @type {(z: number) => number} */ density,
    /** @type {string} */ colour,
  ) => {
    const path = chart.path(density);
    context.fillStyle = context.strokeStyle = colour;
    context.globalAlpha = 0.13;
    context.fill(chart.closed(path));
    context.globalAlpha = 1;
    context.lineWidth = 2.25;
    context.lineJoin = "round";
    context.stroke(path);
  };
  curve(upper, gaussian(0, 1), inks.quiet);

  // g rises from the line of the z and ends below the line of the ε.
  context.save();
  context.beginPath();
  context.rect(0, top + 40, width, floor - top - 40);
  context.clip();
  context.strokeStyle = inks.quiet;
  context.lineWidth = 1.25;
  context.setLineDash([4, 4]);
  context.stroke(slope.path((z) => z * z));
  context.restore();
  curve(lower, q, ink);

  // Each ε and its z
  const pairs = Array.from(noise, (/** @type {number} */ e) => [e, mu + sigma * e]).sort(([a], [b]) => a - b);
  context.strokeStyle = inks.ink;
  context.globalAlpha = 0.5;
  context.lineWidth = 1.25;
  context.beginPath();
  for (const [e, z] of pairs) {
    context.moveTo(upper.x(e), top);
    context.lineTo(lower.x(z), floor);
  }
  context.stroke();
  context.globalAlpha = 1;
  context.fillStyle = inks.ink;
  for (const [e] of pairs) drawDot(context, upper.x(e), top, 3.5);
  context.fillStyle = ink;
  for (const [, z] of pairs) drawDot(context, lower.x(z), floor, 3.5);

  // How each z moves with the parameter: arrows in four rows, so that neighbours do not lie on each other.
  context.strokeStyle = ink;
  context.lineWidth = 1.75;
  for (const [i, [e, z]] of pairs.entries()) {
    const [x, y] = [lower.x(z), floor + 11 + 8 * (i % 4)];
    const end = lower.x(z + ARROW * (wrt === "mu" ? 1 : e));
    const head = clamp(end - x, -4.5, 4.5);
    context.globalAlpha = 0.35;
    lower.line([x, floor], [x, y], ink);
    context.globalAlpha = 1;
    context.lineWidth = 1.75;
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(end, y);
    context.moveTo(end - head, y - 3);
    context.lineTo(end, y);
    context.lineTo(end - head, y + 3);
    context.stroke();
  }

  // Words
  lower.drawLabels(inks, font, "");
  const name = (
    /** @type {string} */ text,
    /** @type {number} */ x,
    /** @type {number} */ y,
    /** @type {string} */ colour,
    /** @type {CanvasTextAlign} */ align,
    style = "600 13px",
  ) => {
    context.font = `${style} ${font}`;
    context.textAlign = align;
    context.textBaseline = "middle";
    haloText(context, text, x, y, colour, inks.paper, 5);
  };
  name(words.noise_axis, width - 8, top - 11, inks.quiet, "right", "italic 600 14px");
  name(words.axis, width - 8, floor - 11, inks.quiet, "right", "italic 600 14px");
  name(words.noise, 8, 15, inks.ink, "left");
  name(words.q, 8, top + 20, ink, "left");
  const [x, y] = /** @type {[number, number]} */ ([lower.x(mu), lower.y(tallest)]);
  const side = mu > 0 ? -1 : 1; // where Q is not
  name(words[`path_${wrt}`], side < 0 ? 8 : width - 8, floor + 24, ink, side < 0 ? "left" : "right");
  context.font = `12.5px ${font}`;
  const room = context.measureText(words.g).width / 2;
  name(
    words.g,
    clamp(slope.x(side * 4.6) + (8 + room) * side, room + 5, width - room - 5),
    slope.y(4.6 ** 2),
    inks.quiet,
    "center",
    "12.5px",
  );
  drawRing(context, [x, y], { colour: ink, paper: inks.paper, radius: 8, width: held ? 5 : 3.5, filled: true });
  return [x, y];
}

/** Estimates of one kind as bars, the exact gradient as a line, mean and standard error below. @param {CanvasRenderingContext2D} context @param {number} width @param {number} height @param {any} scene */
function drawHistogram(context, width, height, { about, axis, exact, colour, inks, font, words }) {
  const { bins, left, right, mean, error } = about;
  const most = Math.max(1, ...bins);
  const chart = new Line(context, width, height, { low: 0, high: most, above: 22, below: 40, axis });
  const floor = chart.y(0);
  chart.drawGrid(inks);
  context.fillStyle = colour;
  context.globalAlpha = 0.8;
  for (const [i, count] of bins.entries()) {
    if (count === 0) continue;
    const rise = Math.max(1.5, count * chart.scale); // a single draw far out is seen
    context.fillRect((i * width) / BINS, floor - rise, width / BINS - 0.5, rise);
  }
  context.globalAlpha = 1;
  const at = chart.x(exact);
  context.lineWidth = 1.75;
  context.strokeStyle = inks.ink;
  context.beginPath();
  context.moveTo(at, 20);
  context.lineTo(at, floor + 17);
  context.stroke();
  if (Number.isFinite(mean)) {
    const y = floor + 9;
    const whisker = Number.isFinite(error) ? [chart.x(mean - error), chart.x(mean + error)] : [];
    context.strokeStyle = context.fillStyle = colour;
    context.lineWidth = 2;
    context.beginPath();
    if (whisker.length) {
      context.moveTo(whisker[0], y);
      context.lineTo(whisker[1], y);
    }
    for (const x of whisker) {
      context.moveTo(x, y - 4);
      context.lineTo(x, y + 4);
    }
    context.stroke();
    context.fillStyle = inks.paper;
    drawDot(context, chart.x(mean), y, 5);
    context.fillStyle = colour;
    drawDot(context, chart.x(mean), y, 3.5);
  }
  chart.drawLabels(inks, font, "");
  context.font = `600 12px ${font}`;
  context.textBaseline = "middle";
  const text = fill(words.exact, { value: shownNumber(exact) });
  const room = context.measureText(text).width / 2 + 6;
  context.textAlign = "center";
  haloText(context, text, clamp(at, room, width - room), 11, inks.ink, inks.paper, 4);
  const ends = [
    { count: left, text: words.left, align: /** @type {CanvasTextAlign} */ ("left"), x: 5 },
    { count: right, text: words.right, align: /** @type {CanvasTextAlign} */ ("right"), x: width - 5 },
  ];
  for (const end of ends) {
    if (end.count === 0) continue;
    context.textAlign = end.align;
    haloText(
      context,
      fill(end.text, { count: `${end.count}` }),
      end.x,
      floor - 10,
      mixed(colour, inks.ink),
      inks.paper,
      4,
    );
  }
}

// ----------------------------------------------------------------------------------------------------- widget

/** @param {{model: Model, el: HTMLElement}} view */
function render(view) {
  return mount(
    view,
    { kind: "vae-reparameterization", anew: [], followed: ["mu", "sigma", "samples", "seed", "wrt"] },
    build,
  );
}

/** @param {Model} model @param {HTMLElement} body @param {Scope} scope @returns {() => void} */
function build(model, body, scope) {
  const words = model.get("words");
  const palette = model.get("palette");
  const { signal } = scope;
  let now = readSetting(model);
  let noise = normals(now.seed, MOST);

  // Elements
  const paths = element("canvas", { class: "vae-paths", role: "img" });
  const knob = (/** @type {Parameter} */ name) =>
    slider(scope, {
      label: words[name],
      min: LIMITS[name][0],
      max: LIMITS[name][1],
      step: 0.05,
      text: (value) => shownNumber(value),
      spoken: (value) => fill(words.slider_text, { name: words[name], value: shownNumber(value) }),
      onInput: (value) => moveByHand({ [name]: Math.round(value * 1000) / 1000 }),
    });
  const knobs = { mu: knob("mu"), sigma: knob("sigma") };
  const group = freshId();
  const choices = /** @type {const} */ (["mu", "sigma"]).map((wrt) => {
    const input = element("input", { type: "radio", name: group, value: wrt, ...OWN_KEYS });
    input.addEventListener("change", () => {
      if (input.checked) moveByHand({ wrt });
    }, { signal });
    return { wrt, input, label: element("label", { class: "vae-choice" }, input, words[`by_${wrt}`]) };
  });
  const button = (/** @type {string} */ text) =>
    element("button", { class: "vae-button", type: "button", ...OWN_KEYS }, text);
  const anew = button(words.anew);
  const drawButton = button(words.draw);
  const panels = KINDS.map((kind) => ({
    kind,
    caption: element("p", { class: "vae-caption" }),
    canvas: element("canvas", { class: `vae-histogram vae-${kind}`, role: "img" }),
    numbers: element("p", { class: "vae-numbers" }),
  }));
  const count = slider(scope, {
    label: words.samples,
    min: 0,
    max: STOPS.length - 1,
    step: 1,
    text: () => `${now.samples}`,
    spoken: () => fill(words.samples_spoken, { value: `${now.samples}` }),
    onInput: (stop) => {
      pause();
      moveByHand({ samples: STOPS[Math.round(stop)] });
    },
  });
  const verdict = element("p", { class: "vae-verdict" });
  const live = announcer(scope);
  body.replaceChildren(
    element("div", {}, element("p", { class: "vae-caption" }, words.paths_caption), paths),
    element("div", { class: "vae-sliders vae-term-posterior" }, knobs.mu.element, knobs.sigma.element),
    element(
      "div",
      { class: "vae-action" },
      element("fieldset", {}, element("legend", {}, words.by), ...choices.map((one) => one.label)),
      anew,
    ),
    ...panels.map(({ kind, caption, canvas, numbers }) =>
      element("div", { class: `vae-panel-${kind}` }, caption, canvas, numbers)
    ),
    element("div", { class: "vae-action" }, drawButton, count.element),
    verdict,
    element("p", { class: "vae-hint" }, words.hint),
    live.element,
  );

  // Drawing
  /** @type {[number, number] | undefined} where the ring is, in pixels */
  let ring;
  let held = false;
  let axis = estimateAxis(now);
  /** @type {(ReturnType<typeof moments> & ReturnType<typeof histogram>)[]} of the panels */
  let about = [];
  const style = () => {
    const theme = currentTheme();
    return { colours: termColours(palette, theme), inks: INKS[theme], font: getComputedStyle(body).fontFamily, words };
  };
  const drawUpper = scope.perFrame(() => {
    const [width, height] = [paths.clientWidth, paths.clientHeight];
    if (width === 0) return; // not on the page yet, or hidden
    ring = drawPaths(fitCanvas(paths, width, height), width, height, {
      setting: now,
      noise: noise.subarray(0, HELD),
      held,
      ...style(),
    });
  });
  const drawLower = scope.perFrame(() => {
    const { colours, ...rest } = style();
    for (const [i, { kind, canvas }] of panels.entries()) {
      const [width, height] = [canvas.clientWidth, canvas.clientHeight];
      if (width === 0) return;
      const colour = kind === "score" ? colours.gap : colours.posterior;
      drawHistogram(fitCanvas(canvas, width, height), width, height, {
        about: about[i],
        axis,
        exact: exactGradient(now),
        colour,
        ...rest,
      });
    }
  });

  /** The sentence below a histogram. @param {typeof about[0]} one @param {number} exactVariance */
  const sentence = ({ mean, error, variance, left, right }, exactVariance) => {
    const exact = threeDigits(exactVariance);
    const text = now.samples === 0
      ? fill(words.mean_none, { exact })
      : now.samples === 1
      ? fill(words.mean_one, { mean: threeDigits(mean), exact })
      : fill(words.mean, { ...meanAndError({ mean, error }), variance: threeDigits(variance), exact });
    return left + right ? `${text} ${fill(words.beyond, { left: `${left}`, right: `${right}` })}` : text;
  };
  const ratio = () => {
    const { score, pathwise } = exactVariances(now);
    return grouped(score / pathwise, score / pathwise < 100 ? 1 : 0);
  };
  /** Shows the numbers at once, the pictures in the next frame. @param {Setting} next */
  const show = (next, first = false) => {
    const old = now;
    now = next;
    const changed = (/** @type {(keyof Setting)[]} */ ...names) =>
      first || names.some((name) => old[name] !== now[name]);
    if (changed("seed")) noise = normals(now.seed, MOST);
    if (changed("mu", "sigma", "wrt")) axis = estimateAxis(now);
    const variances = exactVariances(now);
    about = KINDS.map((kind) => {
      const values = estimates(kind, noise.subarray(0, now.samples), now);
      return { ...moments(values), ...histogram(values, ...axis) };
    });
    for (const [i, { kind, caption, canvas, numbers }] of panels.entries()) {
      caption.textContent = words[`${kind}_${now.wrt}`];
      numbers.textContent = sentence(about[i], variances[kind]);
      canvas.setAttribute("aria-label", fill(words[`${kind}_name`], { numbers: numbers.textContent }));
    }
    count.set(STOPS.findLastIndex((stop) => stop <= now.samples));
    drawLower();
    if (!changed("mu", "sigma", "seed", "wrt")) return;
    verdict.textContent = fill(words.verdict, { ratio: ratio() });
    for (const name of /** @type {const} */ (["mu", "sigma"])) knobs[name].set(now[name]);
    for (const { wrt, input } of choices) input.checked = now.wrt === wrt;
    paths.setAttribute(
      "aria-label",
      fill(words.paths_name, {
        mu: shownNumber(now.mu),
        sigma: shownNumber(now.sigma),
        by: words[`by_${now.wrt}`],
        arrows: words[`arrows_${now.wrt}`],
      }),
    );
    drawUpper();
  };
  const announce = () =>
    live.say(() => {
      const exact = shownNumber(exactGradient(now));
      if (now.samples < 2) return fill(words.live_none, { exact, ratio: ratio() });
      const [score, pathwise] = about.map((one) => fill(words.live_mean, meanAndError(one)));
      return fill(words.live, { exact, count: `${now.samples}`, score, pathwise });
    });
  /** Shows what came from the page, and tells Python. @param {Partial<Setting>} change */
  const move = (change) => {
    const changes = Object.entries(change).filter(([name, value]) =>
      value !== now[/** @type {keyof Setting} */ (name)]
    );
    show({ ...now, ...change });
    tell(scope, model, Object.fromEntries(changes));
  };
  const moveByHand = (/** @type {Partial<Setting>} */ change) => {
    move(change);
    announce();
  };
  const follow = () => {
    const next = readSetting(model);
    const changed = /** @type {(keyof Setting)[]} */ (Object.keys(next)).filter((name) => next[name] !== now[name]);
    if (changed.includes("samples")) pause();
    if (changed.length) show(next);
  };

  // Draws that arrive: one by one at first, then faster and faster.
  const nextSeed = () => (now.seed === LARGEST_SEED ? 0 : now.seed + 1);
  let running = 0;
  const pause = () => {
    if (!running) return;
    cancelAnimationFrame(running);
    running = 0;
    drawButton.textContent = words.draw;
    announce();
  };
  scope.onEnd(() => cancelAnimationFrame(running));
  drawButton.addEventListener("click", () => {
    if (running) return pause();
    if (now.samples === MOST) move({ seed: nextSeed(), samples: 0 });
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      return moveByHand({ samples: Math.min(MOST, now.samples + BLOCK) });
    }
    drawButton.textContent = words.pause;
    const before = SECONDS * Math.cbrt(now.samples / MOST); // a pause leaves the pace as it was
    /** @type {number | undefined} */
    let start;
    const tick = (/** @type {number} */ time) => {
      start ??= time;
      const due = Math.floor(MOST * ((before + (time - start) / 1000) / SECONDS) ** 3);
      running = requestAnimationFrame(tick);
      move({ samples: Math.min(MOST, Math.max(now.samples + 1, due)) });
      if (now.samples === MOST) pause();
    };
    running = requestAnimationFrame(tick);
  }, { signal });
  anew.addEventListener("click", () => moveByHand({ seed: nextSeed() }), { signal });

  // A hand on the peak
  const near = (/** @type {[number, number]} */ [px, py]) =>
    ring !== undefined && Math.hypot(ring[0] - px, ring[1] - py) <= REACH;
  draggable(scope, paths, {
    take: (at) => {
      if (!ring || !near(at)) return null;
      held = true;
      drawUpper();
      return ring[0] - at[0];
    },
    move: ([px], offset) => {
      const z = AXIS[0] + ((px + offset) / paths.clientWidth) * (AXIS[1] - AXIS[0]);
      const mu = clamp(Math.round(100 * z) / 100, ...LIMITS.mu);
      if (mu !== now.mu) moveByHand({ mu });
    },
    drop: () => {
      held = false;
      drawUpper();
    },
    hover: (at) => (paths.style.cursor = near(at) ? "ew-resize" : ""),
  });

  const drawAll = () => {
    drawUpper();
    drawLower();
  };
  scope.onResize(paths, drawUpper);
  for (const { canvas } of panels) scope.onResize(canvas, drawLower);
  window.addEventListener("resize", drawAll, { signal }); // zooming changes the pixel ratio only
  show(now, true);
  watchTheme(scope, drawAll);
  return follow;
}

export default { render };
