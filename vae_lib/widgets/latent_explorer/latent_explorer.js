// The latent space as a map, a point z on it, and the digit that the decoder draws at z.

import { drawRing, fitCanvas, haloText, INKS, mixed, picture, termColours } from "../shared/canvas.js";
import { announcer, choice, element, freshId, OWN_KEYS, slider } from "../shared/form.js";
import { draggable, mapKeys } from "../shared/hand.js";
import { clusters, drawEllipses, drawMarker, drawStatic, mostNear } from "../shared/latent_map.js";
import { Network } from "../shared/network.js";
import { bytes, clamp, halfFloats } from "../shared/numbers.js";
import { Plane } from "../shared/plane.js";
import { currentTheme, mount, tell, watchTheme } from "../shared/view.js";
import { fill, ShownError, shownNumber } from "../shared/words.js";

/** @import { Model, Palette, Scope, Theme } from "../shared/view.js" */

const LENS_TIMES = [64, 32, 16, 8, 4, 2];
const BACKDROP_INK = 0.6; // how dark its pictures are
const WALK_MS = 4000; // from one end to the other
const STILLS = 8; // steps of a walk for a reader who asked for less motion

/** Finds codes near a place without going through all of them. */
export class Buckets {
  /** @param {Float32Array} points x and y in turn @param {number} extent */
  constructor(points, extent, count = 48) {
    this.points = points;
    this.extent = extent;
    this.count = count;
    const places = Array.from(
      { length: points.length / 2 },
      (_, i) => this.column(points[2 * i]) + count * this.column(points[2 * i + 1]),
    );
    this.starts = new Int32Array(count * count + 1);
    for (const place of places) this.starts[place + 1]++;
    for (let i = 0; i < count * count; i++) this.starts[i + 1] += this.starts[i];
    const free = this.starts.slice();
    this.order = new Int32Array(places.length);
    places.forEach((place, i) => (this.order[free[place]++] = i));
  }

  /** @param {number} value */
  column(value) {
    return clamp(Math.floor(((value + this.extent) / (2 * this.extent)) * this.count), 0, this.count - 1);
  }

  /** The codes within `reach` of a place, each with its distance. @param {number[]} at @param {number} reach */
  within([x, y], reach) {
    const found = [];
    for (let row = this.column(y - reach); row <= this.column(y + reach); row++) {
      const first = this.starts[row * this.count + this.column(x - reach)];
      const last = this.starts[row * this.count + this.column(x + reach) + 1];
      for (let k = first; k < last; k++) {
        const index = this.order[k];
        const distance = Math.hypot(this.points[2 * index] - x, this.points[2 * index + 1] - y);
        if (distance <= reach) found.push({ index, distance });
      }
    }
    return found;
  }

  /** The index of the nearest code within `reach`, or −1. @param {number[]} at @param {number} reach */
  nearest(at, reach) {
    return this.within(at, reach).reduce((best, one) => (one.distance < best.distance ? one : best), {
      index: -1,
      distance: Infinity,
    }).index;
  }
}

/** Per digit, the code nearest to the median of its codes: where a walk begins or ends. @param {Float32Array} points @param {Uint8Array} labels @param {ReturnType<typeof clusters>} medians */
function typicalCodes(points, labels, medians) {
  return new Map(medians.map(({ digit, at }) => {
    let [best, least] = [0, Infinity];
    for (let i = 0; i < labels.length; i++) {
      if (labels[i] !== digit) continue;
      const distance = (points[2 * i] - at[0]) ** 2 + (points[2 * i + 1] - at[1]) ** 2;
      if (distance < least) [best, least] = [i, distance];
    }
    return [digit, [points[2 * best], points[2 * best + 1]]];
  }));
}

/** The widths of Q(z|X), or none unless there is one pair for each code. @param {DataView} packed @param {Float32Array} points */
function readWidths(packed, points) {
  const widths = halfFloats(packed);
  return points.length && widths.length === points.length && widths.every((width) => width >= 0 && width < Infinity)
    ? widths
    : null;
}

// ---------------------------------------------------------------------------------------------------- drawing

/**
 * One code with the ellipses of its Q(z|X), as they lie on the map, and larger in a lens where they are too small to see.
 * @param {CanvasRenderingContext2D} context @param {Plane} plane
 * @param {{code: number[], width: number[], z: number[], near: (reach: number) => {at: number[], colour: string}[], dot: string,
 *   colour: string, theme: Theme, font: string, words: Record<string, string>}} mark `near` has the codes about this one
 */
function drawMark(context, plane, { code, width, z, near, dot: dotColour, colour, theme, font, words }) {
  const { paper } = INKS[theme];
  const { size } = plane;
  const radii = width.map((one) => one * plane.scale);
  const [x, y] = /** @type {[number, number]} */ ([plane.x(code[0]), plane.y(code[1])]);
  const disc = (/** @type {[number, number]} */ at, /** @type {number} */ radius, /** @type {string} */ style) => {
    context.beginPath();
    context.arc(...at, radius, 0, 2 * Math.PI);
    context.fillStyle = style;
    context.fill();
  };
  const name = (/** @type {string} */ text, /** @type {number} */ px, /** @type {number} */ py) => {
    context.font = `600 12.5px ${font}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    haloText(context, text, px, py, colour, paper, 5);
  };

  const lens = clamp(0.115 * size, 34, 48);
  const times = LENS_TIMES.find((one) => 2 * Math.max(...radii) * one <= 0.8 * lens);
  if (!times) {
    drawEllipses(context, [x, y], radii, colour);
    disc([x, y], 4.5, paper);
    disc([x, y], 3, dotColour);
    const above = y - 2 * radii[1] - 11;
    name(words.q, clamp(x, 24, size - 24), above > 12 ? above : Math.min(y + 2 * radii[1] + 11, size - 12));
    return;
  }
  // The lens stands in a corner, where few codes are, and not over the code or the ring.
  const [low, high] = [lens + 8, size - lens - 8];
  const taken = [[x, y], [plane.x(z[0]), plane.y(z[1])]];
  const corners = /** @type {[number, number][]} */ ([[high, low], [low, low], [high, high - 20], [low, high - 20]]);
  const room = (/** @type {[number, number]} */ [cx, cy]) =>
    Math.min(...taken.map(([px, py]) => Math.hypot(px - cx, py - cy)));
  const centre = corners.find((corner) => room(corner) > lens + 26) ?? corners[0];
  const distance = Math.hypot(centre[0] - x, centre[1] - y);
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(centre[0] - ((centre[0] - x) * lens) / distance, centre[1] - ((centre[1] - y) * lens) / distance);
  context.strokeStyle = colour;
  context.lineWidth = 1.25;
  context.stroke();
  disc([x, y], 4.5, paper);
  drawEllipses(context, [x, y], radii, colour);
  disc([x, y], 2, dotColour);

  context.save();
  disc(centre, lens, paper);
  context.beginPath();
  context.arc(...centre, lens, 0, 2 * Math.PI);
  context.clip();
  const larger = (/** @type {number[]} */ at) => /** @type {[number, number]} */ ([
    centre[0] + (at[0] - code[0]) * plane.scale * times,
    centre[1] - (at[1] - code[1]) * plane.scale * times,
  ]);
  context.globalAlpha = 0.6;
  for (const one of near(lens / (plane.scale * times))) disc(larger(one.at), 2.5, one.colour);
  drawEllipses(context, centre, radii.map((radius) => radius * times), colour);
  disc(centre, 4.5, paper);
  disc(centre, 3, dotColour);
  context.restore();
  context.beginPath();
  context.arc(...centre, lens, 0, 2 * Math.PI);
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  context.stroke();
  name(fill(words.lens, { times: `${times}` }), clamp(centre[0], 40, size - 40), centre[1] + lens + 10);
}

/** The line of a walk, with its digits at the ends. @param {CanvasRenderingContext2D} context @param {Plane} plane @param {{digit: number, at: number[]}[]} ends @param {{theme: Theme, font: string, palette: Palette}} style */
function drawWalk(context, plane, ends, { theme, font, palette }) {
  const { ink, paper } = INKS[theme];
  const [from, to] = ends.map(({ at }) => /** @type {[number, number]} */ ([plane.x(at[0]), plane.y(at[1])]));
  context.lineCap = "round";
  for (const [line, style] of /** @type {[number, string][]} */ ([[5, paper], [2, ink]])) {
    context.beginPath();
    context.moveTo(...from);
    context.lineTo(...to);
    context.lineWidth = line;
    context.strokeStyle = style;
    context.stroke();
  }
  context.font = `700 15px ${font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  [from, to].forEach((end, i) => {
    drawRing(context, end, { colour: ink, paper, radius: 12, width: 2, filled: true });
    haloText(context, `${ends[i].digit}`, end[0], end[1] + 1, mixed(palette.digits[ends[i].digit], ink), paper);
  });
}

/** What the decoder draws at the middle of each cell of a grid over the map. */
export class Backdrop {
  /** @param {Scope} scope @param {Network} network @param {number} height @param {number} width */
  constructor(scope, network, height, width) {
    this.network = network;
    this.picture = [height, width];
    this.sheet = document.createElement("canvas");
    /** @type {{columns: number, rows: number, values: Uint8Array} | null} */
    this.grid = null;
    this.timer = 0;
    this.asked = this.inked = "";
    scope.onEnd(() => clearTimeout(this.timer));
  }

  /** Decodes the grid for a map of this size in short tasks, unless that is done or under way, then calls back. @param {Plane} plane @param {() => void} ready */
  prepare(plane, ready) {
    const [height, width] = this.picture;
    const cell = 32 / Math.max(height, width);
    const [columns, rows] = [width, height].map((pixels) =>
      Math.max(1, Math.round(plane.size / Math.max(8, cell * pixels)))
    );
    const asked = `${columns} ${rows}`;
    if (asked === this.asked) return;
    clearTimeout(this.timer);
    this.asked = asked;
    const values = new Uint8Array(columns * (width + 2) * rows * (height + 2)); // with an empty pixel about each picture
    let done = 0;
    const slice = () => {
      for (const end = performance.now() + 8; done < columns * rows && performance.now() < end; done++) {
        const [column, row] = [done % columns, Math.floor(done / columns)];
        const grey = this.network.run(
          plane.point(((column + 0.5) * plane.size) / columns, ((row + 0.5) * plane.size) / rows),
        );
        for (let i = 0; i < height * width; i++) {
          const [x, y] = [column * (width + 2) + 1 + (i % width), row * (height + 2) + 1 + Math.floor(i / width)];
          values[y * columns * (width + 2) + x] = Math.round(255 * grey[i]);
        }
      }
      if (done < columns * rows) {
        this.timer = setTimeout(slice);
        return;
      }
      this.grid = { columns, rows, values };
      this.inked = "";
      ready();
    };
    this.timer = setTimeout(slice);
  }

  /** The grid as one picture in a theme's ink, paler than the digit itself; null until it is ready. @param {Theme} theme */
  drawn(theme) {
    if (!this.grid || this.inked === theme) return this.grid && this.sheet;
    const { columns, rows, values } = this.grid;
    const [height, width] = this.picture;
    [this.sheet.width, this.sheet.height] = [columns * (width + 2), rows * (height + 2)];
    const context = /** @type {CanvasRenderingContext2D} */ (this.sheet.getContext("2d"));
    const image = context.createImageData(this.sheet.width, this.sheet.height);
    const pixels = new Uint32Array(image.data.buffer);
    const [paper, ink] = [INKS[theme].paper, INKS[theme].ink].map((hex) =>
      [5, 3, 1].map((at) => parseInt(hex.slice(at, at + 2), 16))
    );
    const shades = Uint32Array.from(
      { length: 256 },
      (_, value) =>
        paper.reduce(
          (all, channel, i) => (all << 8) | Math.round(channel + (ink[i] - channel) * BACKDROP_INK * (value / 255)),
          0xff,
        ),
    );
    for (let i = 0; i < pixels.length; i++) pixels[i] = shades[values[i]];
    context.putImageData(image, 0, 0);
    this.inked = theme;
    return this.sheet;
  }
}

// ----------------------------------------------------------------------------------------------------- walk

/**
 * A walk on the straight line between the typical codes of two digits: two choices, a button that plays, a slider.
 * @param {Scope} scope @param {Model} model
 * @param {{words: Record<string, string>, ends: Map<number, number[]>, go: (z: number[], also?: {walk: number[]}) => void, stopped: () => void,
 *   redraw: () => void}} options `go` moves z, `stopped` hears of the end of a walk or a pause
 */
function walkControls(scope, model, { words, ends, go, stopped, redraw }) {
  const { signal } = scope;
  const digits = [...ends.keys()];
  const given = () => {
    const walk = model.get("walk");
    const valid = Array.isArray(walk) && walk.length === 2 && walk[0] !== walk[1] &&
      walk.every((digit) => ends.has(digit));
    return /** @type {number[] | null} */ (valid ? walk : null);
  };
  let chosen = given() ?? digits.slice(0, 2);
  let along = 0; // from 0 at the first end to 1 at the other
  let forward = true;
  let running = 0;

  const line = () => chosen.map((digit) => /** @type {number[]} */ (ends.get(digit)));
  const toward = (/** @type {number} */ share) => {
    const [from, to] = line();
    return from.map((value, axis) => value + share * (to[axis] - value));
  };
  const pick = (/** @type {number} */ end, /** @type {number} */ digit) => {
    pause();
    const next = [...chosen];
    next[end] = digit;
    if (next[0] === next[1]) next[1 - end] = chosen[end]; // they change places
    chosen = next;
    [along, forward] = [0, true];
    refresh();
    go(toward(0), { walk: chosen });
  };
  const [from, to] = [words.walk_from, words.walk_to].map((label, end) =>
    choice(scope, label, digits.map(String), (value) => pick(end, Number(value)))
  );
  const button = element("button", { class: "vae-button", type: "button", ...OWN_KEYS }, words.play);
  const percent = (/** @type {number} */ share) => `${Math.round(100 * share)} %`;
  const position = slider(scope, {
    label: words.walk_position,
    min: 0,
    max: 1,
    step: 0.01,
    text: percent,
    spoken: (share) => fill(words.walk_text, { share: percent(share), from: `${chosen[0]}`, to: `${chosen[1]}` }),
    onInput: (share) => {
      pause();
      along = share;
      go(toward(share), { walk: chosen });
    },
  });
  const refresh = () => {
    [from, to].forEach(({ select }, end) => (select.value = `${chosen[end]}`));
    position.set(along);
  };
  /** The walk that the controls name, shown on the map and known to Python. */
  const appear = () => {
    if (!given()) model.set("walk", chosen);
  };

  const stop = () => {
    cancelAnimationFrame(running);
    running = 0;
    button.textContent = words.play;
    stopped();
  };
  const pause = () => {
    if (running) stop();
  };
  scope.onEnd(() => cancelAnimationFrame(running));
  const play = () => {
    appear();
    if (along >= 1) forward = false;
    if (along <= 0) forward = true;
    button.textContent = words.pause;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const start = along;
    let reached = start;
    /** @type {number | undefined} */
    let last;
    const tick = (/** @type {number} */ now) => {
      running = requestAnimationFrame(tick);
      // A page out of sight has no frames; the walk goes on where it was.
      reached += ((forward ? 1 : -1) * Math.min(now - (last ?? now), 100)) / WALK_MS;
      last = now;
      const steps = still ? STILLS : Infinity;
      const next = still
        ? (forward
          ? Math.max(start, Math.floor(reached * steps) / steps)
          : Math.min(start, Math.ceil(reached * steps) / steps))
        : reached;
      const kept = clamp(next, 0, 1);
      if (kept !== along) {
        along = kept;
        go(toward(along));
      }
      if (along === (forward ? 1 : 0)) stop();
    };
    running = requestAnimationFrame(tick);
  };
  button.addEventListener("click", () => (running ? stop() : play()), { signal });

  refresh();
  return {
    element: element(
      "div",
      { class: "vae-walk", role: "group", "aria-label": words.walk_name },
      element("div", { class: "vae-ends" }, ...from.parts, ...to.parts, button),
      position.element,
    ),
    pause,
    /** The ends of the line on the map, or null while there is none. */
    shown: () => (given() ? line().map((at, end) => ({ digit: chosen[end], at })) : null),
    /** Follows the ring as long as it is on the line. @param {number[]} z */
    follow(z) {
      if (!running) {
        const [a, b] = line();
        const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
        const share = clamp(((z[0] - a[0]) * dx + (z[1] - a[1]) * dy) / (dx * dx + dy * dy) || 0, 0, 1);
        const beside = toward(share);
        const off = (/** @type {number[]} */ at) => Math.hypot(z[0] - at[0], z[1] - at[1]);
        if (off(toward(along)) > 0.002 && off(beside) < 0.002) along = share; // z is kept to a thousandth
      }
      position.set(along);
    },
    /** Takes the walk that Python set. */
    read() {
      const next = given();
      if (next && (next[0] !== chosen[0] || next[1] !== chosen[1])) {
        pause();
        chosen = next;
        [along, forward] = [0, true];
        refresh();
      }
      redraw();
    },
  };
}

// --------------------------------------------------------------------------------------------------- widget

/** @param {{model: Model, el: HTMLElement}} view */
function render(view) {
  const anew = ["weights", "layers", "image_shape", "points", "widths", "labels", "extent", "prior"];
  return mount(view, { kind: "vae-latent", anew, followed: ["z", "walk", "backdrop"] }, build);
}

/** @param {Model} model @param {HTMLElement} body @param {Scope} scope */
function build(model, body, scope) {
  const { signal } = scope;
  const words = model.get("words");
  const palette = model.get("palette");
  const extent = model.get("extent");
  const fine = extent <= 6 ? 0.05 : extent <= 12 ? 0.1 : 0.5; // each divides every extent that Python sends
  const points = halfFloats(model.get("points"));
  const labels = bytes(model.get("labels"));
  const widths = readWidths(model.get("widths"), points);
  const buckets = new Buckets(points, extent);
  const [height, width] = model.get("image_shape");
  const network = new Network(model.get("layers"), model.get("weights"));
  if (network.inputs !== 2 || network.outputs !== height * width) {
    throw new ShownError("bad_weights", "the decoder does not draw pictures of this size from two numbers");
  }
  const medians = labels.length ? clusters(points, labels) : [];

  // Elements
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
  const digit = element("canvas", { class: "vae-digit", role: "img", "aria-label": words.digit_name });
  if (width * height < 400) digit.classList.add("vae-coarse");
  digit.style.aspectRatio = `${width} / ${height}`;
  const place = element("p", { class: "vae-place" });
  const near = element("p", { class: "vae-near" });
  const about = element("p", { class: "vae-about" });
  const live = announcer(scope);
  const sliders = [0, 1].map((axis) =>
    slider(scope, {
      label: words[`slider_${axis + 1}`],
      min: -extent,
      max: extent,
      step: fine,
      text: (value) => shownNumber(value),
      spoken: (value) => fill(words.slider_text, { axis: words[`axis_${axis + 1}`], value: shownNumber(value) }),
      onInput: (value) => moveTo(z.map((old, i) => (i === axis ? value : old))),
    })
  );
  const walk = medians.length < 2 ? null : walkControls(scope, model, {
    words,
    ends: typicalCodes(points, labels, medians),
    go: (next, also) => go(next, also),
    stopped: () => announce(),
    redraw: () => drawMap(),
  });
  const everywhere = element("input", { type: "checkbox", ...OWN_KEYS });
  everywhere.checked = model.get("backdrop") === true;
  everywhere.addEventListener("change", () => {
    drawBackground();
    model.set("backdrop", everywhere.checked);
    model.save_changes();
  }, { signal });
  body.replaceChildren(
    element(
      "div",
      {},
      element(
        "p",
        { class: "vae-caption" },
        labels.length || points.length ? words.map_caption : words.map_caption_no_codes,
      ),
      map,
    ),
    element(
      "div",
      { class: "vae-digit-panel" },
      element("p", { class: "vae-caption" }, words.digit_caption),
      digit,
      element("div", { class: "vae-readout" }, place, near, ...(widths ? [about] : [])),
    ),
    element(
      "div",
      { class: "vae-controls" },
      element("div", { class: "vae-sliders" }, ...sliders.map((one) => one.element)),
      ...(walk ? [walk.element] : []),
      element("label", { class: "vae-check" }, everywhere, words.backdrop),
    ),
    element("p", { class: "vae-hint", id: hintId }, words.hint, ...(widths ? [` ${words.hint_codes}`] : [])),
    live.element,
  );

  // Drawing
  const drawDigit = picture(digit, height, width);
  const background = document.createElement("canvas");
  const backdrop = new Backdrop(scope, network, height, width);
  let plane = new Plane(extent, 1);
  let size = 0;
  let font = "";
  /** @type {number[]} */
  let z = [0, 0];
  /** @type {number[] | null} where a mouse points at the map without moving z */
  let pointed = null;
  let resting = false; // the ring, after it was moved
  let rest = 0;
  scope.onEnd(() => clearTimeout(rest));

  const nearest = () => {
    if (!labels.length) return "";
    const label = mostNear(points, labels, z, extent / 15);
    return label === null ? words.near_none : fill(words.near, { label: `${label}` });
  };
  const placeText = () => fill(words.z, { z1: shownNumber(z[0]), z2: shownNumber(z[1]) });
  const pair = (
    /** @type {Float32Array} */ values,
    /** @type {number} */ index,
  ) => [values[2 * index], values[2 * index + 1]];
  const colourOf = (
    /** @type {number} */ index,
  ) => (labels.length ? palette.digits[labels[index]] : INKS[currentTheme()].quiet);

  /** The code that a hand or the resting ring is on, or −1. */
  const marked = () => {
    if (!widths) return -1;
    if (pointed) return buckets.nearest(pointed, 8 / plane.scale);
    return resting ? buckets.nearest(z, 12 / plane.scale) : -1;
  };
  const aboutText = (/** @type {number} */ index) => {
    if (index < 0 || !widths) return "";
    const [m1, m2] = pair(points, index).map((value) => shownNumber(value));
    const [s1, s2] = pair(widths, index).map((value) => shownNumber(value, 3));
    return fill(labels.length ? words.about : words.about_unlabelled, { label: `${labels[index]}`, m1, m2, s1, s2 });
  };
  let shownMark = -1;

  const drawMap = scope.perFrame(() => {
    if (size === 0) return;
    const theme = currentTheme();
    const context = fitCanvas(map, size, size);
    context.drawImage(background, 0, 0, size, size);
    const line = walk?.shown();
    if (line) drawWalk(context, plane, line, { theme, font, palette });
    shownMark = marked();
    if (shownMark >= 0 && widths) {
      const code = pair(points, shownMark);
      drawMark(context, plane, {
        code,
        width: pair(widths, shownMark),
        z,
        dot: colourOf(shownMark),
        theme,
        font,
        words,
        colour: termColours(palette, theme).posterior,
        near: (reach) =>
          buckets.within(code, reach).map(({ index }) => ({ at: pair(points, index), colour: colourOf(index) })),
      });
    }
    drawMarker(context, plane, z, theme);
    near.textContent = nearest();
    about.textContent = aboutText(shownMark);
  });
  /** Once a frame, however many ask: ten thousand dots take their time, and the digit is not to wait for them. */
  const drawBackground = scope.perFrame(() => {
    size = Math.floor(map.clientWidth);
    if (size === 0) return; // not on the page yet, or hidden
    plane = new Plane(extent, size);
    font = getComputedStyle(body).fontFamily;
    const theme = currentTheme();
    if (everywhere.checked) backdrop.prepare(plane, drawBackground);
    drawStatic(fitCanvas(background, size, size, { willReadFrequently: true }), plane, {
      points,
      labels,
      medians,
      palette,
      words,
      font,
      theme,
      prior: model.get("prior"),
      backdrop: everywhere.checked ? backdrop.drawn(theme) : null,
    });
    drawMap();
  });
  /** Shows z: the digit at once, the map in the next frame. @param {number[]} next */
  const show = (next) => {
    z = next;
    drawDigit(network.run(z));
    place.textContent = placeText();
    sliders.forEach((one, axis) => one.set(z[axis]));
    walk?.follow(z);
    drawMap();
  };
  /** Shows z, and what it is on once it rests. @param {number[]} next */
  const settle = (next) => {
    show(next);
    resting = false;
    clearTimeout(rest);
    rest = setTimeout(() => {
      resting = true;
      drawMap();
    }, 300);
  };
  /** Moves z, and tells Python of it and of what else changes with it. @param {number[]} next @param {{walk?: number[]}} [also] */
  const go = (next, also = {}) => {
    const kept = next.map((value) => clamp(Math.round(value * 1000) / 1000, -extent, extent));
    settle(kept);
    tell(scope, model, { ...also, z: kept });
  };
  /** Moves z by the reader's hand. @param {number[]} next */
  const moveTo = (next) => {
    walk?.pause();
    pointed = null;
    go(next);
  };
  const given = () => {
    const value = model.get("z");
    const valid = Array.isArray(value) && value.length === 2 && value.every(Number.isFinite);
    return valid ? value.map((one) => clamp(one, -extent, extent)) : [0, 0];
  };
  const follow = () => {
    const next = given();
    if (next[0] !== z[0] || next[1] !== z[1]) {
      walk?.pause();
      settle(next);
    }
    walk?.read();
    const wanted = model.get("backdrop") === true;
    if (everywhere.checked === wanted) return;
    everywhere.checked = wanted;
    drawBackground();
  };
  const announce = () => live.say(() => [placeText(), nearest(), aboutText(marked())].filter(Boolean).join(". "));

  // Pointer and keys on the map
  draggable(scope, map, {
    take: () => true,
    move: (at) => {
      moveTo(plane.point(...at));
      announce();
    },
    hover: (at, event) => {
      if (event.pointerType === "touch") return;
      pointed = plane.point(...at);
      if (marked() !== shownMark) drawMap();
    },
  });
  map.addEventListener("pointerleave", () => {
    pointed = null;
    if (marked() !== shownMark) drawMap();
  }, { signal });
  mapKeys(scope, map, 2 * fine, () => z, (next) => {
    moveTo(next);
    announce();
  });

  scope.onResize(map, drawBackground);
  window.addEventListener("resize", () => drawBackground(), { signal }); // zooming changes the pixel ratio only
  show(given());
  watchTheme(scope, drawBackground);
  return follow;
}

export default { render };
