/** <theme-toggle>: light, dark, or as the system has it. theme.js applies the choice before the page is drawn. */

import { csrfToken } from "#lib/csrf";

const STILL_ON_ITS_WAY_MS = 5000;
const ORDER = ["system", "light", "dark"];

export class ThemeToggle extends HTMLElement {
  #saved = Promise.resolve();

  connectedCallback() {
    this.addEventListener("click", () => this.#next());
    this.#show();
    const unsaved = localStorage.getItem("theme-unsaved");
    if (unsaved !== null) this.#save(unsaved);
  }

  get #theme() {
    return document.documentElement.dataset.theme ?? "system";
  }

  #next() {
    const theme = ORDER[(ORDER.indexOf(this.#theme) + 1) % ORDER.length];
    if (theme === "system") {
      delete document.documentElement.dataset.theme;
    } else {
      document.documentElement.dataset.theme = theme;
    }
    this.#show();
    this.#save(theme === "system" ? "" : theme);
  }

  /** A reload may be quicker than the server: until it has answered, theme.js goes by what is noted here. One save
      follows the other: of two at once the earlier might come last. */
  #save(theme) {
    localStorage.setItem("theme-unsaved", theme);
    this.#saved = this.#saved.then(() => this.#post(theme));
  }

  async #post(theme) {
    const body = new URLSearchParams({ theme });
    const headers = { "X-CSRFToken": csrfToken() };
    const answer = await fetch(this.dataset.url, { method: "POST", body, headers, keepalive: true }).catch(() => null);
    if (answer?.ok) setTimeout(() => this.#forget(theme), STILL_ON_ITS_WAY_MS);
  }

  /** A page that was asked for before the server knew may arrive after it has answered. */
  #forget(theme) {
    if (localStorage.getItem("theme-unsaved") === theme) localStorage.removeItem("theme-unsaved");
  }

  #show() {
    this.dataset.theme = this.#theme;
    const button = this.querySelector("button");
    button.title = button.ariaLabel = this.dataset[this.#theme];
  }
}

customElements.define("theme-toggle", ThemeToggle);
