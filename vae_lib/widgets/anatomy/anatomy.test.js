import { assert, assertClose, assertEqual, numbers } from "../../../tests/numbers.js";
import { Network } from "../shared/network.js";
import { BOXES, boxesOf, EQUATION, LINE_NODES, lineOf, piecesOf, TALL, TALL_SCORE, WIDE, WIDE_SCORE } from "./nodes.js";
import { Adam, backwardPass, forwardPass, Trail, weightRows } from "./passes.js";
import { sized } from "./said.js";
import { cornersOf } from "./wires.js";

/** @param {any} one of the networks that Python sent */
function trail({ layers, weights }) {
  return new Trail(new Network(layers, new DataView(Uint8Array.from(weights).buffer)), layers);
}

for (const { encoder, decoder, setting, x, epsilon, sigma, terms, sizes, ends } of numbers.anatomy) {
  const name = JSON.stringify(setting);
  const machine = { encoder: trail(encoder), decoder: trail(decoder), sigma };

  Deno.test(`numbers and slopes are autograd's, and steps torch's: ${name}`, () => {
    const adam = new Adam(weightRows(machine.encoder, machine.decoder), 0.01);
    ends.forEach((/** @type {number[]} */ end, /** @type {number} */ i) => {
      const forward = forwardPass(machine, x, epsilon, setting);
      for (const [term, wanted] of Object.entries(terms[i])) {
        const found = /** @type {any} */ (forward)[term];
        const tolerance = { rtol: i ? 1e-5 : 1e-12, atol: i ? 1e-5 : 1e-12 }; // weights are float32 after a step
        assertClose(typeof found === "number" ? [found] : found, [wanted].flat(), tolerance);
      }
      const back = backwardPass(machine, x, epsilon, setting, forward);
      if (i === 0) {
        assertEqual(Object.keys(back.sizes).sort(), Object.keys(sizes).sort());
        for (const [line, size] of Object.entries(back.sizes)) assertClose([size], [sizes[line]], { rtol: 1e-9 });
      }
      adam.step(back.slopes);
      assertClose(adam.weights.flatMap((row) => Array.from(row)), end, { rtol: 1e-5, atol: 1e-6 });
    });
  });
}

Deno.test("nothing flows into the noise, nor into the prior and X", () => {
  for (const { sizes } of numbers.anatomy) {
    const ends = Object.keys(sizes).map((line) => line.split(" ")[1]);
    for (const name of ["epsilon", "prior", "x"]) assert(!ends.includes(name), name);
  }
});

Deno.test("every name has its places in the equation and in the code, and these lead back to it", () => {
  for (const [i, name] of LINE_NODES.entries()) assertEqual(lineOf(name), i);
  EQUATION.forEach(([name], i) => assert(!name || piecesOf(name).includes(i), `${name} at ${i}`));
  for (const name of BOXES) {
    assert(lineOf(name) >= 0 && piecesOf(name).length > 0, name);
    assertEqual(boxesOf(name), [name]);
  }
});

Deno.test("each line of the way back is drawn, in a row and in a column", () => {
  for (const [lines, score] of [[WIDE, WIDE_SCORE], [TALL, TALL_SCORE]]) {
    const drawn = [...lines.map(({ from, to }) => `${to} ${from}`), ...score.map(({ from, to }) => `${from} ${to}`)];
    for (const { sizes } of numbers.anatomy) {
      for (const line of Object.keys(sizes)) assert(line.endsWith(" weights") || drawn.includes(line), line);
    }
    for (const { from, to } of lines) assert(BOXES.includes(from) && BOXES.includes(to), `${from} ${to}`);
  }
});

Deno.test("a line runs along the axes, from side to side, by its corners", () => {
  const boxes = {
    a: { left: 0, top: 0, width: 10, height: 20 },
    b: { left: 40, top: 30, width: 10, height: 10 },
  };
  const line = (/** @type {string} */ start, /** @type {string} */ end, way = /** @type {string[]} */ ([])) =>
    cornersOf(boxes, { from: "a", to: "b", start, end, way, label: "" });
  assertEqual(line("r.5", "l.5"), [[10, 10], [25, 10], [25, 35], [40, 35]]);
  assertEqual(line("r.5", "t.5"), [[10, 10], [45, 10], [45, 30]]);
  assertEqual(line("b.5", "t.5"), [[5, 20], [5, 25], [45, 25], [45, 30]]);
  assertEqual(line("b*", "b.5", ["y:b.b+7"]), [[45, 20], [45, 47], [45, 40]]);
  assertEqual(line("b.5", "b.5", ["y:b.b+7"]), [[5, 20], [5, 47], [45, 47], [45, 40]]);
});

Deno.test("a slope's size is short, and never nothing where there is one", () => {
  assertEqual([0, 0.0001234, 0.0123, 0.456, 1.234, 12.34, 99.97, 644.4].map(sized), [
    "0",
    "1e−4",
    "0.012",
    "0.46",
    "1.23",
    "12.3",
    "100",
    "644",
  ]);
});
