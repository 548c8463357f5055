// Transposed convolutions, 4 by 4, that double height and width: PyTorch's with a stride of 2 and a padding of 1.

/** @import { Layer } from "./network.js" */

const KERNEL = 4;

/** Its sizes, and how many bytes its weight and all of it take. @param {Layer} layer */
export function convolution({ inputs, outputs, doubles = [] }) {
  const [depth, height, width] = doubles;
  const maps = outputs / (4 * height * width);
  const weights = 2 * depth * maps * KERNEL ** 2;
  if (depth * height * width !== inputs || !Number.isInteger(maps)) {
    return { depth, height, width, maps, weights, bytes: -1 };
  }
  return { depth, height, width, maps, weights, bytes: weights + 2 * maps };
}

/**
 * What each number of the maps below adds to the four by four about it.
 * @param {ReturnType<typeof convolution>} sizes @param {Float32Array} weight (depth, maps, 4, 4)
 * @param {Float32Array} bias @param {Float32Array} output (maps, 2 height, 2 width)
 */
export function doubled({ depth, height, width, maps }, weight, bias, output) {
  const [rows, columns] = [2 * height, 2 * width];
  return (/** @type {Float32Array} */ values) => {
    for (let map = 0; map < maps; map++) output.fill(bias[map], map * rows * columns, (map + 1) * rows * columns);
    for (let at = 0; at < depth * height * width; at++) {
      const column = at % width;
      const row = Math.floor(at / width) % height;
      const from = Math.floor(at / (width * height)) * maps;
      for (let map = 0; map < maps; map++) {
        for (let i = 0; i < KERNEL; i++) {
          const y = 2 * row - 1 + i;
          if (y < 0 || y >= rows) continue;
          for (let j = 0; j < KERNEL; j++) {
            const x = 2 * column - 1 + j;
            if (x < 0 || x >= columns) continue;
            output[(map * rows + y) * columns + x] += values[at] * weight[((from + map) * KERNEL + i) * KERNEL + j];
          }
        }
      }
    }
  };
}
