/** Growing Markdown in an element: closed blocks are rendered once, the open one again as it grows. */

import { Blocks } from "#lib/blocks";
import { closeMarks } from "#lib/open_marks";
import { OpenFence } from "#lib/open_fence";
import { safeFragment } from "#lib/trust";

// The open block may take this part of the time, whatever its length: 1 / (1 + REST).
const REST = 4;

export class MarkdownStream {
  #decorate;
  #blocks = new Blocks();
  #pieces = [];
  #open = [];
  #fence = null;
  #notBefore = 0;
  #now;

  /** @param decorate is given every new fragment before it is shown: copy buttons, scrolling tables … */
  constructor(element, { decorate = () => {}, now = () => performance.now() } = {}) {
    this.element = element;
    this.#decorate = decorate;
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
      if (this.#fence.show(this.#blocks.tail)) return true;
      this.#fence = null;
    } else if (began < this.#notBefore) return false;
    this.#close();
    this.#showOpen();
    this.#notBefore = this.#now() + REST * (this.#now() - began);
    return true;
  }

  /** The last render: from here on the element shows exactly what the whole text renders to. */
  finish() {
    this.#blocks.end();
    this.#fence = null;
    if (this.#blocks.defines) this.#rewrite();
    else {
      this.#close();
      this.#replaceOpen(this.#fragment(this.#blocks.open()));
    }
  }

  #close() {
    const html = this.#blocks.close();
    if (!html) return;
    const fragment = this.#fragment(html);
    this.#remove(this.#open);
    this.#open = [];
    this.element.append(fragment);
  }

  #showOpen() {
    this.#fence = OpenFence.in(this.#blocks.tail);
    if (this.#fence?.show(this.#blocks.tail)) {
      const fragment = document.createDocumentFragment();
      fragment.append(this.#fence.element);
      this.#decorate(fragment);
      this.#replaceOpen(fragment);
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
    const same = fresh.findIndex((node, at) => !this.#open[at]?.isEqualNode(node));
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
    this.#decorate(fragment);
    return fragment;
  }
}
