// The nodes as buttons in a grid, in their order, and over them a canvas with the lines that join them.

import { box, element, OWN_KEYS, span, tile, write } from "../shared/form.js";
import { stage } from "../shared/stage.js";
import { BOXES, boxesOf, PARTS, TERM } from "./nodes.js";
import { drawBalance, drawBars, drawLosses, drawPrior, drawSpread } from "./pictures.js";
import { backOf, NATS, numbersOf, PAIRS, slopesAt, textOf } from "./said.js";
import { drawWires } from "./wires.js";

/**
 * @import { Box } from "../shared/layers.js"
 * @import { Model, Scope } from "../shared/view.js"
 * @import { Shown } from "./anatomy.js"
 * @typedef {Record<string, Box>} Boxes
 */

/** One node. @param {Record<string, string>} words @param {string} name @param {number[]} shape of a picture */
function makeNode(words, name, shape) {
  const label = span("vae-node-label", words[`label_${name}`]);
  const values = Array.from(
    { length: PAIRS.includes(name) ? 2 : NATS.includes(name) ? 1 : 0 },
    () => element("data"),
  );
  const button = element("button", { type: "button", class: `vae-node vae-node-${name}`, ...OWN_KEYS }, label);
  button.dataset.node = name;
  const picture = name === "x" || name === "f" ? tile(shape[0], shape[1], { "aria-hidden": "true" }) : null;
  if (picture) button.append(picture.canvas);
  if (values.length) button.append(span("vae-values", ...values));
  const aside = span("vae-live"); // what a screen reader hears of the way back
  button.append(aside);
  if (TERM[name]) button.style.setProperty("--shade", `var(--term-${TERM[name]})`);
  return { name, button, values, picture, aside, item: element("li", { class: `vae-at-${name}` }, button) };
}

/**
 * @param {Scope} scope @param {Model} model
 * @param {{now: () => Shown, pointed: () => string}} options what is shown, and what is pointed at
 */
export function machineGraph(scope, model, { now, pointed }) {
  const words = model.get("words");
  const nodes = BOXES.map((name) => makeNode(words, name, model.get("image_shape")));
  const list = element("ol", { class: "vae-nodes", "aria-label": words.nodes }, ...nodes.map(({ item }) => item));
  const canvas = element("canvas", { class: "vae-wires", "aria-hidden": "true" });
  /** @type {Boxes} */
  let boxes = {};
  const { redraw } = stage(scope, model, canvas, {
    under: () => {
      const within = canvas.getBoundingClientRect();
      boxes = Object.fromEntries(nodes.map(({ name, button }) => {
        const { left, top, width, height } = button.getBoundingClientRect();
        return [name, { left: left - within.left, top: top - within.top, width, height }];
      }));
    },
    draw: (scene) => {
      scene.context.clearRect(0, 0, scene.width, scene.height);
      const shown = now();
      drawBars(scene, boxes, shown);
      drawPrior(scene, boxes.prior, shown);
      drawSpread(scene, boxes.likelihood, shown);
      drawLosses(scene, boxes.reconstruction, shown);
      drawBalance(scene, boxes.elbo, shown);
      drawWires(scene, boxes, shown, pointed());
    },
  });
  const show = (/** @type {Shown} */ shown) => {
    const bright = PARTS[shown.lit];
    for (const { name, button, values, picture, aside } of nodes) {
      const texts = textOf(shown, name);
      values.forEach((data, i) => write(data, numbersOf(shown, name)[i], texts[i]));
      aside.textContent = shown.back ? backOf(words, shown, name) : "";
      button.dataset.slopes = JSON.stringify(slopesAt(shown, name));
      button.classList.toggle("vae-pale", !bright.includes(name));
      picture?.draw(name === "x" ? shown.x : Float32Array.from(shown.forward.f));
    }
    point();
  };
  /** Marks what is pointed at. */
  const point = () => {
    const lit = boxesOf(pointed());
    for (const { name, button } of nodes) button.classList.toggle("vae-on", lit.includes(name));
    redraw();
  };
  return { element: box("vae-graph", list, canvas), buttons: nodes.map(({ button }) => button), show, point };
}
