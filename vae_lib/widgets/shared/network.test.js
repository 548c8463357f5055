import { assertClose, assertEqual, numbers } from "../../../tests/numbers.js";
import { ACTIVATIONS, Network } from "./network.js";

Deno.test("it computes every activation that Python names", () => {
  const networks = numbers.network.slice(0, -1).map((/** @type {any} */ each) => each.layers[0].activation);
  assertEqual(Object.keys(ACTIVATIONS).filter((name) => name !== "identity").sort(), networks.sort());
});

for (const { layers, weights, inputs, wanted } of numbers.network) {
  const kind = layers.some((/** @type {any} */ { doubles }) => doubles) ? "convolutions" : layers[0].activation;
  Deno.test(`a network of ${kind} is torch's`, () => {
    const network = new Network(layers, new DataView(Uint8Array.from(weights).buffer));
    inputs.forEach((/** @type {number[]} */ input, /** @type {number} */ i) => {
      assertClose(network.run(input), wanted[i], { rtol: 1e-5, atol: 1e-5 });
    });
  });
}
