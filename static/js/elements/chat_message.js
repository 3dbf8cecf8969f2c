/** <chat-message>: one message; an answer shows its Markdown, and follows its generation while that runs. */

import { finished, grown } from "#lib/afterwards";
import { decorate } from "#lib/decorate";
import { inNextFrame } from "#lib/frames";
import { connection } from "#lib/here";
import { MarkdownStream } from "#lib/markdown_stream";
import { inSlices } from "#lib/slices";

const ENDED = ["completed", "cancelled", "interrupted", "truncated", "failed"];
// So many characters at once: a page has time for a key in between.
const SLICE = 4000;

export class ChatMessage extends HTMLElement {
  #source = "";
  #thinking = "";
  #stream = null;
  #later = [];
  #generation = null;
  #round = 0;
  #shown = { pieces: 0, thoughts: 0 };
  #show = () => this.#render();

  connectedCallback() {
    if (this.#stream || this.dataset.role !== "assistant") return;
    this.#source = this.body.textContent;
    this.#thinking = this.#part("thoughts").textContent;
    if (this.ended) return this.#fill();
    this.#begin(this.#source);
    this.#stream.render();
    if (this.dataset.requestId) this.#resume();
  }

  get body() {
    return this.#part("body");
  }

  get ended() {
    return ENDED.includes(this.dataset.status);
  }

  /** The message as it was written: Markdown, not what is made of it. */
  get source() {
    return this.#stream ? this.#stream.source : this.body.textContent;
  }

  /** Shows a generation from its beginning: after what there is already, when it continues an answer. */
  follow(generation) {
    if (generation === this.#generation) return;
    this.#source = generation.continues ? this.source : "";
    this.#thinking = generation.continues ? this.#part("thoughts").textContent : "";
    this.#generation = generation;
    this.#round = 0;
    this.dataset.requestId = generation.requestId;
    this.#awaitRecord();
    this.update();
  }

  /** The generation has changed: its state shows at once, its text with the next frame. */
  update() {
    const { status, position, messageId, model } = this.#generation;
    // Written only when it changes: every write makes the browser look at the styles again.
    for (const [name, value] of Object.entries({ status, messageId, model })) {
      if (value && this.dataset[name] !== value) this.dataset[name] = value;
    }
    this.#showPlace(position);
    inNextFrame(this.#show);
  }

  /** A page that comes while an answer runs brings what was saved last; the rest is asked for. */
  #resume() {
    const generation = connection.generations.expect(this.dataset.requestId);
    Object.assign(generation, {
      messageId: generation.messageId ?? this.dataset.messageId,
      conversationId: generation.conversationId ?? this.closest("chat-thread")?.dataset.conversationId,
    });
    this.#source = this.#source.slice(0, Number(this.dataset.textStart));
    this.#thinking = this.#thinking.slice(0, Number(this.dataset.thinkingStart));
    this.#generation = generation;
    this.#awaitRecord();
    if (generation.round) this.update();
    else if (connection.state === "connected") connection.generations.resume(generation);
  }

  /** The foot is of an earlier state: whoever clicked in it would lose that click to the one that is coming. */
  #awaitRecord() {
    this.querySelector(".message__foot").dataset.pending = "";
  }

  /** What is complete is shown piece by piece, unless something new begins here meanwhile. */
  async #fill() {
    let [stream, at] = [null, 0];
    const source = this.#source;
    await inSlices(this, () => {
      if (this.#stream !== stream) return true;
      if (!stream) {
        this.#begin("");
        stream = this.#stream;
      }
      stream.add(source.slice(at, (at += SLICE)));
      if (at < source.length) return false;
      stream.finish();
      return true;
    });
    if (this.#stream === stream) this.#whole();
  }

  #begin(source) {
    const closed = (element) => this.#later.push(...finished(element));
    this.#later = [];
    this.#stream = new MarkdownStream(this.body, { decorate, grown, closed });
    this.dataset.rendered = "part";
    if (source) this.#stream.push(source);
    this.#part("thoughts").textContent = this.#thinking;
    this.#shown = { pieces: 0, thoughts: 0 };
  }

  #render() {
    const generation = this.#generation;
    if (generation.round !== this.#round) {
      this.#round = generation.round;
      this.#begin(this.#source);
    }
    for (const piece of this.#fresh("pieces")) this.#stream.push(piece);
    const thought = this.#fresh("thoughts").join("");
    if (thought) this.#think(thought);
    this.classList.toggle("message--begun", generation.pieces.length > 0 || this.#source !== "");
    if (generation.ended) return this.#end();
    return this.#stream.render();
  }

  #fresh(kind) {
    const fresh = this.#generation[kind].slice(this.#shown[kind]);
    this.#shown[kind] += fresh.length;
    return fresh;
  }

  #think(thought) {
    this.#part("thinking").hidden = false;
    const thoughts = this.#part("thoughts");
    if (!thoughts.firstChild) thoughts.append("");
    thoughts.firstChild.appendData(thought);
  }

  #end() {
    this.#stream.finish();
    this.#whole();
    this.dispatchEvent(new CustomEvent("message-ended", { bubbles: true }));
  }

  #showPlace(position) {
    const place = this.#part("place");
    place.hidden = position === null;
    if (position === null) return;
    place.textContent = position ? place.dataset.numbered.replace("%s", position) : place.dataset.next;
  }

  /** Says when everything is as it will be after a reload. */
  async #whole() {
    const stream = this.#stream;
    await Promise.all(this.#later);
    if (stream === this.#stream) this.dataset.rendered = "whole";
  }

  #part(name) {
    return this.querySelector(`.message__${name}`);
  }
}

customElements.define("chat-message", ChatMessage);
