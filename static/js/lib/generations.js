/** What this tab knows of every generation it has seen: each one the state its events add up to. */

import { Cursor } from "#lib/cursor";

const BEGINNINGS = ["ai:queued", "ai:start", "ai:error"];

/** One generation. Views read `pieces` from where they stopped; `round` counts how often it began anew. */
export class Generation {
  cursor = new Cursor();
  status = "queued";
  pieces = [];
  thoughts = [];
  round = 0;
  position = null;
  end = null;
  asked = false;

  constructor(requestId) {
    this.requestId = requestId;
  }

  get ended() {
    return this.end !== null;
  }

  /** Applies a frame that is meant for this generation. @returns {"changed" | "ignored" | "gap"} */
  apply(frame) {
    if (frame.type === "ai:queued") return this.#queue(frame);
    if (frame.seq === undefined) return this.#refuse(frame);
    const verdict = this.cursor.take(frame);
    if (verdict === "duplicate") return "ignored";
    if (verdict === "gap") return "gap";
    if (verdict === "reset") this.#begin(frame);
    else if (frame.type === "ai:token") this.pieces.push(frame.chunk);
    else if (frame.type === "ai:thinking") this.thoughts.push(frame.chunk);
    else this.#finish(frame);
    return "changed";
  }

  #place({ conversation_id, message_id, parent_id }) {
    this.conversationId = conversation_id ?? this.conversationId;
    this.messageId = message_id ?? this.messageId;
    this.parentId = parent_id ?? this.parentId;
  }

  #queue(frame) {
    if (this.ended || this.cursor.seq) return "ignored";
    this.#place(frame);
    this.position = frame.position;
    return "changed";
  }

  /** Refused before it was stored, or gone: there is nothing of it at the server. */
  #refuse(frame) {
    if (this.cursor.seq && frame.code !== "not_found") return "ignored";
    this.status = "refused";
    this.end = frame;
    return "changed";
  }

  #begin(frame) {
    this.#place(frame);
    Object.assign(this, { status: "running", model: frame.model, continues: frame.continues ?? null });
    Object.assign(this, { pieces: [], thoughts: [], position: null, end: null });
    this.round += 1;
  }

  #finish(frame) {
    this.status = frame.type === "ai:error" ? "failed" : frame.status;
    this.end = frame;
  }
}

/** All of them. Event `change`, detail {generation, frame}; asks `send` for what it misses. */
export class Generations extends EventTarget {
  #all = new Map();
  #send;

  constructor(send) {
    super();
    this.#send = send;
  }

  get(requestId) {
    return this.#all.get(requestId);
  }

  /** The generation of that id, known from now on. */
  expect(requestId) {
    if (!this.#all.has(requestId)) this.#all.set(requestId, new Generation(requestId));
    return this.#all.get(requestId);
  }

  /** Nobody looks at this conversation any more. */
  forget(conversationId) {
    for (const { requestId } of this.running(conversationId)) this.#all.delete(requestId);
  }

  /** @returns {Generation[]} those of a conversation whose end has not been seen */
  running(conversationId) {
    return [...this.#all.values()].filter((one) => !one.ended && one.conversationId === conversationId);
  }

  receive(frame) {
    if (!this.#all.has(frame.request_id) && !BEGINNINGS.includes(frame.type)) return;
    const generation = this.expect(frame.request_id);
    const outcome = generation.apply(frame);
    if (outcome === "changed") generation.asked = false;
    if (outcome === "gap") this.resume(generation);
    if (outcome === "changed") this.dispatchEvent(new CustomEvent("change", { detail: { generation, frame } }));
  }

  /** Asks for everything after the cursor; once, however many frames show the same gap. */
  resume(generation) {
    if (generation.asked) return;
    generation.asked = true;
    const { seq, epoch } = generation.cursor;
    const frame = { type: "ai:resume", request_id: generation.requestId, after: seq };
    this.#send(epoch === null ? frame : { ...frame, epoch });
  }

  /** After a reconnection: every one that began and whose end has not been seen. */
  resumeAll() {
    for (const generation of this.#all.values()) {
      generation.asked = false;
      if (!generation.ended && generation.messageId) this.resume(generation);
    }
  }
}
