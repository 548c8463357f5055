// What the tests of modules share: numbers that PyTorch, SciPy and NumPy made (tests/test_modules.py), and closeness.

/** @type {Record<string, any>} by module */
export const numbers = JSON.parse(
  Deno.readTextFileSync(Deno.env.get("VAE_NUMBERS") ?? "run-pytest-tests/test_modules.py"),
);

/** @param {boolean} holds @param {string} [said] */
export function assert(holds, said = "it does not hold") {
  if (!holds) throw new Error(said);
}

/** Whether two values, or all those of two lists, are one. @param {any} one @param {any} other @returns {boolean} */
export function same(one, other) {
  if (!Array.isArray(one) || !Array.isArray(other)) return Object.is(one, other);
  return one.length === other.length && one.every((value, i) => same(value, other[i]));
}

/** @param {any} found @param {any} wanted */
export function assertEqual(found, wanted) {
  assert(same(found, wanted), `${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`);
}

/**
 * Each number is as near to the wanted one as the larger tolerance says.
 * @param {ArrayLike<number>} found @param {ArrayLike<number>} wanted @param {{rtol?: number, atol?: number}} tolerance
 */
export function assertClose(found, wanted, { rtol = 0, atol = 0 }) {
  assertEqual(found.length, wanted.length);
  for (let i = 0; i < wanted.length; i++) {
    const near = Math.abs(found[i] - wanted[i]) <= Math.max(atol, rtol * Math.abs(wanted[i]));
    assert(near, `number ${i} is ${found[i]}, not ${wanted[i]}`);
  }
}

/** The length of a row of numbers, or of the way from another to it. @param {ArrayLike<number>} row @param {ArrayLike<number>} [from] */
export function norm(row, from) {
  let squares = 0;
  for (let i = 0; i < row.length; i++) squares += (row[i] - (from?.[i] ?? 0)) ** 2;
  return Math.sqrt(squares);
}
