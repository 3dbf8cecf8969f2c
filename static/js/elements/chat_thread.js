/** <chat-thread>: one conversation on the page: what is written in it, what is answered, what a person does to it. */

import htmx from "#vendor/htmx";
import { connection } from "#lib/here";
import { actions } from "#lib/message_actions";
import { newFrom } from "#lib/templates";
import { WaitingPrompts } from "#lib/waiting_prompts";

export class ChatThread extends HTMLElement {
  #listeners = null;
  #first = null;
  #asked = new Set();
  #missed = false;
  #behind = false;
  #placed = new Set();
  #waiting = new WaitingPrompts(this);

  connectedCallback() {
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    const listen = (target, name, act) => target.addEventListener(name, (event) => act(event), { signal });
    listen(connection, "change", ({ detail }) => this.#changed(detail.generation, detail.frame));
    listen(connection.outbox, "change", ({ detail }) => this.#showWaiting(detail));
    listen(connection, "state", ({ detail }) => this.#connected(detail === "connected"));
    listen(connection, "withdrawn", ({ detail }) => detail.conversation_id === this.conversationId && this.alert(detail.message));
    listen(this, "prompt", ({ detail }) => this.write(detail));
    listen(this, "at-end", () => this.#behind && this.refresh());
    listen(this, "click", (event) => this.#clicked(event));
    listen(this, "message-ended", ({ target }) => this.#ended(target));
    listen(this, "edited", ({ target, detail }) => this.#edit(target, detail));
    listen(document, "keydown", (event) => this.#key(event));
    if (this.conversationId) connection.watch(this.conversationId);
    // The messages become elements after this one.
    queueMicrotask(() => {
      this.#showWaiting(null);
      this.#showRunning();
    });
  }

  disconnectedCallback() {
    this.#listeners.abort();
    if (this.conversationId) connection.leave(this.conversationId);
  }

  get conversationId() {
    return this.dataset.conversationId || undefined;
  }

  get list() {
    return this.querySelector("message-list");
  }

  get composer() {
    return this.querySelector("chat-composer");
  }

  get running() {
    return connection.generations.running(this.conversationId);
  }

  write({ prompt, model, edits }) {
    const fields = { prompt, model, edits, conversation_id: this.conversationId };
    const follows = this.conversationId || !connection.outbox.has(this.#first) ? null : this.#first;
    this.alert("");
    this.toEnd();
    const requestId = connection.write(fields, follows);
    if (!this.conversationId) this.#first ??= requestId;
  }

  stop() {
    const running = this.running;
    const one = running.find(({ status }) => status === "running") ?? running[0];
    if (one) connection.cancel(one.requestId);
  }

  /** The end of the conversation is shown, and from then on what comes. */
  async toEnd() {
    if (this.list.cutOff || this.#behind) await this.refresh();
    this.list?.toEnd();
  }

  message(id) {
    return this.list.querySelector(`chat-message[data-message-id="${CSS.escape(id)}"]`);
  }

  // ── what the server says ──

  /** What began and ended while there was no connection is only in the record. */
  #connected(is) {
    this.#showWaiting(null);
    if (is && this.#missed && this.conversationId) this.catchUp();
    this.#missed = !is;
  }

  /** The record has something newer. Nothing moves under a reader who has scrolled up: it is shown at the end. */
  catchUp() {
    this.#behind = true;
    if (this.dataset.away !== "true") this.refresh();
  }

  #changed(generation, frame) {
    if (generation.status === "refused") return this.#refused(generation);
    if (generation.requestId === this.#first && !this.conversationId) this.#become(generation.conversationId);
    if (!generation.messageId || generation.conversationId !== this.conversationId) return;
    const begins = frame.type === "ai:start" || frame.type === "ai:queued";
    const answer = this.message(generation.messageId) ?? (begins ? this.#place(generation) : null);
    answer?.follow(generation);
    answer?.update();
    this.#showRunning();
  }

  #refused({ requestId, end }) {
    if (this.#asked.delete(requestId)) this.alert(end.message);
  }

  /** A new conversation has got its id. */
  #become(conversationId) {
    if (!conversationId) return;
    this.dataset.conversationId = conversationId;
    connection.watch(conversationId);
    const share = this.querySelector("[data-share]");
    Object.assign(share, { href: `/c/${conversationId}/share/`, hidden: false });
    history.replaceState({ htmx: true }, "", `/c/${conversationId}/`);
    this.dispatchEvent(new CustomEvent("conversation-begun", { bubbles: true }));
  }

  /** Puts a new answer after its prompt. When the prompt is not here, the page is behind: it is read again. */
  #place(generation) {
    const prompt = this.#waiting.message(generation.requestId) ?? this.message(generation.parentId);
    if (!prompt) return void (this.list.cutOff || this.catchUp());
    prompt.dataset.messageId = generation.parentId;
    prompt.dataset.status = "completed";
    prompt.removeAttribute("data-request-id");
    this.list.removeAfter(prompt);
    const answer = newFrom("new-assistant");
    prompt.after(answer);
    this.#placed.add(generation.messageId);
    this.#tellBegun();
    return answer;
  }

  /** Once a message has ended, its foot is the server's: how it ended, its branches, what may be done. */
  #ended(answer) {
    this.#showRunning();
    this.querySelector("[data-announce]").textContent = answer.body.textContent;
    this.#readFoot(answer);
    const prompt = answer.previousElementSibling;
    if (prompt?.dataset.branches) this.#readFoot(prompt);
  }

  #readFoot(message) {
    const id = message?.dataset?.messageId;
    const foot = id && message.querySelector(".message__foot");
    if (!foot) return;
    htmx.ajax("GET", `/messages/${id}/`, { source: foot, target: foot, swap: "outerHTML", select: ".message__foot" });
  }

  /** Reads the thread again from the record; once more when the socket had newer things than that record. */
  async refresh() {
    const [source, path] = [this.list.content, `/c/${this.conversationId}/`];
    this.#placed = new Set();
    this.#behind = false;
    await htmx.ajax("GET", path, { source, target: source, swap: "innerHTML", select: ".thread__messages > *" });
    if (!this.isConnected) return;
    this.#showWaiting(null);
    if ([...this.#placed].some((id) => !this.message(id))) this.refresh();
  }

  #tellBegun() {
    const announcer = this.querySelector("[data-announce]");
    announcer.textContent = announcer.dataset.announce;
  }

  #showRunning() {
    this.dataset.running = String(this.running.length > 0);
  }

  #showWaiting(changed) {
    this.#waiting.show(changed);
    this.dataset.empty = String(this.list.messages.length === 0);
  }

  // ── what a person does ──

  #clicked(event) {
    const button = event.target.closest("[data-act]");
    if (!button || button.disabled) return;
    actions[button.dataset.act]?.(this, button.closest("chat-message"), button);
  }

  /** Asks for something about a message; a refusal is shown above the composer. */
  ask(type, fields) {
    this.alert("");
    this.list.toEnd();
    this.#asked.add(connection.ask(type, fields));
  }

  alert(words) {
    const alert = this.querySelector(".thread__alert");
    alert.textContent = words;
    alert.hidden = !words;
  }

  #edit(message, prompt) {
    this.write({ prompt, model: this.composer.model, edits: message.dataset.messageId });
  }

  #key(event) {
    if (event.key !== "Escape" || event.isComposing || event.defaultPrevented) return;
    if (!document.querySelector(":popover-open, dialog[open]")) this.stop();
  }
}

customElements.define("chat-thread", ChatThread);
