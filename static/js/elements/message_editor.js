/** <message-editor>: a prompt being rewritten, in its place. Saving makes a branch; Escape leaves all as it was. */

export class MessageEditor extends HTMLElement {
  connectedCallback() {
    this.querySelector("form").addEventListener("submit", (event) => this.#submit(event));
    this.querySelector("[data-cancel]").addEventListener("click", () => this.#leave());
    this.text.addEventListener("keydown", (event) => this.#key(event));
  }

  get text() {
    return this.querySelector("textarea");
  }

  begin(source) {
    this.text.value = source;
    this.parentElement.classList.add("message--edited");
    this.text.focus();
    this.text.setSelectionRange(source.length, source.length);
  }

  #key(event) {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Escape") {
      event.preventDefault();
      this.#leave();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.querySelector("form").requestSubmit();
    }
  }

  #submit(event) {
    event.preventDefault();
    const message = this.parentElement;
    const prompt = this.text.value.trim();
    this.#leave();
    if (prompt) message.dispatchEvent(new CustomEvent("edited", { bubbles: true, detail: prompt }));
  }

  #leave() {
    this.parentElement.classList.remove("message--edited");
    this.parentElement.querySelector("[data-act=edit]")?.focus();
    this.remove();
  }
}

customElements.define("message-editor", MessageEditor);
