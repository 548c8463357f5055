// The answer to an exercise: a field for each number or a button for each word, and below it the verdict.

import { bind } from "../shared/binding.js";
import { box, button, element, freshId, OWN_KEYS, radio, span } from "../shared/form.js";
import { mount } from "../shared/view.js";
import { fill, ShownError } from "../shared/words.js";
import { judge, parsed } from "./judge.js";

/** @import { Model, Scope } from "../shared/view.js" */
/** @import { Given, Rule } from "./judge.js" */

/**
 * @typedef {{element: HTMLElement, show(answer: Given | null): void}} Part what takes the answer
 * @typedef {{scope: Scope, words: Record<string, string>, rule: Rule, give(answer: Given): void,
 *   refuse(words: string): void}} Asked
 */

/** @param {{model: Model, el: HTMLElement}} view */
function render(view) {
  return mount(view, { kind: "vae-answer", anew: ["rule", "table"], followed: ["answer"] }, build);
}

/** @param {Model} model @param {HTMLElement} body @param {Scope} scope */
function build(model, body, scope) {
  const [words, rule, table] = ["words", "rule", "table"].map((name) => model.get(name));
  const verdict = element("p", { class: "vae-verdict", role: "status", "aria-live": "polite" });
  const say = (/** @type {boolean} */ right, /** @type {string} */ lead, /** @type {string} */ text) => {
    verdict.toggleAttribute("data-right", right);
    verdict.replaceChildren(...(text ? [element("b", {}, lead), " ", text] : []));
  };
  const asked = {
    scope,
    words,
    rule,
    give(/** @type {Given} */ answer) {
      if (!bound.move({ answer })) judged(answer);
    },
    refuse: (/** @type {string} */ text) => say(false, "", text),
  };
  const part = partOf(asked);
  const judged = (/** @type {Given | null} */ answer) => {
    const [text, right] = answer === null ? ["", false] : judge(rule, table, answer);
    say(right, right ? words.right : words.wrong, text);
  };
  const bound = bind(scope, model, {
    read: () => ({ answer: answerOf(model.get("answer"), rule) }),
    show({ answer }) {
      part.show(answer);
      judged(answer);
    },
  });
  body.replaceChildren(part.element, verdict);
  return bound.begin();
}

/** An answer of the rule's kind, or null. @param {any} answer @param {Rule} rule @returns {Given | null} */
function answerOf(answer, rule) {
  if (answer === null || answer === undefined) return null;
  const edge = rule.edge ?? 0;
  const fits = rule.choices?.some(([word]) => word === answer) ?? (rule.bands ? Number.isFinite(answer) : (
    Array.isArray(answer) && answer.length === 2 && answer.every((one) => Math.abs(one) <= edge)
  ));
  if (!fits) throw new ShownError("bad_answer", `no such answer: ${JSON.stringify(answer)}`);
  return answer;
}

/** @param {Asked} asked @returns {Part} */
function partOf(asked) {
  const { rule } = asked;
  const lists = [rule?.bands, rule?.choices, rule?.sayings];
  if (!lists.some((list) => Array.isArray(list) && list.length > 0)) {
    throw new ShownError("bad_answer", "a rule without what is right");
  }
  return rule.choices ? radios(asked) : fields(asked, rule.bands ? 1 : 2);
}

/** A radio button for each word. @param {Asked} asked @returns {Part} */
function radios({ scope, words, rule, give }) {
  const group = freshId();
  const options = (rule.choices ?? []).map(([word]) => ({ word, input: radio(scope, group, () => give(word)) }));
  const labels = options.map(({ word, input }) => element("label", {}, input, word));
  const legend = span("vae-answer-label", words.label);
  return {
    element: box("vae-answer-row", legend, ...labels),
    show: (answer) => options.forEach(({ word, input }) => (input.checked = word === answer)),
  };
}

/** A field for each number, and a button. @param {Asked} asked @param {number} count @returns {Part} */
function fields({ scope, words, rule, give, refuse }, count) {
  const names = count === 1 ? [words.label] : [words.first, words.second];
  const inputs = names.map(() =>
    element("input", { id: freshId(), inputmode: "decimal", autocomplete: "off", spellcheck: "false", ...OWN_KEYS })
  );
  const read = () => inputs.map((input) => parsed(input.value));
  const answer = () => {
    const numbers = read();
    const edge = rule.edge ?? Infinity;
    if (!numbers.every((number) => number !== null && Math.abs(number) <= edge)) {
      return refuse(fill(count === 1 ? words.no_number : words.no_place, { edge: `${edge}` }));
    }
    give(/** @type {Given} */ (count === 1 ? numbers[0] : numbers));
  };
  for (const input of inputs) {
    input.addEventListener("keydown", ({ key }) => key === "Enter" && answer(), { signal: scope.signal });
  }
  const labelled = inputs.flatMap((input, i) => [
    element("label", { class: "vae-answer-label", for: input.id }, names[i]),
    input,
  ]);
  const unit = rule.unit ? [element("span", { id: freshId() }, rule.unit)] : [];
  for (const { id } of unit) inputs.forEach((input) => input.setAttribute("aria-describedby", id));
  const row = box("vae-answer-row", ...labelled, ...unit, button(scope, words.check, answer));
  const show = (/** @type {Given | null} */ given) => {
    const now = given === null ? inputs.map(() => null) : [given].flat();
    const held = read();
    inputs.forEach((input, i) => {
      if (held[i] !== now[i]) input.value = now[i] === null ? "" : `${now[i]}`;
    });
  };
  return { element: row, show };
}

export default { render };
