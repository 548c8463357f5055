import { assert, assertClose, assertEqual, numbers } from "../../../tests/numbers.js";
import { halfFloats, normals } from "./numbers.js";

Deno.test("normals are Python's, in float64 and as float32", () => {
  for (const { seed, wanted } of numbers.numbers.normals) {
    assertClose(normals(seed, 1001), wanted.slice(0, 1001), { rtol: 1e-12, atol: 1e-12 });
    // The same formulas in float64: where one rounds the other way, float32 differs by its last digit.
    const [found, single] = [normals(seed, 8192), wanted].map((values) =>
      new Int32Array(Float32Array.from(values).buffer)
    );
    assertEqual(single.length, 8192);
    found.forEach((bits, i) => assert(Math.abs(bits - single[i]) <= 1));
  }
});

Deno.test("every half float is NumPy's", () => {
  const all = new DataView(Uint16Array.from({ length: 65536 }, (_, i) => i).buffer);
  // As text, where NaN and the infinities are too.
  assertEqual(
    Array.from(halfFloats(all), (value) => Number.isFinite(value) ? value : `${value}`),
    numbers.numbers.halves,
  );
});
