/** The wire protocol without a socket: what is asked goes out by POST, what is answered comes as event streams. */

import { EventLines } from "#lib/event_lines";

const SIGNED_OUT = 4401;
// A title is made of the first exchange, a moment after it.
const TITLE_MS = 5000;
// So often the record is asked what happened in other tabs and on other devices.
const POLL_MS = 10_000;
const about = (frame, what) => `/api/generations/${frame.request_id}/${what}`;

/**
 * Events: `frame` (detail: the frame), `lost` (a stream broke off: nothing more comes), `refused` (signed out).
 * A socket is told of its conversations; here that news is made of the streams' own beginnings and ends, and asked for.
 */
export class EventStreams extends EventTarget {
  #closing = new AbortController();
  #poll = setInterval(() => document.hidden || this.#changed(), POLL_MS);

  /** @returns {boolean} whether the frame was handed over; never that it arrived */
  send(frame) {
    if (this.#closing.signal.aborted) return false;
    const { type, ...body } = frame;
    if (type === "ai:generate") this.#stream(frame, "/api/chat", body);
    else if (type === "ai:regenerate" || type === "ai:continue") this.#stream(frame, "/api/generations", frame);
    else if (type === "ai:resume") this.#stream(frame, `${about(frame, "events")}?after=${frame.after}`);
    else if (type === "ai:cancel") this.#stream(frame, about(frame, "cancel"), {});
    return true;
  }

  close() {
    clearInterval(this.#poll);
    this.#closing.abort();
  }

  /** Asks, and tells what comes until the stream ends by itself; a refusal is a frame like any other. */
  async #stream({ request_id }, path, body) {
    try {
      const answer = await fetch(path, this.#request(body));
      if (answer.status === 401) return this.#tell("refused", SIGNED_OUT);
      if (!answer.ok) return this.#tell("frame", { ...(await answer.json()), request_id });
      if (answer.status !== 204) await this.#read(answer.body);
    } catch {
      this.#lost();
    }
  }

  #request(body) {
    const { signal } = this.#closing;
    if (!body) return { signal };
    return { signal, method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  }

  async #read(stream) {
    const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
    const lines = new EventLines();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) throw new TypeError("The stream broke off.");
      for (const data of lines.push(value)) {
        if (data === "[DONE]") return;
        this.#receive(JSON.parse(data));
      }
    }
  }

  #receive(frame) {
    this.#tell("frame", frame);
    if (frame.type === "ai:start") this.#changed(frame.conversation_id);
    if (frame.type !== "ai:done") return;
    this.#changed();
    setTimeout(() => this.#closing.signal.aborted || this.#changed(), TITLE_MS);
  }

  #changed(conversation_id) {
    this.#tell("frame", { type: "conversation:updated", change: "message", conversation_id });
  }

  #lost() {
    if (this.#closing.signal.aborted) return;
    this.close();
    this.#tell("lost");
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
