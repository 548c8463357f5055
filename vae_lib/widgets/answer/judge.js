// The check of an answer, by the numbers and words that Python has made.

import { fill } from "../shared/words.js";

/**
 * @typedef {[center: number, reach: number, words: string, right: boolean]} Band
 * @typedef {[word: string, words: string, right: boolean]} Choice
 * @typedef {[words: string, right: boolean]} Saying
 * @typedef {{bands?: Band[], beyond?: [string, string], unit?: string, choices?: Choice[], sayings?: Saying[],
 *   edge?: number}} Rule of a number, of a choice, or of a place, whose table says which saying holds at each tenth
 * @typedef {number | string | number[]} Given
 */

/** A number as Python's `.4g` writes it. @param {number} number */
export function short(number) {
  const [digits, power] = number.toExponential(3).split("e");
  const size = Math.abs(Number(power));
  if (Number(power) >= -4 && Number(power) < 4) return `${Number(number.toPrecision(4))}`;
  return `${Number(digits)}e${power[0]}${`${size}`.padStart(2, "0")}`;
}

/** A number, or a fraction of two; null for any other text. @param {string} text */
export function parsed(text) {
  const parts = text.replaceAll("−", "-").split("/").map((part) => part.trim());
  if (parts.length > 2 || !parts.every((part) => /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(part))) return null;
  const number = parts.map(Number).reduce((one, other) => one / other);
  return Number.isFinite(number) ? number : null;
}

/** A number to a tenth, as Python reads a place. @param {number} number */
const tenths = (number) => Math.floor(10 * number + 0.5);

/** @param {Rule} rule @param {number} number @returns {Saying} */
function ofNumber({ bands = [], beyond = ["", ""] }, number) {
  for (const [center, reach, words, right] of bands) {
    if (Math.abs(number - center) <= reach) return [words, right];
  }
  const words = beyond[number > bands[0][0] ? 1 : 0];
  return [fill(words, { number: short(number) }), false];
}

/** @param {Rule} rule @param {DataView} table @param {number[]} place @returns {Saying} */
function ofPlace({ sayings = [], edge = 0 }, table, place) {
  const [column, row] = place.map((number) => tenths(number) + 10 * edge);
  const [words, right] = sayings[table.getUint8(column * (20 * edge + 1) + row)];
  return [fill(words, { z: `[${place.map((number) => short(tenths(number) / 10)).join(", ")}]` }), right];
}

/**
 * What is said to an answer, and whether it is right.
 * @param {Rule} rule @param {DataView} table @param {Given} answer @returns {Saying}
 */
export function judge(rule, table, answer) {
  if (Array.isArray(answer)) return ofPlace(rule, table, answer);
  if (typeof answer === "number") return ofNumber(rule, answer);
  const [, words, right] = /** @type {Choice} */ (rule.choices?.find(([word]) => word === answer));
  return [words, right];
}
