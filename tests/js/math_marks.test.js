/** What is a formula, and what only has a dollar in it. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { markdown } from "#lib/markdown";

const formulas = (text) =>
  [...markdown.render(text, {}).matchAll(/<(?:span|p) class="math[^"]*">([^<]*)</g)].map(([, tex]) => tex.trim());

test("each of the four ways to write a formula is one", () => {
  assert.deepEqual(formulas("$x^2$, \\(y\\), $$z = 1$$ and \\[w_1\\]"), ["x^2", "y", "z = 1", "w_1"]);
  assert.deepEqual(formulas("text:\n$$\na\n- b\n$$\nmore"), ["a\n- b"]);
  assert.deepEqual(formulas("- item\n  \\[\n  x\n  \\]\n"), ["x"]);
});

test("marks of emphasis in a formula are no emphasis", () => {
  assert.deepEqual(formulas("$a_1*b_2*c$"), ["a_1*b_2*c"]);
});

const PLAIN = [
  "It costs $5 and $10.",
  "US$5, or $5 (US$)",
  "between $5–$10",
  "$1,000 million$ or so",
  "$HOME/$USER in $PATH",
  "\\$x$",
  "`$x$`",
  "$ x $",
  "\\[a note\\] in the text",
  "$$ never closed",
  "```\n$x$\n```",
];
for (const text of PLAIN) {
  test(`no formula: ${JSON.stringify(text)}`, () => assert.deepEqual(formulas(text), []));
}

test("a formula is text until it is drawn", () => {
  assert.match(markdown.render("$<img src=x>_1$", {}), /<span class="math">&lt;img src=x&gt;_1<\/span>/);
});
