// Q(z|X) = N(μ, diag σ²) on a map of two latent numbers, and its divergence from the prior, part by part.

import { bind, limited } from "../shared/binding.js";
import { box, caption, choices, element, paragraph, slider } from "../shared/form.js";
import { grab } from "../shared/hand.js";
import { priorCircles } from "../shared/latent_map.js";
import { axes, ellipse, grid, PIXELS, plot, ring, segments, text } from "../shared/marks.js";
import { clamp } from "../shared/numbers.js";
import { Plane } from "../shared/plane.js";
import { stage } from "../shared/stage.js";
import { mount } from "../shared/view.js";
import { fill, ShownError, shownNumber } from "../shared/words.js";
import { costPanel, costs } from "./costs.js";

/**
 * @import { Model, Scope } from "../shared/view.js"
 * @import { Scene } from "../shared/stage.js"
 * @import { Q } from "./costs.js"
 */

/**
 * @typedef {[number, number]} Pair
 * @typedef {"center" | 0 | 1} Handle the center, or the axis whose width it is
 * @typedef {ReturnType<typeof ringPlaces>} Places
 */

/** One stop of a width's slider makes it this much wider; stop 0 is the prior's width. */
const RATIO = 1.03;
const stopOf = (/** @type {number} */ std) => Math.log(std) / Math.log(RATIO);

/** How far a width's ring stands off its ellipse, in pixels. */
const STALK = 38;

/** The width of "a sure code". */
const SURE = 0.05;

/**
 * Where the rings stand, in pixels: the center, and each width's ring beyond its half-axis, on the side with room.
 * @param {Plane} plane @param {Q} q @param {Handle | null} held a ring in the hand keeps the side it has
 * @param {{widths: {side: number}[]} | undefined} before
 */
function ringPlaces(plane, { mean, std }, held, before) {
  const center = /** @type {Pair} */ ([plane.x(mean[0]), plane.y(mean[1])]);
  const widths = /** @type {const} */ ([0, 1]).map((axis) => {
    const room = plane.size - 12;
    const away = std[axis] * plane.scale + STALK;
    const upward = axis === 0 ? 1 : -1; // pixels grow to the right and downwards
    const first = center[axis] + upward * away;
    const side = held === axis && before
      ? before.widths[axis].side
      : upward * (first >= 12 && first <= room ? 1 : mean[axis] > 0 ? -1 : 1);
    const [at, edge] = [/** @type {Pair} */ ([...center]), /** @type {Pair} */ ([...center])];
    at[axis] = clamp(center[axis] + side * away, 12, room);
    edge[axis] = center[axis] + side * std[axis] * plane.scale;
    return { at, side, edge };
  });
  return { center, widths };
}

/** The prior: its circles with their names. @param {Scene} scene @param {Plane} plane */
function drawPrior(scene, plane) {
  const { words } = scene;
  plot(
    scene,
    plane,
    grid(),
    priorCircles(),
    axes(words.axis_1, words.axis_2),
    ...[words.prior_1, words.prior_2].map((word, i) =>
      text(word, [-(i + 1) * Math.SQRT1_2, (i + 1) * Math.SQRT1_2], { colour: "prior", font: "12.5px", halo: 6 })
    ),
  );
}

/**
 * Q: its ellipses of 1 and 2 sd and the rings to hold it by.
 * @param {Scene} scene @param {Plane} plane @param {Q} q @param {Places} places @param {Handle | null} held
 */
function drawQ(scene, plane, q, { center, widths }, held) {
  const colour = "posterior";
  const below = widths[1].side; // where the upper ring is not
  plot(
    scene,
    PIXELS,
    ellipse(center, q.std.map((sd) => sd * plane.scale), colour),
    ...widths.flatMap(({ at }, axis) => [
      segments([[center, at]], { colour, width: 1.25 }),
      ring(at, { colour, radius: 6.5, width: held === axis ? 4 : 2.5, filled: true }),
    ]),
    ring(center, { colour, width: held === "center" ? 4.5 : 3 }),
    text(scene.words.q, [clamp(center[0], 26, plane.size - 26), center[1] - 25 * below], {
      colour,
      font: "italic 700 16px",
    }),
  );
}

/** @param {{model: Model, el: HTMLElement}} view */
function render(view) {
  return mount(view, { kind: "vae-klplane", anew: ["choices"], followed: ["mean", "std"] }, build);
}

/** @param {Model} model @param {HTMLElement} body @param {Scope} scope @returns {() => void} */
function build(model, body, scope) {
  const [words, limits] = [model.get("words"), model.get("limits")];
  const panel = costPanel(words);
  const bound = bind(scope, model, {
    read: () => {
      const [mean, std] = [limited(model, "mean"), limited(model, "std")];
      if (!mean || !std) throw new ShownError("bad_gaussian", "mean and std must be two numbers each, within bounds");
      return /** @type {Q} */ ({ mean, std });
    },
    show(now) {
      panel.show(costs(now));
      for (const one of knobs) one.show(now);
      presets.mark(now);
      const [m1, m2, s1, s2] = [...now.mean.map((one) => shownNumber(one)), ...now.std.map((sd) => shownNumber(sd, 3))];
      picture.map.setAttribute("aria-label", fill(words.map_name, { m1, m2, s1, s2 }));
      picture.redraw();
    },
    say: () => {
      const { each, all } = costs(bound.now);
      const [total, one, two] = [all, ...each].map((nats) => shownNumber(nats, 3));
      return fill(words.live, { total, one, two });
    },
  });
  const set = (/** @type {"mean" | "std"} */ kind, /** @type {number} */ axis, /** @type {number} */ value) => {
    const digits = kind === "mean" ? 1000 : 10000;
    const kept = clamp(Math.round(value * digits) / digits, .../** @type {Pair} */ (limits[kind][axis]));
    bound.moveByHand({ [kind]: bound.now[kind].map((old, i) => (i === axis ? kept : old)) });
  };
  const knobs = /** @type {const} */ ([["mean", 0], ["mean", 1], ["std", 0], ["std", 1]]).map(([kind, axis]) =>
    knob(scope, model, kind, axis, (value) => set(kind, axis, value))
  );
  const presets = presetButtons(scope, model, (pick) => bound.moveByHand(pick(bound.now)));
  const picture = mapOf(scope, model, () => bound.now, set, (mean) => bound.moveByHand({ mean }));
  body.replaceChildren(
    box("", caption(words.map_caption), picture.map),
    panel.element,
    box("vae-sliders vae-term-posterior", ...knobs.map((one) => one.element)),
    presets.element,
    paragraph("vae-hint", words.hint),
    bound.live,
  );
  return bound.begin();
}

/**
 * The slider of a mean, or of a width on a scale of ratios.
 * @param {Scope} scope @param {Model} model @param {"mean" | "std"} kind @param {0 | 1} axis
 * @param {(value: number) => void} set
 */
function knob(scope, model, kind, axis, set) {
  const [words, [low, high]] = [model.get("words"), model.get("limits")[kind][axis]];
  const [ofMean, name] = [kind === "mean", words[`axis_${axis + 1}`]];
  let shown = "";
  const one = slider(scope, {
    label: words[`${kind}_${axis + 1}`],
    min: ofMean ? low : Math.floor(stopOf(low)),
    max: ofMean ? high : Math.ceil(stopOf(high)),
    step: ofMean ? 0.05 : 1,
    text: () => shown,
    spoken: () => fill(words[`${kind}_spoken`], { axis: name, value: shown }),
    onInput: (value) => set(ofMean ? value : RATIO ** value),
  });
  const show = (/** @type {Q} */ q) => {
    shown = shownNumber(q[kind][axis], ofMean ? 2 : 3);
    one.set(ofMean ? q.mean[axis] : stopOf(q.std[axis]));
  };
  return { element: one.element, show };
}

/**
 * The Gaussians to choose from.
 * @param {Scope} scope @param {Model} model @param {(pick: (now: Q) => Q) => void} onPick
 */
function presetButtons(scope, model, onPick) {
  const words = model.get("words");
  /** @typedef {{label: string, name: string, pick: (now: Q) => Q}} Preset */
  /** @type {Preset[]} */
  const own = [
    { label: words.preset_prior, name: words.preset_prior, pick: () => ({ mean: [0, 0], std: [1, 1] }) },
    { label: words.preset_sure, name: words.preset_sure, pick: ({ mean }) => ({ mean, std: [SURE, SURE] }) },
  ];
  /** @type {Preset[]} */
  const digits = model.get("choices").map((/** @type {any} */ { label, mean, std }) => ({
    label,
    name: fill(words.preset_digit, { label }),
    pick: () => ({ mean, std }),
  }));
  const pickers = [own, digits].map((group) => choices(scope, group, ({ pick }) => onPick(pick)));
  const ofDigits = digits.length ? [caption(words.digits_caption), pickers[1].element] : [];
  const text = (/** @type {Q} */ { mean, std }) => `${mean} ${std}`;
  return {
    element: box("vae-presets", pickers[0].element, ...ofDigits),
    mark: (/** @type {Q} */ now) => pickers.forEach((each) => each.mark(({ pick }) => text(pick(now)) === text(now))),
  };
}

/**
 * The map, on which a hand holds a width by its ring or, anywhere else, the center.
 * @param {Scope} scope @param {Model} model @param {() => Q} now
 * @param {(kind: "std", axis: 0 | 1, value: number) => void} set @param {(mean: Pair) => void} moveTo
 */
function mapOf(scope, model, now, set, moveTo) {
  const map = element("canvas", { class: "vae-map", role: "img" });
  const [[low, extent]] = model.get("limits").mean; // the map shows every mean
  let plane = new Plane(extent, 1);
  /** @type {Places | undefined} */
  let places;
  const { redraw } = stage(scope, model, map, {
    square: true,
    under: (scene) => drawPrior(scene, plane = new Plane(extent, scene.width)),
    draw: (scene) => {
      places = ringPlaces(plane, now(), hand.held, places);
      drawQ(scene, plane, now(), places, hand.held);
    },
  });
  const keep = (/** @type {number} */ value) => clamp(Math.round(100 * value) / 100, low, extent);
  /** @type {{held: Handle | null}} */
  const hand = grab(scope, map, {
    rings: () =>
      places
        ? [
          { name: /** @type {Handle} */ ("center"), at: places.center },
          { name: 0, at: places.widths[0].at, from: places.widths[0].edge },
          { name: 1, at: places.widths[1].at, from: places.widths[1].edge },
        ]
        : [],
    beside: (event) => (places && event.pointerType !== "touch" ? "center" : null),
    tap: (at) => moveTo(/** @type {Pair} */ (plane.point(...at).map(keep))),
    move: ([x, y], name) => {
      if (name === "center") {
        const [first, second] = plane.point(x, y).map(keep);
        moveTo([first, second]);
      } else if (places) {
        const off = name === 0 ? x - plane.x(now().mean[0]) : y - plane.y(now().mean[1]);
        set("std", name, Math.round((1000 * places.widths[name].side * off) / plane.scale) / 1000);
      }
    },
    changed: () => redraw(),
    cursor: (name) => (name === 0 ? "ew-resize" : name === 1 ? "ns-resize" : name === "center" ? "move" : ""),
    reach: 26,
  });
  return { map, redraw };
}

export default { render };
