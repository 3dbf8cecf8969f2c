/** <undo-toast>: says what was done, and for some seconds takes it back. */

const SHOWN_MS = 10_000;

export class UndoToast extends HTMLElement {
  #timer = null;
  #undo = null;

  connectedCallback() {
    this.querySelector("[data-undo]").addEventListener("click", () => this.#takeBack());
    // Nobody is hurried who is about to press the button.
    for (const name of ["pointerenter", "focusin"]) this.addEventListener(name, () => clearTimeout(this.#timer));
    for (const name of ["pointerleave", "focusout"]) this.addEventListener(name, () => this.#hideLater());
  }

  /** @param {(() => void) | null} undo what takes it back; null: nothing does */
  show(words, undo = null) {
    this.#undo = undo;
    this.querySelector(".toast__words").textContent = words;
    this.querySelector("[data-undo]").hidden = undo === null;
    // Over everything, also over a drawer that is open.
    this.hidePopover();
    this.showPopover();
    this.#hideLater();
  }

  #takeBack() {
    this.#hide();
    this.#undo?.();
  }

  #hideLater() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#hide(), SHOWN_MS);
  }

  #hide() {
    clearTimeout(this.#timer);
    this.hidePopover();
  }
}

customElements.define("undo-toast", UndoToast);
