import { assert, assertClose, assertEqual, numbers } from "../../../tests/numbers.js";
import { barsBetween, shades } from "../shared/layers.js";
import { cornerOf, timesLarger } from "./map.js";
import { along, tour } from "./tour.js";

Deno.test("a walk goes along its line at one speed, and ends at its end", () => {
  const { line, lengths, places } = numbers.machine;
  lengths.forEach((/** @type {number} */ length, /** @type {number} */ i) =>
    assertClose(along(line, length).at, places[i], { atol: 1e-12 })
  );
});

Deno.test("a tour calls at every digit once, at the nearest first", () => {
  const stops = [[3, 0], [1, 0], [-2, 0], [1.5, 0]].map((at, digit) => ({ digit, at }));
  assertEqual(tour([0, 0], stops).map(({ digit }) => digit), [1, 3, 0, 2]);
  assertEqual(stops.length, 4);
});

Deno.test("bars are as long as their layers are wide, but for those of few units", () => {
  const layers = [128, 64, 4].map((length) => new Float32Array(length));
  const bars = barsBetween(layers, 10, 50, 100, 160);
  assertClose(bars.map(({ height }) => height), [160, 80, 20], {});
  assertClose(bars.map(({ x }) => x), [10, 30, 50], {});
  for (const { top, height } of bars) assertClose([top + height / 2], [100], {});
});

Deno.test("a unit is lit by the root of its size; a layer that is silent is dark", () => {
  assertClose(shades([0, -4, 1]), [0, 1, 0.5], {});
  assertEqual(shades([0, 0]), [0, 0]);
});

Deno.test("Q fits into the lens, which stands away from z", () => {
  for (const radii of [[0.5, 1], [1, 2], [0.1, 0.2], [5, 4]]) {
    const times = timesLarger(radii, 30);
    assert(times > 1 && 2 * Math.max(...radii) * times <= 30, `${times} times`);
  }
  assertEqual(timesLarger([20, 3], 30), 1);
  const corner = cornerOf(200, 30, [[40, 40]], undefined);
  assertEqual(corner, [165, 165]);
  assertEqual(cornerOf(200, 30, [[165, 35]], corner), corner);
  assertEqual(cornerOf(200, 30, [[165, 165]], corner), [35, 35]);
});
