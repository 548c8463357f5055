// Equation (4): a posterior with two modes, a Gaussian Q over it, and the terms as bars on one axis of nats.

import { bind } from "../shared/binding.js";
import { box, caption, element, paragraph, slider } from "../shared/form.js";
import { grab, notByTouch } from "../shared/hand.js";
import { clamp } from "../shared/numbers.js";
import { player } from "../shared/player.js";
import { stage } from "../shared/stage.js";
import { mount } from "../shared/view.js";
import { fill, ShownError, shownNumber } from "../shared/words.js";
import { termBars } from "./bars.js";
import { drawCurves } from "./picture.js";
import { Ascent, exactPosterior, sides } from "./terms.js";

/**
 * @import { Binding } from "../shared/binding.js"
 * @import { Chart } from "../shared/chart.js"
 * @import { Model, Scope } from "../shared/view.js"
 * @import { Setting } from "./terms.js"
 */

/** Stops of the slider for Q's width: equal ratios, from the narrowest to the widest. */
const WIDTHS = 160;

/** @param {{model: Model, el: HTMLElement}} view */
function render(view) {
  return mount(view, { kind: "vae-eq4", anew: [], followed: ["x", "sigma", "q"] }, build);
}

/** @param {Model} model @returns {Record<keyof Setting, [number, number]>} */
function limitsOf(model) {
  const { x, sigma, q: [mean, std] } = model.get("limits");
  return { x, sigma, mean, std };
}

/** The model's numbers within their limits, or one sentence for nonsense. @param {Model} model @returns {Setting} */
function readSetting(model) {
  const [q, limits] = [model.get("q"), limitsOf(model)];
  const given = { x: model.get("x"), sigma: model.get("sigma"), mean: q?.[0], std: q?.[1] };
  const numbers = Array.isArray(q) && q.length === 2 && Object.values(given).every(Number.isFinite);
  if (!numbers || given.sigma <= 0 || given.std <= 0) throw new ShownError("bad_numbers", "x, sigma or q is no number");
  for (const name of /** @type {const} */ (["x", "sigma", "mean", "std"])) {
    given[name] = clamp(given[name], ...limits[name]);
  }
  return given;
}

/** @param {Model} model @param {HTMLElement} body @param {Scope} scope */
function build(model, body, scope) {
  const [words, limits] = [model.get("words"), limitsOf(model)];
  const chart = termBars(words);
  let posterior = exactPosterior(1, 1);
  const terms = () => {
    const { reconstruction, kl, elbo } = sides(bound.now);
    return { evidence: posterior.evidence, gap: posterior.evidence - elbo, elbo, reconstruction, kl };
  };
  /** @type {Binding<Setting>} */
  const bound = bind(scope, model, {
    read: () => readSetting(model),
    write: ({ x, sigma, mean, std }) => ({ x, sigma, q: [mean, std] }),
    heard: () => ascent.stop(),
    show(now, old) {
      if (now.x !== old?.x || now.sigma !== old.sigma) {
        posterior = exactPosterior(now.x, now.sigma);
        chart.setAxis(posterior.evidence, now.sigma);
      }
      chart.show(terms());
      knobs.show(now);
      picture.show(now);
    },
    say: () => {
      const [evidence, elbo, gap] = [terms().evidence, terms().elbo, terms().gap].map((nats) => shownNumber(nats));
      return fill(words.live, { evidence, elbo, gap });
    },
  });
  const moveByHand = (/** @type {keyof Setting} */ name, /** @type {number} */ value) => {
    ascent.stop();
    bound.move({ [name]: clamp(Math.round(value * 1000) / 1000, ...limits[name]) });
    bound.say();
  };
  const knobs = settingSliders(scope, words, limits, moveByHand);
  const picture = curvesPicture(
    scope,
    model,
    () => ({ now: bound.now, posterior }),
    (mean) => moveByHand("mean", mean),
  );
  let climb = new Ascent(bound.now, model.get("limits"));
  const begin = () => void (climb = new Ascent(bound.now, model.get("limits")));
  const ascent = player(scope, [words.ascend, words.stop], {
    begin,
    step: () => climb.step() && (bound.move(climb.setting), true),
    still: () => {
      begin();
      while (climb.step());
      bound.move(climb.setting);
      bound.say();
    },
    stopped: () => bound.say(),
  });
  body.replaceChildren(
    box("", caption(words.densities_caption), picture.canvas),
    box("", caption(words.bars_caption), chart.element),
    knobs.element,
    box("vae-action", ascent.button, paragraph("vae-hint", words.hint)),
    bound.live,
  );
  return bound.begin();
}

/**
 * @param {Scope} scope @param {Record<string, string>} words @param {Record<keyof Setting, [number, number]>} limits
 * @param {(name: keyof Setting, value: number) => void} onInput
 */
function settingSliders(scope, words, limits, onInput) {
  const [narrowest, widest] = limits.std;
  const names = /** @type {const} */ (["mean", "std", "x", "sigma"]);
  const each = names.map((name) => {
    const wide = name === "std";
    let shown = "";
    const one = slider(scope, {
      label: words[name],
      min: wide ? 0 : limits[name][0],
      max: wide ? WIDTHS : limits[name][1],
      step: wide ? 1 : 0.05,
      text: () => shown,
      spoken: () => fill(words.slider_text, { name: words[name], value: shown }),
      onInput: (value) => onInput(name, wide ? narrowest * (widest / narrowest) ** (value / WIDTHS) : value),
    });
    const show = (/** @type {number} */ value) => {
      shown = shownNumber(value, wide ? 3 : 2);
      one.set(wide ? (WIDTHS * Math.log(value / narrowest)) / Math.log(widest / narrowest) : value);
    };
    return { name, element: one.element, show };
  });
  return {
    element: box("vae-sliders", ...each.map((one) => one.element)),
    show: (/** @type {Setting} */ now) => each.forEach(({ name, show }) => show(now[name])),
  };
}

/**
 * The densities, on which a hand moves Q: a finger by its ring, a mouse from anywhere.
 * @param {Scope} scope @param {Model} model
 * @param {() => {now: Setting, posterior: ReturnType<typeof exactPosterior>}} get
 * @param {(mean: number) => void} setMean
 */
function curvesPicture(scope, model, get, setMean) {
  const words = model.get("words");
  const canvas = element("canvas", { class: "vae-densities", role: "img" });
  /** @type {Chart | undefined} */
  let chart;
  const { redraw } = stage(scope, model, canvas, {
    draw: (scene) => (chart = drawCurves(scene, get().now, get().posterior)),
  });
  grab(scope, canvas, {
    rings: () => (chart ? [{ name: "q", at: [chart.x(get().now.mean), 0] }] : []),
    away: ([ring], [px]) => Math.abs(ring - px),
    beside: notByTouch("q"),
    move: ([px]) => chart && setMean(chart.z(px)),
    reach: 30,
  });
  const show = (/** @type {Setting} */ { mean, std }) => {
    const numbers = { mean: shownNumber(mean), std: shownNumber(std, 3) };
    canvas.setAttribute("aria-label", fill(words.densities_name, numbers));
    redraw();
  };
  return { canvas, show };
}

export default { render };
