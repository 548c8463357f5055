// What is said: numbers as text, sentences with names in braces, an error that the reader is told about.

import { clamp } from "./numbers.js";

/** A number with a true minus sign and no negative zero. @param {number} value @param {number} [digits] */
export function shownNumber(value, digits = 2) {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

/**
 * With commas between thousands: 4,096.
 * @param {number} value @param {number} [digits] after the point, brought within 0 to 4
 */
export function grouped(value, digits = 0) {
  const [whole, ...rest] = shownNumber(value, clamp(digits, 0, 4)).split(".");
  return [whole.replace(/\B(?=(\d{3})+$)/g, ","), ...rest].join(".");
}

/** Fills the names in braces. @param {string} text @param {Record<string, string>} values */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** An error that the reader is told about, in the words of `words[word]`. */
export class ShownError extends Error {
  /** @param {string} word @param {string} details */
  constructor(word, details) {
    super(details);
    this.word = word;
  }
}
