// What the tests of modules share: numbers that PyTorch, SciPy and NumPy made (tests/test_modules.py), and closeness.

import assert from "node:assert/strict";

/** @type {Record<string, any>} by module */
export const numbers = JSON.parse(
  Deno.readTextFileSync(Deno.env.get("VAE_NUMBERS") ?? "run-pytest-tests/test_modules.py"),
);

/**
 * Each number is as near to the wanted one as the larger tolerance says.
 * @param {ArrayLike<number>} found @param {ArrayLike<number>} wanted @param {{rtol?: number, atol?: number}} tolerance
 */
export function assertClose(found, wanted, { rtol = 0, atol = 0 }) {
  assert.equal(found.length, wanted.length);
  for (let i = 0; i < wanted.length; i++) {
    const near = Math.abs(found[i] - wanted[i]) <= Math.max(atol, rtol * Math.abs(wanted[i]));
    assert.ok(near, `number ${i} is ${found[i]}, not ${wanted[i]}`);
  }
}

/** The length of a row of numbers, or of the way from another to it. @param {ArrayLike<number>} row @param {ArrayLike<number>} [from] */
export function norm(row, from) {
  let squares = 0;
  for (let i = 0; i < row.length; i++) squares += (row[i] - (from?.[i] ?? 0)) ** 2;
  return Math.sqrt(squares);
}
