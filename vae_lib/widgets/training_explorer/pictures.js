// What the model draws and where it puts the digits, while it trains.

import { clusters, readable } from "../shared/codes.js";
import { TermsOverEpochs } from "../shared/epoch_chart.js";
import { box, caption, element, tile } from "../shared/form.js";
import { beyondTheEdge, codeDots, digitNames, posteriorEllipses, priorCircles } from "../shared/latent_map.js";
import { axes, grid, paper, PIXELS, plot, text } from "../shared/marks.js";
import { normals } from "../shared/numbers.js";
import { Plane } from "../shared/plane.js";
import { wantsStill } from "../shared/player.js";
import { stage } from "../shared/stage.js";
import { fill, shownNumber } from "../shared/words.js";

/**
 * @import { Scope } from "../shared/view.js"
 * @import { Lab } from "./lab.js"
 */

/** Decoded digits in a row and in a column of the grid over the map, and draws from the prior. */
const GRID = 12;
const SAMPLES = 18;

/** How far the map may reach. The first that shows 99 of 100 codes, but see `reach`. */
const EXTENTS = [4, 5, 6, 8, 11, 15, 22, 35, 60, 100, 1000];

/** How the sentence of an empty chart stands there. */
const EMPTY = /** @type {const} */ ({ colour: "quiet", font: "0.85rem", baseline: "alphabetic", halo: 4 });

/** How often a reader who wants little motion sees a picture, in milliseconds. */
const CALM = 1500;

/**
 * The first extent that shows 99 of 100 codes; one that is larger stays until half of it would do.
 * @param {Float32Array} codes @param {number} now
 */
function reach(codes, now) {
  const far = Float32Array.from(
    { length: codes.length / 2 },
    (_, i) => Math.max(Math.abs(codes[2 * i]), Math.abs(codes[2 * i + 1])),
  ).sort();
  const needed = far[Math.floor(0.99 * (far.length - 1))];
  const first = EXTENTS.find((extent) => needed <= extent) ?? /** @type {number} */ (EXTENTS.at(-1));
  return first > now || needed < now / 2 ? first : now;
}

/** The codes of all digits. @param {Scope} scope @param {Lab} lab */
function codeMap(scope, lab) {
  const { words, labels } = lab;
  const canvas = element("canvas", { class: "vae-map", role: "img" });
  let extent = EXTENTS[0];
  const { redraw } = stage(scope, lab.model, canvas, {
    square: true,
    read: true,
    draw: (scene) => {
      const plane = new Plane(extent, scene.width);
      plot(
        scene,
        plane,
        grid(),
        axes(words.axis_1, words.axis_2),
        priorCircles(),
        codeDots(lab.codes, labels),
        beyondTheEdge(lab.codes, labels),
        digitNames(readable(clusters(lab.codes, labels), plane)),
        posteriorEllipses(lab.posteriors(), words.example_names),
      );
    },
  });
  const show = () => {
    extent = reach(lab.codes, extent);
    canvas.setAttribute("aria-label", fill(words.map_name, { epoch: `${lab.epoch}` }));
    redraw();
    return extent;
  };
  return { element: box("vae-panel vae-square", caption(words.map_caption), canvas), redraw, show };
}

/** What the decoder draws everywhere on the map. @param {Scope} scope @param {Lab} lab */
function everywhere(scope, { words, side, eye, task: { pixels } }) {
  const width = GRID * (side + 1) - 1;
  const sheet = tile(width, width, { role: "img" });
  sheet.canvas.classList.add("vae-coarse");
  let extent = EXTENTS[0];
  const draw = scope.perFrame(() => {
    const middle = (/** @type {number} */ i) => ((2 * i + 1) / GRID - 1) * extent;
    const cells = Array.from({ length: GRID * GRID }, (_, i) => [i % GRID, Math.floor(i / GRID)]);
    const drawn = eye.draw(cells.flatMap(([column, row]) => [middle(column), -middle(row)]));
    const values = new Float32Array(width * width);
    cells.forEach(([column, row], cell) => {
      for (let line = 0; line < side; line++) {
        const from = cell * pixels + line * side;
        values.set(drawn.subarray(from, from + side), (row * (side + 1) + line) * width + column * (side + 1));
      }
    });
    sheet.draw(values);
  });
  const show = (/** @type {number} */ next, /** @type {string} */ epoch) => {
    extent = next;
    sheet.canvas.setAttribute("aria-label", fill(words.grid_name, { epoch, extent: `${extent}` }));
    draw();
  };
  return { element: box("vae-panel vae-square", caption(words.grid_caption), sheet.canvas), show };
}

/** Samples and reconstructions. @param {Scope} scope @param {Lab} lab */
function samplesAndPairs(scope, lab) {
  const { words, side, eye, examples, task: { images, brightest, pixels } } = lab;
  const draws = normals(4, 2 * SAMPLES);
  const samples = Array.from({ length: SAMPLES }, () => tile(side, side));
  const pairs = examples.map(() => ({ x: tile(side, side), drawn: tile(side, side) }));
  const samplesBox = element("div", { class: "vae-tiles", role: "img" }, ...samples.map(({ canvas }) => canvas));
  const pairsBox = element(
    "div",
    { class: "vae-tiles vae-pairs", role: "img", "aria-label": words.pairs_name },
    ...pairs.map(({ x, drawn }, i) => box("", element("i", {}, words.example_names[i]), x.canvas, drawn.canvas)),
  );
  pairs.forEach(({ x }, i) => {
    const given = images.subarray(examples[i] * pixels, (examples[i] + 1) * pixels);
    x.draw(Float32Array.from(given, (value) => value / brightest));
  });
  const draw = scope.perFrame(() => {
    const part = (/** @type {Float32Array} */ all, /** @type {number} */ i) =>
      all.subarray(i * pixels, (i + 1) * pixels);
    const drawn = eye.draw(draws);
    samples.forEach((one, i) => one.draw(part(drawn, i)));
    const back = eye.draw(lab.posteriors().flatMap(([first, second]) => [first, second]));
    pairs.forEach((pair, i) => pair.drawn.draw(part(back, i)));
  });
  const show = (/** @type {string} */ epoch) => {
    samplesBox.setAttribute("aria-label", fill(words.samples_name, { epoch, count: `${SAMPLES}` }));
    draw();
  };
  const panel = box(
    "vae-panel vae-pictures",
    box("", caption(fill(words.samples_caption, { count: `${SAMPLES}` })), samplesBox),
    box("", caption(words.pairs_caption), pairsBox),
  );
  return { element: panel, show };
}

/** Both terms over the epochs, and the last in numbers. @param {Scope} scope @param {Lab} lab */
function termsPanel(scope, lab) {
  const { words } = lab;
  const canvas = element("canvas", { class: "vae-chart", role: "img" });
  const rows = /** @type {const} */ (["reconstruction", "kl", "elbo"]).map((name) => {
    const [term, number] = [element("dt"), element("dd")];
    return { name, term, number, row: element("div", { "data-term": name }, term, number) };
  });
  let calm = 0;
  scope.onEnd(() => clearTimeout(calm));
  const { redraw } = stage(scope, lab.model, canvas, {
    draw: (scene) => {
      const { width, height } = scene;
      const named = { ...scene, words: lab.named() };
      if (lab.history.values.length > 1) new TermsOverEpochs(named, lab.history).drawStatic(named);
      else plot(scene, PIXELS, paper(), text(words.chart_empty, [width / 2, height / 2], EMPTY));
      // Every picture of this frame is drawn: the thread may send the next.
      clearTimeout(calm);
      calm = setTimeout(() => lab.send({ order: "drawn" }), wantsStill() ? CALM : 0);
    },
  });
  const showNames = () => {
    for (const { name, term } of rows) term.textContent = lab.named()[name];
  };
  const show = (/** @type {string} */ epoch) => {
    const [reconstruction, kl] = lab.lastTerms().map((value) => Math.round(100 * value) / 100);
    const values = { reconstruction, kl, elbo: reconstruction - kl };
    for (const { name, number } of rows) {
      number.textContent = lab.trouble ? words.no_number : fill(words.nats, { value: shownNumber(values[name]) });
    }
    const said = { epoch, reconstruction: shownNumber(reconstruction), kl: shownNumber(kl) };
    canvas.setAttribute("aria-label", fill(words.chart_name, said));
    redraw();
  };
  const list = element("dl", {}, ...rows.map(({ row }) => row));
  return { element: box("vae-panel", caption(words.chart_caption), canvas, list), show, showNames };
}

/** @param {Scope} scope @param {Lab} lab */
export function picturesOf(scope, lab) {
  const [map, sheet] = [codeMap(scope, lab), everywhere(scope, lab)];
  const [pictures, terms] = [samplesAndPairs(scope, lab), termsPanel(scope, lab)];
  return {
    elements: [map.element, sheet.element, pictures.element, terms.element],
    redrawMap: map.redraw,
    showNames: terms.showNames,
    show: () => {
      const epoch = `${lab.epoch}`;
      sheet.show(map.show(), epoch);
      pictures.show(epoch);
      terms.show(epoch);
    },
  };
}
