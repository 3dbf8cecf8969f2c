/** <connection-status>: one quiet line about the connection, and the way back in when the sign-in has ended. */

import { connection } from "#lib/here";

// So often in vain, and it may be the sign-in that has ended: a handshake does not tell.
const DOUBT_AFTER = 2;

export class ConnectionStatus extends HTMLElement {
  #listeners = null;

  connectedCallback() {
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    connection.addEventListener("state", ({ detail }) => this.#show(detail), { signal });
    connection.addEventListener("refused", () => this.#signedOut(), { signal });
    this.#show(connection.state);
  }

  disconnectedCallback() {
    this.#listeners.abort();
  }

  #show(state) {
    this.dataset.state = state;
    this.toggleAttribute("data-compatible", connection.compatible);
    document.documentElement.dataset.connection = state;
    if (state === "reconnecting") setTimeout(() => this.#doubt(), 3000);
  }

  async #doubt() {
    if (connection.state !== "reconnecting" || connection.line.attempts < DOUBT_AFTER) return;
    const answer = await fetch("/conversations/", { redirect: "manual" }).catch(() => null);
    if (answer?.type === "opaqueredirect") this.#signedOut();
    else setTimeout(() => this.#doubt(), 10_000);
  }

  #signedOut() {
    connection.line.close();
    this.dataset.state = "offline";
    this.dataset.signedOut = "true";
    const link = this.querySelector("a");
    link.href = `${link.dataset.href}?next=${encodeURIComponent(location.pathname)}`;
    link.onclick = (event) => this.#ask(event);
    this.#ask();
  }

  /** Signing in again happens in place; the link works without it. */
  #ask(event) {
    event?.preventDefault();
    const back = () => {
      delete this.dataset.signedOut;
      connection.line.start();
    };
    import("#elements/sign_in_dialog").then(({ open }) => open(back)).catch(() => {});
  }
}

customElements.define("connection-status", ConnectionStatus);
