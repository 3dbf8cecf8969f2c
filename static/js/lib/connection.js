/** This tab's connection: the line to the server, what it knows of generations, and what is still to be sent. */

import { Generations } from "#lib/generations";
import { Line } from "#lib/line";
import { Outbox, OutboxStore } from "#lib/outbox";
import { newRequestId } from "#lib/request_id";
import { Socket } from "#lib/socket";

/**
 * Events: `state` (detail: the line's), `change` (detail: {generation, frame}), `conversation` (detail: the
 * conversation:updated frame), `budget` (detail: the budget), `withdrawn` (detail: the ai:error that says a
 * conversation is not shared any more), `refused` (the sign-in has ended).
 */
export class Connection extends EventTarget {
  budget = null;
  #watched = new Map();
  #unanswered = new Map();

  constructor(url, user, { line = new Line(new Socket(url)), store = new OutboxStore() } = {}) {
    super();
    this.user = user;
    this.line = line;
    this.generations = new Generations((frame) => line.send(frame));
    this.outbox = new Outbox(store, (frame) => line.send(frame));
    line.addEventListener("frame", (event) => this.#receive(event.detail));
    line.addEventListener("connected", () => this.#resume());
    for (const name of ["state", "refused"]) {
      line.addEventListener(name, (event) => this.#tell(name, event.detail));
    }
    this.generations.addEventListener("change", (event) => this.#tell("change", event.detail));
  }

  start() {
    this.outbox.load(this.user);
    this.line.start();
  }

  get state() {
    return this.line.state;
  }

  /** Whether it works, but not over a socket. */
  get compatible() {
    return this.line.compatible;
  }

  /** Sends a prompt now or as soon as there is a connection. @returns {string} its request id */
  write(fields, follows = null) {
    const frame = { type: "ai:generate", request_id: newRequestId(), ...fields };
    this.outbox.add(this.user, frame, follows);
    return frame.request_id;
  }

  /** Asks for something about a message there is: regenerate or continue. @returns {string} its request id */
  ask(type, fields) {
    const frame = { type, request_id: newRequestId(), ...fields };
    this.#unanswered.set(frame.request_id, frame);
    this.line.send(frame);
    return frame.request_id;
  }

  cancel(requestId) {
    this.line.send({ type: "ai:cancel", request_id: requestId });
  }

  /** What runs in a conversation, and what begins there later, is sent to this tab until `leave`. */
  watch(conversationId) {
    const watchers = this.#watched.get(conversationId) ?? 0;
    this.#watched.set(conversationId, watchers + 1);
    if (!watchers) this.line.send({ type: "conversation:open", conversation_id: conversationId });
  }

  leave(conversationId) {
    const watchers = this.#watched.get(conversationId) - 1;
    if (watchers) return void this.#watched.set(conversationId, watchers);
    this.#watched.delete(conversationId);
    this.generations.forget(conversationId);
    this.line.send({ type: "conversation:close", conversation_id: conversationId });
  }

  #receive(frame) {
    if (frame.budget) this.#setBudget(frame.budget);
    if (frame.type === "budget") this.#setBudget(frame);
    else if (frame.type === "site:news") document.dispatchEvent(new Event("site-news"));
    else if (frame.type === "conversation:updated") this.#tell("conversation", frame);
    else if (frame.request_id) this.#receiveAbout(frame);
    else if (frame.code === "forbidden" && frame.conversation_id) this.#tell("withdrawn", frame);
  }

  #receiveAbout(frame) {
    this.#unanswered.delete(frame.request_id);
    if (frame.type === "ai:error" && frame.seq === undefined && this.outbox.has(frame.request_id)) {
      return this.outbox.refuse(frame.request_id, frame);
    }
    this.generations.receive(frame);
    if (frame.conversation_id) this.outbox.acknowledge(frame.request_id, frame.conversation_id);
  }

  #resume() {
    for (const conversation_id of this.#watched.keys()) this.line.send({ type: "conversation:open", conversation_id });
    this.generations.resumeAll();
    for (const frame of this.#unanswered.values()) this.line.send(frame);
    this.outbox.restart();
  }

  #setBudget(budget) {
    this.budget = budget;
    this.#tell("budget", budget);
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
