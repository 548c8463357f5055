import { assert, assertClose, assertEqual, numbers } from "../../../tests/numbers.js";
import {
  estimateAxis,
  estimates,
  exactGradient,
  exactVariances,
  histogram,
  moments,
  threeDigits,
} from "./estimates.js";
import { normals } from "../shared/numbers.js";
import { grouped } from "../shared/words.js";

for (const { setting, gradient, variances, kinds } of numbers.reparameterization_explorer) {
  Deno.test(`estimates and their histograms at ${JSON.stringify(setting)}`, () => {
    assertClose([exactGradient(setting)], [gradient], { rtol: 1e-6, atol: 1e-12 });
    const [low, high] = estimateAxis(setting);
    assert(low <= 0 && high >= 0);
    const found = exactVariances(setting);
    assertEqual(Object.keys(found), Object.keys(kinds));
    for (const [name, wanted] of Object.entries(kinds)) {
      const kind = /** @type {"score" | "pathwise"} */ (name);
      assertClose([found[kind]], [variances[kind]], { rtol: 1e-12 });
      const values = estimates(kind, normals(3, 500), setting);
      assertClose(values, wanted.values, { rtol: 1e-9, atol: 1e-9 });
      const { mean, variance, error } = moments(values);
      assertClose([mean], [wanted.mean], { rtol: 1e-9, atol: 1e-9 });
      assertClose([variance, error], [wanted.variance, wanted.error], { rtol: 1e-9 });
      const { bins, left, right } = histogram(values, low, high);
      const edge = (/** @type {number} */ i) => (i === bins.length ? high : low + (i * (high - low)) / bins.length);
      const counts = Array.from(
        bins,
        (_, i) =>
          wanted.values.filter((/** @type {number} */ v) => v >= edge(i) && (v < edge(i + 1) || v === high)).length,
      );
      assertEqual(Array.from(bins), counts);
      assertEqual(left, wanted.values.filter((/** @type {number} */ value) => value < low).length);
      assertEqual(right, wanted.values.filter((/** @type {number} */ value) => value > high).length);
      // Each end leaves out 1 in 100 at most; 0.002 is six standard errors of the 200,000 draws behind the quantiles.
      assert(low <= wanted.low && high >= wanted.high);
    }
  });
}

Deno.test("the axis that test_bars_stand_where_the_draws_fall looks at", () => {
  assertEqual(estimateAxis({ mu: 1, sigma: 1, wrt: "mu", samples: 0, seed: 0 }), [-5, 30]);
});

Deno.test("numbers are written to three digits, with commas", () => {
  assertEqual([grouped(205654.4, 0), grouped(-1234.5, 1), grouped(0.0443, 4)], ["205,654", "−1,234.5", "0.0443"]);
  assertEqual([0, 8226.15, 0.04, -29.96].map(threeDigits), ["0", "8,226", "0.0400", "−30.0"]);
});
