// Curves of both terms of Eq. (4) over the epochs.

import { drawRing, haloText } from "./canvas.js";
import { Chart } from "./chart.js";
import { clamp } from "./numbers.js";
import { fill, shownNumber } from "./words.js";

/** Room at the left for the scale's numbers. */
const MARGIN = 40;

/** A curve of more points is drawn without its dots. */
const MOST_DOTS = 40;

/** An axis whose zero stands `MARGIN` pixels from the left. @param {number} most @param {number} width @returns {[number, number]} */
export function axisTo(most, width) {
  return [(-most * MARGIN) / (width - MARGIN - 16), (most * (width - MARGIN)) / (width - MARGIN - 16)];
}

/** A dot on a curve. @param {CanvasRenderingContext2D} context @param {number[]} at @param {string} colour */
export function drawPoint(context, [x, y], colour) {
  context.beginPath();
  context.arc(x, y, 3, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
}

/** @param {CanvasRenderingContext2D} context @param {number[][]} points @param {string} colour */
export function drawCurve(context, points, colour, width = 2) {
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x, y);
  context.lineWidth = width;
  context.lineJoin = "round";
  context.strokeStyle = colour;
  context.stroke();
}

/** A chart over the epochs, on a scale of square roots, which gives the early ones room. */
class EpochChart extends Chart {
  /** @type {number[]} */
  epochs = [];

  zTicks() {
    /** @type {{value: number, text: string}[]} */
    const ticks = [];
    let last = Infinity;
    for (const epoch of [...this.epochs].reverse()) {
      const value = Math.sqrt(epoch);
      if (last - this.x(value) < 26) continue;
      last = this.x(value);
      ticks.push({ value, text: `${epoch}` });
    }
    return ticks;
  }
}

/** Both terms and the ELBO over the epochs. */
export class TermsOverEpochs {
  /** @param {CanvasRenderingContext2D} context @param {number} width @param {number} height @param {{values: number[], reconstruction: number[], kl: number[]}} entries epochs, and nats */
  constructor(context, width, height, { values, reconstruction, kl }) {
    const elbo = reconstruction.map((value, i) => value - kl[i]);
    const [rising, high] = [[...elbo].sort((a, b) => a - b), Math.max(...reconstruction, ...kl)];
    // The first steps gain so much that they would flatten the rest: the scale begins where the later ones fill it.
    const low = Math.max(rising[0], high - 2.5 * (high - rising[rising.length >> 1]));
    const room = Math.max(1, high - low);
    this.chart = new EpochChart(context, width, height, {
      low: low - 0.04 * room,
      high: high + 0.04 * room,
      above: 18,
      below: 24,
      axis: axisTo(Math.sqrt(Math.max(1, ...values)), width),
    });
    this.chart.epochs = values;
    this.bottom = height - 22;
    this.places = values.map((value) => this.chart.x(Math.sqrt(value)));
    this.curves = { reconstruction, elbo, kl };
  }

  /** @param {number[]} curve */
  points(curve) {
    return curve.map((value, i) => [this.places[i], this.chart.y(value)]);
  }

  /** Within the scale, above the numbers of the axis. @param {() => void} draw */
  clipped(draw) {
    const { context, width } = this.chart;
    context.save();
    context.beginPath();
    context.rect(0, 0, width, this.bottom);
    context.clip();
    draw();
    context.restore();
  }

  /** The curves. @param {any} scene */
  drawStatic({ colours, inks, font, words }) {
    const { chart, curves } = this;
    const { context, height } = chart;
    chart.drawGrid(inks);
    const styles = { kl: colours.kl, elbo: inks.ink, reconstruction: colours.reconstruction };
    this.clipped(() => {
      for (const name of /** @type {const} */ (["kl", "elbo", "reconstruction"])) {
        const points = this.points(curves[name]);
        drawCurve(context, points, styles[name], 2.25);
        if (points.length <= MOST_DOTS) { for (const point of points) drawPoint(context, point, styles[name]); }
      }
    });
    chart.drawLabels(inks, font, "");
    context.font = `italic 600 13px ${font}`;
    context.textAlign = "right";
    context.textBaseline = "bottom";
    const end = /** @type {number} */ (this.places.at(-1)) - 10;
    haloText(context, words.epoch_axis, end, height - 24, inks.quiet, inks.paper);
    // Both terms are named at their ends; the ELBO, which ends between them, where it rises through the middle.
    context.font = `600 12.5px ${font}`;
    for (
      const [name, baseline, beside] of /** @type {const} */ ([["reconstruction", "bottom", -6], ["kl", "top", 7]])
    ) {
      context.textBaseline = baseline;
      haloText(
        context,
        words[`curve_${name}`],
        end,
        chart.y(/** @type {number} */ (curves[name].at(-1))) + beside,
        styles[name],
        inks.paper,
        5,
      );
    }
    const middle = (chart.low + chart.high) / 2;
    const after = clamp(curves.elbo.findIndex((value) => value > middle), 1, curves.elbo.length - 1);
    const [[x1, y1], [x2, y2]] = this.points(curves.elbo).slice(after - 1, after + 1);
    const share = clamp((chart.y(middle) - y1) / (y2 - y1) || 0, 0, 1);
    context.textAlign = "left";
    context.textBaseline = "middle";
    haloText(
      context,
      words.curve_elbo,
      x1 + share * (x2 - x1) + 10,
      y1 + share * (y2 - y1) + 6,
      styles.elbo,
      inks.paper,
      5,
    );
  }

  /** A line at the present epoch, a ring on each curve. @param {number} index @param {any} scene */
  drawPresent(index, { colours, inks, font, words }) {
    const { chart, curves, bottom } = this;
    const { context, width } = chart;
    const x = this.places[index];
    context.globalAlpha = 0.55;
    context.lineWidth = 1.5;
    context.strokeStyle = inks.ink;
    context.beginPath();
    context.moveTo(x, 0);
    context.lineTo(x, bottom);
    context.stroke();
    context.globalAlpha = 1;
    const styles = { kl: colours.kl, elbo: inks.ink, reconstruction: colours.reconstruction };
    /** @type {(keyof typeof styles)[]} */
    const below = [];
    for (const name of /** @type {const} */ (["kl", "elbo", "reconstruction"])) {
      const y = chart.y(curves[name][index]);
      if (y > bottom - 5) below.push(name);
      else drawRing(context, [x, y], { colour: styles[name], paper: inks.paper, radius: 5, width: 2.5, filled: true });
    }
    context.font = `600 12px ${font}`;
    const left = x < width / 2;
    context.textAlign = left ? "left" : "right";
    context.textBaseline = "bottom";
    below.forEach((name, row) => {
      const text = fill(words.below, { at: words[`curve_${name}`], value: shownNumber(curves[name][index], 1) });
      haloText(context, `▾ ${text}`, x + (left ? 9 : -9), bottom - 6 - 17 * row, styles[name], inks.paper, 5);
    });
  }

  /** The epoch that is nearest. @param {[number, number]} at */
  nearest([px]) {
    const distances = this.places.map((x) => Math.abs(x - px));
    return distances.indexOf(Math.min(...distances));
  }
}
