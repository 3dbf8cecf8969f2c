/** <chat-composer>: where a person writes. Enter sends, Shift+Enter is a new line; a draft outlives the page. */

import { drafts } from "#lib/drafts";
import { connection } from "#lib/here";

const OTHER_GROWTH = !CSS.supports("field-sizing", "content");

export class ChatComposer extends HTMLElement {
  #draft = null;
  #listeners = null;

  connectedCallback() {
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    this.form.addEventListener("submit", (event) => this.#submit(event));
    this.text.addEventListener("keydown", (event) => this.#key(event));
    this.text.addEventListener("input", () => this.#changed());
    connection.addEventListener("state", ({ detail }) => this.#connected(detail === "connected"), { signal });
    document.addEventListener("visibilitychange", () => this.#catchUp(), { signal });
    this.closest("chat-thread").addEventListener("conversation-begun", () => this.#move(), { signal });
    this.#begin();
    if (matchMedia("(hover: hover)").matches) this.text.focus({ preventScroll: true });
  }

  disconnectedCallback() {
    this.#listeners.abort();
  }

  get form() {
    return this.querySelector("form");
  }

  get text() {
    return this.querySelector("textarea");
  }

  get model() {
    return this.querySelector("[name=model]")?.value || undefined;
  }

  /** Puts words into the composer, as if they had been typed. */
  write(words) {
    this.text.value = words;
    this.text.focus();
    this.#changed();
  }

  /** The thread may not be an element yet, but what it is about is written on it. */
  get #path() {
    return drafts.path(this.closest("chat-thread").dataset.conversationId);
  }

  /** The page brings the server's draft; what was typed here and did not get there goes before it. */
  #begin() {
    const path = this.#path;
    const unsaved = drafts.unsaved(path);
    this.#draft = { path, text: this.text.defaultValue };
    this.text.value = unsaved ?? this.text.defaultValue;
    if (unsaved !== null) drafts.put(path, unsaved);
    this.#changed();
  }

  /** A new conversation has got its id: what has been begun since belongs to it. */
  #move() {
    const { path, text } = this.#draft;
    if (text) drafts.put(path, "");
    this.#draft = { path: this.#path, text: "" };
    this.#changed();
  }

  #connected(is) {
    if (!is) return;
    drafts.save();
    this.#catchUp();
  }

  /** Takes over what another device has written, unless there is something newer here. */
  async #catchUp() {
    const { path, text } = this.#draft;
    const untouched = () => this.isConnected && this.#draft.path === path && this.text.value === text;
    if (document.hidden || !untouched() || drafts.unsaved(path) !== null) return;
    const theirs = await drafts.read(path);
    if (theirs === null || theirs === text || !untouched()) return;
    this.#draft.text = this.text.value = theirs;
    this.#changed();
  }

  #changed() {
    const written = this.text.value.trim() !== "";
    this.querySelector("[data-testid=send]").disabled = !written;
    const text = written ? this.text.value : "";
    if (text !== this.#draft.text) drafts.put(this.#draft.path, text);
    this.#draft.text = text;
    if (!OTHER_GROWTH) return;
    this.text.style.height = "auto";
    this.text.style.height = `${this.text.scrollHeight}px`;
  }

  #key(event) {
    // During composition Enter chooses a word; Safari ends the composition before it tells of the key (229).
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.form.requestSubmit();
  }

  #submit(event) {
    event.preventDefault();
    const prompt = this.text.value.replace(/^\s*\n|\s+$/g, "");
    if (!prompt) return;
    this.dispatchEvent(new CustomEvent("prompt", { bubbles: true, detail: { prompt, model: this.model } }));
    this.text.value = "";
    this.#changed();
  }
}

customElements.define("chat-composer", ChatComposer);
