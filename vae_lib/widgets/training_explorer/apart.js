// One step taken apart: the numbers on the way forward, and the slopes of the loss that come back.

import { box, button, caption, choices, element, paragraph, tile } from "../shared/form.js";
import { normals } from "../shared/numbers.js";
import { fill, shownNumber } from "../shared/words.js";

/**
 * @import { Scope } from "../shared/view.js"
 * @import { Lab } from "./lab.js"
 */

const FORWARD = ["mean", "sd", "noise", "z", "reconstruction", "kl"];
const BACK = ["to_z", "to_mean", "to_sd", "to_noise", "to_encoder", "to_decoder"];

/** What there is one of, and not one for each latent. */
const WHOLE = ["reconstruction", "kl", "to_encoder", "to_decoder"];

/** With two digits after the point, or four where these would say nothing. @param {number} value */
function fine(value) {
  return shownNumber(value, Math.abs(value) < 0.1 && value !== 0 ? 4 : 2);
}

/** The step on one picture with its ε. @param {Lab} lab @param {number} place @param {Float64Array} noise */
function examined(lab, place, noise) {
  const { eye, settings, task: { pixels } } = lab;
  const terms = eye.terms([place], noise, settings);
  eye.backward(1, noise, settings);
  const pair = (/** @type {ArrayLike<number>} */ row, from = 0) => [row[from], row[from + 1]];
  const sd = pair(eye.q, 2).map((value) => Math.exp(0.5 * value));
  const size = (/** @type {number[]} */ which) =>
    Math.hypot(...which.flatMap((i) => [...eye.slopes[i].w, ...eye.slopes[i].b]));
  /** @type {Record<string, number | number[]>} */
  const numbers = {
    mean: pair(eye.q),
    sd,
    noise: [...noise],
    z: pair(eye.z),
    reconstruction: terms[0],
    kl: terms[1],
    to_z: pair(eye.dz),
    to_mean: pair(eye.dq),
    to_sd: pair(eye.dq, 2).map((value, i) => (2 * value) / sd[i]),
    to_encoder: size([0, 1]),
    to_decoder: size([2, 3]),
  };
  const [x, f] = [eye.x, eye.f].map((row) => Float32Array.from(row.subarray(0, pixels)));
  return { numbers, x, f, loss: lab.lossOf(terms) };
}

/** What is added up to each slope, in words. @param {Lab} lab */
function formulas({ words, settings: { sample, gradient, kl, mistake } }) {
  const point = mistake === "detached" ? "detached" : sample ? "pathwise" : "point";
  const back = sample && gradient === "score" ? "score" : point;
  const share = mistake === "mean" ? words.apart_share : "";
  const pull = (/** @type {string} */ name) => (kl ? words[`apart_${name}_${mistake === "sign" ? "sign" : "kl"}`] : "");
  const sum = (/** @type {string[]} */ parts) =>
    fill(parts.filter(Boolean).join(" + "), { share }) || words.apart_nothing;
  const how = (/** @type {string} */ name) => {
    const way = ["noise", "z"].includes(name) ? (sample ? "how" : "point") : back;
    const own = words[`apart_${name}_${way}`];
    return `apart_${name}_kl` in words ? sum([own, pull(name)]) : own ?? words[`apart_${name}_how`];
  };
  return { how, loss: sum([words.apart_loss_terms, pull("loss")]) };
}

/**
 * A table of numbers, one row for each name.
 * @param {Record<string, string>} words @param {string} head @param {string[]} names
 */
function table(words, head, names) {
  const rows = names.map((name) => {
    const [title, how, first, second] = [element("th", { scope: "row" }), element("td"), element("td"), element("td")];
    if (WHOLE.includes(name)) first.colSpan = 2;
    const cells = WHOLE.includes(name) ? [first] : [first, second];
    return { name, title, how, cells, row: element("tr", { "data-row": name }, title, how, ...cells) };
  });
  const header = [head, "", words.apart_first, words.apart_second].map((text, i) =>
    i === 1 ? element("td") : element("th", { scope: "col" }, text)
  );
  const body = element("tbody", {}, ...rows.map(({ row }) => row));
  return { rows, element: element("table", {}, element("thead", {}, element("tr", {}, ...header)), body) };
}

/** @param {Scope} scope @param {Lab} lab @param {(say: () => string) => void} say */
export function apartPanel(scope, lab, say) {
  const { words, side, examples, eye } = lab;
  /**
   * The example, its ε, and the loss before the last step.
   * @type {{digit: number, noise: Float64Array, before: number | null}}
   */
  const now = { digit: 0, noise: Float64Array.from(normals(10, 2)), before: null };
  const tables = [table(words, words.apart_forward, FORWARD), table(words, words.apart_back, BACK)];
  const picture = (/** @type {"x" | "f"} */ name) =>
    tile(side, side, { role: "img", "aria-label": words[`apart_${name}`] });
  const [x, f] = [picture("x"), picture("f")];
  const digits = examples.map((_, i) => {
    const label = words.example_names[i];
    return { label, name: fill(words.apart_digit, { name: label }), i };
  });
  const which = choices(scope, digits, ({ i }) => {
    now.digit = i;
    forget();
    show();
  });
  const result = paragraph("vae-apart-result");
  const redraw = button(scope, words.apart_redraw, () => {
    now.noise = eye.noise(1);
    forget();
    show();
    say(() => result.textContent ?? "");
  });
  const take = button(scope, words.apart_take, () => {
    lab.pause();
    lab.send({ order: "one", picture: examples[now.digit], noise: now.noise });
  });
  const forget = () => (now.before = null);
  const show = () => {
    if (!details.open) return;
    const { numbers, loss, ...found } = examined(lab, examples[now.digit], now.noise);
    which.mark(({ i }) => i === now.digit);
    x.draw(found.x);
    f.draw(found.f);
    const formula = formulas(lab);
    for (const { name, title, how, cells } of tables.flatMap(({ rows }) => rows)) {
      title.textContent = words[`apart_${name}`];
      how.textContent = formula.how(name);
      const none = name === "to_noise" || (name === "noise" && !lab.settings.sample);
      cells.forEach((cell, i) => (cell.textContent = none ? "–" : fine([numbers[name]].flat()[i])));
    }
    const before = shownNumber(now.before ?? 0);
    const said = { formula: formula.loss, before, loss: shownNumber(loss) };
    result.textContent = fill(now.before !== null ? words.apart_after : words.apart_loss, said);
  };
  const details = element(
    "details",
    { class: "vae-apart" },
    element("summary", {}, words.apart),
    paragraph("vae-hint", words.apart_about),
    box("vae-apart-controls", which.element, redraw, take),
    box(
      "vae-apart-pictures",
      box("", caption(words.apart_x_caption), x.canvas),
      box("", caption(words.apart_f_caption), f.canvas),
    ),
    ...tables.map((each) => each.element),
    result,
  );
  details.addEventListener("toggle", () => {
    if (!details.open) return;
    lab.pause();
    show();
  }, { signal: scope.signal });
  /** After a step on this digit. @param {number[]} terms before it */
  const stepped = (terms) => (now.before = lab.lossOf(terms));
  return { element: details, take, result, show, forget, stepped };
}
