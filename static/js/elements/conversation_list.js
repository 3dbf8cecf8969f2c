/** <conversation-list>: the sidebar's list, kept in step with what happens in other tabs and on other devices. */

import htmx from "#vendor/htmx";
import { connection } from "#lib/here";
import { markSeen } from "#lib/seen";

// Changes come in twos and threes: a prompt, its answer, a title.
const SETTLE_MS = 150;

export class ConversationList extends HTMLElement {
  #listeners = null;
  #timer = null;
  #missed = false;

  connectedCallback() {
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    connection.addEventListener("conversation", ({ detail }) => this.#changed(detail), { signal });
    connection.addEventListener("state", ({ detail }) => this.#connected(detail === "connected"), { signal });
    document.addEventListener("message-ended", () => markSeen(), { signal });
    document.addEventListener("visibilitychange", () => this.#mark(), { signal });
    this.closest("side-bar").addEventListener("click", (event) => this.#switch(event), { signal });
    for (const name of ["htmx:after:swap", "conversation-begun", "htmx:after:history:update", "popstate"]) {
      const target = name === "popstate" ? window : document;
      target.addEventListener(name, () => this.#mark(), { signal });
    }
    this.#mark();
  }

  disconnectedCallback() {
    this.#listeners.abort();
    clearTimeout(this.#timer);
  }

  #changed({ change, conversation_id: id }) {
    if (change === "deleted" && location.pathname === `/c/${id}/`) document.querySelector(".sidebar__new").click();
    this.#soon();
  }

  /** What changed while there was no connection was not told. */
  #connected(is) {
    if (is && this.#missed) this.#soon();
    this.#missed = !is;
  }

  /** Between the conversations and the archived ones. */
  #switch(event) {
    const button = event.target.closest("[data-archive]");
    if (!button) return;
    if (button.dataset.archive === "open") this.dataset.archived = "1";
    else delete this.dataset.archived;
    this.scrollTop = 0;
    this.#refresh();
  }

  #soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#refresh(), SETTLE_MS);
  }

  #refresh() {
    const count = this.querySelectorAll("[data-testid=conversation-item]").length;
    const archived = this.dataset.archived ? "&archived=1" : "";
    htmx.ajax("GET", `/conversations/?count=${count}${archived}`, { source: this, target: this, swap: "innerMorph" });
  }

  /** The conversation that is open is marked here: the server does not know which one a tab shows. */
  #mark() {
    for (const item of this.querySelectorAll("[data-testid=conversation-item]")) {
      if (item.pathname === location.pathname) this.#markOpen(item);
      else item.removeAttribute("aria-current");
    }
  }

  /** Without a socket nobody tells of messages that another tab or device has written: the list knows the newest. */
  #compare(newest) {
    const thread = document.querySelector("chat-thread");
    if (!connection.compatible || !newest || !thread.message || thread.running.length) return;
    if (!thread.list.cutOff && !thread.message(newest)) thread.catchUp();
  }

  /** A title that was given or changed elsewhere shows above the thread, too. */
  #markOpen(item) {
    item.setAttribute("aria-current", "page");
    if (item.querySelector(".sidebar__unseen")) markSeen();
    this.#compare(item.closest("[data-newest]").dataset.newest);
    const title = item.querySelector(".sidebar__title").textContent;
    const heading = document.querySelector(".thread__title");
    if (heading.textContent !== title) heading.textContent = title;
    document.title = `${title} · ${document.querySelector(".sidebar__brand").textContent}`;
  }
}

customElements.define("conversation-list", ConversationList);
