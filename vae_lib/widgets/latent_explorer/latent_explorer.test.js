import { assert, assertClose, assertEqual, numbers } from "../../../tests/numbers.js";
import { Network } from "../shared/network.js";
import { Plane } from "../shared/plane.js";
import { Backdrop } from "./backdrop.js";
import { Buckets } from "./near.js";

/** @import { Scope } from "../shared/view.js" */

Deno.test("the nearest of ten thousand codes, and few are looked at", () => {
  const { points, extent, places, nearest } = numbers.latent_explorer.buckets;
  const buckets = new Buckets(Float32Array.from(points), extent);
  places.forEach((/** @type {[number, number]} */ place, /** @type {number} */ i) => {
    const index = buckets.nearest(place, 0.14);
    assertEqual(index === -1, nearest[i] === null);
    if (index === -1) return;
    const distance = Math.hypot(points[2 * index] - place[0], points[2 * index + 1] - place[1]);
    assertClose([distance], [nearest[i]], { atol: 1e-6 });
  });
  const { hypot } = Math;
  let looks = 0;
  Math.hypot = (...sides) => {
    looks++;
    return hypot(...sides);
  };
  try {
    for (const place of places) buckets.nearest(place, 0.14);
  } finally {
    Math.hypot = hypot;
  }
  assert(looks < (0.1 * places.length * points.length) / 2, `${looks} looks`);
});

Deno.test("every pixel of the backdrop, in short tasks", async () => {
  const { layers, weights, wanted } = numbers.latent_explorer.backdrop;
  const network = new Network(layers, new DataView(Uint8Array.from(weights).buffer));
  // A clock that only decoding moves: 3 ms for each picture.
  const [later, run, now] = [globalThis.setTimeout, network.run.bind(network), performance.now];
  let clock = 0;
  /** @type {number[]} */
  const tasks = [];
  performance.now = () => clock;
  network.run = (input) => {
    clock += 3;
    return run(input);
  };
  Object.assign(globalThis, {
    document: { createElement: () => ({}) },
    setTimeout: (/** @type {() => void} */ task) =>
      later(() => {
        const start = clock;
        task();
        tasks.push(clock - start);
      }),
  });
  const backdrop = new Backdrop(/** @type {Scope} */ (/** @type {unknown} */ ({ onEnd() {} })), network, {
    height: 28,
    width: 28,
    channels: 1,
    numbers: 784,
    columns: [],
  });
  await new Promise((ready) => backdrop.prepare(new Plane(3, 400), () => ready(null)));
  await new Promise((done) => later(done, 0));
  Object.assign(globalThis, { document: undefined, setTimeout: later });
  performance.now = now;
  const { columns, rows, values } = /** @type {NonNullable<typeof backdrop.grid>} */ (backdrop.grid);
  assertEqual([columns, rows], [13, 13]);
  assertEqual(tasks.reduce((sum, task) => sum + task, 0), 3 * 13 * 13);
  assert(Math.max(...tasks) <= 12);
  for (let cell = 0; cell < 13 * 13; cell++) {
    const [left, top] = [30 * (cell % 13) + 1, 30 * Math.floor(cell / 13) + 1];
    const found = Array.from({ length: 784 }, (_, i) => values[(top + Math.floor(i / 28)) * 390 + left + (i % 28)]);
    assertClose(found, wanted[cell], { atol: 2 });
  }
});
