/** <search-box>: finds words in all conversations as they are typed; its results take the place of the list. */

import htmx from "#vendor/htmx";

const SETTLE_MS = 120;

export class SearchBox extends HTMLElement {
  #listeners = null;
  #timer = null;
  #shown = "";
  #asking = false;

  connectedCallback() {
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    this.field.addEventListener("input", () => this.#soon(), { signal });
    this.addEventListener("keydown", (event) => this.#key(event), { signal });
    document.addEventListener("keydown", (event) => this.#shortcut(event), { signal });
  }

  disconnectedCallback() {
    this.#listeners.abort();
    clearTimeout(this.#timer);
  }

  get field() {
    return this.querySelector("input");
  }

  get results() {
    return this.querySelector(".search__results");
  }

  #soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), SETTLE_MS);
  }

  /** One request at a time: what comes last is always the answer to what was typed last. */
  async #ask() {
    const words = this.field.value.trim();
    this.results.hidden = words === "";
    if (this.#asking || words === this.#shown) return;
    this.#asking = true;
    const path = `${this.dataset.url}?q=${encodeURIComponent(words)}`;
    try {
      await htmx.ajax("GET", path, { source: this.results, target: this.results, swap: "innerHTML" });
    } finally {
      this.#asking = false;
      this.#shown = words;
    }
    if (this.field.value.trim() !== words) this.#ask();
  }

  #clear() {
    this.field.value = "";
    this.#ask();
  }

  #key(event) {
    if (event.isComposing) return;
    const stops = [this.field, ...this.results.querySelectorAll("a")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      stops.at((stops.indexOf(document.activeElement) + step) % stops.length).focus();
    } else if (event.key === "Escape" && this.field.value) {
      event.preventDefault();
      this.#clear();
      this.field.focus();
    } else if (event.key === "Enter" && event.target === this.field) {
      event.preventDefault();
      stops[1]?.click();
    }
  }

  #shortcut(event) {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const sidebar = this.closest("side-bar");
    sidebar.show();
    this.field.focus();
    this.field.select();
  }
}

customElements.define("search-box", SearchBox);
