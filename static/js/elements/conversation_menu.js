/** <conversation-menu>: the one menu of all conversations in the sidebar, opened beside the one it is about. */

import { connection } from "#lib/here";
import { send } from "#lib/requests";

const GAP_PX = 4;

export class ConversationMenu extends HTMLElement {
  #row = null;
  #listeners = null;

  connectedCallback() {
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    this.closest("side-bar").addEventListener("click", (event) => this.#asked(event), { signal });
    this.addEventListener("click", (event) => this.#chosen(event), { signal });
    this.addEventListener("keydown", (event) => this.#key(event), { signal });
    const dialog = this.#dialog;
    dialog.querySelector("form").addEventListener("submit", () => this.#renamed(), { signal });
    dialog.querySelector("[data-cancel]").addEventListener("click", () => dialog.close(), { signal });
  }

  disconnectedCallback() {
    this.#listeners.abort();
  }

  get #dialog() {
    return document.getElementById("rename-dialog");
  }

  get #toast() {
    return document.querySelector("undo-toast");
  }

  #asked(event) {
    const button = event.target.closest("[data-options]");
    if (!button) return;
    const row = button.closest("[data-conversation-id]");
    this.#row = { id: row.dataset.conversationId, title: row.querySelector(".sidebar__title").textContent };
    const { pinned, archived } = row.dataset;
    const hidden = { pin: pinned, unpin: pinned === undefined, archive: archived, unarchive: archived === undefined };
    for (const item of this.children) item.hidden = ![undefined, false].includes(hidden[item.dataset.do]);
    this.querySelector("[data-do=export]").href = `/c/${this.#row.id}/export.md`;
    this.showPopover({ source: button });
    this.#place(button.getBoundingClientRect());
    this.#items[0].focus();
  }

  /** Below its button; above it, where there is no room. */
  #place({ left, right, top, bottom }) {
    const room = innerHeight - bottom - GAP_PX;
    const below = room >= this.offsetHeight;
    const across = document.dir === "rtl" ? right - this.offsetWidth : left;
    this.style.top = `${Math.max(GAP_PX, below ? bottom + GAP_PX : top - GAP_PX - this.offsetHeight)}px`;
    this.style.left = `${Math.max(GAP_PX, Math.min(across, innerWidth - this.offsetWidth - GAP_PX))}px`;
  }

  get #items() {
    return [...this.children].filter((item) => !item.hidden);
  }

  #key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const items = this.#items;
    items.at((items.indexOf(document.activeElement) + step) % items.length).focus();
  }

  #chosen(event) {
    const item = event.target.closest("[data-do]");
    if (!item) return;
    this.hidePopover();
    this[`on_${item.dataset.do}`]?.(this.#row);
  }

  on_pin({ id }) {
    this.#change("PUT", `${id}/pinning/`, id, "message");
  }

  on_unpin({ id }) {
    this.#change("DELETE", `${id}/pinning/`, id, "message");
  }

  async on_archive({ id, title }) {
    const done = await this.#change("PUT", `${id}/archiving/`, id, "archived");
    if (done) this.#toast.show(this.dataset.archived.replace("%s", () => title), () => this.on_unarchive({ id }));
  }

  on_unarchive({ id }) {
    this.#change("DELETE", `${id}/archiving/`, id, "archived");
  }

  async on_delete({ id, title }) {
    const done = await this.#change("DELETE", `${id}/`, id, "deleted");
    if (done) this.#toast.show(this.dataset.deleted.replace("%s", () => title), () => this.#restore(id));
  }

  #restore(id) {
    this.#change("POST", `${id}/restoration/`, id, "created");
  }

  on_rename({ title }) {
    this.#dialog.querySelector("input").value = title;
    this.#dialog.showModal();
    this.#dialog.querySelector("input").select();
  }

  #renamed() {
    const { id } = this.#row;
    this.#change("PUT", `${id}/title/`, id, "renamed", { title: this.#dialog.querySelector("input").value });
  }

  /** What other tabs are told by the server this one knows by itself. */
  async #change(method, path, id, change, fields) {
    const answer = await send(method, `/conversations/${path}`, fields);
    if (answer?.ok) connection.dispatchEvent(new CustomEvent("conversation", { detail: { conversation_id: id, change } }));
    else this.#toast.show(this.dataset.failed);
    return answer?.ok ?? false;
  }
}

customElements.define("conversation-menu", ConversationMenu);
