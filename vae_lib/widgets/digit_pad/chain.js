// From X to f(z), step by step.

import { picture } from "../shared/canvas.js";
import { caption, element } from "../shared/form.js";
import { brightness, SIDE } from "../shared/ink.js";
import { pairText } from "./map.js";

/**
 * @import { Pair } from "../shared/ink.js"
 * @import { Seen } from "./seen.js"
 */

/** Both pictures, and the numbers between them. @param {Record<string, string>} words */
export function chainPanel(words) {
  const canvas = (/** @type {"x" | "f"} */ name) =>
    element("canvas", { class: `vae-digit vae-coarse vae-${name}`, role: "img", "aria-label": words[`${name}_name`] });
  const [xCanvas, fCanvas] = [canvas("x"), canvas("f")];
  const [drawX, drawF] = [picture(xCanvas, SIDE, SIDE), picture(fCanvas, SIDE, SIDE)];
  const black = new Float32Array(SIDE * SIDE);
  const numbers = (/** @type {"mean" | "std" | "epsilon" | "z"} */ name) => {
    const data = element("data");
    const set = (/** @type {Pair | null} */ pair) => {
      data.value = pair ? JSON.stringify(pair) : "";
      data.textContent = pair ? pairText(words, pair, name === "epsilon" ? 2 : 3) : words.no_number;
    };
    const made = element("p", { class: "vae-pair", "data-name": name }, element("i", {}, words[name]), " ", data);
    return { element: made, set };
  };
  const [mean, std, noise, z] = /** @type {const} */ (["mean", "std", "epsilon", "z"]).map(numbers);
  const step = (/** @type {string} */ name, /** @type {string} */ head, /** @type {HTMLElement[]} */ ...children) =>
    element("li", name ? { class: name } : {}, caption(head), ...children);
  const chain = element(
    "ol",
    { class: "vae-chain" },
    step("vae-step-x", words.x_caption, xCanvas),
    step("vae-step-q", words.q_caption, mean.element, std.element),
    step("", words.epsilon_caption, noise.element),
    step("", words.z_caption, z.element),
    step("vae-step-f", words.f_caption, fCanvas),
  );
  const show = (/** @type {Uint8Array} */ x, /** @type {Pair} */ epsilon, /** @type {Seen | null} */ seen) => {
    drawX(brightness(x));
    drawF(seen ? seen.image : black);
    noise.set(epsilon);
    mean.set(seen && seen.mean);
    std.set(seen && seen.std);
    z.set(seen && seen.z);
  };
  return { element: chain, show };
}
