// A way over the map, from digit to digit.

/** @typedef {{digit: number, at: number[]}} Stop */

/** All stops, from a place always on to the nearest that is left. @param {number[]} from @param {Stop[]} stops */
export function tour(from, stops) {
  const left = [...stops];
  const way = [];
  let at = from;
  while (left.length) {
    const far = (/** @type {Stop} */ stop) => Math.hypot(stop.at[0] - at[0], stop.at[1] - at[1]);
    const next = left.reduce((best, one) => (far(one) < far(best) ? one : best));
    left.splice(left.indexOf(next), 1);
    way.push(next);
    at = next.at;
  }
  return way;
}

/**
 * The point that is `length` along a line through points, and how many of them it has passed.
 * @param {number[][]} line
 * @param {number} length
 */
export function along(line, length) {
  let rest = length;
  for (let i = 1; i < line.length; i++) {
    const [from, to] = [line[i - 1], line[i]];
    const piece = Math.hypot(to[0] - from[0], to[1] - from[1]);
    if (rest < piece) {
      return { at: from.map((value, axis) => value + ((to[axis] - value) * rest) / piece), passed: i - 1 };
    }
    rest -= piece;
  }
  return { at: line[line.length - 1], passed: line.length - 1 };
}
