/** Growing Markdown in an element: closed blocks are rendered once, the open one again as it grows. */

import { Blocks } from "#lib/blocks";
import { divide } from "#lib/code_parts";
import { closeMarks } from "#lib/open_marks";
import { OpenFence } from "#lib/open_fence";
import { safeFragment } from "#lib/trust";

// The open block may take this part of the time, whatever its length: 1 / (1 + REST).
const REST = 4;

export class MarkdownStream {
  #decorate;
  #grown;
  #closed;
  #blocks = new Blocks();
  #pieces = [];
  #open = [];
  #fence = null;
  #notBefore = 0;
  #now;

  /**
   * @param decorate is given every new fragment before it is shown: copy buttons, scrolling tables …
   * @param grown is given the code of a block each time lines were added to it
   * @param closed is given each element that has got its final content
   */
  constructor(element, { decorate, grown = () => {}, closed = () => {}, now = () => performance.now() }) {
    this.element = element;
    this.#decorate = decorate;
    this.#grown = grown;
    this.#closed = closed;
    this.#now = now;
    element.replaceChildren();
  }

  get source() {
    return this.#pieces.join("");
  }

  push(piece) {
    this.#pieces.push(piece);
    this.#blocks.push(piece);
  }

  /** Shows what has come. @returns {boolean} false when it is not yet time: call again in the next frame */
  render() {
    const began = this.#now();
    if (this.#fence) {
      if (this.#grow()) return true;
      this.#fence = null;
    } else if (began < this.#notBefore) return false;
    this.#close();
    this.#showOpen();
    this.#notBefore = this.#now() + REST * (this.#now() - began);
    return true;
  }

  /** Takes the next piece of a text that is there as a whole; what it opens is not shown before `finish`. */
  add(piece) {
    this.push(piece);
    this.#close();
  }

  /** The last render: from here on the element shows exactly what the whole text renders to. */
  finish() {
    this.#blocks.end();
    this.#fence?.settle();
    this.#fence = null;
    if (this.#blocks.defines) this.#rewrite();
    else {
      this.#close();
      this.#replaceOpen(this.#fragment(this.#blocks.open()));
    }
    this.#closeOpen();
  }

  #close() {
    const html = this.#blocks.close();
    if (!html) return;
    this.#replaceOpen(this.#fragment(html));
    this.#closeOpen();
  }

  #closeOpen() {
    for (const node of this.#open) if (node.nodeType === Node.ELEMENT_NODE) this.#closed(node);
    this.#open = [];
  }

  #grow() {
    const { used } = this.#fence;
    const goesOn = this.#fence.show(this.#blocks.tail);
    if (goesOn && this.#fence.used > used) this.#grown(this.#fence.code);
    return goesOn;
  }

  #showOpen() {
    this.#fence = OpenFence.in(this.#blocks.tail);
    if (this.#fence?.show(this.#blocks.tail)) {
      const fragment = document.createDocumentFragment();
      fragment.append(this.#fence.element);
      this.#decorate(fragment);
      this.#replaceOpen(fragment);
      if (this.#fence.lines) this.#grown(this.#fence.code);
    } else {
      this.#fence = null;
      this.#replaceOpen(this.#fragment(this.#blocks.open(closeMarks(this.#blocks.tail))));
    }
  }

  /** A link may be defined after it was used: then the whole is rendered once more, at the end. */
  #rewrite() {
    const whole = new Blocks();
    whole.push(this.source);
    whole.end();
    this.#open = [...this.element.childNodes];
    this.#replaceOpen(this.#fragment(whole.open()));
  }

  /** Keeps the nodes that stay as they are: a selection in them survives, and nothing flickers. */
  #replaceOpen(fragment) {
    const fresh = [...fragment.childNodes];
    const same = fresh.findIndex((node, at) => !isSame(this.#open[at], node));
    const kept = same < 0 ? fresh.length : same;
    this.#remove(this.#open.slice(kept));
    const shown = fresh.slice(kept);
    this.element.append(...shown);
    this.#open = [...this.#open.slice(0, kept), ...shown];
  }

  #remove(nodes) {
    for (const node of nodes) node.remove();
  }

  #fragment(html) {
    const fragment = safeFragment(html);
    for (const code of fragment.querySelectorAll("pre > code")) divide(code);
    this.#decorate(fragment);
    return fragment;
  }
}

/** Code that has its colours stays as it is. */
function isSame(shown, fresh) {
  if (!shown) return false;
  const code = fresh.className === "code" && shown.className === "code";
  return code ? shown.textContent === fresh.textContent : shown.isEqualNode(fresh);
}
