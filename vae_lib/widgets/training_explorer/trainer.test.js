import { assert, assertClose, assertEqual, norm, numbers, same } from "../../../tests/numbers.js";
import { Learner } from "./learner.js";
import { Trainer } from "./thread.js";

const { images, plain, settings, gradients, library, steps, starts, elbo } = numbers.trainer;

function learner(hidden = 24, seed = 0) {
  return new Learner({ images: Uint8Array.from(images), brightest: 16, pixels: 64, hidden, batch: 64, seed });
}

for (const name of Object.keys(settings)) {
  Deno.test(`gradients and terms equal autograd: ${name}`, () => {
    const one = learner();
    gradients.points.forEach((/** @type {any} */ { parameters, pictures, noise }, /** @type {number} */ i) => {
      const wanted = gradients.wanted[name][i];
      one.take(parameters);
      const terms = one.terms(pictures, Float64Array.from(noise), settings[name]);
      one.backward(pictures.length, Float64Array.from(noise), settings[name]);
      assert(norm(one.gradient, wanted.gradient) <= 1e-9 * norm(wanted.gradient));
      assert(norm(wanted.gradient) > 0);
      assertClose(terms, wanted.terms, { rtol: 1e-10 });
    });
  });
}

Deno.test("the terms are those of the library", () => {
  const one = learner(64);
  /** @type {number[][]} */
  const [reconstruction, kl] = [[], []];
  one.inBatches((pictures) => {
    const first = 2 * pictures[0];
    one.terms(pictures, Float64Array.from(library.noise.slice(first, first + 2 * pictures.length)), plain);
    reconstruction.push(...one.reconstruction.subarray(0, pictures.length));
    kl.push(...one.kl.subarray(0, pictures.length));
  });
  assertClose(reconstruction, library.reconstruction, { rtol: 1e-10, atol: 1e-10 });
  assertClose(kl, library.kl, { rtol: 1e-10, atol: 1e-10 });
});

for (const [name, wanted] of Object.entries(steps)) {
  Deno.test(`a hundred steps follow torch: ${name}`, () => {
    const one = learner();
    const start = one.parameters.slice();
    const terms = wanted.orders.map((/** @type {number[]} */ order, /** @type {number} */ i) =>
      one.step(order, Float64Array.from(wanted.noises[i]), settings[name])
    );
    const moved = norm(wanted.parameters, start);
    assert(moved > 1);
    assert(norm(one.parameters, wanted.parameters) <= 1e-3 * moved); // steps multiply what rounding leaves
    assertClose(terms.flat(), wanted.terms.flat(), { rtol: 1e-3, atol: 1e-3 });
  });
}

for (const { seed, parameters, spread } of starts) {
  Deno.test(`Python knows the first weights: seed ${seed}`, () => {
    const found = learner(24, seed).parameters;
    assertClose(found, parameters, { rtol: 1e-12 });
    const first = found.subarray(0, 64 * 24).map(Math.abs);
    const mean = first.reduce((sum, value) => sum + value, 0) / first.length;
    assert(Math.max(...first) <= 64 ** -0.5);
    assertClose([norm(first.map((value) => value - mean)) / Math.sqrt(first.length)], [spread], { rtol: 0.1 });
  });
}

Deno.test("an epoch meets every digit once with fresh noise", () => {
  const one = learner(4);
  const step = one.step.bind(one);
  /** @type {number[][]} */
  const seen = [];
  /** @type {number[]} */
  const noise = [];
  one.step = (pictures, drawn, given) => {
    seen.push(Array.from(pictures));
    noise.push(...drawn);
    return step(pictures, drawn, given);
  };
  const ends = Array.from({ length: 2 * 29 }, () => one.next(plain) !== null);
  const lengths = [...new Array(28).fill(64), 5];
  assertEqual(seen.map((batch) => batch.length), [...lengths, ...lengths]);
  const [first, second] = [seen.slice(0, 29).flat(), seen.slice(29).flat()];
  assert(!same(first, second));
  for (const order of [first, second]) {
    assertEqual(order.toSorted((a, b) => a - b), Array.from({ length: 1797 }, (_, i) => i));
  }
  assertEqual(ends.flatMap((end, i) => (end ? [i] : [])), [28, 57]);
  assertEqual(noise.length, 2 * 2 * 1797);
  assertEqual(new Set(noise).size, noise.length);
  // Standard errors of the mean, the variance and the fourth power of 7,188 normal numbers, four times.
  const average = (/** @type {number[]} */ values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const mean = average(noise);
  assertClose([mean], [0], { atol: 4 / 7188 ** 0.5 });
  assertClose([average(noise.map((value) => (value - mean) ** 2))], [1], { atol: 4 * (2 / 7188) ** 0.5 });
  assertClose([average(noise.map((value) => value ** 4))], [3], { atol: 4 * (96 / 7188) ** 0.5 });
});

Deno.test("it learns as well as the library: thirty epochs, the means of two seeds within two nats", () => {
  const found = [0, 1].map((seed) => {
    const one = learner(64, seed);
    while (one.epoch < 30) one.next(plain);
    const [reconstruction, kl] = one.measure(plain);
    return reconstruction - kl;
  });
  assert((found[0] + found[1]) / 2 > elbo - 2, `${found}, and the library ${elbo}`);
});

Deno.test("the thread sends its next picture when the last is drawn", async () => {
  const real = performance.now;
  let now = 0;
  performance.now = () => now += 5; // a picture may come every 90
  /** @type {unknown[]} */
  const posted = [];
  const pass = async () => {
    for (const end = now + 500; now < end;) await new Promise((done) => setTimeout(done));
    return posted.length;
  };
  const trainer = new Trainer((/** @type {unknown} */ message) => posted.push(message), 6);
  const take = (/** @type {unknown} */ message) => trainer.hear(message);
  const task = { images: Uint8Array.from(images), brightest: 16, pixels: 64, hidden: 2, batch: 64, seed: 0 };
  take({ order: "start", number: 1, task, settings: plain, parameters: null, epoch: 0 });
  take({ order: "drawn", number: 2 });
  take({ order: "run", number: 3, epochs: Infinity });
  const counts = [await pass(), await pass()];
  for (const number of [4, 5]) {
    take({ order: "drawn", number });
    counts.push(await pass());
  }
  take({ order: "end", number: 6 });
  performance.now = real;
  assertEqual(counts, [2, 2, 3, 4]); // the first is that of the start
});
