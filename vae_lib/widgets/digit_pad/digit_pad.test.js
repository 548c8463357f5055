import { assert, assertClose, assertEqual, numbers } from "../../../tests/numbers.js";
import { Network } from "../shared/network.js";
import { enlarged, GRID, normalised } from "../shared/ink.js";

const { drawings, disc, digits, larger, encoder } = numbers.digit_pad;

/** Ink on the whole pad. @param {{top: number, left: number, rows: number[][]}} drawing */
function onThePad({ top, left, rows }) {
  const ink = new Float32Array(GRID * GRID);
  rows.forEach((row, y) => ink.set(row, (top + y) * GRID + left));
  return ink;
}

Deno.test("a drawing becomes what MNIST would have made of it", () => {
  // One level: ink of half a level may round to either side, as float32 and float64 add it up.
  for (const { drawn, wanted } of drawings) assertClose(normalised(onThePad(drawn)), wanted, { atol: 1 });
});

Deno.test("a box of 200 by 200 points shrinks as Pillow shrinks it, about the middle", () => {
  const picture = normalised(onThePad(disc.drawn));
  const lit = Array.from(picture.keys()).filter((i) => picture[i] > 0);
  const [rows, columns] = [lit.map((i) => Math.floor(i / 28)), lit.map((i) => i % 28)];
  const [top, left] = [Math.min(...rows), Math.min(...columns)];
  const box = Array.from({ length: 400 }, (_, i) => picture[(top + Math.floor(i / 20)) * 28 + left + (i % 20)]);
  assertClose(box, disc.wanted, { atol: 1 });
  const mass = picture.reduce((sum, value) => sum + value, 0);
  const center = [rows, columns].map((at) => lit.reduce((sum, i, k) => sum + at[k] * picture[i], 0) / mass);
  assertClose(center, [14, 14], { atol: 0.5 });
});

Deno.test("digits of MNIST have that form already", () => {
  for (const digit of digits) assertEqual(Array.from(normalised(enlarged(digit))), digit);
});

Deno.test("a digit drawn larger has nearly its own code", () => {
  const network = new Network(encoder.layers, new DataView(Uint8Array.from(encoder.weights).buffer));
  const far = larger.map((/** @type {any} */ { drawn, code }) => {
    const [x, y] = network.run(Float32Array.from(normalised(onThePad(drawn)), (value) => value / 255));
    return Math.hypot(x - code[0], y - code[1]);
  }).sort((/** @type {number} */ a, /** @type {number} */ b) => a - b);
  // Codes of all digits reach over seven; twice resampled strokes are a little softer, and so move a little.
  assert(far[4] < 0.25 && far.length === 10, `${far}`);
  // One of the ten may lie where the encoder is steep.
  assert(far[8] < 0.6, `${far}`);
});
