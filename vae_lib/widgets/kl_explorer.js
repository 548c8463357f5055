// Two Gaussians, and each divergence between them as the signed area under its integrand.

/** @typedef {[number, number]} Gaussian mean and standard deviation */

/** The bounds that Python's `MeanAndSd` keeps, and the axis, on which every mean lies. */
const MEAN = 4;
const SD = [0.1, 4];
const AXIS = 6;

/** How near to a peak, in pixels, a hand takes hold of it. */
const REACH = 28;

// ------------------------------------------------------------------------------------------------ mathematics

/** log N(z; mean, sd²). @param {Gaussian} gaussian @param {number} z */
function logDensity([mean, sd], z) {
  return -0.5 * ((z - mean) / sd) ** 2 - Math.log(sd) - 0.5 * Math.log(2 * Math.PI);
}

/** D[a‖b] in nats, in closed form, as Python's `gaussian_kl`. @param {Gaussian} a @param {Gaussian} b */
function divergence([mean, sd], [otherMean, otherSd]) {
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
function signedParts(a, b) {
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
function crossings([m, s], [n, t]) {
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

/** 1, 2, 5, 10, ..., or 0.5, 0.2, ...: the first of these that is at least `least`. @param {number} least */
function roundUp(least) {
  const power = 10 ** Math.floor(Math.log10(least) + 1e-9);
  return power * (/** @type {number} */ ([1, 2, 5, 10].find((factor) => factor * power >= least * (1 - 1e-9))));
}

/** A picture over z: the axis below, a scale at the left, room above and below for what is written. */
class Chart {
  /**
   * @param {CanvasRenderingContext2D} context @param {number} width @param {number} height
   * @param {{low: number, high: number, above: number, below: number}} range values, and pixels around them
   */
  constructor(context, width, height, { low, high, above, below }) {
    this.context = context;
    this.width = width;
    this.height = height;
    this.low = low;
    this.high = high;
    this.scale = (height - above - below) / (high - low);
    this.top = above;
  }

  /** @param {number} z */
  x(z) { return ((z + AXIS) / (2 * AXIS)) * this.width; }

  /** @param {number} px */
  z(px) { return (px / this.width) * 2 * AXIS - AXIS; }

  /** @param {number} value */
  y(value) { return this.top + (this.high - value) * this.scale; }

  zTicks() {
    const step = this.width < 480 ? 2 : 1;
    const last = AXIS / step - 1;
    return Array.from({ length: 2 * last + 1 }, (_, i) => (i - last) * step);
  }

  valueTicks() {
    const step = roundUp((this.high - this.low) / 5);
    const [first, last] = [Math.ceil(this.low / step - 1e-9), Math.floor(this.high / step + 1e-9)];
    const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step)
      .map((value) => ({ value, text: shownNumber(value, digits) }));
  }

  /** @param {number[]} from @param {number[]} to @param {string} colour */
  line(from, to, colour) {
    const { context } = this;
    context.beginPath();
    context.moveTo(from[0], from[1]);
    context.lineTo(to[0], to[1]);
    context.lineWidth = 1;
    context.strokeStyle = colour;
    context.stroke();
  }

  /** Paper, a line at each tick, dashes where Q and P cross. @param {any} inks @param {number[]} [crosses] */
  drawGrid(inks, crosses = []) {
    const { context, width, height } = this;
    context.fillStyle = inks.paper;
    context.fillRect(0, 0, width, height);
    const sharp = (/** @type {number} */ at) => Math.round(at) + 0.5;
    for (const z of this.zTicks()) this.line([sharp(this.x(z)), 0], [sharp(this.x(z)), height], inks.grid);
    for (const { value } of this.valueTicks()) this.line([0, sharp(this.y(value))], [width, sharp(this.y(value))], inks.grid);
    this.line([0, sharp(this.y(0))], [width, sharp(this.y(0))], inks.axis);
    context.setLineDash([3, 4]);
    context.globalAlpha = 0.6;
    for (const z of crosses) this.line([this.x(z), 0], [this.x(z), height], inks.quiet);
    context.globalAlpha = 1;
    context.setLineDash([]);
  }

  /** The numbers at the edges and the axis's name. @param {any} inks @param {string} font @param {string} name */
  drawLabels(inks, font, name) {
    const { context, width, height } = this;
    context.font = `11px ${font}`;
    context.textBaseline = "bottom";
    context.textAlign = "center";
    for (const z of this.zTicks()) haloText(context, shownNumber(z, 0), this.x(z), height - 4, inks.quiet, inks.paper, 3);
    context.textBaseline = "middle";
    context.textAlign = "left";
    for (const { value, text } of this.valueTicks()) {
      const y = this.y(value);
      if (Math.abs(value) < 1e-9) continue; // the axis itself, where a curve would run through the number
      if (y > 8 && y < height - 22) haloText(context, text, 5, y, inks.quiet, inks.paper, 3);
    }
    context.font = `italic 600 14px ${font}`;
    context.textAlign = "right";
    context.textBaseline = "bottom";
    haloText(context, name, width - 7, height - 3, inks.quiet, inks.paper);
  }

  /** A function of z as a path, two points to a pixel. @param {(z: number) => number} f */
  path(f) {
    const path = new Path2D();
    for (let px = 0; px <= this.width; px += 0.5) path.lineTo(px, this.y(f(this.z(px))));
    return path;
  }

  /** What lies between a path and zero. @param {Path2D} path */
  closed(path) {
    const area = new Path2D(path);
    area.lineTo(this.width, this.y(0));
    area.lineTo(0, this.y(0));
    area.closePath();
    return area;
  }
}

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
  for (const [i, [x, y]] of peaks.entries()) {
    const colour = [colours.prior, colours.posterior][i];
    for (const [width, ink] of /** @type {[number, string][]} */ ([[7, inks.paper], [held === "pq"[i] ? 5 : 3.5, colour]])) {
      context.beginPath();
      context.arc(x, y, 8, 0, 2 * Math.PI);
      context.strokeStyle = ink;
      context.lineWidth = width;
      context.stroke();
    }
    context.beginPath();
    context.arc(x, y, 6, 0, 2 * Math.PI);
    context.fillStyle = inks.paper;
    context.fill();
  }
  context.textAlign = "center";
  context.textBaseline = "bottom";
  context.font = `italic 700 17px ${font}`;
  for (const [i, [x, y]] of peaks.entries()) {
    const text = i === 0 ? words.p : words.q;
    haloText(context, text, x + (i === 0 ? -push : push) * side, y - 13, [colours.prior, colours.posterior][i], inks.paper, 5);
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
    haloText(context, text, side ? slope(side) + 10 * side : highest, Math.min(chart.y(0.66 * top), zero - 12), ink, inks.paper, 5);
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
  return { low: Math.min(low, Math.max(other.low, 3 * low, -high)), high: Math.max(high, Math.min(other.high, 3 * high)) };
}

// ----------------------------------------------------------------------------------------------------- widget

/** @param {{model: Model, el: HTMLElement}} view */
function render({ model, el }) {
  const body = element("div", { class: "vae-kl" });
  const root = element("div", { class: "vae-widget", role: "group" }, body);
  el.replaceChildren(root);
  /** @type {Scope | undefined} */
  let scope;
  /** @type {(() => void) | undefined} shows what the model holds; none while a sentence stands there instead */
  let follow;
  const start = () => {
    scope?.end();
    scope = new Scope();
    follow = undefined;
    const words = model.get("words");
    root.setAttribute("aria-label", words.name);
    const current = scope;
    watchTheme(current, (theme) => applyTheme(root, model.get("palette"), theme));
    orSentence(body, words, () => (follow = build(model, body, current)));
  };
  const { later, end } = onceForAll(start);
  const changed = () => {
    if (follow && asGaussian(model.get("q")) && asGaussian(model.get("p"))) follow();
    else later();
  };
  const heard = { words: later, palette: later, q: changed, p: changed, reverse: changed };
  for (const [name, callback] of Object.entries(heard)) model.on(`change:${name}`, callback);
  start();
  return () => {
    end();
    for (const [name, callback] of Object.entries(heard)) model.off(`change:${name}`, callback);
    scope?.end();
    root.remove();
  };
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
    const row = element("label", { class: "vae-direction" }, input, element("b", {}, reverse ? words.pq : words.qp),
      element("span", { class: "vae-bar", "aria-hidden": "true" }, bar), value);
    return { row, input, bar, value };
  });
  const knob = (/** @type {"q" | "p"} */ name, /** @type {0 | 1} */ which) => {
    const kind = which === 0 ? "mean" : "width";
    return slider(scope, {
      label: words[`${kind}_${name}`], min: which === 0 ? -MEAN : SD[0], max: which === 0 ? MEAN : SD[1], step: 0.05,
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
    element("div", { class: "vae-sliders" },
      element("div", { class: "vae-q" }, ...knobs.q.map((one) => one.element)),
      element("div", { class: "vae-p" }, ...knobs.p.map((one) => one.element))),
    element("p", { class: "vae-hint" }, words.hint),
    live.element);

  // Drawing
  /** @type {{q: number[], p: number[]} | undefined} where the rings are, in pixels */
  let peaks;
  /** @type {{name: "q" | "p", id: number, offset: number} | null} */
  let held = null;
  let parts = signedParts(now.q, now.p);
  let sizes = { positive: "", negative: "", total: "" };
  const pair = () => /** @type {[Gaussian, Gaussian]} */ (now.reverse ? [now.p, now.q] : [now.q, now.p]);
  const draw = scope.perFrame(() => {
    const theme = currentTheme();
    const font = getComputedStyle(body).fontFamily;
    const colours = Object.fromEntries(["posterior", "prior", "gap"]
      .map((term) => [term, palette.terms[term][theme === "dark" ? 1 : 0]]));
    const style = { colours, inks: INKS[theme], font, words };
    const chart = (/** @type {HTMLCanvasElement} */ canvas, /** @type {any} */ range) =>
      new Chart(fitCanvas(canvas, canvas.clientWidth, canvas.clientHeight), canvas.clientWidth, canvas.clientHeight, range);
    if (densities.clientWidth === 0) return; // not on the page yet, or hidden
    const tallest = 1 / (Math.min(now.q[1], now.p[1]) * Math.sqrt(2 * Math.PI));
    peaks = drawDensities(chart(densities, { low: 0, high: Math.max(0.8, tallest), above: 38, below: 22 }),
      { q: now.q, p: now.p, held: held?.name, ...style });
    const [a, b] = pair();
    drawIntegrand(chart(integrandCanvas, { ...integrandRange(a, b), above: 14, below: 42 }), { a, b, parts, sizes, ...style });
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
    sizes = { positive: shownNumber(total + negative, 3), negative: shownNumber(negative, 3), total: shownNumber(total, 3) };
    integrandCaption.textContent = now.reverse ? words.integrand_caption_pq : words.integrand_caption_qp;
    integrandCanvas.setAttribute("aria-label", fill(words.integrand_name, { ...sizes, direction: now.reverse ? words.pq : words.qp }));
    areaText.textContent = fill(words.area, sizes) + (parts.beyond >= 0.0005 ? ` ${words.area_beyond}` : "");
    densities.setAttribute("aria-label", fill(words.densities_name, {
      q_mean: shownNumber(now.q[0]), q_width: shownNumber(now.q[1]),
      p_mean: shownNumber(now.p[0]), p_width: shownNumber(now.p[1]),
    }));
    for (const name of /** @type {const} */ (["q", "p"])) knobs[name].forEach((one, which) => one.set(now[name][which]));
    draw();
  };
  /** Moves by the reader's hand. @param {typeof now} next */
  const move = (next) => {
    const changes = Object.entries(next).filter(([name, value]) => value !== now[/** @type {"q"} */ (name)]);
    if (changes.length === 0) return;
    show(next);
    for (const [name, value] of changes) model.set(name, value);
    model.save_changes();
    live.say(() => fill(words.live, {
      qp: shownNumber(divergence(now.q, now.p), 3), pq: shownNumber(divergence(now.p, now.q), 3),
    }));
  };
  const follow = () => {
    const next = given();
    if (JSON.stringify(next) !== JSON.stringify(now)) show(next);
  };

  // A hand on a peak
  const place = (/** @type {PointerEvent} */ event) => {
    const box = densities.getBoundingClientRect();
    return [event.clientX - box.left - densities.clientLeft, event.clientY - box.top - densities.clientTop];
  };
  /** The peak under the hand. @param {PointerEvent} event @returns {"q" | "p" | null} */
  const peakAt = (event) => {
    if (!peaks) return null;
    const at = place(event);
    const [toQ, toP] = [peaks.q, peaks.p].map(([x, y]) => Math.hypot(x - at[0], y - at[1]));
    if (Math.min(toQ, toP) > REACH) return null;
    return toQ <= toP ? "q" : "p";
  };
  densities.addEventListener("pointerdown", (event) => {
    const name = peakAt(event);
    if (held || event.button !== 0 || !name || !peaks) return;
    held = { name, id: event.pointerId, offset: peaks[name][0] - place(event)[0] };
    densities.setPointerCapture(event.pointerId);
    draw();
    event.preventDefault();
  }, { signal });
  densities.addEventListener("pointermove", (event) => {
    if (event.pointerId === held?.id) {
      const z = ((place(event)[0] + held.offset) / densities.clientWidth) * 2 * AXIS - AXIS;
      const mean = clamp(Math.round(100 * z) / 100, -MEAN, MEAN);
      if (mean !== now[held.name][0]) move({ ...now, [held.name]: [mean, now[held.name][1]] });
    } else {
      densities.style.cursor = peakAt(event) ? "ew-resize" : "";
    }
  }, { signal });
  for (const name of /** @type {const} */ (["pointerup", "pointercancel", "lostpointercapture"])) {
    densities.addEventListener(name, (event) => {
      if (event.pointerId !== held?.id) return;
      held = null;
      draw();
    }, { signal });
  }

  scope.onResize(densities, draw);
  scope.onResize(integrandCanvas, draw);
  window.addEventListener("resize", draw, { signal }); // zooming changes the pixel ratio only
  show(now);
  watchTheme(scope, draw);
  return follow;
}

export default { render };
