// Sets formulas by the MathJax in a folder: for each line of JSON, [tex, display], it writes one.

import { createRequire } from "node:module";
import { argv, stdin } from "node:process";
import { createInterface } from "node:readline";

const MathJax = await createRequire(`${argv[2]}/`)("./node-main.js").init({
  loader: { load: ["input/tex-full", "output/svg", "a11y/assistive-mml"] },
  tex: {
    packages: { "[-]": ["noerrors", "noundefined"] },
    formatError(_, error) {
      throw error;
    },
  },
  svg: { fontCache: "global" },
  startup: { typeset: false },
});
const { adaptor: dom, output } = MathJax.startup;

const IDLE = /^(data-|xmlns|xlink:|transform$|role$|focusable$|id$|class$)/; // what draws nothing
const PLACE = /^(?:translate\(([-\d.]+),? ?([-\d.]+)\))? ?(?:scale\(([\d.]+)\))?$/;

/** The text of an element. Groups that do no more than move or scale hand that on: a third of all elements stay. */
function lean(node, letters, [x, y, size] = [0, 0, 1]) {
  const within = (...place) => dom.childNodes(node).map((child) => lean(child, letters, place)).join("");
  const attributes = Object.fromEntries(dom.allAttributes(node).map(({ name, value }) => [name, value]));
  const look = Object.entries(attributes).filter(([name]) => !IDLE.test(name));
  const place = PLACE.exec(attributes.transform ?? "");
  const [, right = 0, up = 0, scale = 1] = place ?? [];
  if (node.kind === "g" && place && !look.length) return within(x + size * right, y + size * up, size * scale);
  if (node.kind === "text") {
    if (dom.textContent(node)) throw new Error(`the fonts of formulas have no ${dom.textContent(node)}`);
    return ""; // an anchor of a number
  }
  if (node.kind === "use") {
    const id = attributes["xlink:href"].slice(1);
    letters[id] = output.fontCache.cache.get(id);
    if (!letters[id]) return "";
    look.push(["href", `#${id}`]);
  }
  if ("data-line" in attributes || "data-frame" in attributes) look.push(["stroke-width", 70]);
  if ("data-table" in attributes || "data-labels" in attributes) look.push(["overflow", "visible"]);
  const moves = [x || y ? `translate(${Math.round(x)} ${Math.round(y)})` : "", size === 1 ? "" : `scale(${+size.toFixed(3)})`];
  const transform = [...moves, attributes.transform].filter(Boolean).join(" ");
  if (transform) look.push(["transform", transform]);
  const tag = [node.kind, ...look.map(([name, value]) => `${name}="${value}"`)].join(" ");
  const inside = within(0, 0, 1);
  return inside ? `<${tag}>${inside}</${node.kind}>` : `<${tag}/>`;
}

function set(tex, display) {
  MathJax.texReset();
  const [svg, { children: [math] }] = dom.childNodes(MathJax.tex2svg(tex, { display }));
  const letters = {};
  const mathml = dom.outerHTML(math).replace(/ (data-mjx-[\w-]+|xmlns|mathcolor|id)="[^"]*"/g, "");
  return { svg: lean(svg, letters), mathml, letters };
}

for await (const line of createInterface({ input: stdin })) {
  try {
    console.log(JSON.stringify(set(...JSON.parse(line))));
  } catch ({ message }) {
    console.log(JSON.stringify({ message }));
  }
}
