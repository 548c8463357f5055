// Eq. (1) by draws from the prior: a map of the draws and their shares of the sum, and the estimate as draws are added.

import { drawRing, fitCanvas, haloText, INKS, picture, termColours } from "../shared/canvas.js";
import { Chart } from "../shared/chart.js";
import { announcer, element, OWN_KEYS, slider } from "../shared/form.js";
import { draggable } from "../shared/hand.js";
import { dot, drawCircleNames, drawCircles, drawStatic } from "../shared/latent_map.js";
import { Network } from "../shared/network.js";
import { clamp, normals } from "../shared/numbers.js";
import { Plane } from "../shared/plane.js";
import { currentTheme, mount, tell, watchTheme } from "../shared/view.js";
import { fill, grouped, ShownError, shownNumber } from "../shared/words.js";

/** @import { Model, Scope } from "../shared/view.js" */

/** As in Python. */
const MOST = 4096;
const SEEDS = 2 ** 32;

/** The map's half side: hardly one draw in ten thousand lies beyond. */
const EXTENT = 4;

/** The axis of the chart is log2 n, with room for the scale at the left and for the ring at the right. */
const AXIS = /** @type {[number, number]} */ ([-1, 12.5]);

/** The chart reaches this many nats below the exact value, whatever σ, so that one σ compares with another. */
const DEPTH = 30;

/** How long one slice of decoding may take. */
const SLICE_MS = 5;

/** How near to the ring, in pixels, a finger takes hold of it. */
const REACH = 30;

/** What is drawn filled: the fewest draws that carry this much of the sum. */
const CARRIED = 0.99;

/** Stops of the slider: whole numbers in ratios of about 2^(1/4). */
const COUNTS = [...new Set(Array.from({ length: 49 }, (_, i) => Math.round(2 ** (i / 4))))];

// ---------------------------------------------------------------------------------------------------- numbers

/**
 * The squared error |X − f(z)|² of each draw, which σ does not change. Decoding goes in slices, so that the page stays
 * live; `onMore` is called after each.
 */
class Draws {
  /** @param {Network} network @param {Float32Array} x @param {number} seed @param {() => void} onMore */
  constructor(network, x, seed, onMore) {
    this.network = network;
    this.x = x;
    this.z = Float32Array.from(normals(seed, 2 * MOST));
    this.squares = new Float64Array(MOST);
    this.done = 0;
    this.onMore = onMore;
    this.timer = 0;
  }

  /** Decodes some draws now, and the others soon. */
  start() {
    const start = performance.now();
    do this.decodeOne(); while (this.done < MOST && performance.now() - start < SLICE_MS);
    if (this.done < MOST) this.timer = setTimeout(() => this.start());
    this.onMore();
  }

  decodeOne() {
    const { x, done } = this;
    const decoded = this.network.run(this.at(done));
    let sum = 0;
    for (let i = 0; i < x.length; i++) sum += (x[i] - decoded[i]) ** 2;
    this.squares[done] = sum;
    this.done++;
  }

  /** @param {number} index */
  at(index) {
    return this.z.subarray(2 * index, 2 * index + 2);
  }

  stop() {
    clearTimeout(this.timer);
  }
}

/**
 * The estimate after each of the first `count` draws, and who carries the last one.
 * @param {Draws} draws @param {number} count @param {number} sigma
 */
function estimates({ squares, x }, count, sigma) {
  const constant = x.length * Math.log(sigma * Math.sqrt(2 * Math.PI));
  const running = new Float64Array(count);
  const logWeights = new Float64Array(count);
  let [most, sum, ofSquares, best] = [-Infinity, 0, 0, 0]; // sums of w and w², relative to the largest w
  for (let i = 0; i < count; i++) {
    const log = -squares[i] / (2 * sigma * sigma) - constant;
    logWeights[i] = log;
    if (log > most) {
      const shrink = Math.exp(most - log);
      sum = sum * shrink + 1;
      ofSquares = ofSquares * shrink * shrink + 1;
      [most, best] = [log, i];
    } else {
      const weight = Math.exp(log - most);
      sum += weight;
      ofSquares += weight * weight;
    }
    running[i] = most + Math.log(sum / (i + 1));
  }
  const shares = logWeights.map((log) => Math.exp(log - most) / sum);
  const sorted = Float64Array.from(shares).sort();
  let [carried, carriers] = [0, 0];
  while (carriers < count && carried < CARRIED) carried += sorted[count - ++carriers];
  return { running, shares, best, carriers, least: sorted[count - carriers], effective: (sum * sum) / ofSquares };
}

// ---------------------------------------------------------------------------------------------------- drawing

/** A number line of draws in equal ratios, over nats. */
class DrawsChart extends Chart {
  zTicks() {
    return [1, 10, 100, 1000].map((count) => ({ value: Math.log2(count), text: `${count}` }));
  }
}

/** The rings of the first `count` draws, all alike. @param {CanvasRenderingContext2D} context @param {Plane} plane @param {any} scene */
function drawSpecks(context, plane, { z, from, count, colour }) {
  const [radius, side] = [1.7, 6];
  const stamp = document.createElement("canvas");
  const pen = fitCanvas(stamp, side, side);
  pen.strokeStyle = colour;
  pen.lineWidth = 0.8;
  pen.beginPath();
  pen.arc(side / 2, side / 2, radius, 0, 2 * Math.PI);
  pen.stroke();
  for (let i = from; i < count; i++) {
    context.drawImage(stamp, plane.x(z[2 * i]) - side / 2, plane.y(z[2 * i + 1]) - side / 2, side, side);
  }
}

/** The radius of a dot whose area is its share of the sum. @param {Plane} plane @param {number} share */
function dotRadius(plane, share) {
  return Math.max(1.5, 0.05 * plane.size * Math.sqrt(share));
}

/** The draws that carry the sum. @param {CanvasRenderingContext2D} context @param {Plane} plane @param {any} scene */
function drawCarriers(context, plane, { z, shown, stamps, colours }) {
  const { shares, least } = shown;
  context.fillStyle = colours.evidence;
  context.globalAlpha = 0.6;
  for (let i = 0; i < shares.length; i++) {
    if (shares[i] < least) continue;
    const [x, y] = [plane.x(z[2 * i]), plane.y(z[2 * i + 1])];
    const exact = dotRadius(plane, shares[i]);
    const radius = Math.round(4 * exact) / 4;
    if (radius > 4) { // never many, as their shares add up to at most 1
      context.beginPath();
      context.arc(x, y, exact, 0, 2 * Math.PI);
      context.fill();
      continue;
    }
    let stamp = stamps.get(radius);
    if (!stamp) stamps.set(radius, stamp = dot(radius, colours.evidence));
    context.drawImage(stamp, x - radius - 1, y - radius - 1, 2 * radius + 2, 2 * radius + 2);
  }
  context.globalAlpha = 1;
}

/** A ring around the draw that counts most. @param {CanvasRenderingContext2D} context @param {Plane} plane @param {any} scene */
function markLargest(context, plane, { z, shown: { shares, best }, inks }) {
  const [z1, z2] = [z[2 * best], z[2 * best + 1]].map((value) => clamp(value, -EXTENT, EXTENT));
  const radius = Math.max(8, dotRadius(plane, shares[best]) + 3);
  drawRing(context, [plane.x(z1), plane.y(z2)], { colour: inks.ink, paper: inks.paper, radius, width: 2 });
}

/** The estimate as draws are added, the band, the exact value. @param {DrawsChart} chart @param {any} scene */
function drawEstimates(chart, { shown, band, exact, colours, inks, font, words, held }) {
  const { context, width } = chart;
  const { running, best } = shown;
  const x = (/** @type {number} */ count) => chart.x(Math.log2(count));
  const floor = chart.y(chart.low);
  const y = (/** @type {number} */ nats) => Math.min(chart.y(nats), floor);
  chart.drawGrid(inks);

  context.fillStyle = colours.evidence;
  context.globalAlpha = 0.13;
  context.beginPath();
  for (const [count, , high] of band) context.lineTo(x(count), y(high));
  for (const [count, low] of [...band].reverse()) context.lineTo(x(count), y(low));
  context.fill();
  context.globalAlpha = 1;

  context.strokeStyle = colours.evidence;
  context.lineWidth = 2;
  context.beginPath();
  context.moveTo(0, y(exact));
  context.lineTo(width, y(exact));
  context.stroke();

  // Each draw is a step; where many fall on one pixel, a point for each half pixel and each jump is enough.
  context.strokeStyle = inks.ink;
  context.lineWidth = 1.75;
  context.lineJoin = "round";
  for (const below of [true, false]) {
    const path = new Path2D();
    let down = false;
    let [lastX, lastY] = [-9, -9];
    for (let i = 0; i < running.length; i++) {
      const [px, py] = [x(i + 1), y(running[i])];
      if (down) {
        if (px - lastX < 0.5 && Math.abs(py - lastY) < 0.5 && i < running.length - 1) continue;
        path.lineTo(px, lastY);
        path.lineTo(px, py);
      } else if (running[i] < chart.low === below) path.moveTo(px, py);
      down = running[i] < chart.low === below;
      [lastX, lastY] = [px, py];
    }
    context.setLineDash(below ? [1.5, 4] : []);
    context.stroke(path);
  }
  context.setLineDash([]);

  chart.drawLabels(inks, font, words.draws_axis);
  context.textBaseline = "bottom";
  context.textAlign = "left";
  context.font = `12px ${font}`;
  if (running[0] < chart.low) haloText(context, `${words.below} ▾`, x(1) + 14, floor - 5, inks.quiet, inks.paper, 4);
  context.font = `600 13px ${font}`;
  haloText(context, words.exact_line, 34, y(exact) - 5, colours.evidence, inks.paper, 5);
  // The draw that counts most, where it entered
  const entry = /** @type {[number, number]} */ ([x(best + 1), y(running[best])]);
  context.setLineDash([3, 4]);
  chart.line(entry, [entry[0], floor], inks.quiet);
  context.setLineDash([]);
  drawRing(context, entry, { colour: inks.ink, paper: inks.paper, radius: 4, width: 2 });
  const end = /** @type {[number, number]} */ ([x(running.length), y(running[running.length - 1])]);
  drawRing(context, end, { colour: inks.ink, paper: inks.paper, radius: 8, width: held ? 5 : 3.5, filled: true });
  return end;
}

// ----------------------------------------------------------------------------------------------------- widget

/** @param {{model: Model, el: HTMLElement}} view */
function render(view) {
  const anew = ["weights", "layers", "image_shape", "pixels", "sigmas", "exacts", "own", "band_draws", "bands"];
  return mount(view, { kind: "vae-integral", anew, followed: ["draws", "sigma", "seed"] }, build);
}

/** The lists that Python sends, or one sentence. @param {Model} model */
function readTables(model) {
  const [sigmas, exacts, own, counts, bands] = ["sigmas", "exacts", "own", "band_draws", "bands"].map((name) =>
    model.get(name)
  );
  const numbers = (/** @type {any} */ list, /** @type {number} */ length) =>
    Array.isArray(list) && list.length === length && list.every(Number.isFinite);
  const right = Array.isArray(sigmas) && sigmas.length > 0 && numbers(sigmas, sigmas.length) &&
    sigmas.every((sigma) => sigma > 0) &&
    numbers(exacts, sigmas.length) && sigmas[own] !== undefined &&
    Array.isArray(counts) && counts.length > 1 && numbers(counts, counts.length) && Array.isArray(bands) &&
    bands.length === sigmas.length &&
    bands.every((band) =>
      Array.isArray(band) && band.length === 2 && band.every((line) => numbers(line, counts.length))
    );
  if (!right) throw new ShownError("bad_numbers", "the tables of sigma do not fit each other");
  return { sigmas, exacts, own, counts, bands };
}

/** @param {Model} model @param {HTMLElement} body @param {Scope} scope @returns {() => void} */
function build(model, body, scope) {
  const words = model.get("words");
  const palette = model.get("palette");
  const { signal } = scope;
  const { sigmas, exacts, own, counts, bands } = readTables(model);
  const [height, width] = model.get("image_shape");
  const network = new Network(model.get("layers"), model.get("weights"));
  const packed = model.get("pixels");
  const x = Float32Array.from({ length: packed.byteLength >> 2 }, (_, i) => packed.getFloat32(4 * i, true));
  if (
    network.inputs !== 2 || network.outputs !== height * width || x.length !== network.outputs ||
    !x.every(Number.isFinite)
  ) {
    throw new ShownError("bad_weights", "the decoder does not draw pictures of X's size from two numbers");
  }
  /** The stop of σ, as Python takes the nearest. @param {number} sigma */
  const nearest = (sigma) =>
    sigmas.reduce(
      (
        /** @type {number} */ best,
        /** @type {number} */ one,
        /** @type {number} */ i,
      ) => (Math.abs(Math.log(one / sigma)) < Math.abs(Math.log(sigmas[best] / sigma)) ? i : best),
      0,
    );
  /** What the reader asked for; `stop` is σ's place in `sigmas`. */
  const given = () => {
    const [count, sigma, seed] = ["draws", "sigma", "seed"].map((name) => model.get(name));
    if (![count, sigma, seed].every(Number.isFinite) || sigma <= 0 || seed < 0 || seed >= SEEDS) {
      throw new ShownError("bad_numbers", "draws, sigma or seed is no number of its kind");
    }
    return { count: clamp(Math.round(count), 1, MOST), stop: nearest(sigma), seed: Math.floor(seed) };
  };
  let now = given();

  // Elements
  const map = element("canvas", { class: "vae-map", role: "img" });
  const chart = element("canvas", { class: "vae-chart", role: "img" });
  const [xCanvas, mostCanvas] = [words.x_name, words.most_name].map((name) => {
    const canvas = element("canvas", { class: "vae-digit", role: "img", "aria-label": name });
    if (width * height < 400) canvas.classList.add("vae-coarse");
    canvas.style.aspectRatio = `${width} / ${height}`;
    return canvas;
  });
  const share = element("p", { class: "vae-share" });
  const live = announcer(scope);
  const figures = /** @type {const} */ (["estimate", "exact", "difference", "effective"]).map((name) => {
    const value = element("data");
    const part = element("span", name === "exact" ? { "data-term": "evidence" } : {}, `${words[name]} `, value);
    return { part, value };
  });
  const sigmaText = () => shownNumber(sigmas[now.stop], 3);
  const sliders = {
    count: slider(scope, {
      label: words.draws,
      min: 0,
      max: COUNTS.length - 1,
      step: 1,
      text: () => grouped(now.count),
      spoken: () => fill(words.draws_spoken, { value: grouped(now.count) }),
      onInput: (place) => move({ ...now, count: COUNTS[place] }),
    }),
    sigma: slider(scope, {
      label: words.sigma,
      min: 0,
      max: sigmas.length - 1,
      step: 1,
      text: sigmaText,
      spoken: () => fill(now.stop === own ? words.sigma_own : words.sigma_spoken, { value: sigmaText() }),
      onInput: (stop) => move({ ...now, stop }),
    }),
  };
  const button = element("button", { class: "vae-button", type: "button", ...OWN_KEYS }, words.anew);
  button.addEventListener("click", () => move({ ...now, seed: (now.seed + 1) % SEEDS }), { signal });
  body.replaceChildren(
    element("div", {}, element("p", { class: "vae-caption" }, words.map_caption), map),
    element(
      "div",
      { class: "vae-pictures" },
      element("figure", {}, element("figcaption", {}, words.x_caption), xCanvas),
      element("figure", {}, element("figcaption", {}, words.most_caption), mostCanvas),
      share,
    ),
    element(
      "div",
      { class: "vae-curve" },
      element("p", { class: "vae-caption" }, words.chart_caption),
      chart,
      element("p", { class: "vae-numbers" }, ...figures.map(({ part }) => part)),
    ),
    element("div", { class: "vae-sliders" }, sliders.count.element, sliders.sigma.element),
    element(
      "div",
      { class: "vae-action" },
      button,
      element("p", { class: "vae-hint" }, fill(words.hint, { own: shownNumber(sigmas[own], 3) })),
    ),
    live.element,
  );

  // Drawing
  const grey = (/** @type {HTMLCanvasElement} */ canvas) => {
    const show = picture(canvas, height, width);
    return (/** @type {Float32Array} */ values) => show(values.map((value) => clamp(value, 0, 1)));
  };
  grey(xCanvas)(x);
  const showMost = grey(mostCanvas);
  /** @type {Draws} */
  let draws;
  scope.onEnd(() => draws.stop());
  /** What the draws that are decoded by now make; none before the first. @type {ReturnType<typeof estimates> | undefined} */
  let shown;

  const background = document.createElement("canvas");
  const specks = document.createElement("canvas");
  /** Small dots of the theme's colour, by radius. @type {Map<number, HTMLCanvasElement>} */
  const stamps = new Map();
  let plane = new Plane(EXTENT, 1);
  /** How many draws lie on the layer of specks, and whose. */
  let laid = { count: 0, draws: /** @type {Draws | null} */ (null) };
  /** The ring's place on the chart. @type {[number, number]} */
  let end = [0, 0];
  let held = false;
  const style = () => {
    const theme = currentTheme();
    return {
      theme,
      inks: INKS[theme],
      colours: termColours(palette, theme),
      palette,
      words,
      font: getComputedStyle(body).fontFamily,
    };
  };
  const laySpecks = (/** @type {string} */ colour) => {
    const count = shown ? shown.shares.length : 0;
    const keeps = laid.draws === draws && laid.count <= count;
    const context = keeps
      ? /** @type {CanvasRenderingContext2D} */ (specks.getContext("2d"))
      : fitCanvas(specks, plane.size, plane.size);
    if (!keeps) context.clearRect(0, 0, plane.size, plane.size);
    drawSpecks(context, plane, { z: draws.z, from: keeps ? laid.count : 0, count, colour });
    laid = { count, draws };
  };
  const draw = scope.perFrame(() => {
    const { size } = plane;
    if (size < 2 || chart.clientWidth === 0) return; // not on the page yet, or hidden
    const look = style();
    const context = fitCanvas(map, size, size);
    context.drawImage(background, 0, 0, size, size);
    laySpecks(look.colours.prior);
    context.globalAlpha = laid.count < 500 ? 0.9 : 0.6; // few are seen one by one, many as a cloud
    context.drawImage(specks, 0, 0, size, size);
    context.globalAlpha = 1;
    drawCircles(context, plane, look.colours.prior);
    if (!shown) return;
    drawCarriers(context, plane, { z: draws.z, shown, stamps, ...look });
    drawCircleNames(context, plane, [], { ...look, colour: look.colours.prior });
    markLargest(context, plane, { z: draws.z, shown, ...look });
    const exact = exacts[now.stop];
    const highest = Math.max(exact + 4, shown.running.reduce((a, b) => Math.max(a, b)) + 1);
    const [wide, tall] = [chart.clientWidth, chart.clientHeight];
    const range = { low: exact - DEPTH, high: highest, above: 8, below: 24, axis: AXIS };
    const band = counts.map((
      /** @type {number} */ count,
      /** @type {number} */ i,
    ) => [count, bands[now.stop][0][i], bands[now.stop][1][i]]);
    end = drawEstimates(new DrawsChart(fitCanvas(chart, wide, tall), wide, tall, range), {
      shown,
      band,
      exact,
      held,
      ...look,
    });
  });
  const drawBackground = scope.perFrame(() => {
    const size = Math.floor(map.clientWidth);
    if (size === 0) return; // not on the page yet, or hidden
    plane = new Plane(EXTENT, size);
    drawStatic(fitCanvas(background, size, size, { willReadFrequently: true }), plane, {
      ...style(),
      points: [],
      labels: [],
      medians: [],
      prior: false,
    });
    fitCanvas(specks, size, size).clearRect(0, 0, size, size);
    laid = { count: 0, draws: null };
    stamps.clear();
    draw();
  });

  /** Where nine in ten runs of n draws end. @param {number} count */
  const bandAt = (count) => {
    const right = Math.max(1, counts.findIndex((/** @type {number} */ one) => one >= count));
    const [a, b] = [counts[right - 1], counts[right]].map(Math.log);
    return bands[now.stop].map((/** @type {number[]} */ line) =>
      line[right - 1] + ((line[right] - line[right - 1]) * (Math.log(count) - a)) / (b - a)
    );
  };

  /** Shows the numbers of what is decoded at once, the pictures in the next frame. */
  const refresh = () => {
    const count = Math.min(now.count, draws.done);
    sliders.count.set(COUNTS.findLastIndex((stop) => stop <= now.count));
    sliders.sigma.set(now.stop);
    shown = estimates(draws, count, sigmas[now.stop]);
    const { running, shares, best, carriers, effective } = shown;
    const [estimate, exact] = [running[count - 1], exacts[now.stop]];
    // Rounded so that what is written adds up.
    const [two, right] = [estimate, exact].map((value) => Math.round(100 * value) / 100);
    const values = [estimate, exact, estimate - exact, effective];
    const texts = [
      ...[two, right, two - right].map((value) => fill(words.nats, { value: shownNumber(value) })),
      fill(words.effective_of, { effective: shownNumber(effective, 1), draws: grouped(count) }),
    ];
    figures.forEach(({ value }, i) => {
      value.value = `${values[i]}`;
      value.textContent = texts[i];
    });
    const percent = Math.round(100 * shares[best]);
    const names = { draws: grouped(count), carriers: grouped(carriers) };
    const largest = percent > 99
      ? fill(words.share_all, { share: "99" })
      : fill(words.share, { share: shares[best] < 0.1 ? shownNumber(100 * shares[best], 1) : `${percent}` });
    share.textContent = count < now.count
      ? fill(words.working, { done: grouped(count), draws: grouped(now.count) })
      : count === 1
      ? words.share_one
      : [largest, fill(carriers === count ? words.carriers_all : words.carriers, names)].join(" ");
    const [z1, z2] = [...draws.at(best)].map((value) => shownNumber(value));
    map.setAttribute("aria-label", fill(words.map_name, { ...names, z1, z2 }));
    const [low, high] = bandAt(count).map((/** @type {number} */ nats) => shownNumber(nats, 1));
    chart.setAttribute(
      "aria-label",
      fill(words.chart_name, {
        ...names,
        estimate: shownNumber(two),
        exact: shownNumber(right),
        low,
        high,
      }),
    );
    showMost(network.run(draws.at(best)));
    draw();
  };
  const more = () => {
    if (shown?.shares.length !== Math.min(now.count, draws.done)) refresh();
  };
  /** Draws of the seed that is asked for; the first of them at once, so that none is shown under another seed. */
  const drawAnew = () => {
    draws?.stop();
    shown = undefined;
    draws = new Draws(network, x, now.seed, more);
    draws.start();
  };
  /** @param {typeof now} next */
  const show = (next) => {
    const anew = next.seed !== now.seed;
    now = next;
    if (anew) drawAnew();
    else refresh();
  };
  const announce = () =>
    live.say(() => {
      const [estimate, exact, difference, effective] = figures.map(({ value }) => value.textContent ?? "");
      const bare = (/** @type {string} */ text) => text.replace(fill(words.nats, { value: "" }), "");
      return fill(words.live, {
        draws: grouped(now.count),
        sigma: sigmaText(),
        effective,
        estimate: bare(estimate),
        exact: bare(exact),
        difference: bare(difference),
      });
    });
  /** Moves by the reader's hand. @param {typeof now} next */
  const move = (next) => {
    const old = now;
    if (next.count === old.count && next.stop === old.stop && next.seed === old.seed) return;
    show(next);
    tell(scope, model, {
      ...(next.count !== old.count && { draws: next.count }),
      ...(next.stop !== old.stop && { sigma: sigmas[next.stop] }),
      ...(next.seed !== old.seed && { seed: next.seed }),
    });
    announce();
  };
  const follow = () => {
    const next = given();
    if (next.count !== now.count || next.stop !== now.stop || next.seed !== now.seed) show(next);
  };

  // The ring at the end of the curve: a finger takes it near by and scrolls elsewhere, a mouse takes it anywhere.
  draggable(scope, chart, {
    take: (at, event) => {
      const near = Math.hypot(at[0] - end[0], at[1] - end[1]) < REACH;
      if (!near && event.pointerType === "touch") return null;
      held = true;
      draw();
      return { offset: near ? end[0] - at[0] : 0 };
    },
    move: ([px], { offset }) => {
      const power = AXIS[0] + ((px + offset) / chart.clientWidth) * (AXIS[1] - AXIS[0]);
      move({ ...now, count: clamp(Math.round(2 ** power), 1, MOST) });
    },
    drop: () => {
      held = false;
      draw();
    },
  });

  scope.onResize(map, drawBackground);
  scope.onResize(chart, draw);
  window.addEventListener("resize", drawBackground, { signal }); // zooming changes the pixel ratio only
  drawAnew();
  watchTheme(scope, drawBackground);
  return follow;
}

export default { render };
