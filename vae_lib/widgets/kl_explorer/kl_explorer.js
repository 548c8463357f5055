// Two Gaussians, and each divergence between them as the signed area under its integrand.

import { drawRing, fitCanvas, haloText, INKS, mixed, termColours } from "../shared/canvas.js";
import { Chart, roundUp } from "../shared/chart.js";
import { announcer, element, freshId, OWN_KEYS, slider } from "../shared/form.js";
import { draggable } from "../shared/hand.js";
import { clamp } from "../shared/numbers.js";
import { currentTheme, mount, tell, watchTheme } from "../shared/view.js";
import { fill, ShownError, shownNumber } from "../shared/words.js";

/** @import { Model, Scope } from "../shared/view.js" */

/** @typedef {[number, number]} Gaussian mean and standard deviation */

/** The bounds that Python's `MeanAndSd` keeps, and the axis, on which every mean lies. */
const MEAN = 4;
const SD = [0.1, 4];
const AXIS = 6;

/** How near to a peak, in pixels, a hand takes hold of it. */
const REACH = 28;

// ------------------------------------------------------------------------------------------------ mathematics

/** log N(z; mean, sd²). @param {Gaussian} gaussian @param {number} z */
export function logDensity([mean, sd], z) {
  return -0.5 * ((z - mean) / sd) ** 2 - Math.log(sd) - 0.5 * Math.log(2 * Math.PI);
}

/** D[a‖b] in nats, in closed form, as Python's `gaussian_kl`. @param {Gaussian} a @param {Gaussian} b */
export function divergence([mean, sd], [otherMean, otherSd]) {
  const logRatio = 2 * Math.log(sd / otherSd);
  // expm1 keeps the digits where the two widths nearly agree and the divergence is tiny.
  return 0.5 * (Math.expm1(logRatio) - logRatio + ((mean - otherMean) / otherSd) ** 2);
}

/** What D[a‖b] adds up over z: a(z) log(a(z) / b(z)). @param {Gaussian} a @param {Gaussian} b @param {number} z */
function integrand(a, b, z) {
  const log = logDensity(a, z);
  return Math.exp(log) * (log - logDensity(b, z));
}

/**
 * The area above zero, the area below it, and how much of both lies beyond the axis: over the whole line, on a grid
 * that reaches ten standard deviations to either side of a's mean.
 * @param {Gaussian} a @param {Gaussian} b
 */
export function signedParts(a, b) {
  const steps = 4000;
  const step = (20 * a[1]) / steps;
  let [positive, negative, beyond] = [0, 0, 0];
  for (let i = 0; i <= steps; i++) {
    const z = a[0] + step * (i - steps / 2);
    const area = step * integrand(a, b, z);
    if (area > 0) positive += area;
    else negative -= area;
    if (Math.abs(z) > AXIS) beyond += Math.abs(area);
  }
  return { positive, negative, beyond };
}

/** Where the two densities cross: none, one or two places. @param {Gaussian} a @param {Gaussian} b */
export function crossings([m, s], [n, t]) {
  // log a(z) − log b(z) is a parabola in z.
  const A = 0.5 / t ** 2 - 0.5 / s ** 2;
  const B = m / s ** 2 - n / t ** 2;
  const C = 0.5 * (n / t) ** 2 - 0.5 * (m / s) ** 2 + Math.log(t / s);
  if (Math.abs(A) < 1e-9) return Math.abs(B) < 1e-9 ? [] : [-C / B];
  const root = Math.sqrt(Math.max(0, B * B - 4 * A * C));
  return [(-B - root) / (2 * A), (-B + root) / (2 * A)];
}

/** A Gaussian as Python would take it, or null. @param {any} given @returns {Gaussian | null} */
function asGaussian(given) {
  if (!Array.isArray(given) || given.length !== 2 || !given.every(Number.isFinite)) return null;
  const [mean, sd] = given;
  return Math.abs(mean) <= MEAN && sd >= SD[0] && sd <= SD[1] ? [mean, sd] : null;
}

// ---------------------------------------------------------------------------------------------------- drawing

/** Q and P as curves, a ring on each peak. @param {Chart} chart @param {any} scene */
function drawDensities(chart, { q, p, colours, inks, font, words, held }) {
  const { context } = chart;
  chart.drawGrid(inks, crossings(q, p));
  const peaks = [p, q].map((gaussian) => [chart.x(gaussian[0]), chart.y(Math.exp(logDensity(gaussian, gaussian[0])))]);
  for (const [i, gaussian] of [p, q].entries()) {
    const path = chart.path((z) => Math.exp(logDensity(gaussian, z)));
    context.globalAlpha = 0.14;
    context.fillStyle = [colours.prior, colours.posterior][i];
    context.fill(chart.closed(path));
    context.globalAlpha = 1;
    context.lineWidth = 2.25;
    context.lineJoin = "round";
    context.strokeStyle = context.fillStyle;
    context.stroke(path);
  }
  chart.drawLabels(inks, font, words.axis);
  // Names stand above their rings, and step aside where they would meet.
  const [dx, dy] = [peaks[1][0] - peaks[0][0], peaks[1][1] - peaks[0][1]];
  const push = Math.abs(dy) < 40 ? Math.max(0, 30 - Math.abs(dx)) / 2 : 0;
  const side = dx < 0 ? -1 : 1;
  for (const [i, at] of peaks.entries()) {
    const colour = [colours.prior, colours.posterior][i];
    drawRing(context, /** @type {[number, number]} */ (at), {
      colour,
      paper: inks.paper,
      radius: 8,
      width: held === "pq"[i] ? 5 : 3.5,
      filled: true,
    });
  }
  context.textAlign = "center";
  context.textBaseline = "bottom";
  context.font = `italic 700 17px ${font}`;
  for (const [i, [x, y]] of peaks.entries()) {
    const text = i === 0 ? words.p : words.q;
    haloText(
      context,
      text,
      x + (i === 0 ? -push : push) * side,
      y - 13,
      [colours.prior, colours.posterior][i],
      inks.paper,
      5,
    );
  }
  return { p: peaks[0], q: peaks[1] };
}

/** The integrand of D[a‖b]: filled above zero, hatched below, each part with its size. @param {Chart} chart @param {any} scene */
function drawIntegrand(chart, { a, b, parts, sizes, colours, inks, font, words }) {
  const { context, width, height } = chart;
  const f = (/** @type {number} */ z) => integrand(a, b, z);
  const zero = chart.y(0);
  chart.drawGrid(inks, crossings(a, b));
  const path = chart.path(f);
  const area = chart.closed(path);
  const within = (/** @type {number} */ top, /** @type {number} */ bottom, /** @type {() => void} */ draw) => {
    context.save();
    context.beginPath();
    context.rect(0, top, width, bottom - top);
    context.clip();
    draw();
    context.restore();
  };
  context.fillStyle = context.strokeStyle = colours.gap;
  within(0, zero, () => {
    context.globalAlpha = 0.42;
    context.fill(area);
  });
  within(zero, height, () => {
    context.globalAlpha = 0.1;
    context.fill(area);
    context.clip(area);
    context.globalAlpha = 0.75;
    context.lineWidth = 1;
    context.beginPath();
    for (let x = -height; x < width; x += 6) {
      context.moveTo(x, height);
      context.lineTo(x + height, 0);
    }
    context.stroke();
  });
  context.lineWidth = 1.75;
  context.lineJoin = "round";
  context.stroke(path);
  chart.drawLabels(inks, font, words.axis);

  context.font = `600 13px ${font}`;
  const ink = mixed(colours.gap, inks.ink);
  let [highest, lowest, top, bottom] = [0, 0, 0, 0];
  for (let px = 0; px <= width; px += 0.5) {
    const value = f(chart.z(px));
    if (value > top) [highest, top] = [px, value];
    if (value < bottom) [lowest, bottom] = [px, value];
  }
  if (parts.positive >= 0.0005 && top * chart.scale > 4) {
    // Beside the highest hill, where it has fallen to two thirds: on the side away from the valley if there is room.
    const text = fill(words.plus, { value: sizes.positive });
    const room = context.measureText(text).width + 10;
    const slope = (/** @type {number} */ side) => {
      let px = highest;
      while (px >= 0 && px <= width && f(chart.z(px)) > 0.66 * top) px += side;
      return px;
    };
    const first = parts.negative >= 0.0005 ? highest > lowest : highest < width / 2;
    const fits = (/** @type {number} */ end) => end > 34 && end < width - 4;
    const side = (first ? [1, -1] : [-1, 1]).find((one) => fits(slope(one) + one * room));
    context.textAlign = side === 1 ? "left" : side === -1 ? "right" : "center";
    context.textBaseline = "middle";
    haloText(
      context,
      text,
      side ? slope(side) + 10 * side : highest,
      Math.min(chart.y(0.66 * top), zero - 12),
      ink,
      inks.paper,
      5,
    );
  }
  if (parts.negative >= 0.0005 && -bottom * chart.scale > 1) {
    const text = fill(words.minus, { value: sizes.negative });
    const half = context.measureText(text).width / 2 + 6;
    context.textAlign = "center";
    context.textBaseline = "top";
    haloText(context, text, clamp(lowest, half + 30, width - half), chart.y(bottom) + 5, ink, inks.paper, 5);
  }
}

/** The lowest and the highest value of the integrand on the axis. @param {Gaussian} a @param {Gaussian} b */
function extremes(a, b) {
  let [low, high] = [0, 0];
  for (let z = -AXIS; z <= AXIS; z += 0.02) {
    const value = integrand(a, b, z);
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { low, high };
}

/**
 * The scale of the integrand's picture: one for both directions, so that a switch shows which area is larger, unless
 * one is so much larger that the other would vanish.
 * @param {Gaussian} a @param {Gaussian} b
 */
function integrandRange(a, b) {
  const [own, other] = [extremes(a, b), extremes(b, a)];
  const high = Math.max(own.high, 0.25);
  const low = Math.min(own.low, -0.06);
  return {
    low: Math.min(low, Math.max(other.low, 3 * low, -high)),
    high: Math.max(high, Math.min(other.high, 3 * high)),
  };
}

// ----------------------------------------------------------------------------------------------------- widget

/** @param {{model: Model, el: HTMLElement}} view */
function render(view) {
  return mount(view, { kind: "vae-kl", anew: [], followed: ["q", "p", "reverse"] }, build);
}

/** @param {Model} model @param {HTMLElement} body @param {Scope} scope @returns {() => void} */
function build(model, body, scope) {
  const words = model.get("words");
  const palette = model.get("palette");
  const { signal } = scope;
  /** What is shown. @type {{q: Gaussian, p: Gaussian, reverse: boolean}} */
  let now;
  const given = () => {
    const [q, p] = [asGaussian(model.get("q")), asGaussian(model.get("p"))];
    if (!q || !p) throw new ShownError("bad_gaussian", "q and p must each be a mean and a standard deviation");
    return { q, p, reverse: model.get("reverse") === true };
  };
  now = given();

  // Elements
  const densities = element("canvas", { class: "vae-densities", role: "img" });
  const integrandCanvas = element("canvas", { class: "vae-integrand", role: "img" });
  const integrandCaption = element("p", { class: "vae-caption" });
  const areaText = element("p", { class: "vae-area" });
  const legend = element("legend");
  const live = announcer(scope);
  const group = freshId();
  const rows = [false, true].map((reverse) => {
    const input = element("input", { type: "radio", name: group, value: reverse ? "pq" : "qp", ...OWN_KEYS });
    const bar = element("span");
    const value = element("data");
    input.addEventListener("change", () => {
      if (input.checked) move({ ...now, reverse });
    }, { signal });
    const row = element(
      "label",
      { class: "vae-direction" },
      input,
      element("b", {}, reverse ? words.pq : words.qp),
      element("span", { class: "vae-bar", "aria-hidden": "true" }, bar),
      value,
    );
    return { row, input, bar, value };
  });
  const knob = (/** @type {"q" | "p"} */ name, /** @type {0 | 1} */ which) => {
    const kind = which === 0 ? "mean" : "width";
    return slider(scope, {
      label: words[`${kind}_${name}`],
      min: which === 0 ? -MEAN : SD[0],
      max: which === 0 ? MEAN : SD[1],
      step: 0.05,
      text: (value) => shownNumber(value),
      spoken: (value) => fill(words[`${kind}_spoken`], { name: words[name], value: shownNumber(value) }),
      onInput: (value) => {
        /** @type {Gaussian} */
        const next = [...now[name]];
        next[which] = Math.round(value * 1000) / 1000;
        move({ ...now, [name]: next });
      },
    });
  };
  const knobs = { q: [knob("q", 0), knob("q", 1)], p: [knob("p", 0), knob("p", 1)] };
  body.replaceChildren(
    element("div", {}, element("p", { class: "vae-caption" }, words.densities_caption), densities),
    element("div", {}, integrandCaption, integrandCanvas, areaText),
    element("fieldset", {}, legend, ...rows.map((one) => one.row)),
    element(
      "div",
      { class: "vae-sliders" },
      element("div", { class: "vae-term-posterior" }, ...knobs.q.map((one) => one.element)),
      element("div", { class: "vae-term-prior" }, ...knobs.p.map((one) => one.element)),
    ),
    element("p", { class: "vae-hint" }, words.hint),
    live.element,
  );

  // Drawing
  /** @type {{q: number[], p: number[]} | undefined} where the rings are, in pixels */
  let peaks;
  /** @type {"q" | "p" | undefined} the peak in the hand */
  let held;
  let parts = signedParts(now.q, now.p);
  let sizes = { positive: "", negative: "", total: "" };
  const pair = () => /** @type {[Gaussian, Gaussian]} */ (now.reverse ? [now.p, now.q] : [now.q, now.p]);
  const draw = scope.perFrame(() => {
    const theme = currentTheme();
    const font = getComputedStyle(body).fontFamily;
    const style = { colours: termColours(palette, theme), inks: INKS[theme], font, words };
    const chart = (/** @type {HTMLCanvasElement} */ canvas, /** @type {any} */ range) =>
      new Chart(fitCanvas(canvas, canvas.clientWidth, canvas.clientHeight), canvas.clientWidth, canvas.clientHeight, {
        ...range,
        axis: [-AXIS, AXIS],
      });
    if (densities.clientWidth === 0) return; // not on the page yet, or hidden
    const tallest = 1 / (Math.min(now.q[1], now.p[1]) * Math.sqrt(2 * Math.PI));
    peaks = drawDensities(chart(densities, { low: 0, high: Math.max(0.8, tallest), above: 38, below: 22 }), {
      q: now.q,
      p: now.p,
      held,
      ...style,
    });
    const [a, b] = pair();
    drawIntegrand(chart(integrandCanvas, { ...integrandRange(a, b), above: 14, below: 42 }), {
      a,
      b,
      parts,
      sizes,
      ...style,
    });
  });

  /** Shows the numbers at once, the pictures in the next frame. @param {typeof now} next */
  const show = (next) => {
    now = next;
    const [a, b] = pair();
    parts = signedParts(a, b);
    const values = [divergence(now.q, now.p), divergence(now.p, now.q)];
    const end = roundUp(Math.max(1, ...values));
    legend.textContent = fill(words.bars_caption, { end: `${end}` });
    rows.forEach(({ input, bar, value }, i) => {
      input.checked = now.reverse === (i === 1);
      bar.style.width = `${(100 * values[i]) / end}%`;
      value.value = `${values[i]}`;
      value.textContent = fill(words.nats, { value: shownNumber(values[i], 3) });
    });
    // Rounded so that what is written adds up: the filled area is the total and the hatched area, as both are shown.
    const [total, negative] = [divergence(a, b), parts.negative].map((value) => Math.round(1000 * value) / 1000);
    sizes = {
      positive: shownNumber(total + negative, 3),
      negative: shownNumber(negative, 3),
      total: shownNumber(total, 3),
    };
    integrandCaption.textContent = now.reverse ? words.integrand_caption_pq : words.integrand_caption_qp;
    integrandCanvas.setAttribute(
      "aria-label",
      fill(words.integrand_name, { ...sizes, direction: now.reverse ? words.pq : words.qp }),
    );
    areaText.textContent = fill(words.area, sizes) + (parts.beyond >= 0.0005 ? ` ${words.area_beyond}` : "");
    densities.setAttribute(
      "aria-label",
      fill(words.densities_name, {
        q_mean: shownNumber(now.q[0]),
        q_width: shownNumber(now.q[1]),
        p_mean: shownNumber(now.p[0]),
        p_width: shownNumber(now.p[1]),
      }),
    );
    for (const name of /** @type {const} */ (["q", "p"])) {
      knobs[name].forEach((one, which) => one.set(now[name][which]));
    }
    draw();
  };
  /** Moves by the reader's hand. @param {typeof now} next */
  const move = (next) => {
    const changes = Object.entries(next).filter(([name, value]) => value !== now[/** @type {"q"} */ (name)]);
    if (changes.length === 0) return;
    show(next);
    tell(scope, model, Object.fromEntries(changes));
    live.say(() =>
      fill(words.live, {
        qp: shownNumber(divergence(now.q, now.p), 3),
        pq: shownNumber(divergence(now.p, now.q), 3),
      })
    );
  };
  const follow = () => {
    const next = given();
    if (JSON.stringify(next) !== JSON.stringify(now)) show(next);
  };

  // A hand on a peak
  /** @param {[number, number]} at @returns {"q" | "p" | null} */
  const peakAt = (at) => {
    if (!peaks) return null;
    const [toQ, toP] = [peaks.q, peaks.p].map(([x, y]) => Math.hypot(x - at[0], y - at[1]));
    if (Math.min(toQ, toP) > REACH) return null;
    return toQ <= toP ? "q" : "p";
  };
  draggable(scope, densities, {
    take: (at) => {
      const name = peakAt(at);
      if (!name || !peaks) return null;
      held = name;
      draw();
      return { name, offset: peaks[name][0] - at[0] };
    },
    move: ([px], { name, offset }) => {
      const z = ((px + offset) / densities.clientWidth) * 2 * AXIS - AXIS;
      const mean = clamp(Math.round(100 * z) / 100, -MEAN, MEAN);
      if (mean !== now[name][0]) move({ ...now, [name]: [mean, now[name][1]] });
    },
    drop: () => {
      held = undefined;
      draw();
    },
    hover: (at) => (densities.style.cursor = peakAt(at) ? "ew-resize" : ""),
  });

  scope.onResize(densities, draw);
  scope.onResize(integrandCanvas, draw);
  window.addEventListener("resize", draw, { signal }); // zooming changes the pixel ratio only
  show(now);
  watchTheme(scope, draw);
  return follow;
}

export default { render };
