// The panels of the series: the map, the pictures, the chart, the numbers.

import {
  beyondTheEdge,
  circleNames,
  codeDots,
  digitNames,
  mapCanvas,
  marker,
  posteriorEllipses,
  priorCircles,
} from "../shared/latent_map.js";
import { readable } from "../shared/codes.js";
import { TermsOverEpochs } from "../shared/epoch_chart.js";
import { exampleTile, readLook } from "../shared/example.js";
import { box, caption, element, paragraph } from "../shared/form.js";
import { axes, grid, plot } from "../shared/marks.js";
import { bytes, clamp, normals } from "../shared/numbers.js";
import { Plane } from "../shared/plane.js";
import { wantsStill } from "../shared/player.js";
import { stage } from "../shared/stage.js";
import { fill, ShownError, shownNumber } from "../shared/words.js";
import { figuresAt } from "./models.js";
import { RateDistortion } from "./rate_distortion.js";

/**
 * @import { Labels } from "../shared/codes.js"
 * @import { Network } from "../shared/network.js"
 * @import { Model, Scope } from "../shared/view.js"
 * @import { Entries, mapRows } from "./models.js"
 */

/** How long the dots glide to their new places, in milliseconds. */
const GLIDE = 200;

/** Below this KL, in nats, Q tells nothing of X. */
const COLLAPSED = 0.05;

/**
 * The codes of the present model, gliding there from those of the last.
 * @param {Scope} scope @param {Model} model @param {ReturnType<typeof mapRows>} onMap @param {Labels} labels
 * @param {string} hintId
 */
export function mapPanel(scope, model, onMap, labels, hintId) {
  const [words, extent] = [model.get("words"), model.get("extent")];
  const map = mapCanvas(words.map_name, words.map_role, hintId);
  const [place, beyondText] = [paragraph("vae-place"), paragraph("")];
  const everyMedian = onMap.medians.flat();
  let plane = new Plane(extent, 1);
  let [index, z] = [-1, [0, 0]];
  let current = onMap.rows[0];
  /** @type {{from: Float32Array, start: number} | null} */
  let glide = null;
  const move = () => {
    if (!glide) return;
    const passed = clamp((performance.now() - glide.start) / GLIDE, 0, 1);
    const share = 1 - (1 - passed) ** 3;
    const [from, to] = [glide.from, onMap.rows[index]];
    current = passed === 1 ? to : to.map((value, i) => from[i] + share * (value - from[i]));
    if (passed === 1) glide = null;
    else redraw();
  };
  const { redraw } = stage(scope, model, map, {
    square: true,
    read: true,
    under: (scene) => {
      plane = new Plane(extent, scene.width);
      plot(scene, plane, grid(), axes(words.axis_1, words.axis_2), priorCircles());
    },
    draw: (scene) => {
      move();
      const { points, posteriors, medians } = onMap.parts(current);
      plot(
        scene,
        plane,
        codeDots(points, labels),
        beyondTheEdge(points, labels),
        circleNames(everyMedian),
        digitNames(readable(medians, plane)),
        posteriorEllipses(posteriors, words.example_names),
        marker(z),
      );
    },
  });
  const showModel = (/** @type {number} */ next) => {
    const glides = index >= 0 && !wantsStill();
    glide = glides ? { from: current, start: performance.now() } : null;
    if (!glides) current = onMap.rows[next];
    index = next;
    const { points } = onMap.parts(onMap.rows[index]);
    let count = 0;
    for (let i = 0; i < labels.length; i++) {
      if (Math.max(Math.abs(points[2 * i]), Math.abs(points[2 * i + 1])) > extent) count++;
    }
    const said = { count: `${count}`, total: `${labels.length}` };
    beyondText.textContent = fill(count ? words.beyond : words.beyond_none, said);
    redraw();
  };
  const showPoint = (/** @type {number[]} */ next) => {
    z = next;
    place.textContent = fill(words.z, { z1: shownNumber(z[0]), z2: shownNumber(z[1]) });
    redraw();
  };
  const panel = box("vae-panel", caption(words.map_caption), map, box("vae-below", place, beyondText));
  return { element: panel, map, place, plane: () => plane, showModel, showPoint };
}

/** Samples, reconstructions, and the picture at the ring. @param {Model} model @param {number} examples */
export function picturesPanel(model, examples) {
  const [words, look, count] = [model.get("words"), readLook(model), model.get("samples")];
  const { numbers: pixels } = look;
  const given = bytes(model.get("pictures"));
  if (given.length !== examples * pixels) throw new ShownError("bad_series", "pictures do not fit");
  const draws = normals(model.get("seed"), 2 * count);
  const small = () => exampleTile(look, {});
  const samples = Array.from({ length: count }, small);
  const pairs = Array.from({ length: examples }, () => ({ x: small(), drawn: small() }));
  const atZ = exampleTile(look, { "aria-label": words.example_name });
  const tiles = (/** @type {string} */ name, /** @type {HTMLElement[]} */ ...children) =>
    element("div", { class: name, role: "img" }, ...children);
  const samplesBox = tiles("vae-tiles", ...samples.map(({ element }) => element));
  const pairsBox = tiles(
    "vae-tiles vae-pairs",
    ...pairs.map(({ x, drawn }, i) => box("", element("i", {}, words.example_names[i]), x.element, drawn.element)),
  );
  pairs.forEach(({ x }, i) =>
    x.draw(Float32Array.from(given.subarray(i * pixels, (i + 1) * pixels), (grey) => grey / 255))
  );
  const show = (/** @type {Network} */ network, /** @type {number[][]} */ means, /** @type {string} */ at) => {
    samples.forEach(({ draw }, i) => draw(network.run(draws.subarray(2 * i, 2 * i + 2))));
    pairs.forEach(({ drawn }, i) => drawn.draw(network.run(means[i].slice(0, 2))));
    samplesBox.setAttribute("aria-label", fill(words.samples_name, { count: `${count}`, at }));
    pairsBox.setAttribute("aria-label", fill(words.pairs_name, { last: words.example_names[examples - 1], at }));
  };
  const atRing = box("vae-at-ring", paragraph("", words.example_caption), atZ.element);
  const panel = box(
    "vae-panel vae-pictures",
    box("", caption(fill(words.samples_caption, { count: `${count}` })), samplesBox),
    box("", caption(words.pairs_caption), box("vae-row", pairsBox, atRing)),
  );
  return { element: panel, show, showAtRing: atZ.draw };
}

/**
 * The terms of all models, and where the present one lies.
 * @param {Scope} scope @param {Model} model @param {Entries} entries @param {() => number} index
 */
export function chartPanel(scope, model, entries, index) {
  const { over } = entries;
  const words = model.get("words");
  const canvas = element("canvas", { class: "vae-chart", role: "img" });
  const Kind = over === "beta" ? RateDistortion : TermsOverEpochs;
  /** @type {RateDistortion | TermsOverEpochs | undefined} */
  let chart;
  const { redraw } = stage(scope, model, canvas, {
    under: (scene) => new Kind(scene, entries).drawStatic(scene),
    draw: (scene) => {
      chart = new Kind(scene, entries);
      chart.drawPresent(scene, index());
    },
  });
  const show = (/** @type {string} */ at) => {
    canvas.setAttribute("aria-label", fill(words[`${over}_chart_name`], { at, ...figuresAt(entries, index()) }));
    redraw();
  };
  const panel = box("vae-panel", caption(words[`${over}_chart_caption`]), canvas);
  return { element: panel, canvas, show, nearest: (/** @type {[number, number]} */ px) => chart?.nearest(px) };
}

/**
 * What a β means, or what has become of the model.
 * @param {Record<string, string>} words @param {Entries} entries @param {number} index
 */
export function noteText(words, { over, values, kl, sigma: sigmas }, index) {
  if (over === "epoch") return "";
  if (kl[index] < COLLAPSED) return words.collapsed;
  const sigma = sigmas?.[index];
  if (sigma === undefined) return "";
  if (Math.abs(values[index] - 1) < 1e-6) return fill(words.plain, { sigma: shownNumber(sigma, 3) });
  const equal = shownNumber(sigma * Math.sqrt(values[index]), 3);
  return fill(words.equal_sigma, { sigma: shownNumber(sigma, 3), equal });
}

/** @param {Record<string, string>} words @param {Entries} entries */
export function numbersPanel(words, entries) {
  const beta = entries.over === "beta";
  const terms = beta ? ["rate", "distortion", "beta_elbo"] : ["reconstruction", "kl", "epoch_elbo"];
  const rows = [...terms, "active"].map((name) => {
    const number = element("dd");
    return { number, row: element("div", { "data-term": name }, element("dt", {}, words[name]), number) };
  });
  const [heading, note] = [paragraph("vae-heading"), paragraph("vae-note")];
  const show = (/** @type {number} */ index, /** @type {string} */ at) => {
    const { rate, distortion, reconstruction, kl, elbo } = figuresAt(entries, index);
    heading.textContent = at;
    const texts = [...(beta ? [rate, distortion] : [reconstruction, kl]), elbo].map((value) =>
      fill(words.nats, { value })
    );
    texts.push(fill(words.active_value, { active: `${entries.active[index]}` }));
    rows.forEach(({ number }, i) => (number.textContent = texts[i]));
    note.textContent = noteText(words, entries, index);
    note.toggleAttribute("data-collapsed", beta && entries.kl[index] < COLLAPSED);
  };
  const list = element("dl", {}, ...rows.map(({ row }) => row));
  return { element: box("vae-panel vae-numbers", heading, list, note), show };
}
