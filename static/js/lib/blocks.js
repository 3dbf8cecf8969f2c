/** Markdown that grows: which of its top-level blocks can no longer change, and what is still open. */

import { markdown } from "#lib/markdown";

const references = () => Object.create(null);

/**
 * Text goes in by pieces of any size; whatever the pieces were, the blocks that come out are those of the
 * whole text. A block is closed once another has begun after it on a whole line: CommonMark decides line by
 * line and only the last open block can still take a line.
 */
export class Blocks {
  /** The source that is still open: the last block and what is before it without being one. */
  tail = "";
  #env = { references: references() };
  #held = "";
  #judged = 0;

  /** Whether links were defined: they count for the blocks before them, too. */
  get defines() {
    for (const _ in this.#env.references) return true;
    return false;
  }

  push(piece) {
    const text = this.#held + piece;
    // A carriage return may be half of a line's end.
    this.#held = text.endsWith("\r") ? "\r" : "";
    this.tail += text.slice(0, text.length - this.#held.length).replace(/\r\n?/g, "\n");
  }

  /** @returns {string} the HTML of the blocks that were closed since the last call; they leave the tail */
  close() {
    const whole = this.tail.lastIndexOf("\n") + 1;
    if (whole === this.#judged) return "";
    this.#judged = whole;
    const line = lastBoundary(this.tail.slice(0, whole));
    if (line === 0) return "";
    const end = lineStart(this.tail, line);
    const html = markdown.render(this.tail.slice(0, end), this.#env);
    this.tail = this.tail.slice(end);
    this.#judged = whole - end;
    return html;
  }

  /** @returns {string} the HTML of the tail as it is now, or of `tail` in its place */
  open(tail = this.tail) {
    // A definition that is still being written must not be the first of its name.
    const known = Object.assign(references(), this.#env.references);
    return markdown.render(tail, { references: known });
  }

  end() {
    this.push(this.#held ? "\n" : "");
    this.#held = "";
  }
}

/** The line after the last but one top-level block; 0 when there are not two. */
function lastBoundary(source) {
  const tokens = [];
  markdown.block.parse(source, markdown, { references: references() }, tokens);
  let [previous, last] = [0, 0];
  for (const token of tokens) {
    if (token.level === 0 && token.nesting >= 0 && token.map) [previous, last] = [last, token.map[1]];
  }
  return previous;
}

function lineStart(text, line) {
  let at = 0;
  for (let n = 0; n < line; n += 1) at = text.indexOf("\n", at) + 1;
  return at;
}
