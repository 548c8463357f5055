// What the reader sets, and what is trained then.

import { box, check, choice, element, freshId, OWN_KEYS, paragraph, slider } from "../shared/form.js";
import { fill } from "../shared/words.js";
import { roughly } from "./lab.js";

/**
 * @import { Scope } from "../shared/view.js"
 * @import { Settings } from "./learner.js"
 * @import { Lab } from "./lab.js"
 * @typedef {(changes: Record<string, any>) => void} Change
 */

/** How fine the sliders over powers of ten are. */
const STEPS = { lr: 0.1, beta: 0.1, sigma: 0.05 };

/**
 * A slider over powers of ten, to a tenth of the last.
 * @param {Scope} scope @param {Lab} lab @param {"lr" | "beta" | "sigma"} name @param {Change} change
 */
function powers(scope, { model, words }, name, change) {
  const [min, max] = model.get("limits")[name].map((/** @type {number} */ end) =>
    Math.round(10 * Math.log10(end)) / 10
  );
  const made = slider(scope, {
    label: words[name],
    min,
    max,
    step: STEPS[name],
    text: (power) => roughly(10 ** power),
    spoken: (power) => fill(words.spoken, { name: words[`${name}_name`], value: roughly(10 ** power) }),
    onInput: (power) => change({ [name]: Number(roughly(10 ** power)) }),
  });
  const show = (/** @type {Settings} */ settings) => made.set(Math.log10(settings[name]));
  return { element: made.element, show };
}

/** @param {Scope} scope @param {Lab} lab @param {"sample" | "kl"} name @param {Change} change */
function tick(scope, { words }, name, change) {
  const made = check(scope, words[`${name}_check`], (ticked) => change({ [name]: ticked }));
  const show = (/** @type {Settings} */ settings) => (made.input.checked = settings[name]);
  return { element: made.element, show };
}

/** @param {Scope} scope @param {Lab} lab @param {"gradient" | "mistake"} name @param {Change} change */
function select(scope, { model, words }, name, change) {
  const { select, parts } = choice(
    scope,
    words[name],
    model.get("options")[name],
    (value) => change({ [name]: value }),
  );
  for (const option of select.options) option.textContent = words[`${name}_${option.value = option.text}`];
  const show = (/** @type {Settings} */ settings) => {
    select.value = settings[name];
    select.disabled = name === "gradient" && !settings.sample;
  };
  return { element: box("vae-choose", ...parts), show };
}

/** @param {Scope} scope @param {Lab} lab @param {Change} change */
function seedField(scope, lab, change) {
  const [id, [min, max]] = [freshId(), lab.model.get("limits").seed];
  const input = element("input", {
    id,
    class: "vae-select",
    type: "number",
    min: `${min}`,
    max: `${max}`,
    step: "1",
    inputmode: "numeric",
    ...OWN_KEYS,
  });
  input.addEventListener("change", () => {
    const next = input.valueAsNumber;
    if (Number.isInteger(next) && next >= min && next <= max) change({ seed: next });
    else input.value = `${lab.seed}`;
  }, { signal: scope.signal });
  const label = element("label", { for: id }, lab.words.seed);
  return { element: box("vae-choose", label, input), show: () => (input.value = `${lab.seed}`) };
}

/** What is trained with these settings, in words. @param {Record<string, string>} words @param {Settings} settings */
function trainedText(words, { sample, kl, gradient, mistake, beta }) {
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
}

/** @param {Scope} scope @param {Lab} lab @param {Change} change */
export function settingsPanel(scope, lab, change) {
  const sliders = /** @type {const} */ (["lr", "beta", "sigma"]).map((name) => powers(scope, lab, name, change));
  const ticks = /** @type {const} */ (["sample", "kl"]).map((name) => tick(scope, lab, name, change));
  const selects = /** @type {const} */ (["gradient", "mistake"]).map((name) => select(scope, lab, name, change));
  const seed = seedField(scope, lab, change);
  const trained = paragraph("vae-trained");
  const panel = box(
    "vae-settings",
    ...sliders.map((each) => each.element),
    box("vae-checks", ...ticks.map((each) => each.element)),
    ...selects.map((each) => each.element),
    seed.element,
    trained,
  );
  const show = () => {
    for (const each of [...sliders, ...ticks, ...selects]) each.show(lab.settings);
    seed.show();
    trained.textContent = trainedText(lab.words, lab.settings);
  };
  return { element: panel, show };
}
