import { assert, assertClose, numbers } from "../../../tests/numbers.js";
import { crossings, divergence, logDensity, signedParts } from "./gaussians.js";

Deno.test("divergence, areas and crossings of two Gaussians", () => {
  for (const { a, b, kl, parts } of numbers.kl_explorer) {
    const { positive, negative } = signedParts(a, b);
    assertClose([divergence(a, b)], [kl], { rtol: 1e-6, atol: 1e-6 });
    assertClose([positive - negative, positive, negative], [kl, ...parts], { atol: 1e-3 });
    for (const z of crossings(a, b)) assert(Math.abs(logDensity(a, z) - logDensity(b, z)) < 1e-6);
  }
});
