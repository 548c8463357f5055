// z = μ + sε: each ε joined to its z, and two estimates of one gradient of E[z²] as histograms on one scale.

import { bind, limited } from "../shared/binding.js";
import { box, button, caption, element, freshId, paragraph, radio, slider } from "../shared/form.js";
import { normals } from "../shared/numbers.js";
import { player } from "../shared/player.js";
import { mount } from "../shared/view.js";
import { fill, grouped, ShownError, shownNumber } from "../shared/words.js";
import {
  estimateAxis,
  estimates,
  exactGradient,
  exactVariances,
  histogram,
  KINDS,
  meanAndError,
  moments,
} from "./estimates.js";
import { histogramPanel } from "./histograms.js";
import { pathsPicture } from "./paths.js";

/**
 * @import { Binding } from "../shared/binding.js"
 * @import { Model, Scope } from "../shared/view.js"
 * @import { About, Parameter, Setting } from "./estimates.js"
 */

/** Stops of the slider for the number of draws, up to the most. */
const STOPS = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000];
const BLOCK = 500; // draws of one press without motion
const SECONDS = 2; // from no draw to the most

/** @param {{model: Model, el: HTMLElement}} view */
function render(view) {
  const followed = ["mu", "sigma", "samples", "seed", "wrt"];
  return mount(view, { kind: "vae-reparameterization", anew: [], followed }, build);
}

/** The model's values, or one sentence for nonsense. @param {Model} model @returns {Setting} */
function readSetting(model) {
  const [mu, sigma, samples, seed] = ["mu", "sigma", "samples", "seed"].map((name) => limited(model, name));
  const wrt = model.get("wrt");
  const whole = Number.isInteger(samples) && Number.isInteger(seed);
  if (mu === null || sigma === null || !whole || !model.get("options").wrt.includes(wrt)) {
    throw new ShownError("bad_numbers", "a trait is beyond its limits");
  }
  return { mu, sigma, samples, seed, wrt };
}

/** @param {Model} model @param {HTMLElement} body @param {Scope} scope */
function build(model, body, scope) {
  const words = model.get("words");
  const { samples: [, most], seed: [, lastSeed] } = model.get("limits");
  let noise = new Float64Array();
  /** @type {About[]} of the panels */
  let about = [];
  const ratio = () => {
    const { score, pathwise } = exactVariances(bound.now);
    return grouped(score / pathwise, score / pathwise < 100 ? 1 : 0);
  };
  /** @type {Binding<Setting>} */
  const bound = bind(scope, model, {
    read: () => readSetting(model),
    heard: (next, old) => next.samples !== old.samples && draws.stop(),
    show(now, old) {
      if (now.seed !== old?.seed) noise = normals(now.seed, most);
      const axis = estimateAxis(now);
      about = KINDS.map((kind) => {
        const values = estimates(kind, noise.subarray(0, now.samples), now);
        return { ...moments(values), ...histogram(values, ...axis) };
      });
      panels.forEach((panel, i) => panel.show({ now, about: about[i], axis }));
      knobs.show(now);
      verdict.textContent = fill(words.verdict, { ratio: ratio() });
      const moved = ["mu", "sigma", "seed", "wrt"].map((name) => /** @type {keyof Setting} */ (name));
      if (!old || moved.some((name) => old[name] !== now[name])) paths.show(now);
    },
    say: () => {
      const exact = shownNumber(exactGradient(bound.now));
      if (bound.now.samples < 2) return fill(words.live_none, { exact, ratio: ratio() });
      const [score, pathwise] = about.map((one) => fill(words.live_mean, meanAndError(one)));
      return fill(words.live, { exact, count: `${bound.now.samples}`, score, pathwise });
    },
  });
  const moveByHand = (/** @type {Partial<Setting>} */ change) => {
    bound.move(change);
    bound.say();
  };
  const paths = pathsPicture(
    scope,
    model,
    () => ({ now: bound.now, noise: noise.subarray(0, model.get("held")) }),
    (mu) => bound.moveByHand({ mu }),
  );
  const panels = KINDS.map((kind) => histogramPanel(scope, model, kind));
  const knobs = settings(scope, model, moveByHand, () => draws.stop());
  const nextSeed = () => (bound.now.seed === lastSeed ? 0 : bound.now.seed + 1);
  const draws = drawing(scope, words, bound, most, nextSeed);
  const anew = button(scope, words.anew, () => moveByHand({ seed: nextSeed() }));
  const verdict = paragraph("vae-verdict");
  body.replaceChildren(
    box("", caption(words.paths_caption), paths.canvas),
    box("vae-sliders vae-term-posterior", ...knobs.sliders),
    box("vae-action", knobs.choice, anew),
    ...panels.map((panel) => panel.element),
    box("vae-action", draws.button, knobs.count),
    verdict,
    paragraph("vae-hint", words.hint),
    bound.live,
  );
  return bound.begin();
}

/**
 * Draws that arrive: one by one at first, then faster and faster.
 * @param {Scope} scope @param {Record<string, string>} words @param {Binding<Setting>} bound @param {number} most
 * @param {() => number} nextSeed
 */
function drawing(scope, words, bound, most, nextSeed) {
  const whenFull = () => bound.now.samples === most && bound.move({ seed: nextSeed(), samples: 0 });
  let before = 0;
  /** @type {number | undefined} */
  let start;
  return player(scope, [words.draw, words.pause], {
    begin: () => {
      whenFull();
      before = SECONDS * Math.cbrt(bound.now.samples / most); // a pause leaves the pace as it was
      start = undefined;
    },
    step: (time) => {
      start ??= time;
      const due = Math.floor(most * ((before + (time - start) / 1000) / SECONDS) ** 3);
      bound.move({ samples: Math.min(most, Math.max(bound.now.samples + 1, due)) });
      return bound.now.samples < most;
    },
    still: () => {
      whenFull();
      bound.moveByHand({ samples: Math.min(most, bound.now.samples + BLOCK) });
    },
    stopped: () => bound.say(),
  });
}

/**
 * @param {Scope} scope @param {Model} model @param {(change: Partial<Setting>) => void} onInput
 * @param {() => void} pause
 */
function settings(scope, model, onInput, pause) {
  const [words, limits] = [model.get("words"), model.get("limits")];
  const stops = [...STOPS, limits.samples[1]];
  const names = /** @type {Parameter[]} */ (["mu", "sigma"]);
  let samples = 0;
  const knobs = names.map((name) =>
    slider(scope, {
      label: words[name],
      min: limits[name][0],
      max: limits[name][1],
      step: 0.05,
      text: shownNumber,
      spoken: (value) => fill(words.slider_text, { name: words[name], value: shownNumber(value) }),
      onInput: (value) => onInput({ [name]: Math.round(value * 1000) / 1000 }),
    })
  );
  const group = freshId();
  const inputs = names.map((wrt) => radio(scope, group, () => onInput({ wrt }), { value: wrt }));
  const labels = names.map((wrt, i) => element("label", { class: "vae-choice" }, inputs[i], words[`by_${wrt}`]));
  const count = slider(scope, {
    label: words.samples,
    min: 0,
    max: stops.length - 1,
    step: 1,
    text: () => `${samples}`,
    spoken: () => fill(words.samples_spoken, { value: `${samples}` }),
    onInput: (stop) => {
      pause();
      onInput({ samples: stops[Math.round(stop)] });
    },
  });
  const show = (/** @type {Setting} */ now) => {
    samples = now.samples;
    count.set(stops.findLastIndex((stop) => stop <= samples));
    names.forEach((name, i) => {
      knobs[i].set(now[name]);
      inputs[i].checked = now.wrt === name;
    });
  };
  const choice = element("fieldset", {}, element("legend", {}, words.by), ...labels);
  return { sliders: knobs.map((one) => one.element), choice, count: count.element, show };
}

export default { render };
