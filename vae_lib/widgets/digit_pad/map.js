// Q(z|X) on the map of latent space, and larger in a lens.

import { mixed } from "../shared/canvas.js";
import { clusters, mostNear } from "../shared/codes.js";
import { box, caption, element, paragraph } from "../shared/form.js";
import { circleNames, codeDots, digitNames, marker, priorCircles } from "../shared/latent_map.js";
import { axes, circle, dots, ellipse, grid, PIXELS, plot, ring, segments, text, textWidth } from "../shared/marks.js";
import { bytes, clamp, halfFloats } from "../shared/numbers.js";
import { Plane } from "../shared/plane.js";
import { stage } from "../shared/stage.js";
import { fill, shownNumber } from "../shared/words.js";

/**
 * @import { Model, Scope } from "../shared/view.js"
 * @import { Scene } from "../shared/stage.js"
 * @import { Pair } from "../shared/ink.js"
 * @import { Seen } from "./seen.js"
 */

/**
 * How much larger the lens shows Q, so that its ellipses and z fit, or 1 where it needs no lens.
 * @param {Seen} seen @param {number} room pixels of the map's scale in half a lens
 */
function lensTimes({ mean, std, z }, room) {
  const content = Math.max(2.3 * Math.max(...std), 1.15 * Math.hypot(z[0] - mean[0], z[1] - mean[1]));
  const most = Math.min(room / content, 5000);
  const power = 10 ** Math.floor(Math.log10(most));
  return most < 2 ? 1 : power * /** @type {number} */ ([5, 2, 1].find((factor) => factor * power <= most));
}

/**
 * A lens over a corner of the map, in which Q(z|X) is large enough to be seen, with μ and z.
 * @param {Scene} scene @param {Plane} plane @param {Seen} seen
 * @param {{at: Pair, radius: number, times: number, mark: Pair}} lens `mark` is where z is marked on the map
 */
function drawLens(scene, plane, seen, { at, radius, times, mark }) {
  const scale = plane.scale * times;
  const [x, y] = at;
  const away = Math.hypot(mark[0] - x, mark[1] - y);
  const toward = (
    /** @type {Pair} */ from,
    /** @type {number} */ pixels,
  ) => /** @type {Pair} */ ([from[0] + ((mark[0] - x) * pixels) / away, from[1] + ((mark[1] - y) * pixels) / away]);
  const z = /** @type {Pair} */ ([x + (seen.z[0] - seen.mean[0]) * scale, y - (seen.z[1] - seen.mean[1]) * scale]);
  const side = z[0] < x ? -1 : 1;
  const below = y < plane.size / 2;
  const name = fill(scene.words.lens, { times: `${times}` });
  const half = textWidth(scene, name, "600 12px") / 2 + 6;
  const letter = { font: "italic 600 14px", halo: 4 };
  plot(
    scene,
    PIXELS,
    segments([[toward(at, radius), toward(mark, -12)]], { colour: "quiet", width: 1.25 }),
    dots([at], { colour: "paper", radius }),
    circle(at, radius, { colour: "quiet", width: 1.25 }),
    ellipse(at, seen.std.map((sd) => sd * scale), "posterior"),
    segments([[at, z]], { colour: "ink", width: 1.25 }),
    dots([at], { colour: "posterior" }),
    ring(z, { colour: "ink", radius: 5, width: 2.5 }),
    text(scene.words.lens_z, z, { ...letter, colour: "ink", align: side < 0 ? "right" : "left", dx: 10 * side }),
    text(scene.words.lens_mean, at, {
      ...letter,
      colour: "posterior",
      align: side < 0 ? "left" : "right",
      dx: -7 * side,
    }),
    text(name, [clamp(x, half, plane.size - half), below ? y + radius + 5 : y - radius - 5], {
      colour: mixed(scene.colours.posterior, scene.inks.ink),
      font: "600 12px",
      baseline: below ? "top" : "bottom",
    }),
  );
}

/**
 * Q and z, and a lens where Q is small; returns the corner where the lens stands, a side of the map on each axis.
 * @param {Scene} scene @param {Plane} plane @param {Seen} seen @param {Pair} corner @returns {Pair}
 */
function drawSeen(scene, plane, seen, corner) {
  const { size, extent } = plane;
  const radius = size * 0.17;
  const times = lensTimes(seen, (radius - 12) / plane.scale);
  const [z1, z2] = seen.z.map((value) => clamp(value, -extent, extent));
  const mark = /** @type {Pair} */ ([plane.x(z1), plane.y(z2)]);
  const room = size / 2 - radius - 10;
  const placeOf = (
    /** @type {Pair} */ [right, up],
  ) => /** @type {Pair} */ ([size / 2 + right * room, size / 2 - up * room]);
  const [x, y] = placeOf(corner);
  if (times > 1 && Math.hypot(mark[0] - x, mark[1] - y) < radius + 30) corner = [z1 > 0 ? -1 : 1, z2 > 0 ? -1 : 1];
  plot(scene, plane, ellipse(seen.mean, seen.std, "posterior"), marker([z1, z2]));
  if (times > 1) drawLens(scene, plane, seen, { at: placeOf(corner), radius, times, mark });
  return corner;
}

/** Two numbers as text. @param {Record<string, string>} words @param {Pair} pair */
export function pairText(words, [first, second], digits = 3) {
  return fill(words.pair, { first: shownNumber(first, digits), second: shownNumber(second, digits) });
}

/** @param {Scope} scope @param {Model} model */
export function mapPanel(scope, model) {
  const [words, extent] = [model.get("words"), model.get("extent")];
  const [points, labels] = [halfFloats(model.get("points")), bytes(model.get("labels"))];
  const medians = labels.length ? clusters(points, labels) : [];
  const [map, note] = [element("canvas", { class: "vae-map", role: "img" }), paragraph("vae-near")];
  let plane = new Plane(extent, 1);
  /** @type {Seen | null} */
  let seen = null;
  /** @type {Pair} */
  let corner = [1, -1];
  const { redraw } = stage(scope, model, map, {
    square: true,
    read: true,
    under: (scene) => {
      plane = new Plane(extent, scene.width);
      plot(
        scene,
        plane,
        grid(),
        codeDots(points, labels),
        axes(words.axis_1, words.axis_2),
        priorCircles(),
        digitNames(medians),
        circleNames(medians),
      );
    },
    draw: (scene) => {
      if (seen) corner = drawSeen(scene, plane, seen, corner);
    },
  });
  const nearest = () => {
    if (!seen || !labels.length) return "";
    const label = mostNear(points, labels, seen.z, extent / 15);
    return label === null ? words.near_none : fill(words.near, { label: `${label}` });
  };
  const show = (/** @type {Seen | null} */ next) => {
    seen = next;
    const beyond = seen !== null && seen.z.some((value) => Math.abs(value) > extent);
    note.textContent = `${nearest()}${beyond ? ` ${words.beyond}` : ""}`;
    const said = seen && {
      mean: pairText(words, seen.mean),
      std: pairText(words, seen.std),
      z: pairText(words, seen.z),
    };
    map.setAttribute("aria-label", said ? fill(words.map_name, said) : words.map_name_empty);
    redraw();
  };
  const head = caption(points.length ? words.map_caption : words.map_caption_no_codes);
  return { element: box("vae-mapped", head, map, note), nearest, show };
}
