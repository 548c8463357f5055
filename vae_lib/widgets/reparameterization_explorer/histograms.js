// The estimates of one kind as bars, with the exact gradient, their mean and its standard error.

import { mixed } from "../shared/canvas.js";
import { box, caption, element, paragraph } from "../shared/form.js";
import { axes, bars, dots, grid, PIXELS, plot, segments, text, textWidth } from "../shared/marks.js";
import { clamp } from "../shared/numbers.js";
import { stage } from "../shared/stage.js";
import { fill, shownNumber } from "../shared/words.js";
import { exactGradient, exactVariances, meanAndError, threeDigits } from "./estimates.js";
import { Line } from "./paths.js";

/**
 * @import { Point } from "../shared/marks.js"
 * @import { Model, Scope } from "../shared/view.js"
 * @import { Scene } from "../shared/stage.js"
 * @import { About, Kind, Setting } from "./estimates.js"
 * @typedef {{now: Setting, about: About, axis: Point}} Shown `axis` has the ends of that of the estimates
 */

/** @param {Scene} scene @param {Shown} shown @param {string} colour */
function drawHistogram(scene, { now, about, axis }, colour) {
  const { width, words, colours, inks } = scene;
  const { bins, left, right, mean, error } = about;
  const chart = new Line(scene, { low: 0, high: Math.max(1, ...bins), above: 22, below: 40, axis });
  const [floor, exact] = [chart.y(0), exactGradient(now)];
  const at = chart.x(exact);
  plot(scene, chart, grid(), bars(bins, { colour, alpha: 0.8 }));
  const y = floor + 9;
  const ends = Number.isFinite(error) ? [chart.x(mean - error), chart.x(mean + error)] : [];
  /** @type {[Point, Point][]} */
  const whiskers = ends.length ? [[[ends[0], y], [ends[1], y]], ...ends.map(whisker)] : [];
  /** @returns {[Point, Point]} */
  function whisker(/** @type {number} */ x) {
    return [[x, y - 4], [x, y + 4]];
  }
  plot(
    scene,
    PIXELS,
    segments([[[at, 20], [at, floor + 17]]], { colour: "ink", width: 1.75 }),
    segments(whiskers, { colour, width: 2 }),
    Number.isFinite(mean) && dots([[chart.x(mean), y]], { colour: "paper", radius: 5 }),
    Number.isFinite(mean) && dots([[chart.x(mean), y]], { colour, radius: 3.5 }),
  );
  plot(scene, chart, axes(""));
  const name = fill(words.exact, { value: shownNumber(exact) });
  const room = textWidth(scene, name, "600 12px") / 2 + 6;
  const beyond = (/** @type {number} */ count, /** @type {"left" | "right"} */ side) =>
    count > 0 &&
    text(fill(side === "left" ? words.left : words.right, { count: `${count}` }), [
      side === "left" ? 5 : width - 5,
      floor - 10,
    ], {
      colour: mixed(colours[colour], inks.ink),
      font: "600 12px",
      align: side,
      halo: 4,
    });
  plot(
    scene,
    PIXELS,
    text(name, [clamp(at, room, width - room), 11], { colour: "ink", font: "600 12px", halo: 4 }),
    beyond(left, "left"),
    beyond(right, "right"),
  );
}

/**
 * The sentence below a histogram.
 * @param {Record<string, string>} words @param {Setting} now @param {About} about @param {Kind} kind
 */
function sentence(words, now, { mean, error, variance, left, right }, kind) {
  const exact = threeDigits(exactVariances(now)[kind]);
  const text = now.samples === 0
    ? fill(words.mean_none, { exact })
    : now.samples === 1
    ? fill(words.mean_one, { mean: threeDigits(mean), exact })
    : fill(words.mean, { ...meanAndError({ mean, error }), variance: threeDigits(variance), exact });
  return left + right ? `${text} ${fill(words.beyond, { left: `${left}`, right: `${right}` })}` : text;
}

/** @param {Scope} scope @param {Model} model @param {Kind} kind */
export function histogramPanel(scope, model, kind) {
  const words = model.get("words");
  const canvas = element("canvas", { class: `vae-histogram vae-${kind}`, role: "img" });
  const [head, numbers] = [caption(""), paragraph("vae-numbers")];
  /** @type {Shown | undefined} */
  let shown;
  const { redraw } = stage(scope, model, canvas, {
    draw: (scene) => shown && drawHistogram(scene, shown, kind === "score" ? "gap" : "posterior"),
  });
  const show = (/** @type {Shown} */ next) => {
    shown = next;
    head.textContent = words[`${kind}_${next.now.wrt}`];
    numbers.textContent = sentence(words, next.now, next.about, kind);
    canvas.setAttribute("aria-label", fill(words[`${kind}_name`], { numbers: numbers.textContent }));
    redraw();
  };
  return { element: box(`vae-panel-${kind}`, head, canvas, numbers), show };
}
