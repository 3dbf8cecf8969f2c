/** However a text is cut, its blocks come out as those of the whole text. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Blocks } from "#lib/blocks";
import { markdown } from "#lib/markdown";

const SAMPLES = [
  "# Title\n\nA paragraph with *emphasis*, `code` and a [link](https://example.org).\nIt goes on.\n\nAnother.\n",
  "- one\n- two\n  - deep\n\n    more of deep\n- three\n\n1. first\n2. second\n\nafter the lists",
  "```python\ndef f():\n\n    return `1`\n```\ntext\n\n~~~~\ntilde ``` inside\n~~~\n~~~~\n\nlast",
  "| a | b |\n|---|:-:|\n| 1 | 2 |\n| 3 | 4 |\n\ntext\n| not | a table |\nmore\n| a |\n|---|\n| b |\n",
  "> quoted\nlazily continued\n> > deeper\n\n> another\n\n    indented code\n\n    goes on\n\ntext\n",
  "heading\n===\n\nheading two\n---\n\nparagraph\n***\n- list\n-\n\n* other list\n+ third\n",
  "para\n#notaheading\n# heading\npara\n1. list\n2) other\npara\n- x\n\n\n\n- y\n",
  "windows\r\nline ends\r\n\r\n- a\r\n- b\r\rold mac\r\n```\r\ncode\r\n```\r\n",
  "- ```js\n  code in a list\n  ```\n- > quote in a list\n  > on\n\n  para in a list\n\nout",
  "unclosed fence\n\n```rust\nfn main() {\n\n  let s = \"```\";\n",
  "text $a_1$ and \\(b\\):\n$$\na\n- b\n$$\nmore\n\n\\[ x = 1 \\]\n\n$$ never closed\n\n> $$\n> y\n> $$\n",
  "One[^1] and two[^note].\n\n[^1]: A *note*\n    goes on\n\n    - with a list\n[^note]: another\n\nlast\n",
  "<script>alert(1)</script>\n\n<div>\n\nnot html\n\n</div>\n\n![image](https://example.org/x.png)\n",
];

function rendered(pieces) {
  const blocks = new Blocks();
  let html = "";
  for (const piece of pieces) {
    blocks.push(piece);
    html += blocks.close();
  }
  blocks.end();
  return html + blocks.close() + blocks.open();
}

/** A generator of the same numbers every time. */
function* numbers(seed) {
  for (let n = seed; ; ) {
    n = (n * 1103515245 + 12345) % 2147483648;
    yield n / 2147483648;
  }
}

test("one character at a time gives the blocks of the whole", () => {
  for (const text of SAMPLES) assert.equal(rendered([...text]), markdown.render(text));
});

test("every text cut in two gives the blocks of the whole", () => {
  for (const text of SAMPLES) {
    const whole = markdown.render(text);
    for (let at = 0; at <= text.length; at += 1) assert.equal(rendered([text.slice(0, at), text.slice(at)]), whole);
  }
});

test("texts made of random lines, cut at random, give the blocks of the whole", () => {
  const lines = SAMPLES.join("\n").split("\n").concat(["", "", "", "-", "#", "===", "---", "|", "  x", "    y", "\ty"]);
  const random = numbers(7);
  const pick = (list) => list[Math.floor(random.next().value * list.length)];
  for (let round = 0; round < 1500; round += 1) {
    const text = Array.from({ length: 12 }, () => pick(lines)).join("\n");
    const pieces = text.match(/[^]{1,9}/g) ?? [];
    assert.equal(rendered(pieces), markdown.render(text), JSON.stringify(text));
  }
});

test("a closed block leaves the tail, so the work does not grow with the text", () => {
  const blocks = new Blocks();
  for (let n = 0; n < 500; n += 1) {
    blocks.push(`Paragraph ${n} with some words in it.\n\n`);
    blocks.close();
    assert.ok(blocks.tail.length < 100);
  }
});

test("a link defined later is known to the whole", () => {
  const blocks = new Blocks();
  blocks.push("[a]\n\n[a]: https://example.org\n\nx\n\ny\n");
  blocks.close();
  assert.ok(blocks.defines);
});
