/** What a paragraph shows while it is written. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { markdown } from "#lib/markdown";
import { closeMarks } from "#lib/open_marks";

const shown = (source) => markdown.render(closeMarks(source)).trim();

test("what is open is closed", () => {
  assert.equal(shown("so **very"), "<p>so <strong>very</strong></p>");
  assert.equal(shown("so **very *much"), "<p>so <strong>very <em>much</em></strong></p>");
  assert.equal(shown("so ***very"), "<p>so <em><strong>very</strong></em></p>");
  assert.equal(shown("~~gone"), "<p><s>gone</s></p>");
  assert.equal(shown("run `make **te"), "<p>run <code>make **te</code></p>");
  assert.equal(shown("see [the man"), "<p>see the man</p>");
  assert.equal(shown("see [the manual](https://exam"), "<p>see the manual</p>");
  assert.equal(shown("- one\n- **two"), "<ul>\n<li>one</li>\n<li><strong>two</strong></li>\n</ul>");
});

test("what is closed, or was never opened, stays as it is", () => {
  const finished = [
    "**a *b*** c", "*a **b*** c", "2 * 3 * 4", "2*3 and snake_case_name", "\\*not", "`a` and `` b`c `` d", "a[0] = 1",
    "[a](https://example.org) b", "- [ ] task", "[^1] note", "***\n", "* item", "# Title", "```\n**code", "",
  ];
  for (const source of finished) assert.equal(shown(source), markdown.render(source).trim(), source);
});

test("no mark of a text shows at any point of its way", () => {
  const text = "A **bold _and quiet_ word**, `code` and ``more `of` it``, ~~gone~~, ***both*** and [a link](https://x.org/) on.";
  for (let at = 1; at <= text.length; at += 1) {
    const words = shown(text.slice(0, at)).replace(/<code>.*?<\/code>/g, "").replace(/<[^>]+>/g, "");
    assert.doesNotMatch(words, /[*_~`[\]()]/, text.slice(0, at));
  }
});
