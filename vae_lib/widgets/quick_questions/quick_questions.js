// Multiple choice: native radio buttons, and below them the reason of the answer that is chosen.

import { element, freshId, OWN_KEYS } from "../shared/form.js";
import { mount, tell } from "../shared/view.js";
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
  /** @returns {number[]} */
  const given = () => {
    const chosen = model.get("chosen");
    const fits = Array.isArray(chosen) && chosen.length === questions.length &&
      chosen.every((place, i) => Number.isInteger(place) && place >= -1 && place < questions[i].answers.length);
    if (!fits) throw new ShownError("bad_questions", `no such answers: ${JSON.stringify(chosen)}`);
    return chosen;
  };
  /** What is shown; none of it yet. @type {(number | undefined)[]} */
  let now = questions.map(() => undefined);
  const chosen = given();

  const asked = questions.map(({ text, answers }, i) => {
    const name = freshId();
    const inputs = answers.map((_, place) => {
      const input = element("input", { type: "radio", name, ...OWN_KEYS });
      input.addEventListener("change", () => choose(i, place), { signal: scope.signal });
      return input;
    });
    const rows = answers.map((answer, place) =>
      element("label", {}, inputs[place], element("span", {}, ...marked(answer.text)))
    );
    const verdict = element("p", { class: "vae-verdict", role: "status", "aria-live": "polite" });
    const legend = element("legend", {}, `${i + 1}. `, ...marked(text));
    return { element: element("fieldset", {}, legend, ...rows, verdict), inputs, verdict };
  });
  const score = element("p", { class: "vae-score" });
  body.replaceChildren(element("p", { class: "vae-hint" }, words.hint), ...asked.map((one) => one.element), score);

  /** @param {number[]} next */
  const show = (next) => {
    asked.forEach(({ inputs, verdict }, i) => {
      const place = next[i];
      if (place === now[i]) return; // what has been said is not said again
      inputs.forEach((input, at) => (input.checked = at === place));
      const answer = questions[i].answers[place];
      verdict.toggleAttribute("data-right", !!answer?.right);
      verdict.replaceChildren(
        ...(answer ? [element("b", {}, answer.right ? words.right : words.wrong), " ", ...marked(answer.reason)] : []),
      );
    });
    now = next;
    const right = next.filter((place, i) => questions[i].answers[place]?.right).length;
    score.textContent = fill(words.score, { right: `${right}`, count: `${questions.length}` });
  };
  /** By the reader's hand. @param {number} question @param {number} place */
  const choose = (question, place) => {
    const next = given().map((was, i) => (i === question ? place : was));
    show(next);
    tell(scope, model, { chosen: next });
  };
  show(chosen);
  return () => show(given());
}

export default { render };
