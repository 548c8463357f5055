// A VAE that learns the 8×8 digits in the page: map, samples and both terms, and one step taken apart.

import { announcer, box, button, element, paragraph } from "../shared/form.js";
import { bytes } from "../shared/numbers.js";
import { mount, tell } from "../shared/view.js";
import { fill, shownNumber } from "../shared/words.js";
import { apartPanel } from "./apart.js";
import { Lab, readSettings, SETTINGS } from "./lab.js";
import { picturesOf } from "./pictures.js";
import { settingsPanel } from "./settings.js";

/** @import { Model, Scope } from "../shared/view.js" */

/** How often screen readers hear how far it is, and how often Python gets the weights, in milliseconds. */
const SAY = 5000;
const SEND = 3000;

/** @param {{model: Model, el: HTMLElement}} view */
function render(view) {
  return mount(view, {
    kind: "vae-training",
    anew: ["images", "labels", "hidden", "batch_size"],
    followed: ["seed", "parameters", ...SETTINGS],
  }, build);
}

/** @param {DataView} one @param {DataView} other */
function sameBytes(one, other) {
  const [a, b] = [bytes(one), bytes(other)];
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

/** @param {Model} model @param {HTMLElement} body @param {Scope} scope @returns {() => void} */
function build(model, body, scope) {
  const words = model.get("words");
  const lab = new Lab(scope, model);
  const given = lab.given();
  const live = announcer(scope, 0);
  let said = 0;
  const say = (/** @type {string} */ word) => {
    said = performance.now();
    const loss = shownNumber(lab.lossOf(lab.lastTerms()), 1);
    live.say(() => fill(words[word], { epoch: `${lab.epoch}`, loss }));
  };
  const apart = apartPanel(scope, lab, live.say);
  const pictures = picturesOf(scope, lab);
  const weights = weightsOf(lab, scope, (message) => {
    apart.forget();
    controls.wake();
    lab.begin(message);
  });
  const controls = controlButtons(scope, lab, [apart.take], {
    run: () => {
      said = performance.now();
      apart.forget();
      lab.run();
    },
    step: () => {
      lab.pause();
      apart.forget();
      lab.send({ order: "step" });
    },
    reset: () => {
      weights.startAnew();
      say("said_reset");
    },
  });
  const showAll = () => {
    controls.show();
    pictures.show();
    apart.show();
  };
  lab.onFrame = (frame, stopped) => {
    if (frame.before) apart.stepped(frame.before);
    if (stopped && !lab.trouble) say("said_paused"); // trouble is an alert of its own
    else if (!stopped && lab.running && performance.now() - said > SAY) say("said");
    if (!frame.fresh) weights.send(frame.parameters);
    showAll();
    if (frame.before) live.say(() => apart.result.textContent ?? "");
  };
  /** By hand: the traits change, and `follow` shows it. @param {Record<string, any>} changes */
  const change = (changes) => {
    for (const [name, value] of Object.entries(changes)) model.set(name, value);
    model.save_changes();
  };
  const settings = settingsPanel(scope, lab, change);
  const showSettings = () => {
    settings.show();
    pictures.showNames();
  };
  const settingsChanged = () => {
    apart.forget();
    apart.show();
    pictures.redrawMap();
  };
  body.replaceChildren(
    ...controls.elements,
    ...pictures.elements,
    settings.element,
    apart.element,
    paragraph("vae-hint", words.hint),
    live.element,
  );
  showSettings();
  controls.show();
  const { task, settings: first } = lab;
  lab.send({ order: "start", task, settings: first, parameters: given, epoch: model.get("epoch") });
  return () => follow(lab, weights, { showSettings, settingsChanged, startedAnew: () => say("said_reset") });
}

/**
 * Takes up what the traits hold now.
 * @param {Lab} lab @param {ReturnType<typeof weightsOf>} weights
 * @param {{showSettings: () => void, settingsChanged: () => void, startedAnew: () => void}} options
 */
function follow(lab, weights, { showSettings, settingsChanged, startedAnew }) {
  const [next, seed] = [readSettings(lab.model), lab.model.get("seed")];
  if (SETTINGS.some((name) => next[name] !== lab.settings[name])) {
    lab.settings = next;
    lab.send({ order: "settings", settings: next });
    showSettings();
    settingsChanged();
  }
  if (seed !== lab.seed) {
    lab.seed = seed;
    showSettings();
    weights.startAnew();
    startedAnew();
  } else if (weights.follow()) startedAnew();
}

/**
 * The weights as Python and other views have them.
 * @param {Lab} lab @param {Scope} scope @param {(message: any) => void} begin
 */
function weightsOf(lab, scope, begin) {
  const { model } = lab;
  let [known, told] = [model.get("parameters"), 0];
  const send = (/** @type {Float32Array} */ parameters) => {
    if (lab.running && performance.now() - told <= SEND) return;
    told = performance.now();
    known = new DataView(Float32Array.from(parameters).buffer); // little-endian, as every browser's machine is
    tell(scope, model, { epoch: lab.epoch, parameters: known });
  };
  /** From the start of the seed. */
  const startAnew = () => {
    known = model.get("parameters");
    if (known.byteLength || model.get("epoch")) {
      known = new DataView(new ArrayBuffer(0));
      tell(scope, model, { epoch: 0, parameters: known });
    }
    begin({ order: "reset", seed: lab.seed });
  };
  /** Takes up what is new; true where it starts anew. */
  const follow = () => {
    const parameters = model.get("parameters");
    if (sameBytes(parameters, known)) return false;
    known = parameters;
    const weights = lab.given();
    if (weights) begin({ order: "take", parameters: weights, epoch: model.get("epoch") });
    else startAnew();
    return !weights;
  };
  return { send, startAnew, follow };
}

/**
 * Train, One step, Reset, and how far it is. Training rests while nobody sees the page.
 * @param {Scope} scope @param {Lab} lab @param {HTMLButtonElement[]} others that wait for Reset after trouble
 * @param {{run: () => void, step: () => void, reset: () => void}} options
 */
function controlButtons(scope, lab, others, { run, step, reset }) {
  const { words } = lab;
  let resting = false; // paused because nobody sees it
  const start = () => {
    if (lab.trouble) return;
    run();
    show();
  };
  const train = button(scope, words.train, () => (lab.running ? lab.pause() : start()));
  const again = button(scope, words.reset, reset);
  const waiting = [train, button(scope, words.one_step, step), ...others];
  const progress = paragraph("vae-progress");
  const alert = element("p", { role: "alert" });
  const show = () => {
    const { trouble, epoch, done, task: { batch } } = lab;
    train.textContent = lab.running ? words.pause : words.train;
    if (trouble && waiting.some((each) => each.matches(":focus"))) again.focus({ preventScroll: true });
    for (const each of waiting) each.disabled = !!trouble;
    alert.classList.toggle("vae-sentence", !!trouble);
    const place = { epoch: `${epoch + 1}`, step: `${Math.floor(done / batch) + 1}` };
    const sentence = trouble && fill(words[trouble], place);
    if (alert.textContent !== sentence) alert.textContent = sentence;
    progress.textContent = lab.progressText();
  };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && lab.running && !lab.pausing) {
      resting = true;
      lab.pause();
    } else if (!document.hidden && resting) {
      resting = false;
      start();
    }
  }, { signal: scope.signal });
  const row = box("vae-controls", train, waiting[1], again, progress);
  return { elements: [row, alert], show, wake: () => void (resting = false) };
}

export default { render };
