// Multiple choice: native radio buttons, and below them the reason of the answer that is chosen.

import { bind } from "../shared/binding.js";
import { element, freshId, paragraph, radio, span } from "../shared/form.js";
import { mount } from "../shared/view.js";
import { fill, ShownError } from "../shared/words.js";

/** @import { Model, Scope } from "../shared/view.js" */

/**
 * @typedef {[tag: string, text: string]} Piece
 * @typedef {{text: Piece[], answers: {text: Piece[], reason: Piece[], right: boolean}[]}} Question
 */

const TAGS = /** @type {const} */ (["i", "sub", "sup", "code"]);

/** @param {any} pieces @returns {pieces is Piece[]} */
function isText(pieces) {
  return Array.isArray(pieces) && pieces.length > 0 &&
    pieces.every((piece) =>
      Array.isArray(piece) && piece.length === 2 && piece.every((part) => typeof part === "string")
    );
}

/** @param {any} questions @returns {Question[]} */
function checkedQuestions(questions) {
  const fits = Array.isArray(questions) && questions.length > 0 &&
    questions.every((question) =>
      isText(question?.text) && Array.isArray(question.answers) && question.answers.length > 0 &&
      question.answers.every((/** @type {any} */ answer) => isText(answer?.text) && isText(answer.reason))
    );
  if (!fits) throw new ShownError("bad_questions", "questions without a text, an answer or a reason");
  return questions;
}

/** Only the tags of the list are made; any other text is text. @param {Piece[]} pieces @returns {(Node | string)[]} */
function marked(pieces) {
  return pieces.map(([tag, text]) => {
    const known = TAGS.find((one) => one === tag);
    return known ? element(known, {}, text) : text;
  });
}

/** @param {{model: Model, el: HTMLElement}} view */
function render(view) {
  return mount(view, { kind: "vae-questions", anew: ["questions"], followed: ["chosen"] }, build);
}

/** @param {Model} model @param {HTMLElement} body @param {Scope} scope */
function build(model, body, scope) {
  const words = model.get("words");
  const questions = checkedQuestions(model.get("questions"));
  const asked = questions.map((question, i) =>
    fieldset(scope, words, question, questions.length > 1 ? `${i + 1}. ` : "", (place) => {
      bound.move({ chosen: bound.now.chosen.map((was, at) => (at === i ? place : was)) });
    })
  );
  const score = paragraph("vae-score");
  const bound = bind(scope, model, {
    read: () => ({ chosen: chosenOf(model, questions) }),
    show({ chosen }) {
      asked.forEach(({ show }, i) => show(chosen[i]));
      const right = chosen.filter((place, i) => questions[i].answers[place]?.right).length;
      score.textContent = fill(words.score, { right: `${right}`, count: `${questions.length}` });
    },
  });
  const fieldsets = asked.map((one) => one.element);
  if (fieldsets.length === 1) body.replaceChildren(...fieldsets); // one question says by itself what it asks and got
  else body.replaceChildren(paragraph("vae-hint", words.hint), ...fieldsets, score);
  return bound.begin();
}

/**
 * The places of the answers that are chosen, -1 for none.
 * @param {Model} model @param {Question[]} questions @returns {number[]}
 */
function chosenOf(model, questions) {
  const chosen = model.get("chosen");
  const fits = Array.isArray(chosen) && chosen.length === questions.length &&
    chosen.every((place, i) => Number.isInteger(place) && place >= -1 && place < questions[i].answers.length);
  if (!fits) throw new ShownError("bad_questions", `no such answers: ${JSON.stringify(chosen)}`);
  return chosen;
}

/**
 * A question with its answers, and below them the reason of the one that is chosen.
 * @param {Scope} scope @param {Record<string, string>} words @param {Question} question @param {string} number
 * @param {(place: number) => void} choose
 */
function fieldset(scope, words, { text, answers }, number, choose) {
  const group = freshId();
  const inputs = answers.map((_, place) => radio(scope, group, () => choose(place)));
  const rows = answers.map((answer, place) => element("label", {}, inputs[place], span("", ...marked(answer.text))));
  const verdict = element("p", { class: "vae-verdict", role: "status", "aria-live": "polite" });
  const legend = element("legend", {}, number, ...marked(text));
  /** @type {number | undefined} */
  let now;
  const show = (/** @type {number} */ place) => {
    if (place === now) return; // what has been said is not said again
    now = place;
    inputs.forEach((input, at) => (input.checked = at === place));
    const answer = answers[place];
    verdict.toggleAttribute("data-right", !!answer?.right);
    verdict.replaceChildren(
      ...(answer ? [element("b", {}, answer.right ? words.right : words.wrong), " ", ...marked(answer.reason)] : []),
    );
  };
  return { element: element("fieldset", {}, legend, ...rows, verdict), show };
}

export default { render };
