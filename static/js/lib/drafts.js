/** What has been begun to write: at the server for all devices, and in this browser until the server has it. */

import { send } from "#lib/requests";

const SETTLE_MS = 600;
// Browsers let so much go out after the page is gone (64 KiB, and a character may take nine bytes).
const KEEPALIVE_CHARS = 6000;

class Drafts {
  #unsaved = new Map();
  #timer = null;
  #saving = false;

  /** The path of a conversation's draft; without an id, of the new conversation's. */
  path(conversationId) {
    return `/conversations/${conversationId ?? "new"}/draft/`;
  }

  /** What this browser has and the server has not; null when there is nothing. */
  unsaved(path) {
    return localStorage.getItem(this.#key(path));
  }

  put(path, text) {
    localStorage.setItem(this.#key(path), text);
    this.#unsaved.set(path, text);
    // What was sent is no draft any more, and the page may be closed the next moment.
    if (text) this.#soon();
    else this.save();
  }

  /** @returns {Promise<string | null>} what the server has; null when there is no way to it */
  async read(path) {
    const answer = await fetch(path).catch(() => null);
    return answer?.ok && !answer.redirected ? answer.text() : null;
  }

  /** Sends what is unsaved, one after the other; what could not be sent waits for the next time. */
  async save() {
    clearTimeout(this.#timer);
    if (this.#saving) return void this.#soon();
    this.#saving = true;
    for (const [path, text] of [...this.#unsaved]) {
      const keepalive = text.length < KEEPALIVE_CHARS;
      const answer = await send("PUT", path, { text }, { keepalive });
      if (answer?.status !== 204 && answer?.status !== 404) break;
      if (this.#unsaved.get(path) !== text) continue;
      this.#unsaved.delete(path);
      if (this.unsaved(path) === text) localStorage.removeItem(this.#key(path));
    }
    this.#saving = false;
  }

  #soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.save(), SETTLE_MS);
  }

  #key(path) {
    return `draft:${document.documentElement.dataset.user}:${path}`;
  }
}

export const drafts = new Drafts();

document.addEventListener("visibilitychange", () => document.hidden && drafts.save());
