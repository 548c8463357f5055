// A VAE that learns the 8×8 digits in the page: the map, samples and both terms while it trains, and one step taken apart.

import { fitCanvas, haloText, INKS, picture, termColours } from "../shared/canvas.js";
import { TermsOverEpochs } from "../shared/epoch_chart.js";
import { announcer, choice, choices, element, freshId, OWN_KEYS, slider } from "../shared/form.js";
import {
  clusters,
  dotLook,
  drawBeyond,
  drawCircles,
  drawDots,
  drawNames,
  drawPosteriors,
  readable,
} from "../shared/latent_map.js";
import { bytes, normals, uniforms } from "../shared/numbers.js";
import { Plane } from "../shared/plane.js";
import { currentTheme, mount, tell, watchTheme } from "../shared/view.js";
import { fill, ShownError, shownNumber } from "../shared/words.js";
import { trainer } from "./trainer.js";

/**
 * @import { Model, Scope } from "../shared/view.js"
 * @import { Settings } from "./trainer.js"
 */

/** How many epochs a press on Train is good for: a page that was forgotten comes to rest. */
const EPOCHS = 300;

/** Decoded digits in a row and in a column of the grid over the map, and draws from the prior. */
const GRID = 12;
const SAMPLES = 18;

/** How far the map may reach. The first that shows 99 of 100 codes, but see `reach`. */
const EXTENTS = [4, 5, 6, 8, 11, 15, 22, 35, 60, 100, 1000];

/** How often screen readers hear how far it is, how often Python gets the weights, and how often a reader who wants little motion sees a picture, in milliseconds. */
const SAY = 5000;
const SEND = 3000;
const CALM = 1500;

/** The training thread's turn where it has to share the page's own, and in a worker. */
const SHORT_SLICE = 6;
const LONG_SLICE = 40;

const SETTINGS = /** @type {const} */ (["lr", "beta", "sigma", "sample", "kl", "gradient", "mistake"]);

/** The pictures that are looked at together share the room of a batch. */
const LEAST_BATCH = 8;

/** What one step taken apart has one of, and not one for each latent. */
const WHOLE = ["reconstruction", "kl", "to_encoder", "to_decoder"];

/** What a slider over powers of ten offers, as Python's limits: exponents, and how fine. */
const SLIDERS = { lr: [-4, 1, 0.1], beta: [-2, 2, 0.1], sigma: [-1.3, 0, 0.05] };

/** Two digits that count, as people write them: 0.0032, 0.16, 4, 25. @param {number} value */
function roughly(value) {
  return `${Number(value.toPrecision(2))}`;
}

/**
 * Where training runs: a worker made from the text of `trainer`, or the page's own thread where there can be none.
 * @param {Scope} scope @param {(message: any) => void} hear what the thread has to say
 * @returns {(message: any) => void} what tells it something
 */
function trainingThread(scope, hear) {
  const ownThread = () => {
    const take = trainer(uniforms).serve(hear, SHORT_SLICE);
    scope.onEnd(() => take({ order: "end" }));
    return take;
  };
  const program = `const take = (${trainer})(${uniforms}).serve((message) => postMessage(message), ${LONG_SLICE});\n` +
    "onmessage = ({ data }) => take(data);";
  /** @type {any[] | null} what the worker may not have got, until it says something */
  let sent = [];
  /** @type {Worker} */
  let worker;
  /** @type {(message: any) => void} */
  let send;
  const address = URL.createObjectURL(new Blob([program], { type: "text/javascript" }));
  try {
    worker = new Worker(address);
  } catch {
    return ownThread();
  }
  scope.onEnd(() => worker.terminate());
  worker.onmessage = ({ data }) => {
    if (sent) URL.revokeObjectURL(address);
    sent = null;
    hear(data);
  };
  worker.onerror = (event) => {
    if (!sent) return; // it runs: an error of its own is for the console
    event.preventDefault();
    worker.terminate();
    send = ownThread();
    sent.forEach(send);
  };
  send = (message) => {
    sent?.push(message);
    worker.postMessage(message);
  };
  return (message) => send(message);
}

/** With two digits after the point, or four where these would say nothing. @param {number} value */
function fine(value) {
  return shownNumber(value, Math.abs(value) < 0.1 && value !== 0 ? 4 : 2);
}

/** @param {DataView} one @param {DataView} other */
function sameBytes(one, other) {
  const [a, b] = [bytes(one), bytes(other)];
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

/** The first extent that shows 99 of 100 codes; one that is larger stays until half of it would do. @param {Float32Array} codes @param {number} now */
function reach(codes, now) {
  const far = Float32Array.from(
    { length: codes.length / 2 },
    (_, i) => Math.max(Math.abs(codes[2 * i]), Math.abs(codes[2 * i + 1])),
  ).sort();
  const needed = far[Math.floor(0.99 * (far.length - 1))];
  const first = EXTENTS.find((extent) => needed <= extent) ?? /** @type {number} */ (EXTENTS.at(-1));
  return first > now || needed < now / 2 ? first : now;
}

/** @param {{model: Model, el: HTMLElement}} view */
function render(view) {
  return mount(view, {
    kind: "vae-training",
    anew: ["images", "labels", "hidden", "batch_size"],
    followed: ["seed", "parameters", ...SETTINGS],
  }, build);
}

/** @param {Model} model @returns {Settings} */
function readSettings(model) {
  const read = Object.fromEntries(SETTINGS.map((name) => [name, model.get(name)]));
  if (![read.lr, read.beta, read.sigma].every((value) => Number.isFinite(value) && value > 0)) {
    throw new ShownError("bad_training", "lr, beta and sigma must be positive numbers");
  }
  return /** @type {Settings} */ (read);
}

/** @param {Model} model @param {HTMLElement} body @param {Scope} scope @returns {() => void} */
function build(model, body, scope) {
  const words = model.get("words");
  const palette = model.get("palette");
  const { signal } = scope;
  const { Learner, countParameters } = trainer(uniforms);
  const labels = bytes(model.get("labels"));
  const images = bytes(model.get("images"));
  const side = 8;
  const pixels = side * side;
  const [hidden, batch, brightest] = [model.get("hidden"), model.get("batch_size"), 16];
  if (
    ![hidden, batch].every((size) => Number.isInteger(size) && size > 0) || batch < LEAST_BATCH || !labels.length ||
    images.length !== labels.length * pixels ||
    images.some((value) => value > brightest)
  ) {
    throw new ShownError("bad_training", "pictures, labels or sizes do not fit");
  }
  const total = countParameters(pixels, hidden);
  /** Weights that came from Python or another view, or none. */
  const given = () => {
    const view = model.get("parameters");
    if (view.byteLength === 0) return null;
    const values = Float32Array.from(
      { length: Math.floor(view.byteLength / 4) },
      (_, i) => view.getFloat32(4 * i, true),
    );
    if (view.byteLength !== 4 * total || !values.every(Number.isFinite)) {
      throw new ShownError("bad_training", `need ${4 * total} bytes of finite weights, got ${view.byteLength}`);
    }
    return values;
  };
  let settings = readSettings(model);
  let seed = model.get("seed");
  let known = model.get("parameters");
  const steps = Math.ceil(labels.length / batch);
  const task = { images, brightest, pixels, hidden, batch, seed };
  const eye = new Learner(task); // draws what the thread has learned
  const examples = [0, 1, 4, 6, 7].map((digit) => labels.indexOf(digit)).filter((place) => place >= 0);
  const draws = normals(4, 2 * SAMPLES);

  // ------------------------------------------------------------------------------------------------ elements
  const caption = (/** @type {string} */ text) => element("p", { class: "vae-caption" }, text);
  const tile = (height = side, width = side, /** @type {Record<string, string>} */ attributes = {}) => {
    const canvas = element("canvas", { ...attributes, class: "vae-digit vae-coarse" });
    canvas.style.aspectRatio = `${width} / ${height}`;
    return { canvas, draw: picture(canvas, height, width) };
  };
  const button = (/** @type {string} */ text, /** @type {() => void} */ press) => {
    const made = element("button", { class: "vae-button", type: "button", ...OWN_KEYS }, text);
    made.addEventListener("click", press, { signal });
    return made;
  };
  const map = element("canvas", { class: "vae-map", role: "img" });
  const grid = tile(GRID * (side + 1) - 1, GRID * (side + 1) - 1, { role: "img" });
  const samples = Array.from({ length: SAMPLES }, () => tile());
  const samplesBox = element("div", { class: "vae-tiles", role: "img" }, ...samples.map(({ canvas }) => canvas));
  const pairs = examples.map(() => ({ x: tile(), drawn: tile() }));
  const pairsBox = element(
    "div",
    { class: "vae-tiles vae-pairs", role: "img", "aria-label": words.pairs_name },
    ...pairs.map(({ x, drawn }, i) =>
      element("div", {}, element("i", {}, words.example_names[i]), x.canvas, drawn.canvas)
    ),
  );
  const chartCanvas = element("canvas", { class: "vae-chart", role: "img" });
  const train = button(words.train, () => (running ? pause() : run()));
  const one = button(words.one_step, () => {
    pause();
    apart.before = null;
    send({ order: "step" });
  });
  const reset = button(words.reset, () => startAnew());
  const progress = element("p", { class: "vae-progress" });
  const alert = element("p", { role: "alert" });
  const rows = ["reconstruction", "kl", "elbo"].map((name) => ({ name, term: element("dt"), number: element("dd") }));
  const live = announcer(scope, 0);

  const sliders = Object.entries(SLIDERS).map(([name, [min, max, step]]) => ({
    name,
    ...slider(scope, {
      label: words[name],
      min,
      max,
      step,
      text: (power) => roughly(10 ** power),
      spoken: (power) => fill(words.spoken, { name: words[`${name}_name`], value: roughly(10 ** power) }),
      onInput: (power) => change({ [name]: Number(roughly(10 ** power)) }),
    }),
  }));
  const check = (/** @type {"sample" | "kl"} */ name) => {
    const input = element("input", { type: "checkbox", ...OWN_KEYS });
    input.addEventListener("change", () => change({ [name]: input.checked }), { signal });
    return { name, input, element: element("label", { class: "vae-check" }, input, words[`${name}_check`]) };
  };
  const checks = [check("sample"), check("kl")];
  const selects =
    /** @type {const} */ ([["gradient", ["pathwise", "score"]], ["mistake", ["none", "mean", "sign", "detached"]]]).map(
      ([name, values]) => {
        const { select, parts } = choice(scope, words[name], [...values], (value) => change({ [name]: value }));
        for (const option of select.options) option.textContent = words[`${name}_${option.value = option.text}`];
        return { name, select, element: element("div", { class: "vae-choose" }, ...parts) };
      },
    );
  const seedId = freshId();
  const seedInput = element("input", {
    id: seedId,
    class: "vae-select",
    type: "number",
    min: "0",
    max: "4294967295",
    step: "1",
    inputmode: "numeric",
    ...OWN_KEYS,
  });
  seedInput.addEventListener("change", () => {
    const next = seedInput.valueAsNumber;
    if (Number.isInteger(next) && next >= 0 && next < 2 ** 32) change({ seed: next });
    else seedInput.value = `${seed}`;
  }, { signal });
  const trained = element("p", { class: "vae-trained" });

  // One step apart
  const apartRows = [
    "mean",
    "sd",
    "noise",
    "z",
    "reconstruction",
    "kl",
    "to_z",
    "to_mean",
    "to_sd",
    "to_noise",
    "to_encoder",
    "to_decoder",
  ].map((name) => {
    const [head, how, first, second] = [element("th", { scope: "row" }), element("td"), element("td"), element("td")];
    return { name, head, how, cells: WHOLE.includes(name) ? [(first.colSpan = 2, first)] : [first, second] };
  });
  const [apartX, apartF] = [
    tile(side, side, { role: "img", "aria-label": words.apart_x }),
    tile(side, side, { role: "img", "aria-label": words.apart_f }),
  ];
  const whichDigit = choices(
    scope,
    examples.map((_, i) => ({
      label: words.example_names[i],
      name: fill(words.apart_digit, { name: words.example_names[i] }),
      i,
    })),
    ({ i }) => {
      apart.digit = i;
      apart.before = null;
      showApart();
    },
  );
  const apartResult = element("p", { class: "vae-apart-result" });
  const anotherNoise = button(words.apart_redraw, () => {
    apart.noise = eye.noise(1);
    apart.before = null;
    showApart();
    live.say(() => apartResult.textContent ?? "");
  });
  const takeStep = button(words.apart_take, () => {
    pause();
    send({ order: "one", picture: examples[apart.digit], noise: apart.noise });
  });
  const header = (/** @type {string} */ word) =>
    element(
      "thead",
      {},
      element(
        "tr",
        {},
        ...[words[word], "", words.apart_first, words.apart_second].map((text, i) =>
          i === 1 ? element("td") : element("th", { scope: "col" }, text)
        ),
      ),
    );
  const linesOf = (/** @type {typeof apartRows} */ lines) =>
    element(
      "tbody",
      {},
      ...lines.map(({ name, head, how, cells }) => element("tr", { "data-row": name }, head, how, ...cells)),
    );
  const details = element(
    "details",
    { class: "vae-apart" },
    element("summary", {}, words.apart),
    element("p", { class: "vae-hint" }, words.apart_about),
    element("div", { class: "vae-apart-controls" }, whichDigit.element, anotherNoise, takeStep),
    element(
      "div",
      { class: "vae-apart-pictures" },
      element("div", {}, caption(words.apart_x_caption), apartX.canvas),
      element("div", {}, caption(words.apart_f_caption), apartF.canvas),
    ),
    element("table", {}, header("apart_forward"), linesOf(apartRows.slice(0, 6))),
    element("table", {}, header("apart_back"), linesOf(apartRows.slice(6))),
    apartResult,
  );
  details.addEventListener("toggle", () => {
    if (!details.open) return;
    pause();
    showApart();
  }, { signal });

  body.replaceChildren(
    element("div", { class: "vae-controls" }, train, one, reset, progress),
    alert,
    element("div", { class: "vae-panel vae-square" }, caption(words.map_caption), map),
    element("div", { class: "vae-panel vae-square" }, caption(words.grid_caption), grid.canvas),
    element(
      "div",
      { class: "vae-panel vae-pictures" },
      element("div", {}, caption(fill(words.samples_caption, { count: `${SAMPLES}` })), samplesBox),
      element("div", {}, caption(words.pairs_caption), pairsBox),
    ),
    element(
      "div",
      { class: "vae-panel" },
      caption(words.chart_caption),
      chartCanvas,
      element("dl", {}, ...rows.map(({ name, term, number }) => element("div", { "data-term": name }, term, number))),
    ),
    element(
      "div",
      { class: "vae-settings" },
      ...sliders.map((each) => each.element),
      element("div", { class: "vae-checks" }, ...checks.map((each) => each.element)),
      ...selects.map((each) => each.element),
      element("div", { class: "vae-choose" }, element("label", { for: seedId }, words.seed), seedInput),
      trained,
    ),
    details,
    element("p", { class: "vae-hint" }, words.hint),
    live.element,
  );
  pairs.forEach(({ x }, i) =>
    x.draw(
      Float32Array.from(
        images.subarray(examples[i] * pixels, (examples[i] + 1) * pixels),
        (value) => value / brightest,
      ),
    )
  );

  // --------------------------------------------------------------------------------------------------- state
  let running = false;
  let trouble = ""; // what ended the training, until Reset
  let pausing = false; // asked to, and not answered yet
  let resting = false; // paused because nobody sees it
  let [epoch, done, stepTime] = [0, 0, 0];
  /** @type {{values: number[], reconstruction: number[], kl: number[]}} */
  let history = { values: [], reconstruction: [], kl: [] };
  let codes = new Float32Array(2 * labels.length);
  let extent = EXTENTS[0];
  let [said, told] = [0, 0];
  /** @type {{digit: number, noise: Float64Array, before: number | null}} */
  const apart = { digit: 0, noise: Float64Array.from(normals(10, 2)), before: null };

  /** What training makes small, as it is set now. @param {number[]} terms */
  const lossOf = ([reconstruction, kl]) => {
    const pull = (settings.kl ? settings.beta : 0) * (settings.mistake === "sign" ? -1 : 1);
    return pull * kl - reconstruction * (settings.mistake === "mean" ? 1 / pixels : 1);
  };
  const lastTerms = () => [history.reconstruction.at(-1) ?? 0, history.kl.at(-1) ?? 0];
  const progressText = () =>
    fill(stepTime ? words.progress_time : words.progress, {
      epoch: `${epoch}`,
      step: `${Math.ceil(done / batch)}`,
      steps: `${steps}`,
      time: shownNumber(stepTime, 1),
    });
  const say = (/** @type {string} */ word) => {
    said = performance.now();
    live.say(() => fill(words[word], { epoch: `${epoch}`, loss: shownNumber(lossOf(lastTerms()), 1) }));
  };

  // --------------------------------------------------------------------------------------- talk with the thread
  let calm = 0;
  scope.onEnd(() => clearTimeout(calm));
  /** The numbers of the last order, of the last that started or stopped training, and of the last that gave it other weights. */
  const orders = { last: 0, running: 0, weights: 0 };
  const tellThread = trainingThread(scope, (frame) => {
    if (signal.aborted || frame.heard < orders.weights) return; // of a training that was given up
    eye.parameters.set(frame.parameters);
    codes = frame.codes;
    if (frame.fresh) history = { values: [], reconstruction: [], kl: [] };
    const firstEpoch = frame.epoch - frame.history.length + 1;
    frame.history.forEach((/** @type {number[]} */ [reconstruction, kl], /** @type {number} */ i) => {
      history.values.push(firstEpoch + i);
      history.reconstruction.push(reconstruction);
      history.kl.push(kl);
    });
    [epoch, done] = [frame.epoch, frame.done];
    if (frame.stepTime) stepTime = frame.stepTime;
    if (frame.trouble) trouble = frame.trouble;
    if (frame.before) apart.before = lossOf(frame.before);
    const stopped = running && !frame.running && frame.heard >= orders.running;
    if (stopped) running = pausing = false;
    if (stopped && !trouble) say("said_paused"); // trouble is an alert of its own
    else if (running && performance.now() - said > SAY) say("said");
    if (!frame.fresh && (!running || performance.now() - told > SEND)) tellWeights(frame.parameters);
    showAll();
    if (frame.before) live.say(() => apartResult.textContent ?? "");
  });
  /** @param {Record<string, any> & {order: string}} message */
  const send = (message) => {
    orders.last++;
    if (["run", "pause"].includes(message.order)) orders.running = orders.last;
    if (["start", "reset", "take"].includes(message.order)) orders.weights = orders.running = orders.last;
    tellThread({ ...message, number: orders.last });
  };
  /** Weights and epoch to Python and to other views. @param {Float32Array} parameters */
  const tellWeights = (parameters) => {
    told = performance.now();
    known = new DataView(Float32Array.from(parameters).buffer); // little-endian, as every browser's machine is
    tell(scope, model, { epoch, parameters: known });
  };
  const run = () => {
    if (trouble) return;
    running = true;
    pausing = false;
    stepTime = 0;
    said = performance.now();
    apart.before = null;
    send({ order: "run", epochs: EPOCHS });
    showControls();
  };
  const pause = () => {
    if (!running) return;
    pausing = true;
    send({ order: "pause" });
  };
  /** Other weights than training came to. @param {Record<string, any> & {order: string}} message */
  const beginWith = (message) => {
    running = pausing = resting = false;
    trouble = "";
    apart.before = null;
    stepTime = 0;
    send(message);
  };
  /** From the start of the seed. */
  const startAnew = () => {
    if (model.get("parameters").byteLength || model.get("epoch")) {
      known = new DataView(new ArrayBuffer(0));
      tell(scope, model, { epoch: 0, parameters: known });
    }
    beginWith({ order: "reset", seed });
    say("said_reset");
  };
  /** By hand: the traits change, and `follow` shows it. @param {Record<string, any>} changes */
  const change = (changes) => {
    for (const [name, value] of Object.entries(changes)) model.set(name, value);
    model.save_changes();
  };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && running && !pausing) {
      resting = true;
      pause();
    } else if (!document.hidden && resting) {
      resting = false;
      run();
    }
  }, { signal });

  // ------------------------------------------------------------------------------------------------- pictures
  const drawMap = scope.perFrame(() => {
    const size = Math.floor(map.clientWidth);
    if (size === 0) return; // not on the page yet, or hidden
    const theme = currentTheme();
    const [inks, colours, font] = [INKS[theme], termColours(palette, theme), getComputedStyle(body).fontFamily];
    const plane = new Plane(extent, size);
    const context = fitCanvas(map, size, size, { willReadFrequently: true });
    context.fillStyle = inks.paper;
    context.fillRect(0, 0, size, size);
    plane.drawGrid(context, inks);
    plane.drawLabels(context, { ink: inks.quiet, paper: inks.paper, font }, [words.axis_1, words.axis_2]);
    drawCircles(context, plane, colours.prior);
    drawDots(context, plane, codes, labels, dotLook(labels.length, palette.digits, size, inks));
    drawBeyond(context, plane, codes, labels, palette.digits);
    const medians = clusters(codes, labels);
    drawNames(context, plane, readable(medians, plane), { palette, inks, font });
    drawPosteriors(context, plane, posteriors(), { colour: colours.posterior, inks, font, names: words.example_names });
  });
  /** Mean and standard deviation of Q(z|X) of the examples; without a draw, the point that stands for it. */
  const posteriors = () => {
    examples.forEach((place, row) =>
      eye.x.set(eye.images.subarray(place * pixels, (place + 1) * pixels), row * pixels)
    );
    eye.encode(examples.length);
    return examples.map((_, row) => {
      const q = eye.q.subarray(4 * row, 4 * row + 4);
      return Float32Array.from([q[0], q[1], ...[2, 3].map((i) => (settings.sample ? Math.exp(0.5 * q[i]) : 0))]);
    });
  };
  const drawPictures = scope.perFrame(() => {
    const drawn = eye.draw(draws);
    samples.forEach(({ draw }, i) => draw(drawn.subarray(i * pixels, (i + 1) * pixels)));
    const back = eye.draw(posteriors().flatMap(([first, second]) => [first, second]));
    pairs.forEach((pair, i) => pair.drawn.draw(back.subarray(i * pixels, (i + 1) * pixels)));
  });
  const drawGrid = scope.perFrame(() => {
    const middle = (/** @type {number} */ i) => ((2 * i + 1) / GRID - 1) * extent;
    const points = Array.from({ length: GRID * GRID }, (_, i) => [middle(i % GRID), -middle(Math.floor(i / GRID))])
      .flat();
    const drawn = eye.draw(points);
    const width = GRID * (side + 1) - 1;
    const sheet = new Float32Array(width * width);
    for (let cell = 0; cell < GRID * GRID; cell++) {
      const [left, top] = [(cell % GRID) * (side + 1), Math.floor(cell / GRID) * (side + 1)];
      for (let row = 0; row < side; row++) {
        sheet.set(
          drawn.subarray(cell * pixels + row * side, cell * pixels + (row + 1) * side),
          (top + row) * width + left,
        );
      }
    }
    grid.draw(sheet);
  });
  const drawChart = scope.perFrame(() => {
    const [across, down] = [chartCanvas.clientWidth, chartCanvas.clientHeight];
    if (across === 0) return; // not on the page yet, or hidden
    const theme = currentTheme();
    const context = fitCanvas(chartCanvas, across, down);
    const scene = {
      colours: termColours(palette, theme),
      inks: INKS[theme],
      font: getComputedStyle(body).fontFamily,
      words: named(words),
    };
    if (history.values.length > 1) new TermsOverEpochs(context, across, down, history).drawStatic(scene);
    else {
      context.fillStyle = scene.inks.paper;
      context.fillRect(0, 0, across, down);
      context.font = `0.85rem ${scene.font}`;
      context.textAlign = "center";
      haloText(context, words.chart_empty, across / 2, down / 2, scene.inks.quiet, scene.inks.paper);
    }
    // Every picture of this frame is drawn: the thread may send the next.
    clearTimeout(calm);
    calm = setTimeout(
      () => send({ order: "drawn" }),
      matchMedia("(prefers-reduced-motion: reduce)").matches ? CALM : 0,
    );
  });

  // ------------------------------------------------------------------------------------------- one step apart
  /** The step on one digit with its ε: what goes forward, and the slopes of the loss that come back. */
  const examined = () => {
    const place = [examples[apart.digit]];
    const [reconstruction, kl] = eye.terms(place, apart.noise, settings);
    eye.backward(1, apart.noise, settings);
    const pair = (/** @type {ArrayLike<number>} */ row, from = 0) => [row[from], row[from + 1]];
    const sd = pair(eye.q, 2).map((value) => Math.exp(0.5 * value));
    const size = (/** @type {number[]} */ which) =>
      Math.hypot(...which.flatMap((i) => [...eye.slopes[i].w, ...eye.slopes[i].b]));
    return {
      reconstruction,
      kl,
      loss: lossOf([reconstruction, kl]),
      x: eye.x.slice(0, pixels),
      f: Float32Array.from(eye.f.subarray(0, pixels)),
      mean: pair(eye.q),
      sd,
      noise: [...apart.noise],
      z: pair(eye.z),
      to_z: pair(eye.dz),
      to_mean: pair(eye.dq),
      to_sd: pair(eye.dq, 2).map((value, i) => (2 * value) / sd[i]),
      to_encoder: size([0, 1]),
      to_decoder: size([2, 3]),
    };
  };
  const showApart = () => {
    if (!details.open) return;
    const found = examined();
    whichDigit.mark(({ i }) => i === apart.digit);
    apartX.draw(Float32Array.from(found.x));
    apartF.draw(found.f);
    const score = settings.sample && settings.gradient === "score";
    const back = score
      ? "score"
      : settings.mistake === "detached"
      ? "detached"
      : settings.sample
      ? "pathwise"
      : "point";
    const share = settings.mistake === "mean" ? words.apart_share : "";
    const pull = (
      /** @type {string} */ name,
    ) => (settings.kl ? words[`apart_${name}_${settings.mistake === "sign" ? "sign" : "kl"}`] : "");
    const sum = (/** @type {string[]} */ parts) =>
      fill(parts.filter(Boolean).join(" + "), { share }) || words.apart_nothing;
    for (const { name, head, how, cells } of apartRows) {
      head.textContent = words[`apart_${name}`];
      const way = ["noise", "z"].includes(name) ? (settings.sample ? "how" : "point") : back;
      how.textContent = `apart_${name}_kl` in words
        ? sum([words[`apart_${name}_${way}`], pull(name)])
        : words[`apart_${name}_${way}`] ?? words[`apart_${name}_how`];
      const numbers = [/** @type {any} */ (found)[name]].flat();
      const none = name === "to_noise" || (name === "noise" && !settings.sample);
      cells.forEach((cell, i) => (cell.textContent = none ? "–" : fine(numbers[i])));
    }
    const { before } = apart;
    const formula = sum([words.apart_loss_terms, pull("loss")]);
    apartResult.textContent = fill(before !== null ? words.apart_after : words.apart_loss, {
      formula,
      before: shownNumber(before ?? 0),
      loss: shownNumber(found.loss),
    });
  };

  // -------------------------------------------------------------------------------------------------- showing
  const trainedText = () => {
    const { sample, kl, gradient, mistake, beta } = settings;
    const score = sample && gradient === "score";
    const parts = [];
    if (mistake === "none" || (mistake === "sign" && !kl) || (mistake === "detached" && score)) {
      if (!sample) parts.push(kl ? words.trained_point : words.trained_autoencoder);
      else if (!kl) parts.push(words.trained_no_kl);
      else if (Math.abs(beta - 1) > 1e-9) parts.push(fill(words.trained_beta, { beta: roughly(beta) }));
      else parts.push(words.trained_vae);
    } else {
      parts.push(words[`trained_${mistake}`]);
      if (!sample) parts.push(words.trained_no_draw);
    }
    if (score) parts.push(mistake === "detached" ? words.trained_detached_score : words.trained_score);
    return parts.join(" ");
  };
  /** Without a draw, the difference of the terms is no bound, and has another name. @param {Record<string, string>} all */
  const named = (all) => (settings.sample ? all : { ...all, elbo: all.difference, curve_elbo: all.difference });
  const showControls = () => {
    train.textContent = running ? words.pause : words.train;
    const stopped = [train, one, takeStep];
    if (trouble && stopped.some((each) => each.matches(":focus"))) reset.focus({ preventScroll: true });
    for (const each of stopped) each.disabled = !!trouble;
    alert.classList.toggle("vae-sentence", !!trouble);
    const sentence = trouble &&
      fill(words[trouble], { epoch: `${epoch + 1}`, step: `${Math.floor(done / batch) + 1}` });
    if (alert.textContent !== sentence) alert.textContent = sentence;
    progress.textContent = progressText();
  };
  const showSettings = () => {
    for (const { name, set } of sliders) set(Math.log10(/** @type {any} */ (settings)[name]));
    for (const { name, input } of checks) input.checked = settings[name];
    for (const { name, select } of selects) select.value = settings[name];
    selects[0].select.disabled = !settings.sample;
    seedInput.value = `${seed}`;
    trained.textContent = trainedText();
    for (const { name, term } of rows) term.textContent = named(words)[name];
  };
  const showAll = () => {
    extent = reach(codes, extent);
    const [reconstruction, kl] = lastTerms().map((value) => Math.round(100 * value) / 100);
    const values = { reconstruction, kl, elbo: reconstruction - kl };
    for (const { name, number } of rows) {
      number.textContent = trouble
        ? words.no_number
        : fill(words.nats, { value: shownNumber(values[/** @type {"kl"} */ (name)]) });
    }
    map.setAttribute("aria-label", fill(words.map_name, { epoch: `${epoch}` }));
    grid.canvas.setAttribute("aria-label", fill(words.grid_name, { epoch: `${epoch}`, extent: `${extent}` }));
    samplesBox.setAttribute("aria-label", fill(words.samples_name, { epoch: `${epoch}`, count: `${SAMPLES}` }));
    chartCanvas.setAttribute(
      "aria-label",
      fill(words.chart_name, { epoch: `${epoch}`, reconstruction: shownNumber(reconstruction), kl: shownNumber(kl) }),
    );
    showControls();
    drawMap();
    drawGrid();
    drawPictures();
    drawChart();
    showApart();
  };
  const follow = () => {
    const [nextSettings, nextSeed, parameters] = [readSettings(model), model.get("seed"), model.get("parameters")];
    if (SETTINGS.some((name) => nextSettings[name] !== settings[name])) {
      settings = nextSettings;
      send({ order: "settings", settings });
      showSettings();
      apart.before = null;
      showApart();
      drawMap();
    }
    if (nextSeed !== seed) {
      seed = nextSeed;
      known = parameters;
      showSettings();
      startAnew();
    } else if (!sameBytes(parameters, known)) {
      known = parameters;
      const weights = given();
      if (weights) beginWith({ order: "take", parameters: weights, epoch: model.get("epoch") });
      else startAnew();
    }
  };

  const drawAnew = () => {
    drawMap();
    drawChart();
  };
  scope.onResize(map, drawMap);
  scope.onResize(chartCanvas, drawChart);
  window.addEventListener("resize", drawAnew, { signal }); // zooming changes the pixel ratio only
  showSettings();
  showControls();
  send({ order: "start", task, settings, parameters: given(), epoch: model.get("epoch") });
  watchTheme(scope, drawAnew);
  return follow;
}

export default { render };
