/** A code block that is still being written, shown line by line: a new line costs the same whatever came before. */

import { LINES_IN_A_PART, newPart } from "#lib/code_parts";
import { languageOf } from "#lib/markdown";

const OPENING = /^ {0,3}(`{3,}(?=[^`\n]*\n)|~{3,}(?=[^\n]*\n))([^\n]*)\n/;

export class OpenFence {
  #closing;
  #mayClose;
  #indent;
  #part;
  lines = 0;
  #partial;

  /** @returns {OpenFence | null} the fence that `source` begins with (after blank lines), when it is not closed yet */
  static in(source) {
    const start = source.search(/[^\n]/);
    const opening = start < 0 ? null : OPENING.exec(source.slice(start, start + 400));
    return opening && new OpenFence(opening, start);
  }

  constructor([line, marker, info], start) {
    /** How much of the source is used up: the rest are lines still to be shown. */
    this.used = start + line.length;
    this.#closing = new RegExp(`^ {0,3}\\${marker[0]}{${marker.length},}[ \\t]*$`);
    this.#mayClose = new RegExp(`^ {0,3}\\${marker[0]}*[ \\t]*$`);
    this.#indent = new RegExp(`^ {0,${line.search(/\S/)}}`);
    this.element = document.createElement("pre");
    this.code = this.element.appendChild(document.createElement("code"));
    const language = languageOf(info);
    if (language) this.code.className = `language-${language}`;
    this.#partial = this.code.appendChild(document.createTextNode(""));
  }

  /** Shows what `source` has beyond `used`. @returns {boolean} false when the block has ended */
  show(source) {
    for (let end; (end = source.indexOf("\n", this.used)) >= 0; this.used = end + 1) {
      const line = source.slice(this.used, end);
      if (this.#closing.test(line)) return false;
      this.#append(`${line.replace(this.#indent, "")}\n`);
    }
    const partial = source.slice(this.used);
    this.#partial.data = this.#mayClose.test(partial) ? "" : partial.replace(this.#indent, "");
    return true;
  }

  /** The block is whole: what there is of its last line belongs to it. */
  settle() {
    if (this.#partial.data) this.#append(this.#partial.data);
    this.#partial.remove();
  }

  /** Lines are grouped, so that the browser lays out the group that grows and none of the others. */
  #append(line) {
    if (this.lines % LINES_IN_A_PART === 0) {
      this.#part = newPart();
      this.#partial.before(this.#part);
    }
    this.lines += 1;
    const { lastChild } = this.#part;
    // Text after coloured text is text of its own.
    if (lastChild?.nodeType === Node.TEXT_NODE) lastChild.appendData(line);
    else this.#part.append(line);
  }
}
