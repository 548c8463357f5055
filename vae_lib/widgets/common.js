// What all widgets of the book share. Python puts this text in front of each widget's own file, so that every widget
// is one plain ES module without imports.

/**
 * @typedef {{inputs: number, outputs: number, activation: string, bits: number}} Layer
 * @typedef {"light" | "dark"} Theme
 * @typedef {{terms: Record<string, [string, string]>, digits: string[]}} Palette
 * @typedef {{get(name: string): any, set(name: string, value: any): void, save_changes(): void,
 *   on(event: string, callback: () => void): void, off(event: string, callback: () => void): void}} Model
 */

/** An error that the reader is told about, in the words of `words[word]`. */
class ShownError extends Error {
  /** @param {string} word @param {string} details */
  constructor(word, details) {
    super(details);
    this.word = word;
  }
}

// ---------------------------------------------------------------------------------------------------- numbers

/** Little-endian float16 to float32. @param {DataView} view */
function halfFloats(view) {
  const result = new Float32Array(Math.floor(view.byteLength / 2));
  for (let i = 0; i < result.length; i++) {
    const bits = view.getUint16(2 * i, true);
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    const size = exponent === 0
      ? fraction * 2 ** -24
      : exponent < 31
      ? (1 + fraction / 1024) * POWERS[exponent]
      : fraction
      ? NaN
      : Infinity;
    result[i] = bits & 0x8000 ? -size : size;
  }
  return result;
}

const POWERS = Float64Array.from({ length: 32 }, (_, exponent) => 2 ** (exponent - 15));

/** Rows of whole numbers, each row times its step. @param {DataView} steps float16 @param {DataView} numbers int8 */
function steppedRows(steps, numbers) {
  const result = Float32Array.from(new Int8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
  const columns = result.length / (steps.byteLength / 2);
  halfFloats(steps).forEach((step, row) => {
    for (let i = row * columns; i < (row + 1) * columns; i++) result[i] *= step;
  });
  return result;
}

/** @param {DataView} view */
function bytes(view) {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** @param {number} value @param {number} low @param {number} high */
function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

/** A number with a true minus sign and no negative zero. @param {number} value @param {number} [digits] */
function shownNumber(value, digits = 2) {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

/** Numbers strictly between 0 and 1 from a seed (a whole number from 0 to 2³² − 1): words of mulberry32 (T. Ettinger). @param {number} seed */
function uniforms(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return (((word ^ (word >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
}

/**
 * The first standard normal numbers of a seed, equal to Python's `normals` but for the last digits: `uniforms`, two at
 * a time, by Box and Muller (1958).
 * @param {number} seed @param {number} count
 */
function normals(seed, count) {
  const result = new Float64Array(count);
  const uniform = uniforms(seed);
  for (let i = 0; i < count; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(uniform())); // finite, as no number is 0
    const angle = 2 * Math.PI * uniform();
    result[i] = radius * Math.cos(angle);
    if (i + 1 < count) result[i + 1] = radius * Math.sin(angle);
  }
  return result;
}

/** With commas between thousands: 4,096. @param {number} value @param {number} [digits] after the point, brought within 0 to 4 */
function grouped(value, digits = 0) {
  const [whole, ...rest] = shownNumber(value, clamp(digits, 0, 4)).split(".");
  return [whole.replace(/\B(?=(\d{3})+$)/g, ","), ...rest].join(".");
}

/** Fills the names in braces. @param {string} text @param {Record<string, string>} values */
function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

// ---------------------------------------------------------------------------------------------------- network

/** In-place activations. @type {Record<string, (values: Float32Array) => void>} */
const ACTIVATIONS = {
  identity() {},
  silu(v) {
    for (let i = 0; i < v.length; i++) v[i] /= 1 + Math.exp(-v[i]);
  },
  relu(v) {
    for (let i = 0; i < v.length; i++) if (v[i] < 0) v[i] = 0;
  },
  tanh(v) {
    for (let i = 0; i < v.length; i++) v[i] = Math.tanh(v[i]);
  },
  sigmoid(v) {
    for (let i = 0; i < v.length; i++) v[i] = 1 / (1 + Math.exp(-v[i]));
  },
};

/** How many bytes Python's `pack_weights` makes of these layers. @param {Layer[]} layers */
function weightBytes(layers) {
  return layers.reduce(
    (sum, { inputs, outputs, bits }) => sum + (bits === 8 ? outputs * (inputs + 4) : 2 * outputs * (inputs + 1)),
    0,
  );
}

/** Linear layers with activations, as Python's `pack_weights` and `describe_layers` send them. */
class Network {
  /** @param {Layer[]} layers @param {DataView} packed */
  constructor(layers, packed) {
    const needed = weightBytes(layers);
    let width = layers[0]?.inputs;
    for (const { inputs, outputs, activation } of layers) {
      if (inputs !== width || !(activation in ACTIVATIONS)) throw new ShownError("bad_weights", "layers do not fit");
      width = outputs;
    }
    if (layers.length === 0 || packed.byteLength !== needed) {
      throw new ShownError("bad_weights", `need ${needed} bytes of weights, got ${packed.byteLength}`);
    }
    let start = packed.byteOffset;
    const take = (/** @type {number} */ length) => new DataView(packed.buffer, (start += length) - length, length);
    this.steps = layers.map(({ inputs, outputs, activation, bits }) => {
      const weight = bits === 8
        ? steppedRows(take(2 * outputs), take(outputs * inputs))
        : halfFloats(take(2 * outputs * inputs));
      const bias = halfFloats(take(2 * outputs));
      if (!weight.every(Number.isFinite) || !bias.every(Number.isFinite)) {
        throw new ShownError("bad_weights", "a weight is not finite");
      }
      return { weight, bias, output: new Float32Array(outputs), activate: ACTIVATIONS[activation] };
    });
    this.inputs = layers[0].inputs;
    this.outputs = /** @type {number} */ (width);
  }

  /** The network's output; the next call overwrites it. @param {ArrayLike<number>} input */
  run(input) {
    let values = Float32Array.from(input);
    for (const { weight, bias, output, activate } of this.steps) {
      const width = values.length;
      for (let row = 0, k = 0; row < output.length; row++) {
        let sum = bias[row];
        for (let i = 0; i < width; i++, k++) sum += weight[k] * values[i];
        output[row] = sum;
      }
      activate(output);
      values = output;
    }
    return values;
  }
}

// ------------------------------------------------------------------------------------------------------ theme

/** What is drawn beside the terms' colours; `dot` is the opacity of a dot among thousands. */
const INKS = {
  light: { paper: "#fdfdfb", ink: "#1c2430", quiet: "#5d6672", axis: "#c3c8cf", grid: "#eceef0", dot: 0.5 },
  dark: { paper: "#17181b", ink: "#eef1f5", quiet: "#a8b0ba", axis: "#484d55", grid: "#25272c", dot: 0.6 },
};

/** The host's theme: the book, JupyterLab, VS Code, Colab, else the system's. @returns {Theme} */
function currentTheme() {
  const { documentElement: html, body } = document;
  const said = html.dataset.theme ??
    { true: "light", false: "dark" }[body.dataset.jpThemeLight ?? ""] ??
    body.dataset.vscodeThemeKind?.replace("vscode-", "") ??
    html.getAttribute("theme");
  if (said === "light" || said === "dark") return said;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** Calls back now, and again whenever the theme changes. @param {Scope} scope @param {(theme: Theme) => void} callback */
function watchTheme(scope, callback) {
  /** @type {Theme | undefined} */
  let last;
  const check = () => {
    const theme = currentTheme();
    if (theme !== last) callback(last = theme);
  };
  const observer = new MutationObserver(check);
  for (const element of [document.documentElement, document.body]) observer.observe(element, { attributes: true });
  scope.onEnd(() => observer.disconnect());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", check, { signal: scope.signal });
  check();
}

/** The terms' colours as custom properties, `--term-prior` and so on. @param {HTMLElement} root @param {Palette} palette @param {Theme} theme */
function applyTheme(root, palette, theme) {
  root.dataset.theme = theme;
  for (const [name, [light, dark]] of Object.entries(palette.terms)) {
    root.style.setProperty(`--term-${name}`, theme === "dark" ? dark : light);
  }
}

// --------------------------------------------------------------------------------------------------- lifetime

/** What waits for a frame, first come first. */
const frames = { waiting: /** @type {Set<() => void>} */ (new Set()), asked: 0 };

/** How much of a frame drawing may take before the rest is left to the next one, in milliseconds. */
const FRAME_SHARE = 8;

/** A widget that starts has many things to draw; one frame after the other, so that the page never stands still. */
function drawFrame() {
  const end = performance.now() + FRAME_SHARE;
  frames.asked = 0;
  for (const draw of [...frames.waiting]) {
    if (performance.now() > end) break;
    frames.waiting.delete(draw);
    draw();
  }
  if (frames.waiting.size) frames.asked ||= requestAnimationFrame(drawFrame);
}

/** Everything that must end with a view: listeners, observers, frames. */
class Scope {
  constructor() {
    this.controller = new AbortController();
    this.signal = this.controller.signal;
    /** While the view sets several traits, of which some are still the old ones; see `tell`. */
    this.telling = false;
    /** Whether a frame has gone by in which the browser laid the new view out. */
    this.laidOut = false;
    requestAnimationFrame(() => (this.laidOut = true));
  }

  /** @param {() => void} callback */
  onEnd(callback) {
    this.signal.addEventListener("abort", callback, { once: true });
  }

  /** Listens to a synced trait. @param {Model} model @param {string} name @param {() => void} callback */
  onTrait(model, name, callback) {
    model.on(`change:${name}`, callback);
    this.onEnd(() => model.off(`change:${name}`, callback));
  }

  /** Calls back on each change of an element's size. @param {Element} element @param {() => void} callback */
  onResize(element, callback) {
    const observer = new ResizeObserver(callback);
    observer.observe(element);
    this.onEnd(() => observer.disconnect());
  }

  /**
   * A function that asks for `draw` in the next frame, however often it is called. A new view is first drawn one frame
   * later: its layout is work enough for one.
   * @param {() => void} draw
   */
  perFrame(draw) {
    this.onEnd(() => frames.waiting.delete(draw));
    return () => {
      if (this.signal.aborted) return;
      frames.waiting.add(draw);
      frames.asked ||= requestAnimationFrame(
        this.laidOut ? drawFrame : () => (frames.asked = requestAnimationFrame(drawFrame)),
      );
    };
  }

  end() {
    this.controller.abort();
  }
}

/**
 * Sets traits to what a view shows, and saves once. The view's own `follow` hears of the last of them only, when all are set.
 * @param {Scope} scope @param {Model} model @param {Record<string, any>} changes
 */
function tell(scope, model, changes) {
  const entries = Object.entries(changes);
  entries.forEach(([name, value], i) => {
    scope.telling = i < entries.length - 1;
    model.set(name, value);
  });
  if (entries.length) model.save_changes();
}

/** Traits that Python sets together arrive together: `later` asks for one `rebuild` for all of them. @param {() => void} rebuild */
function onceForAll(rebuild) {
  let waiting = false;
  let ended = false;
  const later = () => {
    if (waiting) return;
    waiting = true;
    queueMicrotask(() => {
      waiting = false;
      if (!ended) rebuild();
    });
  };
  return { later, end: () => void (ended = true) };
}

// --------------------------------------------------------------------------------------------------- elements

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string>} [attributes]
 * @param {(Node | string)[]} children
 */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

let lastId = 0;

/** An id that no other view on the page has. */
function freshId() {
  return `vae-${++lastId}-${Math.random().toString(36).slice(2, 8)}`;
}

/** JupyterLab takes the arrow keys for itself before an element sees them, unless it carries this. */
const OWN_KEYS = { "data-lm-suppress-shortcuts": "true" };

/**
 * A labelled native slider with its value in words.
 * @param {Scope} scope
 * @param {{label: string, min: number, max: number, step: number, text: (value: number) => string,
 *   spoken: (value: number) => string, onInput: (value: number) => void}} options
 */
function slider(scope, { label, min, max, step, text, spoken, onInput }) {
  const id = freshId();
  const input = element("input", { type: "range", id, min: `${min}`, max: `${max}`, step: `${step}`, ...OWN_KEYS });
  const output = element("output", { for: id, "aria-live": "off" });
  const set = (/** @type {number} */ value) => {
    input.value = `${value}`;
    input.setAttribute("aria-valuetext", spoken(value));
    output.textContent = text(value);
  };
  input.addEventListener("input", () => onInput(input.valueAsNumber), { signal: scope.signal });
  const row = element("div", { class: "vae-slider" }, element("label", { for: id }, label), input, output);
  return { element: row, input, set };
}

/**
 * A row of buttons, one of which may be what is shown now.
 * @template {{label: Node | string, name: string}} Option
 * @param {Scope} scope @param {Option[]} options @param {(option: Option) => void} pick
 */
function choices(scope, options, pick) {
  const buttons = options.map((option) => {
    const button = element(
      "button",
      { class: "vae-button", type: "button", "aria-label": option.name, ...OWN_KEYS },
      option.label,
    );
    button.addEventListener("click", () => pick(option), { signal: scope.signal });
    return button;
  });
  const mark = (/** @type {(option: Option) => boolean} */ shown) =>
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", `${shown(options[i])}`));
  return { element: element("div", { class: "vae-choices" }, ...buttons), mark };
}

/** A select with a label before it. @param {Scope} scope @param {string} label @param {string[]} options @param {(value: string) => void} onChange */
function choice(scope, label, options, onChange) {
  const id = freshId();
  const select = element(
    "select",
    { id, class: "vae-select", ...OWN_KEYS },
    ...options.map((one) => element("option", {}, one)),
  );
  select.addEventListener("change", () => onChange(select.value), { signal: scope.signal });
  return { select, parts: [element("label", { for: id }, label), select] };
}

/** A text for screen readers, said when the reader's hand rests, so that it can be followed. @param {Scope} scope */
function announcer(scope, restMs = 600) {
  const live = element("div", { class: "vae-live", role: "status", "aria-live": "polite" });
  let timer = 0;
  scope.onEnd(() => clearTimeout(timer));
  const say = (/** @type {() => string} */ text) => {
    clearTimeout(timer);
    timer = setTimeout(() => (live.textContent = text()), restMs);
  };
  return { element: live, say };
}

/** Runs `build`; an error that the reader should know of becomes one sentence in the widget. @param {HTMLElement} root @param {Record<string, string>} words @param {() => void} build */
function orSentence(root, words, build) {
  try {
    build();
  } catch (error) {
    if (!(error instanceof ShownError)) throw error;
    root.replaceChildren(element("p", { class: "vae-sentence", role: "status" }, words[error.word]));
  }
}

/**
 * What every widget's `render` does: a root that follows the theme, and `build`, run again when a trait of `anew`
 * changes. `build` returns `follow`, which shows what the traits of `followed` hold now; where either throws a
 * ShownError, its sentence stands in the widget until a later change heals it.
 * @param {{model: Model, el: HTMLElement}} view
 * @param {{kind: string, anew: string[], followed?: string[]}} options
 * @param {(model: Model, body: HTMLElement, scope: Scope) => (() => void) | void} build
 * @returns {() => void} what removes the view
 */
function mount({ model, el }, { kind, anew, followed = [] }, build) {
  const body = element("div", { class: kind });
  const root = element("div", { class: "vae-widget", role: "group" }, body);
  el.replaceChildren(root);
  /** @type {Scope | undefined} */
  let scope;
  /** @type {(() => void) | undefined} none while a sentence stands there instead */
  let follow;
  const start = () => {
    scope?.end();
    const current = (scope = new Scope());
    follow = undefined;
    const words = model.get("words");
    root.setAttribute("aria-label", words.name);
    watchTheme(current, (theme) => applyTheme(root, model.get("palette"), theme));
    orSentence(body, words, () => (follow = build(model, body, current) ?? (() => {})));
  };
  const { later, end } = onceForAll(start);
  const changed = () => {
    if (scope?.telling) return;
    try {
      if (follow) follow();
      else later();
    } catch (error) {
      if (!(error instanceof ShownError)) throw error;
      later();
    }
  };
  const heard = [
    ...["words", "palette", ...anew].map((name) => /** @type {const} */ ([name, later])),
    ...followed.map((name) => /** @type {const} */ ([name, changed])),
  ];
  for (const [name, callback] of heard) model.on(`change:${name}`, callback);
  start();
  return () => {
    end();
    for (const [name, callback] of heard) model.off(`change:${name}`, callback);
    scope?.end();
    root.remove();
  };
}

/**
 * One hand at a time on an element, by mouse, pen or finger.
 * @template Held
 * @param {Scope} scope @param {HTMLElement} target
 * @param {{take: (at: [number, number], event: PointerEvent) => Held | null,
 *   move: (at: [number, number], held: Held, event: PointerEvent) => void, drop?: () => void,
 *   hover?: (at: [number, number], event: PointerEvent) => void}} hand
 *   `take` says what the hand holds, or null where there is nothing to hold; places are in pixels of the element
 */
function draggable(scope, target, { take, move, drop, hover }) {
  const { signal } = scope;
  /** @type {{id: number, held: Held} | null} */
  let hand = null;
  const place = (/** @type {PointerEvent} */ event) => {
    const box = target.getBoundingClientRect();
    return /** @type {[number, number]} */ ([
      event.clientX - box.left - target.clientLeft,
      event.clientY - box.top - target.clientTop,
    ]);
  };
  target.addEventListener("pointerdown", (event) => {
    if (hand || event.button !== 0) return;
    const held = take(place(event), event);
    if (held === null) return;
    hand = { id: event.pointerId, held };
    target.setPointerCapture(event.pointerId);
    if (target.tabIndex >= 0) target.focus({ preventScroll: true });
    move(place(event), held, event);
    event.preventDefault();
  }, { signal });
  target.addEventListener("pointermove", (event) => {
    if (event.pointerId === hand?.id) move(place(event), hand.held, event);
    else hover?.(place(event), event);
  }, { signal });
  for (const name of /** @type {const} */ (["pointerup", "pointercancel", "lostpointercapture"])) {
    target.addEventListener(name, (event) => {
      if (event.pointerId !== hand?.id) return;
      hand = null;
      drop?.();
    }, { signal });
  }
}

// ----------------------------------------------------------------------------------------------------- canvas

/** Fits a canvas to its size on the page; one unit is one CSS pixel. @param {HTMLCanvasElement} canvas @param {number} width @param {number} height */
function fitCanvas(canvas, width, height, /** @type {CanvasRenderingContext2DSettings} */ settings = {}) {
  const ratio = window.devicePixelRatio || 1;
  const [w, h] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", settings));
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}

/** Text with a halo, legible on dots and lines. @param {CanvasRenderingContext2D} context @param {string} text @param {number} x @param {number} y @param {string} colour @param {string} halo */
function haloText(context, text, x, y, colour, halo, width = 4) {
  context.lineJoin = "round";
  context.lineWidth = width;
  context.strokeStyle = halo;
  context.strokeText(text, x, y);
  context.fillStyle = colour;
  context.fillText(text, x, y);
}

/** Red, green and blue, 0 to 255. @param {string} hex #rrggbb */
function channels(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

/** The colour half way between two, both as #rrggbb: ink that keeps a hue. @param {string} one @param {string} other */
function mixed(one, other) {
  const [a, b] = [channels(one), channels(other)];
  return `rgb(${a.map((value, i) => Math.round((value + b[i]) / 2)).join(", ")})`;
}

/** The ring that a hand takes hold of, with paper around it; filled for one that stands on a curve. @param {CanvasRenderingContext2D} context @param {[number, number]} at @param {{colour: string, paper: string, radius?: number, width?: number, filled?: boolean}} style */
function drawRing(context, [x, y], { colour, paper, radius = 9, width = 3, filled = false }) {
  const circle = (/** @type {number} */ r) => {
    context.beginPath();
    context.arc(x, y, r, 0, 2 * Math.PI);
  };
  for (const [line, style] of /** @type {[number, string][]} */ ([[width + 4, paper], [width, colour]])) {
    circle(radius);
    context.strokeStyle = style;
    context.lineWidth = line;
    context.stroke();
  }
  if (!filled) return;
  circle(radius - width / 2);
  context.fillStyle = paper;
  context.fill();
}

/** The terms' colours in a theme. @param {Palette} palette @param {Theme} theme @returns {Record<string, string>} */
function termColours(palette, theme) {
  return Object.fromEntries(
    Object.entries(palette.terms).map(([name, shades]) => [name, shades[theme === "dark" ? 1 : 0]]),
  );
}

/** A square piece of the plane, from −extent to extent in both directions, on a square of `size` pixels. */
class Plane {
  /** @param {number} extent @param {number} size */
  constructor(extent, size) {
    this.extent = extent;
    this.size = size;
    this.scale = size / (2 * extent);
  }

  /** @param {number} value */
  x(value) {
    return (value + this.extent) * this.scale;
  }

  /** @param {number} value */
  y(value) {
    return (this.extent - value) * this.scale;
  }

  /** The point at a pixel, kept within the map. @param {number} px @param {number} py */
  point(px, py) {
    return [px / this.scale - this.extent, this.extent - py / this.scale]
      .map((value) => clamp(value, -this.extent, this.extent));
  }

  /** Whole numbers, or every second, fifth, ... that leave room for their labels. */
  ticks() {
    const step = [1, 2, 5, 10, 20, 50, 100].find((candidate) => this.extent / candidate <= 4.5) ??
      2 ** Math.floor(Math.log2(this.extent) - 1);
    const last = Math.floor((this.extent * 0.97) / step);
    return Array.from({ length: 2 * last + 1 }, (_, i) => (i - last) * step);
  }

  /**
   * Axes through the origin and a line at each tick: what lies under the data.
   * @param {CanvasRenderingContext2D} context @param {{axis: string, grid: string}} style
   */
  drawGrid(context, style) {
    const { size } = this;
    const line = (/** @type {number[]} */ [x1, y1, x2, y2], /** @type {string} */ colour) => {
      context.beginPath();
      context.moveTo(x1, y1);
      context.lineTo(x2, y2);
      context.lineWidth = 1;
      context.strokeStyle = colour;
      context.stroke();
    };
    for (const value of this.ticks()) {
      const colour = value === 0 ? style.axis : style.grid;
      const at = [Math.round(this.x(value)) + 0.5, Math.round(this.y(value)) + 0.5];
      line([at[0], 0, at[0], size], colour);
      line([0, at[1], size, at[1]], colour);
    }
  }

  /**
   * The numbers at the edges and the axes' names at their ends: what lies over the data.
   * @param {CanvasRenderingContext2D} context
   * @param {{ink: string, paper: string, font: string}} style
   * @param {[string, string]} names
   */
  drawLabels(context, style, names) {
    const { size } = this;
    context.font = `11px ${style.font}`;
    for (const value of this.ticks()) {
      const text = shownNumber(value, 0);
      context.textBaseline = "bottom";
      context.textAlign = "center";
      haloText(context, text, this.x(value), size - 4, style.ink, style.paper, 3);
      context.textBaseline = "middle";
      context.textAlign = "left";
      haloText(context, text, 5, this.y(value), style.ink, style.paper, 3);
    }
    context.font = `italic 600 14px ${style.font}`;
    context.textAlign = "right";
    context.textBaseline = "bottom";
    haloText(context, names[0], size - 7, this.y(0) - 4, style.ink, style.paper);
    context.textAlign = "left";
    context.textBaseline = "top";
    haloText(context, names[1], this.x(0) + 7, 6, style.ink, style.paper);
  }
}

/** A network's output as grey values, white on black, at its own resolution. @param {HTMLCanvasElement} canvas @param {number} height @param {number} width */
function picture(canvas, height, width) {
  canvas.width = width;
  canvas.height = height;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  return (/** @type {Float32Array} */ values) => {
    for (let i = 0; i < pixels.length; i++) {
      // The four bytes are red, green, blue, alpha: grey three times, and opaque.
      pixels[i] = 0xff000000 | (Math.round(255 * values[i]) * 0x010101);
    }
    context.putImageData(image, 0, 0);
  };
}
