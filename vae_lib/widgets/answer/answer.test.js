import { assertEqual, numbers } from "../../../tests/numbers.js";
import { judge, parsed, short } from "./judge.js";

for (const { question, rule, table, verdicts } of numbers.answer.questions) {
  Deno.test(`the page judges "${question}" as Python does`, () => {
    const bytes = new DataView(Uint8Array.from(table).buffer);
    for (const { answer, passed, words } of verdicts) {
      const [said, right] = judge(rule, bytes, answer);
      assertEqual([answer, right, said], [answer, passed, words]);
    }
  });
}

Deno.test("numbers are written as Python writes them", () => {
  for (const [number, text] of numbers.answer.written) assertEqual(short(number), text);
});

Deno.test("a number may have a sign, a point, an exponent or be a fraction, and nothing else", () => {
  const texts = ["0.5", " 3 ", "−3", "-.25", "+2.", "1e-3", "1/64", " 96 / 18", "−1/4"];
  assertEqual(texts.map(parsed), [0.5, 3, -3, -0.25, 2, 1e-3, 1 / 64, 96 / 18, -0.25]);
  for (const text of ["", " ", "0,5", "two", "1 2", "1/0", "1//2", "1/2/3", "0x10", "Infinity", "1e999", "5 %"]) {
    assertEqual(parsed(text), null);
  }
});
