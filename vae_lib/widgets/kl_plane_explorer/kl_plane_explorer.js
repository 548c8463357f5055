// Q(z|X) = N(μ, diag σ²) on a map of two latent numbers, and its divergence from the prior, part by part.

import { drawRing, fitCanvas, haloText, INKS, termColours } from "../shared/canvas.js";
import { roundUp } from "../shared/chart.js";
import { announcer, choices, element, slider } from "../shared/form.js";
import { draggable } from "../shared/hand.js";
import { drawCircles, drawEllipses } from "../shared/latent_map.js";
import { clamp } from "../shared/numbers.js";
import { Plane } from "../shared/plane.js";
import { currentTheme, mount, tell, watchTheme } from "../shared/view.js";
import { fill, ShownError, shownNumber } from "../shared/words.js";

/** @import { Model, Scope } from "../shared/view.js" */

/** @typedef {{mean: [number, number], std: [number, number]}} Q */
/** @typedef {"center" | 0 | 1} Handle the center, or the axis whose width it is */

/** The bounds that Python's traits keep; the map shows every mean. */
const EXTENT = 4;
const STD = /** @type {[number, number]} */ ([0.02, 3]);

/** One stop of a width's slider makes it this much wider; stop 0 is the prior's width. */
const RATIO = 1.03;
const stopOf = (/** @type {number} */ std) => Math.log(std) / Math.log(RATIO);

/** How near to a ring, in pixels, a hand takes hold of it, and how far a width's ring stands off its ellipse. */
const REACH = 26;
const STALK = 38;

/** The width of "a sure code". */
const SURE = 0.05;

// ------------------------------------------------------------------------------------------------ mathematics

/** The two parts of one latent's KL to N(0, 1), in nats. @param {number} mean @param {number} std */
function klParts(mean, std) {
  const logVar = 2 * Math.log(std);
  // expm1 keeps the digits where the width is nearly 1 and this part is tiny.
  return { distance: 0.5 * mean ** 2, width: 0.5 * (Math.expm1(logVar) - logVar) };
}

/** Two numbers within the limits, or null. @param {any} given @param {[number, number]} limits @returns {[number, number] | null} */
function pairWithin(given, [low, high]) {
  if (!Array.isArray(given) || given.length !== 2 || !given.every(Number.isFinite)) return null;
  return given.every((value) => value >= low && value <= high) ? [given[0], given[1]] : null;
}

// ---------------------------------------------------------------------------------------------------- drawing

/** What does not move: the grid and the prior's circles. @param {CanvasRenderingContext2D} context @param {Plane} plane @param {any} scene */
function drawPrior(context, plane, { colours, inks, font, words }) {
  context.fillStyle = inks.paper;
  context.fillRect(0, 0, plane.size, plane.size);
  plane.drawGrid(context, inks);
  drawCircles(context, plane, colours.prior);
  plane.drawLabels(context, { ink: inks.quiet, paper: inks.paper, font }, [words.axis_1, words.axis_2]);
  context.font = `12.5px ${font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const [deviations, word] of [[1, words.prior_1], [2, words.prior_2]]) {
    const at = deviations * Math.SQRT1_2;
    haloText(context, word, plane.x(-at), plane.y(at), colours.prior, inks.paper, 6);
  }
}

/**
 * Where the rings stand, in pixels: the center, and each width's ring beyond its half-axis, on the side with room.
 * @param {Plane} plane @param {Q} q @param {{axis: Handle, side: number} | null} held a ring in the hand keeps its side
 */
function ringPlaces(plane, { mean, std }, held) {
  const center = /** @type {[number, number]} */ ([plane.x(mean[0]), plane.y(mean[1])]);
  const widths = /** @type {const} */ ([0, 1]).map((axis) => {
    const room = plane.size - 12;
    const away = std[axis] * plane.scale + STALK;
    const upward = axis === 0 ? 1 : -1; // pixels grow to the right and downwards
    const first = center[axis] + upward * away;
    const side = held?.axis === axis
      ? held.side
      : upward * (first >= 12 && first <= room ? 1 : mean[axis] > 0 ? -1 : 1);
    const at = /** @type {[number, number]} */ ([...center]);
    at[axis] = clamp(center[axis] + side * away, 12, room);
    return { at, side, edge: center[axis] + side * std[axis] * plane.scale };
  });
  return { center, widths };
}

/** Q: its ellipses of 1 and 2 sd and the rings to hold it by. @param {CanvasRenderingContext2D} context @param {Plane} plane @param {any} scene */
function drawQ(context, plane, { q, places, held, colours, inks, font, words }) {
  const colour = colours.posterior;
  const { center, widths } = places;
  drawEllipses(context, center, q.std.map((/** @type {number} */ sd) => sd * plane.scale), colour);
  for (const [axis, { at }] of widths.entries()) {
    context.beginPath();
    context.moveTo(center[0], center[1]);
    context.lineTo(at[0], at[1]);
    context.strokeStyle = colour;
    context.lineWidth = 1.25;
    context.stroke();
    drawRing(context, at, { colour, paper: inks.paper, radius: 6.5, width: held === axis ? 4 : 2.5, filled: true });
  }
  drawRing(context, center, { colour, paper: inks.paper, radius: 9, width: held === "center" ? 4.5 : 3 });
  context.font = `italic 700 16px ${font}`;
  context.textBaseline = "middle";
  context.textAlign = "center";
  const below = widths[1].side; // where the upper ring is not
  haloText(context, words.q, clamp(center[0], 26, plane.size - 26), center[1] - 25 * below, colour, inks.paper, 5);
}

// ----------------------------------------------------------------------------------------------------- widget

/** @param {{model: Model, el: HTMLElement}} view */
function render(view) {
  return mount(view, { kind: "vae-klplane", anew: ["choices"], followed: ["mean", "std"] }, build);
}

/** @param {Model} model @param {HTMLElement} body @param {Scope} scope @returns {() => void} */
function build(model, body, scope) {
  const words = model.get("words");
  const palette = model.get("palette");
  const { signal } = scope;
  const given = () => {
    const [mean, std] = [pairWithin(model.get("mean"), [-EXTENT, EXTENT]), pairWithin(model.get("std"), STD)];
    if (!mean || !std) throw new ShownError("bad_gaussian", "mean and std must be two numbers each, within the bounds");
    return { mean, std };
  };
  /** What is shown. @type {Q} */
  let now = given();

  // Elements
  const map = element("canvas", { class: "vae-map", role: "img" });
  const caption = element("p", { class: "vae-caption" });
  const live = announcer(scope);
  const segment = (/** @type {string} */ part) => element("span", { class: `vae-${part}` });
  const rows = [words.axis_1, words.axis_2].map((name) => {
    const bars = [segment("distance"), segment("width")];
    const numbers = [0, 1, 2].map(() => element("data"));
    const row = element(
      "div",
      { class: "vae-cost" },
      element("b", {}, name),
      element("span", { class: "vae-bar", "aria-hidden": "true" }, ...bars),
      numbers[2],
      element("p", {}, `${words.distance} `, numbers[0], ` + ${words.width} `, numbers[1]),
    );
    return { row, bars, numbers };
  });
  const totalBars = [segment("distance"), segment("width"), segment("distance"), segment("width")];
  const total = element("data");
  const totalRow = element(
    "div",
    { class: "vae-cost vae-total" },
    element("b", {}, words.total),
    element("span", { class: "vae-bar", "aria-hidden": "true" }, ...totalBars),
    total,
  );
  const legend = (/** @type {string} */ part) =>
    element(
      "p",
      {},
      element("span", { class: `vae-swatch vae-${part}`, "aria-hidden": "true" }),
      words[`${part}_means`],
    );

  const knob = (/** @type {"mean" | "std"} */ kind, /** @type {0 | 1} */ axis) =>
    slider(scope, {
      label: words[`${kind}_${axis + 1}`],
      min: kind === "mean" ? -EXTENT : Math.floor(stopOf(STD[0])),
      max: kind === "mean" ? EXTENT : Math.ceil(stopOf(STD[1])),
      step: kind === "mean" ? 0.05 : 1,
      text: () => shownNumber(now[kind][axis], kind === "mean" ? 2 : 3),
      spoken: () =>
        fill(words[`${kind}_spoken`], {
          axis: words[`axis_${axis + 1}`],
          value: shownNumber(now[kind][axis], kind === "mean" ? 2 : 3),
        }),
      onInput: (value) => set(kind, axis, kind === "mean" ? value : RATIO ** value),
    });
  const knobs = { mean: [knob("mean", 0), knob("mean", 1)], std: [knob("std", 0), knob("std", 1)] };

  /** @typedef {{label: string, name: string, pick: () => Q}} Preset */
  /** @type {Preset[]} */
  const presets = [
    { label: words.preset_prior, name: words.preset_prior, pick: () => ({ mean: [0, 0], std: [1, 1] }) },
    { label: words.preset_sure, name: words.preset_sure, pick: () => ({ ...now, std: [SURE, SURE] }) },
  ];
  /** @type {Preset[]} */
  const digits = model.get("choices").map((/** @type {any} */ { label, mean, std }) => ({
    label,
    name: fill(words.preset_digit, { label }),
    pick: () => ({ mean, std }),
  }));
  const same = (/** @type {Q} */ one, /** @type {Q} */ other) =>
    [0, 1].every((axis) => one.mean[axis] === other.mean[axis] && one.std[axis] === other.std[axis]);
  const pickers = [presets, digits].map((group) => choices(scope, group, ({ pick }) => move(pick())));
  body.replaceChildren(
    element("div", {}, element("p", { class: "vae-caption" }, words.map_caption), map),
    element(
      "div",
      { class: "vae-costs" },
      caption,
      element("div", { class: "vae-bars" }, ...rows.map(({ row }) => row), totalRow),
      element("div", { class: "vae-legend" }, legend("distance"), legend("width")),
      element("p", { class: "vae-says" }, words.sum),
    ),
    element(
      "div",
      { class: "vae-sliders vae-term-posterior" },
      ...[...knobs.mean, ...knobs.std].map((one) => one.element),
    ),
    element(
      "div",
      { class: "vae-presets" },
      pickers[0].element,
      ...(digits.length ? [element("p", { class: "vae-caption" }, words.digits_caption), pickers[1].element] : []),
    ),
    element("p", { class: "vae-hint" }, words.hint),
    live.element,
  );

  // Drawing
  const background = document.createElement("canvas");
  let plane = new Plane(EXTENT, 1);
  /** @type {ReturnType<typeof ringPlaces> | undefined} */
  let places;
  /** The ring in the hand. @type {{axis: Handle, side: number} | null} */
  let held = null;
  let font = "";
  const style = () => {
    const theme = currentTheme();
    return { colours: termColours(palette, theme), inks: INKS[theme], font, words };
  };
  const draw = scope.perFrame(() => {
    if (plane.size <= 1) return; // not on the page yet, or hidden
    const context = fitCanvas(map, plane.size, plane.size);
    context.drawImage(background, 0, 0, plane.size, plane.size);
    places = ringPlaces(plane, now, held);
    drawQ(context, plane, { q: now, places, held: held?.axis, ...style() });
  });
  const drawBackground = scope.perFrame(() => {
    const size = Math.floor(map.clientWidth);
    if (size === 0) return;
    font = getComputedStyle(body).fontFamily;
    plane = new Plane(EXTENT, size);
    drawPrior(fitCanvas(background, size, size), plane, style());
    draw();
  });

  const costs = () => {
    const parts = [0, 1].map((axis) => klParts(now.mean[axis], now.std[axis]));
    const each = parts.map(({ distance, width }) => distance + width);
    return { parts, each, all: each[0] + each[1] };
  };
  const write = (/** @type {HTMLDataElement} */ data, /** @type {number} */ nats) => {
    data.value = `${nats}`;
    data.textContent = shownNumber(nats, 3);
  };
  /** Shows the numbers at once, the map in the next frame. @param {Q} next */
  const show = (next) => {
    now = next;
    const { parts, each, all } = costs();
    const end = roundUp(Math.max(1, all));
    caption.textContent = fill(words.bars_caption, { end: `${end}` });
    rows.forEach(({ bars, numbers }, axis) => {
      const values = [parts[axis].distance, parts[axis].width];
      values.forEach((nats, i) => {
        bars[i].style.width = totalBars[2 * axis + i].style.width = `${(100 * nats) / end}%`;
        write(numbers[i], nats);
      });
      write(numbers[2], each[axis]);
      knobs.mean[axis].set(now.mean[axis]);
      knobs.std[axis].set(stopOf(now.std[axis]));
    });
    write(total, all);
    pickers.forEach((picker) => picker.mark(({ pick }) => same(pick(), now)));
    map.setAttribute(
      "aria-label",
      fill(words.map_name, {
        m1: shownNumber(now.mean[0]),
        m2: shownNumber(now.mean[1]),
        s1: shownNumber(now.std[0], 3),
        s2: shownNumber(now.std[1], 3),
      }),
    );
    draw();
  };
  /** Moves by the reader's hand. @param {Q} next */
  const move = (next) => {
    if (same(next, now)) return;
    const changed = /** @type {const} */ (["mean", "std"]).filter((kind) => `${next[kind]}` !== `${now[kind]}`);
    show(next);
    tell(scope, model, Object.fromEntries(changed.map((kind) => [kind, [...next[kind]]])));
    live.say(() => {
      const { each, all } = costs();
      return fill(words.live, {
        total: shownNumber(all, 3),
        one: shownNumber(each[0], 3),
        two: shownNumber(each[1], 3),
      });
    });
  };
  /** @param {"mean" | "std"} kind @param {number} axis @param {number} value */
  const set = (kind, axis, value) => {
    const digits = kind === "mean" ? 1000 : 10000;
    const [low, high] = kind === "mean" ? [-EXTENT, EXTENT] : STD;
    const kept = clamp(Math.round(value * digits) / digits, low, high);
    move({ ...now, [kind]: now[kind].map((old, i) => (i === axis ? kept : old)) });
  };
  const follow = () => {
    const next = given();
    if (!same(next, now)) show(next);
  };

  // A hand on the map: on a width's ring or, anywhere else, on the center.
  /** @param {[number, number]} at @returns {Handle | null} */
  const ringAt = (at) => {
    if (!places) return null;
    const away = [places.center, ...places.widths.map((one) => one.at)].map(([x, y]) =>
      Math.hypot(x - at[0], y - at[1])
    );
    const nearest = away.indexOf(Math.min(...away));
    return away[nearest] > REACH ? null : /** @type {Handle[]} */ (["center", 0, 1])[nearest];
  };
  const keep = (/** @type {number} */ value) => clamp(Math.round(100 * value) / 100, -EXTENT, EXTENT);
  draggable(scope, map, {
    take: (at) => {
      if (!places) return null;
      const ring = ringAt(at);
      const axis = ring ?? "center";
      held = { axis, side: axis === "center" ? 0 : places.widths[axis].side };
      draw();
      if (axis !== "center") return { axis, offset: [places.widths[axis].edge - at[axis], 0] };
      return { axis, offset: ring === null ? [0, 0] : [places.center[0] - at[0], places.center[1] - at[1]] };
    },
    move: (at, { axis, offset }) => {
      if (axis === "center") {
        const [x, y] = plane.point(at[0] + offset[0], at[1] + offset[1]);
        move({ mean: [keep(x), keep(y)], std: now.std });
      } else if (held) {
        const center = axis === 0 ? plane.x(now.mean[0]) : plane.y(now.mean[1]);
        const width = (held.side * (at[axis] + offset[0] - center)) / plane.scale;
        set("std", axis, Math.round(1000 * width) / 1000);
      }
    },
    drop: () => {
      held = null;
      draw();
    },
    hover: (at) => {
      const ring = ringAt(at);
      map.style.cursor = ring === 0 ? "ew-resize" : ring === 1 ? "ns-resize" : ring === "center" ? "move" : "";
    },
  });

  scope.onResize(map, drawBackground);
  window.addEventListener("resize", drawBackground, { signal }); // zooming changes the pixel ratio only
  show(now);
  watchTheme(scope, drawBackground);
  return follow;
}

export default { render };
