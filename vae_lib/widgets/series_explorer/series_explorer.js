// One slider through a series of models: the map, samples and reconstructions of each, and where its terms lie.

import { drawRing, fitCanvas, haloText, INKS, picture, termColours } from "../shared/canvas.js";
import { Chart } from "../shared/chart.js";
import { axisTo, drawCurve, drawPoint, TermsOverEpochs } from "../shared/epoch_chart.js";
import { announcer, element, freshId, OWN_KEYS, slider } from "../shared/form.js";
import { draggable, mapKeys } from "../shared/hand.js";
import {
  clusters,
  dotLook,
  drawBeyond,
  drawCircleNames,
  drawCircles,
  drawDots,
  drawMarker,
  drawNames,
  drawPosteriors,
  readable,
} from "../shared/latent_map.js";
import { Network, weightBytes } from "../shared/network.js";
import { bytes, clamp, halfFloats, normals } from "../shared/numbers.js";
import { Plane } from "../shared/plane.js";
import { currentTheme, mount, watchTheme } from "../shared/view.js";
import { fill, ShownError, shownNumber } from "../shared/words.js";

/** @import { Model, Scope } from "../shared/view.js" */

/** How long the dots glide to their new places, and how long Play rests at a model, in milliseconds. */
const GLIDE = 200;
const REST = 600;

/** How many draws from the prior are decoded. */
const SAMPLES = 18;

/** Below this KL, in nats, Q tells nothing of X. */
const COLLAPSED = 0.05;

/**
 * @typedef {{over: "beta" | "epoch", values: number[], reconstruction: number[], kl: number[], active: number[],
 *   sigma?: number[]}} Entries figures of each model, in nats; σ where P(X|z) has one
 */

// ----------------------------------------------------------------------------------------------------- series

/** The figures as they are shown: rounded so that the difference of the two terms is the ELBO. @param {Entries} entries @param {number} index */
function figuresAt({ reconstruction, kl }, index) {
  const [first, second] = [reconstruction[index], kl[index]].map((value) => Math.round(100 * value) / 100);
  return {
    reconstruction: shownNumber(first),
    distortion: shownNumber(-first),
    kl: shownNumber(second),
    rate: shownNumber(second),
    elbo: shownNumber(first - second),
  };
}

/** Values and figures, or one sentence for nonsense. @param {Model} model @returns {Entries} */
function readEntries(model) {
  const [over, values, figures] = [model.get("over"), model.get("values"), model.get("figures")];
  const rows = [
    values,
    ...["reconstruction", "kl", "active"].map((name) => figures?.[name]),
    ...(figures?.sigma ? [figures.sigma] : []),
  ];
  const fits = (/** @type {any} */ row) =>
    Array.isArray(row) && row.length === values.length && row.every(Number.isFinite);
  if (!["beta", "epoch"].includes(over) || !Array.isArray(values) || values.length < 2 || !rows.every(fits)) {
    throw new ShownError("bad_series", "values and figures do not fit");
  }
  return { over, values, ...figures };
}

/** For each model the decoder, made when it is first asked for. @param {Model} model @param {number} count @param {number} pixels */
function decoders(model, count, pixels) {
  const [layers, weights] = [model.get("layers"), model.get("weights")];
  const sizes = Array.isArray(layers) && layers.every(Array.isArray) ? layers.map(weightBytes) : [];
  if (sizes.length !== count || sizes.reduce((sum, size) => sum + size, 0) !== weights.byteLength) {
    throw new ShownError("bad_weights", `the decoders need ${sizes} bytes of weights, got ${weights.byteLength}`);
  }
  /** @type {Network[]} */
  const made = [];
  return (/** @type {number} */ index) => {
    if (made[index]) return made[index];
    const start = sizes.slice(0, index).reduce((sum, size) => sum + size, weights.byteOffset);
    const network = new Network(layers[index], new DataView(weights.buffer, start, sizes[index]));
    if (network.inputs !== 2 || network.outputs !== pixels) {
      throw new ShownError("bad_weights", "the decoder does not draw pictures of this size from two numbers");
    }
    return (made[index] = network);
  };
}

/**
 * What lies on the map for each model, in one row of numbers, so that one blend moves all: the codes, the examples'
 * Q(z|X), the medians where the digits' names stand.
 * @param {Model} model @param {number} count @param {Uint8Array} labels
 */
function mapRows(model, count, labels) {
  const points = halfFloats(model.get("points"));
  const posteriors = model.get("posteriors");
  const examples = posteriors?.[0]?.length;
  const fits = (/** @type {any} */ row) =>
    Array.isArray(row) && row.length === examples &&
    row.every((q) => Array.isArray(q) && q.length === 4 && q.every(Number.isFinite));
  if (
    points.length !== 2 * labels.length * count || !points.every(Number.isFinite) ||
    !Array.isArray(posteriors) || posteriors.length !== count || !posteriors.every(fits)
  ) {
    throw new ShownError("bad_series", "codes or posteriors do not fit");
  }
  const all = points.length / count;
  const medians = posteriors.map((_, i) => clusters(points.subarray(i * all, (i + 1) * all), labels));
  const rows = posteriors.map((row, i) =>
    Float32Array.from([
      ...points.subarray(i * all, (i + 1) * all),
      ...row.flat(),
      ...medians[i].flatMap(({ at }) => at),
    ])
  );
  const digits = medians[0].map(({ digit }) => digit);
  return {
    rows,
    medians,
    examples,
    parts: (/** @type {Float32Array} */ row) => ({
      points: row.subarray(0, all),
      posteriors: Array.from({ length: examples }, (_, i) => row.subarray(all + 4 * i, all + 4 * i + 4)),
      medians: digits.map((digit, i) => ({
        digit,
        at: [...row.subarray(all + 4 * examples + 2 * i, all + 4 * examples + 2 * i + 2)],
      })),
    }),
  };
}

// ----------------------------------------------------------------------------------------------------- charts

/** Distortion over rate: what a model gets for what it pays. */
class RateDistortion {
  /** @param {CanvasRenderingContext2D} context @param {number} width @param {number} height @param {Entries} entries */
  constructor(context, width, height, entries) {
    const distortion = entries.reconstruction.map((value) => -value);
    const [low, high] = [Math.min(...distortion), Math.max(...distortion)];
    const room = Math.max(1, high - low);
    this.chart = new Chart(context, width, height, {
      low: low - 0.05 * room,
      high: high + 0.05 * room,
      above: 26,
      below: 44,
      axis: axisTo(Math.max(1, ...entries.kl), width),
    });
    this.entries = entries;
    this.places = entries.kl.map((rate, i) => [this.chart.x(rate), this.chart.y(distortion[i])]);
  }

  /** The curve of all models. @param {any} scene */
  drawStatic({ colours, inks, font, words }) {
    const { chart, places } = this;
    const { context, width, height } = chart;
    chart.drawGrid(inks);
    chart.drawLabels(inks, font, "");
    drawCurve(context, places, inks.quiet);
    for (const place of places) drawPoint(context, place, inks.ink);
    context.font = `600 12.5px ${font}`;
    context.textBaseline = "bottom";
    context.textAlign = "right";
    haloText(context, words.rate_axis, width - 8, height - 22, colours.kl, inks.paper);
    context.textBaseline = "top";
    context.textAlign = "left";
    haloText(context, words.distortion_axis, 8, 7, colours.reconstruction, inks.paper);
  }

  /** The present model, and the slope that theory gives its curve. @param {number} index @param {any} scene */
  drawPresent(index, { inks, font, words, at }) {
    const { chart, places, entries } = this;
    const { context, width, height } = chart;
    const [x, y] = places[index];
    const perNat = (chart.axis[1] - chart.axis[0]) / width;
    const down = entries.values[index] * perNat * chart.scale; // pixels down for each to the right
    const reach = Math.min(110, width / 4) / Math.hypot(1, down);
    context.setLineDash([6, 5]);
    context.lineWidth = 1.75;
    context.strokeStyle = inks.ink;
    context.beginPath();
    context.moveTo(x - reach, y - reach * down);
    context.lineTo(x + reach, y + reach * down);
    context.stroke();
    context.setLineDash([]);
    drawRing(context, [x, y], { colour: inks.ink, paper: inks.paper, radius: 7, filled: true });
    // Above and to the right of the curve, which falls, there is room.
    context.font = `700 14px ${font}`;
    context.textBaseline = "bottom";
    const left = x < width - 130;
    context.textAlign = left ? "left" : "right";
    const [px, py] = [left ? x + 12 : x, clamp(y - 12, 62, height - 40)];
    haloText(context, at, px, py, inks.ink, inks.paper, 5);
    context.font = `12px ${font}`;
    haloText(context, words.slope, px, py - 16, inks.quiet, inks.paper, 4);
  }

  /** The model whose point is nearest. @param {[number, number]} at */
  nearest([px, py]) {
    const distances = this.places.map(([x, y]) => Math.hypot(x - px, y - py));
    return distances.indexOf(Math.min(...distances));
  }
}

// ----------------------------------------------------------------------------------------------------- widget

/** @param {{model: Model, el: HTMLElement}} view */
function render(view) {
  const anew = [
    "over",
    "values",
    "figures",
    "weights",
    "layers",
    "image_shape",
    "points",
    "labels",
    "posteriors",
    "pictures",
    "extent",
    "seed",
  ];
  return mount(view, { kind: "vae-series", anew, followed: ["index", "z"] }, build);
}

/** @param {Model} model @param {HTMLElement} body @param {Scope} scope @returns {() => void} */
function build(model, body, scope) {
  const words = model.get("words");
  const palette = model.get("palette");
  const { signal } = scope;
  const entries = readEntries(model);
  const { over, values } = entries;
  const extent = model.get("extent");
  const labels = bytes(model.get("labels"));
  const [height, width] = model.get("image_shape");
  const decoder = decoders(model, values.length, height * width);
  const onMap = mapRows(model, values.length, labels);
  const given = bytes(model.get("pictures"));
  if (given.length !== onMap.examples * height * width) throw new ShownError("bad_series", "pictures do not fit");
  const fine = extent <= 6 ? 0.05 : 0.1;
  const draws = normals(model.get("seed"), 2 * SAMPLES);

  const valueText = (/** @type {number} */ index) => shownNumber(values[index], 6).replace(/\.?0+$/, "");
  const at = (/** @type {number} */ index) => fill(words[`${over}_value`], { value: valueText(index) });

  // Elements
  const tile = (/** @type {Record<string, string>} */ attributes = {}) => {
    const canvas = element("canvas", { ...attributes, class: `vae-digit ${width * height < 400 ? "vae-coarse" : ""}` });
    canvas.style.aspectRatio = `${width} / ${height}`;
    return { canvas, draw: picture(canvas, height, width) };
  };
  const hintId = freshId();
  const map = element("canvas", {
    class: "vae-map",
    tabindex: "0",
    role: "application",
    ...OWN_KEYS,
    "aria-roledescription": words.map_role,
    "aria-label": words.map_name,
    "aria-describedby": hintId,
  });
  const beyondText = element("p");
  const samples = Array.from({ length: SAMPLES }, () => tile());
  const samplesBox = element("div", { class: "vae-tiles", role: "img" }, ...samples.map(({ canvas }) => canvas));
  const pairs = Array.from({ length: onMap.examples }, () => ({ x: tile(), drawn: tile() }));
  const digit = tile({ role: "img", "aria-label": words.digit_name });
  const place = element("p", { class: "vae-place" });
  const pairsBox = element(
    "div",
    { class: "vae-tiles vae-pairs", role: "img" },
    ...pairs.map(({ x, drawn }, i) =>
      element("div", {}, element("i", {}, words.example_names[i]), x.canvas, drawn.canvas)
    ),
  );
  const digitBox = element("div", { class: "vae-at-ring" }, element("p", {}, words.digit_caption), digit.canvas);
  const button = element("button", { class: "vae-button", type: "button", ...OWN_KEYS }, words.play);
  const stops = slider(scope, {
    label: words[`${over}_slider`],
    min: 0,
    max: values.length - 1,
    step: 1,
    text: valueText,
    spoken: (index) =>
      fill(words[`${over}_spoken`], { value: valueText(index), place: `${index + 1}`, count: `${values.length}` }),
    onInput: (index) => {
      stop();
      choose(index);
    },
  });
  stops.element.append(element(
    "div",
    { class: "vae-stops", "aria-hidden": "true" },
    ...values.map((_, i) => {
      const mark = element("span", { class: (values.length - 1 - i) % 2 ? "vae-second" : "" }, valueText(i));
      mark.style.setProperty("--at", `${i / (values.length - 1)}`);
      return mark;
    }),
  ));
  const chartCanvas = element("canvas", { class: "vae-chart", role: "img" });
  const live = announcer(scope);
  const terms = over === "beta" ? ["rate", "distortion", "beta_elbo"] : ["reconstruction", "kl", "epoch_elbo"];
  const rows = [...terms, "active"].map((name) => ({
    name,
    term: element("dt", {}, words[name]),
    number: element("dd"),
  }));
  const heading = element("p", { class: "vae-heading" });
  const note = element("p", { class: "vae-note" });
  const caption = (/** @type {string} */ text) => element("p", { class: "vae-caption" }, text);
  body.replaceChildren(
    element(
      "div",
      { class: "vae-panel" },
      caption(words.map_caption),
      map,
      element("div", { class: "vae-below" }, place, beyondText),
    ),
    element(
      "div",
      { class: "vae-panel vae-pictures" },
      element("div", {}, caption(fill(words.samples_caption, { count: `${SAMPLES}` })), samplesBox),
      element("div", {}, caption(words.pairs_caption), element("div", { class: "vae-row" }, pairsBox, digitBox)),
    ),
    element("div", { class: "vae-controls" }, button, stops.element),
    element("div", { class: "vae-panel" }, caption(words[`${over}_chart_caption`]), chartCanvas),
    element(
      "div",
      { class: "vae-panel vae-numbers" },
      heading,
      element("dl", {}, ...rows.map(({ name, term, number }) => element("div", { "data-term": name }, term, number))),
      note,
    ),
    element("p", { class: "vae-hint", id: hintId }, words[`${over}_hint`]),
    live.element,
  );
  pairs.forEach(({ x }, i) =>
    x.draw(Float32Array.from(given.subarray(i * height * width, (i + 1) * height * width), (grey) => grey / 255))
  );

  // What is shown
  let index = 0;
  /** @type {number[]} */
  let z = [0, 0];
  const numbers = () => figuresAt(entries, index);
  const noteText = () => {
    if (over === "epoch") return "";
    if (entries.kl[index] < COLLAPSED) return words.collapsed;
    const sigma = entries.sigma?.[index];
    if (sigma === undefined) return "";
    if (Math.abs(values[index] - 1) < 1e-6) return fill(words.plain, { sigma: shownNumber(sigma, 3) });
    return fill(words.equal_sigma, {
      sigma: shownNumber(sigma, 3),
      equal: shownNumber(sigma * Math.sqrt(values[index]), 3),
    });
  };
  const announce = () =>
    live.say(() => fill(words[`${over}_live`], { value: valueText(index), ...numbers(), note: noteText() }));

  // The map
  const background = document.createElement("canvas");
  let plane = new Plane(extent, 1);
  let look = dotLook(labels.length, palette.digits, 1, INKS.light);
  let current = onMap.rows[0];
  /** @type {{from: Float32Array, start: number} | null} */
  let glide = null;
  const everyMedian = onMap.medians.flat();
  const drawMap = scope.perFrame(() => {
    const { size } = plane;
    if (size <= 1) return;
    if (glide) {
      const passed = clamp((performance.now() - glide.start) / GLIDE, 0, 1);
      const share = 1 - (1 - passed) ** 3;
      const [from, to] = [glide.from, onMap.rows[index]];
      current = passed === 1 ? to : to.map((value, i) => from[i] + share * (value - from[i]));
      if (passed === 1) glide = null;
      else drawMap();
    }
    const theme = currentTheme();
    const [inks, colours, font] = [INKS[theme], termColours(palette, theme), getComputedStyle(body).fontFamily];
    const context = fitCanvas(map, size, size, { willReadFrequently: true });
    context.drawImage(background, 0, 0, size, size);
    const { points, posteriors, medians } = onMap.parts(current);
    drawDots(context, plane, points, labels, look);
    drawBeyond(context, plane, points, labels, palette.digits);
    drawCircleNames(context, plane, everyMedian, { words, colour: colours.prior, inks, font });
    drawNames(context, plane, readable(medians, plane), { palette, inks, font });
    drawPosteriors(context, plane, posteriors, { colour: colours.posterior, inks, font, names: words.example_names });
    drawMarker(context, plane, z, theme);
  });
  const drawBackground = scope.perFrame(() => {
    const size = Math.floor(map.clientWidth);
    if (size === 0) return; // not on the page yet, or hidden
    plane = new Plane(extent, size);
    const theme = currentTheme();
    const inks = INKS[theme];
    look = dotLook(labels.length, palette.digits, size, inks);
    const context = fitCanvas(background, size, size);
    context.fillStyle = inks.paper;
    context.fillRect(0, 0, size, size);
    plane.drawGrid(context, inks);
    plane.drawLabels(context, { ink: inks.quiet, paper: inks.paper, font: getComputedStyle(body).fontFamily }, [
      words.axis_1,
      words.axis_2,
    ]);
    drawCircles(context, plane, termColours(palette, theme).prior);
    drawMap();
  });

  // The chart
  const curves = document.createElement("canvas");
  let curvesDrawn = false;
  /** @type {RateDistortion | TermsOverEpochs | undefined} */
  let chart;
  const drawChart = scope.perFrame(() => {
    const [across, down] = [chartCanvas.clientWidth, chartCanvas.clientHeight];
    if (across === 0) return; // not on the page yet, or hidden
    const theme = currentTheme();
    const scene = {
      colours: termColours(palette, theme),
      inks: INKS[theme],
      font: getComputedStyle(body).fontFamily,
      words,
      at: at(index),
    };
    const Kind = over === "beta" ? RateDistortion : TermsOverEpochs;
    if (!curvesDrawn) new Kind(fitCanvas(curves, across, down), across, down, entries).drawStatic(scene);
    curvesDrawn = true;
    const context = fitCanvas(chartCanvas, across, down);
    context.drawImage(curves, 0, 0, across, down);
    chart = new Kind(context, across, down, entries);
    chart.drawPresent(index, scene);
  });
  const drawCurvesAnew = () => {
    curvesDrawn = false;
    drawChart();
  };

  // Showing
  /** The model's pictures and numbers at once, the map and the chart in the next frame. @param {number} next */
  const showModel = (next) => {
    const network = decoder(next);
    index = next;
    samples.forEach(({ draw }, i) => draw(network.run(draws.subarray(2 * i, 2 * i + 2))));
    const means = model.get("posteriors")[index];
    pairs.forEach(({ drawn }, i) => drawn.draw(network.run(means[i].slice(0, 2))));
    digit.draw(network.run(z));
    stops.set(index);
    const shown = numbers();
    heading.textContent = at(index);
    const texts = [
      ...(over === "beta" ? [shown.rate, shown.distortion] : [shown.reconstruction, shown.kl]),
      shown.elbo,
    ];
    rows.forEach(({ number }, i) => {
      number.textContent = i < texts.length
        ? fill(words.nats, { value: texts[i] })
        : fill(words.active_value, { active: `${entries.active[index]}` });
    });
    note.textContent = noteText();
    note.toggleAttribute("data-collapsed", over === "beta" && entries.kl[index] < COLLAPSED);
    const { points } = onMap.parts(onMap.rows[index]);
    let count = 0;
    for (let i = 0; i < labels.length; i++) {
      if (Math.max(Math.abs(points[2 * i]), Math.abs(points[2 * i + 1])) > extent) count++;
    }
    beyondText.textContent = fill(count ? words.beyond : words.beyond_none, {
      count: `${count}`,
      total: `${labels.length}`,
    });
    samplesBox.setAttribute("aria-label", fill(words.samples_name, { count: `${SAMPLES}`, at: at(index) }));
    pairsBox.setAttribute(
      "aria-label",
      fill(words.pairs_name, { last: words.example_names[onMap.examples - 1], at: at(index) }),
    );
    chartCanvas.setAttribute("aria-label", fill(words[`${over}_chart_name`], { at: at(index), ...shown }));
    drawMap();
    drawChart();
  };
  /** @param {number[]} next */
  const showPoint = (next) => {
    z = next;
    digit.draw(decoder(index).run(z));
    place.textContent = fill(words.z, { z1: shownNumber(z[0]), z2: shownNumber(z[1]) });
    drawMap();
  };
  const glideTo = (/** @type {number} */ next) => {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    glide = still ? null : { from: current, start: performance.now() };
    if (still) current = onMap.rows[next];
    showModel(next);
  };
  const follow = () => {
    const [nextIndex, nextZ] = [model.get("index"), model.get("z")];
    const known = Number.isFinite(nextIndex) ? clamp(Math.round(nextIndex), 0, values.length - 1) : 0;
    if (known !== index) {
      if (!stepping) stop();
      glideTo(known);
    }
    const valid = Array.isArray(nextZ) && nextZ.length === 2 && nextZ.every(Number.isFinite);
    const point = valid ? nextZ.map((value) => clamp(value, -extent, extent)) : [0, 0];
    if (point[0] !== z[0] || point[1] !== z[1]) showPoint(point);
  };

  // By hand, and by Play: the trait changes, and `follow` shows it.
  let timer = 0;
  let stepping = false;
  const choose = (/** @type {number} */ next) => {
    if (next === index) return;
    model.set("index", next);
    model.save_changes();
    if (!timer) announce();
  };
  const stop = () => {
    if (!timer) return;
    clearTimeout(timer);
    timer = 0;
    button.textContent = words.play;
    announce();
  };
  const step = () => {
    stepping = true;
    choose(index + 1 < values.length ? index + 1 : 0);
    stepping = false;
    if (index === values.length - 1) stop();
    else timer = setTimeout(step, REST);
  };
  scope.onEnd(() => clearTimeout(timer));
  button.addEventListener("click", () => {
    if (timer) return stop();
    button.textContent = words.pause;
    timer = setTimeout(step, index === values.length - 1 ? 0 : REST / 2);
  }, { signal });
  draggable(scope, chartCanvas, {
    take: () => true,
    move: (px) => {
      if (!chart) return;
      stop();
      choose(chart.nearest(px));
    },
  });
  /** @param {number[]} next */
  const moveTo = (next) => {
    const kept = next.map((value) => clamp(Math.round(value * 1000) / 1000, -extent, extent));
    model.set("z", kept);
    model.save_changes();
    live.say(() => place.textContent ?? "");
  };
  draggable(scope, map, { take: () => true, move: (px) => moveTo(plane.point(...px)) });
  mapKeys(scope, map, 2 * fine, () => z, moveTo);

  const drawAnew = () => {
    drawBackground();
    drawCurvesAnew();
  };
  scope.onResize(map, drawBackground);
  scope.onResize(chartCanvas, drawCurvesAnew);
  window.addEventListener("resize", drawAnew, { signal }); // zooming changes the pixel ratio only
  const start = model.get("index");
  const first = Number.isFinite(start) ? clamp(Math.round(start), 0, values.length - 1) : 0;
  current = onMap.rows[first];
  showModel(first);
  showPoint(z);
  follow();
  watchTheme(scope, drawAnew);
  return follow;
}

export default { render };
