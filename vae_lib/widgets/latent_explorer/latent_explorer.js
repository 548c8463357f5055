// The latent space as a map, a point z on it, and what the decoder makes of z.

import { bind } from "../shared/binding.js";
import { clusters, mostNear, nameOf, readLabels } from "../shared/codes.js";
import { exampleTile, readLook } from "../shared/example.js";
import { box, caption, check, element, freshId, paragraph, slider } from "../shared/form.js";
import { bring, mapKeys } from "../shared/hand.js";
import {
  circleNames,
  classColour,
  codeDots,
  digitNames,
  mapCanvas,
  marker,
  priorCircles,
} from "../shared/latent_map.js";
import { axes, grid, plot } from "../shared/marks.js";
import { planeDecoder } from "../shared/network.js";
import { halfFloats, keptPoint, planePoint } from "../shared/numbers.js";
import { Plane } from "../shared/plane.js";
import { stage } from "../shared/stage.js";
import { currentTheme, inTheme, mount } from "../shared/view.js";
import { fill, shownNumber } from "../shared/words.js";
import { Backdrop } from "./backdrop.js";
import { markedCode } from "./lens.js";
import { Buckets, readWidths, typicalCodes } from "./near.js";
import { walkControls, walkLine } from "./walk.js";

/**
 * @import { Binding } from "../shared/binding.js"
 * @import { Point } from "../shared/marks.js"
 * @import { Network } from "../shared/network.js"
 * @import { Model, Scope } from "../shared/view.js"
 * @typedef {{z: number[], walk: number[] | null, backdrop: boolean}} State
 * @typedef {ReturnType<typeof readSpace>} Space
 */

/** How long the ring rests before it shows what it is on, in milliseconds. */
const REST = 300;

/** @param {{model: Model, el: HTMLElement}} view */
function render(view) {
  const anew = [
    "weights",
    "layers",
    "image_shape",
    "points",
    "widths",
    "labels",
    "extent",
    "prior",
    "columns",
    "classes",
  ];
  return mount(view, { kind: "vae-latent", anew, followed: ["z", "walk", "backdrop"] }, build);
}

/** The codes, and what decodes them. @param {Model} model */
function readSpace(model) {
  const [extent, look, points] = [model.get("extent"), readLook(model), halfFloats(model.get("points"))];
  const labels = readLabels(model.get("labels"), points.length / 2);
  const medians = labels.length ? clusters(points, labels) : [];
  const ends = typicalCodes(points, labels, medians);
  const network = planeDecoder(model.get("layers"), model.get("weights"), look.numbers);
  return {
    extent,
    look,
    points,
    labels,
    medians,
    ends,
    network,
    widths: readWidths(model.get("widths"), points),
  };
}

/** @param {Model} model @param {Space} space @returns {State} */
function readState(model, { extent, ends }) {
  const walk = model.get("walk");
  const valid = Array.isArray(walk) && walk.length === 2 && walk[0] !== walk[1] &&
    walk.every((digit) => ends.has(digit));
  return { z: planePoint(model.get("z"), extent), walk: valid ? walk : null, backdrop: model.get("backdrop") === true };
}

/** @param {Model} model @param {HTMLElement} body @param {Scope} scope */
function build(model, body, scope) {
  const words = model.get("words");
  const space = readSpace(model);
  const { extent, labels, points, widths, network } = space;
  const [hintId, fine] = [freshId(), extent <= 6 ? 0.05 : extent <= 12 ? 0.1 : 0.5]; // divides what Python sends
  const moved = (/** @type {number[]} */ a, /** @type {number[] | undefined} */ b) => `${a}` !== `${b}`;
  /** @type {Binding<State>} */
  const bound = bind(scope, model, {
    read: () => readState(model, space),
    write: ({ walk, z, backdrop }) => ({ walk, z, backdrop }),
    heard: (next, old) => {
      if (moved(next.z, old.z)) walk?.pause();
      walk?.take(next.walk);
    },
    show(now, old) {
      everywhere.input.checked = now.backdrop;
      if (moved(now.z, old?.z)) {
        example.draw(network.run(now.z));
        place.textContent = placeText(words, now.z);
        sliders.forEach((one, axis) => one.set(now.z[axis]));
        walk?.follow(now.z);
        if (old) map.settle();
      }
      if (old && now.backdrop !== old.backdrop) map.anew();
      else map.redraw();
    },
    say: () => [placeText(words, bound.now.z), map.nearest(), map.about()].filter(Boolean).join(". "),
  });
  /** Moves z by the reader's hand. @param {number[]} z */
  const moveTo = (z) => {
    walk?.pause();
    map.unpoint();
    bound.move({ z: keptPoint(z, extent) });
  };
  const moveAndSay = (/** @type {number[]} */ z) => {
    moveTo(z);
    bound.say();
  };
  const example = exampleTile(space.look, { "aria-label": words.example_name });
  const place = paragraph("vae-place");
  const sliders = [0, 1].map((axis) =>
    slider(scope, {
      label: words[`slider_${axis + 1}`],
      min: -extent,
      max: extent,
      step: fine,
      text: shownNumber,
      spoken: (value) => fill(words.slider_text, { axis: words[`axis_${axis + 1}`], value: shownNumber(value) }),
      onInput: (value) => moveTo(bound.now.z.map((old, i) => (i === axis ? value : old))),
    })
  );
  const walk = space.medians.length < 2 ? null : walkControls(scope, model, space.ends, {
    walk: () => bound.now.walk,
    go: (z, line) => bound.move({ z: keptPoint(z, extent), ...(line && { walk: line }) }),
    appear: (line) => bound.move({ walk: line }),
    stopped: () => bound.say(),
  });
  const everywhere = check(scope, words.backdrop, (backdrop) => bound.move({ backdrop }));
  const map = mapOf(scope, model, space, hintId, () => ({ ...bound.now, line: walk?.shown() }), moveAndSay);
  mapKeys(scope, map.canvas, 2 * fine, () => bound.now.z, moveAndSay);
  const head = labels.length || points.length ? words.map_caption : words.map_caption_no_codes;
  const controls = [box("vae-sliders", ...sliders.map((one) => one.element)), ...(walk ? [walk.element] : [])];
  const readout = box("vae-readout", place, map.nearText, ...(widths ? [map.aboutText] : []));
  body.replaceChildren(
    box("", caption(head), map.canvas),
    box("vae-digit-panel", caption(words.example_caption), example.element, readout),
    box("vae-controls", ...controls, everywhere.element),
    element("p", { class: "vae-hint", id: hintId }, words.hint, ...(widths ? [` ${words.hint_codes}`] : [])),
    bound.live,
  );
  return bound.begin();
}

/** @param {Record<string, string>} words @param {number[]} z */
function placeText(words, [z1, z2]) {
  return fill(words.z, { z1: shownNumber(z1), z2: shownNumber(z2) });
}

/** Two numbers of a code. @param {Float32Array} values @param {number} index @returns {Point} */
function pair(values, index) {
  return [values[2 * index], values[2 * index + 1]];
}

/**
 * The colour of a code's dot, by its index.
 * @param {any} palette @param {number[] | Uint8Array | Uint16Array} labels @returns {(index: number) => string}
 */
const dotColour = (palette, labels) => (index) =>
  labels.length ? classColour(palette, labels[index]) : inTheme(palette.neutrals, currentTheme()).quiet;

/**
 * The map, and what is said of the place that a hand or the resting ring is on.
 * @param {Scope} scope @param {Model} model @param {Space} space @param {string} hintId
 * @param {() => {z: number[], backdrop: boolean, line?: {digit: number, at: number[]}[] | null}} get
 * @param {(z: number[]) => void} moveTo
 */
function mapOf(scope, model, space, hintId, get, moveTo) {
  const { extent, points, labels, medians, widths, network } = space;
  const [words, prior, palette] = [model.get("words"), model.get("prior"), model.get("palette")];
  const canvas = mapCanvas(words.map_name, words.map_role, hintId);
  const [nearText, aboutText] = [paragraph("vae-near"), paragraph("vae-about")];
  const buckets = new Buckets(points, extent);
  const backdrop = new Backdrop(scope, network, space.look);
  let plane = new Plane(extent, 1);
  const colourOf = dotColour(palette, labels);
  const look = pointing(scope, buckets, () => plane.scale, () => (widths ? get().z : null), () => redraw());
  let shownMark = -1;
  const near = (/** @type {Point} */ code) => (/** @type {number} */ reach) =>
    buckets.within(code, reach).map(({ index }) => ({ at: pair(points, index), colour: colourOf(index) }));
  const { redraw, anew } = stage(scope, model, canvas, {
    square: true,
    read: true,
    under: (scene) => {
      plane = new Plane(extent, scene.width);
      const on = get().backdrop;
      if (on) backdrop.prepare(plane, () => anew());
      const sheet = on && backdrop.drawn(scene);
      plot(
        scene,
        plane,
        grid(),
        sheet && (({ context, width }) => context.drawImage(sheet, 0, 0, width, width)),
        codeDots(points, labels, !!sheet),
        axes(words.axis_1, words.axis_2),
        prior && priorCircles(),
        digitNames(medians),
        prior && circleNames(medians),
      );
    },
    draw: (scene) => {
      const { z, line } = get();
      shownMark = look.marked();
      const code = pair(points, shownMark);
      const mark = shownMark >= 0 && widths &&
        markedCode({ code, width: pair(widths, shownMark), z, colour: colourOf(shownMark), near: near(code) });
      plot(scene, plane, line && walkLine(line), mark, marker(z));
      nearText.textContent = nearest();
      aboutText.textContent = about(shownMark);
    },
  });
  const nearest = () => {
    if (!labels.length) return "";
    const label = mostNear(points, labels, get().z, extent / 15);
    return label === null ? words.near_none : fill(words.near, { label: nameOf(model.get("classes"), label) });
  };
  const about = (index = look.marked()) => {
    if (index < 0 || !widths) return "";
    const [m1, m2] = pair(points, index).map((value) => shownNumber(value));
    const [s1, s2] = pair(widths, index).map((value) => shownNumber(value, 3));
    const said = labels.length ? (model.get("classes").length ? "about_class" : "about") : "about_unlabelled";
    return fill(words[said], { label: nameOf(model.get("classes"), labels[index]), m1, m2, s1, s2 });
  };
  const pointTo = (/** @type {number[] | null} */ at) => {
    look.point(at);
    if (look.marked() !== shownMark) redraw();
  };
  bring(scope, canvas, () => plane, () => get().z, moveTo, pointTo);
  canvas.addEventListener("pointerleave", () => pointTo(null), { signal: scope.signal });
  return {
    canvas,
    nearText,
    aboutText,
    redraw,
    anew,
    nearest,
    about,
    settle: look.settle,
    unpoint: () => look.point(null),
  };
}

/**
 * Which code a mouse or the resting ring is on.
 * @param {Scope} scope @param {Buckets} buckets @param {() => number} scale
 * @param {() => number[] | null} z none where nothing is known of the codes @param {() => void} redraw
 */
function pointing(scope, buckets, scale, z, redraw) {
  /** @type {number[] | null} where a mouse points at the map without moving z */
  let pointed = null;
  let [resting, timer] = [false, 0]; // the ring, after it was moved
  scope.onEnd(() => clearTimeout(timer));
  return {
    point: (/** @type {number[] | null} */ at) => (pointed = at),
    settle() {
      resting = false;
      clearTimeout(timer);
      timer = setTimeout(() => {
        resting = true;
        redraw();
      }, REST);
    },
    /** Its index, or −1. */
    marked() {
      const ring = z();
      if (!ring) return -1;
      if (pointed) return buckets.nearest(pointed, 8 / scale());
      return resting ? buckets.nearest(ring, 12 / scale()) : -1;
    },
  };
}

export default { render };
