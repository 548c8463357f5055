// The estimate of log P(X) as draws are added, beside the exact value.

import { Chart } from "../shared/chart.js";
import { element } from "../shared/form.js";
import { grab, notByTouch } from "../shared/hand.js";
import { area, axes, grid, plot, ring, segments, text } from "../shared/marks.js";
import { clamp } from "../shared/numbers.js";
import { stage } from "../shared/stage.js";

/**
 * @import { Mark, Point } from "../shared/marks.js"
 * @import { Model, Scope } from "../shared/view.js"
 * @import { Scene } from "../shared/stage.js"
 * @import { Estimates } from "./draws.js"
 * @typedef {{shown: Estimates, exact: number, band: [count: number, low: number, high: number][]}} Estimated
 */

/** The axis of the chart is log2 n, with room for the scale at the left and for the ring at the right. */
const AXIS = /** @type {Point} */ ([-1, 12.5]);

/** The chart reaches this many nats below the exact value, whatever σ, so that one σ compares with another. */
const DEPTH = 30;

/** A number line of draws in equal ratios, over nats. */
class DrawsChart extends Chart {
  zTicks() {
    return [1, 10, 100, 1000].map((count) => ({ value: Math.log2(count), text: `${count}` }));
  }
}

/**
 * The running estimate. Each draw is a step; where many fall on one pixel, a point for each half pixel and each jump is
 * enough. @param {Float64Array} running @param {boolean} below whether it is that part that lies below the chart
 * @returns {Mark}
 */
function steps(running, below) {
  return ({ context, inks }, chart) => {
    const path = new Path2D();
    let down = false;
    let [lastX, lastY] = [-9, -9];
    for (let i = 0; i < running.length; i++) {
      const [px, py] = [chart.x(Math.log2(i + 1)), chart.y(Math.max(running[i], chart.low))];
      const here = running[i] < chart.low === below;
      if (down) {
        if (px - lastX < 0.5 && Math.abs(py - lastY) < 0.5 && i < running.length - 1) continue;
        path.lineTo(px, lastY);
        path.lineTo(px, py);
      } else if (here) path.moveTo(px, py);
      down = here;
      [lastX, lastY] = [px, py];
    }
    context.strokeStyle = inks.ink;
    context.lineWidth = 1.75;
    context.lineJoin = "round";
    context.setLineDash(below ? [1.5, 4] : []);
    context.stroke(path);
    context.setLineDash([]);
  };
}

/**
 * The estimate, the band, the exact value; returns where the ring stands, in pixels.
 * @param {Scene} scene @param {Estimated} about @param {boolean} held @returns {Point}
 */
function drawEstimates(scene, { shown: { running, best }, exact, band }, held) {
  const { words } = scene;
  const low = exact - DEPTH;
  const high = Math.max(exact + 4, running.reduce((a, b) => Math.max(a, b)) + 1);
  const chart = new DrawsChart(scene, { low, high, above: 8, below: 24, axis: AXIS });
  const at = (
    /** @type {number} */ count,
    /** @type {number} */ nats,
  ) => /** @type {Point} */ ([Math.log2(count), Math.max(nats, low)]);
  const [entry, end] = [at(best + 1, running[best]), at(running.length, running[running.length - 1])];
  const left = /** @type {const} */ ({ align: "left", baseline: "bottom", dy: -5 });
  plot(
    scene,
    chart,
    grid(),
    area([...band.map(([n, , top]) => at(n, top)), ...[...band].reverse().map(([n, bottom]) => at(n, bottom))], {
      colour: "evidence",
      alpha: 0.13,
    }),
    segments([[[AXIS[0], exact], [AXIS[1], exact]]], { colour: "evidence", width: 2 }),
    steps(running, true),
    steps(running, false),
    axes(words.draws_axis),
    running[0] < low && text(`${words.below} ▾`, [0, low], { colour: "quiet", font: "12px", dx: 14, halo: 4, ...left }),
    text(words.exact_line, [chart.z(34), exact], { colour: "evidence", font: "600 13px", ...left }),
    // The draw that counts most, where it entered
    segments([[entry, [entry[0], low]]], { colour: "quiet", dash: [3, 4] }),
    ring(entry, { colour: "ink", radius: 4, width: 2 }),
    ring(end, { colour: "ink", radius: 8, width: held ? 5 : 3.5, filled: true }),
  );
  return [chart.x(end[0]), chart.y(end[1])];
}

/**
 * The ring at the end of the curve adds draws: a finger takes it near by and scrolls elsewhere, a mouse takes it
 * anywhere.
 * @param {Scope} scope @param {Model} model @param {() => Estimated | undefined} get
 * @param {(count: number) => void} setCount
 */
export function estimateChart(scope, model, get, setCount) {
  const canvas = element("canvas", { class: "vae-chart", role: "img" });
  /** @type {Point} */
  let end = [0, 0];
  const { redraw } = stage(scope, model, canvas, {
    draw: (scene) => {
      const about = get();
      if (about) end = drawEstimates(scene, about, hand.held !== null);
    },
  });
  /** @type {{held: string | null}} */
  const hand = grab(scope, canvas, {
    rings: () => [{ name: "end", at: end }],
    beside: notByTouch("end"),
    move: ([px]) => {
      const power = AXIS[0] + (px / canvas.clientWidth) * (AXIS[1] - AXIS[0]);
      const [least, most] = model.get("limits").draws;
      setCount(clamp(Math.round(2 ** power), least, most));
    },
    changed: () => redraw(),
    reach: 30,
  });
  return { canvas, redraw };
}
