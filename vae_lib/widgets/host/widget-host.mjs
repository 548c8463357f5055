// Runs the book's widgets in a page without a kernel.
//
// MyST-NB writes into the page the standard widget state (one JSON script) and one small JSON script for each view. A
// widget whose model is an anywidget carries its own ES module in that state: this host gives it the model object and
// the element that a notebook would, after the anywidget front-end module specification. Of any other widget the page
// says that it needs Python.

const STATE = 'script[type="application/vnd.jupyter.widget-state+json"]';
const VIEW = 'script[type="application/vnd.jupyter.widget-view+json"]';

/** The width of the column of text, and the area that a character takes of it, headings and gaps counted, in pixels. */
const COLUMN = 750;
const CHARACTER = 450;

/** All that the host itself says. */
const WORDS = {
  needsKernel:
    "This control needs Python. Run this chapter as a notebook, on your computer or on a hosted service, to use it.",
  failed: "This picture could not start in your browser. The rest of the page does not depend on it.",
};

/**
 * @typedef {{path: (string | number)[], encoding: "base64" | "hex" | "deflate", data: string}} PackedBuffer
 * @typedef {{model_name: string, model_module: string, state: Record<string, any>,
 *   buffers?: PackedBuffer[]}} SavedModel
 * @typedef {(model: Model, value: any) => void} Callback
 */

/** @param {string} data */
function fromBase64(data) {
  // @ts-ignore: newer than TypeScript's library, and no loop of ours
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(data);
  const text = atob(data);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** A page's build deflates what becomes smaller by it (page_assets.py). @param {PackedBuffer} buffer */
async function decode({ encoding, data }) {
  if (encoding === "hex") {
    return new DataView(Uint8Array.from(data.match(/../g) ?? [], (pair) => parseInt(pair, 16)).buffer);
  }
  const bytes = fromBase64(data);
  if (encoding !== "deflate") return new DataView(bytes.buffer);
  const inflated = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new DataView(await new Response(inflated).arrayBuffer());
}

/** Puts the buffers back at their paths in the state. @param {SavedModel} saved */
async function fullState({ state, buffers = [] }) {
  const result = structuredClone(state);
  for (const buffer of buffers) {
    /** @type {any} */
    let parent = result;
    for (const key of buffer.path.slice(0, -1)) parent = parent[key];
    parent[/** @type {string} */ (buffer.path.at(-1))] = await decode(buffer);
  }
  return result;
}

/** The state of one widget, shared by all its views on the page. */
class Model {
  /** @param {Record<string, any>} state */
  constructor(state) {
    this.state = state;
    /** @type {Map<string, Set<Callback>>} */
    this.callbacks = new Map();
  }

  /** @param {string} name */
  get(name) {
    return this.state[name];
  }

  /** @param {string | Record<string, any>} name @param {any} [value] */
  set(name, value) {
    const changes = Object.entries(typeof name === "string" ? { [name]: value } : name).filter(
      ([key, next]) =>
        next !== this.state[key] && JSON.stringify(next) !== JSON.stringify(this.state[key]) ||
        next instanceof DataView,
    );
    for (const [key, next] of changes) this.state[key] = next;
    for (const [key, next] of changes) this.#emit(`change:${key}`, next);
    if (changes.length) this.#emit("change", undefined);
  }

  /** There is no kernel to save to. */
  save_changes() {}

  /** There is no kernel to send to. */
  send() {}

  /** @param {string} events one or more names with spaces between them @param {Callback} callback */
  on(events, callback) {
    for (const event of events.split(/\s+/)) {
      if (!this.callbacks.has(event)) this.callbacks.set(event, new Set());
      this.callbacks.get(event)?.add(callback);
    }
  }

  /** @param {string | null} [events] all if absent @param {Callback | null} [callback] all if absent */
  off(events, callback) {
    for (const event of events ? events.split(/\s+/) : [...this.callbacks.keys()]) {
      if (callback) this.callbacks.get(event)?.delete(callback);
      else this.callbacks.delete(event);
    }
  }

  /** @param {string} event @param {any} value */
  #emit(event, value) {
    for (const callback of [...(this.callbacks.get(event) ?? [])]) callback(this, value);
  }
}

/** What `render` and `initialize` get beside the model. */
const experimental = {
  invoke: () => Promise.reject(new Error(WORDS.needsKernel)),
};

/** @type {Map<string, Promise<any>>} one import for each distinct module text */
const modules = new Map();

/** @param {string} text */
function importText(text) {
  let module = modules.get(text);
  if (!module) {
    const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    module = import(url).finally(() => URL.revokeObjectURL(url));
    modules.set(text, module);
  }
  return module;
}

const styles = new Set();

/** @param {string | undefined} text */
function addStyle(text) {
  if (!text || styles.has(text)) return;
  styles.add(text);
  const style = document.createElement("style");
  style.textContent = text;
  document.head.append(style);
}

/** @param {Element} place @param {string} words */
function say(place, words) {
  const line = document.createElement("p");
  line.className = "widget-note";
  line.textContent = words;
  place.replaceChildren(line);
  place.classList.add("widget-said");
}

/** @typedef {{model: Model, widget: any}} Live */

/** @param {Record<string, SavedModel>} saved */
function host(saved) {
  /** @type {Map<string, Promise<Live>>} */
  const live = new Map();

  /** The model and its module, initialized. @param {string} id */
  const begin = async (id) => {
    const [{ default: given }, state] = await Promise.all([importText(saved[id].state._esm), fullState(saved[id])]);
    const model = new Model(state);
    const widget = typeof given === "function" ? await given() : given;
    await widget.initialize?.({ model, experimental, signal: new AbortController().signal });
    return { model, widget };
  };
  /** Once. @param {string} id */
  const start = (id) => {
    const found = live.get(id) ?? begin(id);
    live.set(id, found);
    return found;
  };

  /** @type {Map<HTMLElement, Promise<void>>} */
  const shown = new Map();
  /** Once, however often it is asked for. @param {string} id @param {HTMLElement} place */
  const show = (id, place) => {
    const again = shown.get(place) ?? render(id, place);
    shown.set(place, again);
    return again;
  };
  /** @param {string} id @param {HTMLElement} place */
  const render = async (id, place) => {
    try {
      const { model, widget } = await start(id);
      addStyle(model.get("_css"));
      await widget.render?.({ model, el: place, experimental, signal: new AbortController().signal });
      place.dataset.widgetReady = "";
    } catch (error) {
      console.warn("widget-host:", error);
      say(place, WORDS.failed);
    }
  };

  /** How near to the part that the reader sees, in pixels, a widget starts. */
  const margin = 400;
  const near = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        near.unobserve(target);
        const place = /** @type {HTMLElement} */ (target);
        show(/** @type {string} */ (place.dataset.widgetModel), place);
      }
    },
    { rootMargin: `${margin}px` },
  );
  /**
   * Whether so little text comes before a widget that it stands near the window. The observer waits for a layout and a
   * frame, and other scripts come before those; a widget that the reader sees first need not.
   * @param {HTMLElement} place
   */
  const isNear = (place) => {
    const before = document.createRange();
    before.setStart(place.closest("article") ?? document.body, 0);
    before.setEndBefore(place);
    const room = Math.min(screen.width, COLUMN) * (screen.height + margin); // the window's own size costs a layout
    return before.toString().length * CHARACTER < room;
  };
  let first = true;
  document.addEventListener("to-paper", (event) => {
    for (const place of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-widget-model]"))) {
      near.unobserve(place);
      /** @type {CustomEvent} */ (event).detail.push(show(/** @type {string} */ (place.dataset.widgetModel), place));
    }
  });

  /** Takes in the views that have arrived since the last time. */
  return () => {
    for (const script of document.querySelectorAll(VIEW)) {
      let id;
      try {
        id = JSON.parse(script.textContent ?? "").model_id;
      } catch {
        if (document.readyState === "loading") continue; // half of it may have arrived
      }
      const place = document.createElement("div");
      place.className = "widget-view";
      script.replaceWith(place);
      const model = id === undefined ? undefined : saved[id];
      if (model?.model_module === "anywidget" && typeof model.state._esm === "string") {
        place.dataset.widgetModel = id;
        if (first && isNear(place)) show(id, place);
        else near.observe(place);
        first = false;
      } else {
        // One line for all that a cell shows.
        if (place.previousElementSibling?.classList.contains("widget-said")) place.remove();
        else say(place, WORDS.needsKernel);
      }
    }
  };
}

/** @type {Record<string, SavedModel>} */
const saved = {};
// In the page's head, where the build puts it: a block that was smuggled into the text brings no module along.
for (const script of document.head.querySelectorAll(STATE)) {
  try {
    const whole = Object.entries(JSON.parse(script.textContent ?? "").state ?? {}).filter(([, one]) => one?.state);
    Object.assign(saved, Object.fromEntries(whole)); // of the others the page says that they need Python
  } catch (error) {
    console.warn("widget-host: the page's widget state cannot be read.", error);
  }
}

// What several widgets hold alike, the page says once (page_assets.py).
for (const { state } of Object.values(saved)) {
  for (const [name, value] of Object.entries(state)) {
    if (value?.same_as) state[name] = saved[value.same_as]?.state[name];
  }
}

const takeIn = host(saved);
/** A style sheet that comes later has the browser look at the whole page again. */
const addAllStyles = () => Object.values(saved).forEach(({ state }) => addStyle(state._css));
if (document.readyState === "loading") {
  // The state stands in the page's head, the first widget's first: its module can be on its way while the text arrives.
  const module = Object.values(saved).find(({ state }) => typeof state._esm === "string")?.state._esm;
  if (module) importText(module).catch(() => {});
  // And the widget starts when its place has come, before the rest of the page and long before DOMContentLoaded.
  const arrivals = new MutationObserver(takeIn);
  arrivals.observe(document, { childList: true, subtree: true });
  document.addEventListener("readystatechange", () => {
    arrivals.disconnect();
    addAllStyles();
    takeIn();
  }, { once: true });
} else {
  addAllStyles();
  takeIn();
}
