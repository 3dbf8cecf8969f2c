/** The tab's line to the server: the socket, and event streams for as long as something lets no socket through. */

import { delayBefore } from "#lib/socket";

// So many sockets in a row that never opened, and it is not the network: HTTP is asked.
const BLOCKED_AFTER = 2;
const LONGEST_DELAY_MS = 30_000;
// While streams do its work, the socket is tried less often.
const BLOCKED_DELAY_MS = 180_000;

/** @returns {Promise<boolean>} whether HTTP works for somebody who is signed in */
async function reachable() {
  const answer = await fetch("/conversations/?count=1", { redirect: "manual" }).catch(() => null);
  return answer?.ok ?? false;
}

async function openStreams() {
  const { EventStreams } = await import("#lib/event_streams");
  return new EventStreams();
}

/** The same events as a Socket's; `state` is told again when `compatible` changes. */
export class Line extends EventTarget {
  state = "reconnecting";
  #socket;
  #reachable;
  #openStreams;
  #streams = null;
  #losses = 0;

  constructor(socket, doors = {}) {
    super();
    this.#socket = socket;
    this.#reachable = doors.reachable ?? reachable;
    this.#openStreams = doors.openStreams ?? openStreams;
    socket.addEventListener("connected", ({ detail }) => this.#opened(detail));
    socket.addEventListener("state", ({ detail }) => this.#socketIs(detail));
    socket.addEventListener("unopened", ({ detail }) => detail >= BLOCKED_AFTER && this.#doubt());
    for (const name of ["frame", "refused"]) socket.addEventListener(name, ({ detail }) => this.#tell(name, detail));
  }

  start() {
    this.#socket.start();
  }

  close() {
    this.#leaveStreams();
    this.#socket.close();
  }

  /** Whether event streams are in the socket's place. */
  get compatible() {
    return this.#streams !== null;
  }

  get attempts() {
    return this.#socket.attempts;
  }

  /** @returns {boolean} whether the frame was handed over; never that it arrived */
  send(frame) {
    return (this.#streams ?? this.#socket).send(frame);
  }

  /** What the streams were at goes on over the socket: whoever hears `connected` resumes. */
  #opened(session) {
    if (this.compatible) {
      this.#leaveStreams();
      this.#show("connected");
    }
    this.#tell("connected", session);
  }

  #socketIs(state) {
    if (!this.compatible) this.#show(state);
    else if (state === "offline") this.#lost();
  }

  async #doubt() {
    if (this.compatible || !(await this.#reachable())) return;
    const streams = await this.#openStreams().catch(() => null);
    if (!streams || this.compatible || this.#socket.state === "connected") return;
    this.#streams = streams;
    this.#socket.longestDelay = BLOCKED_DELAY_MS;
    streams.addEventListener("frame", ({ detail }) => this.#receive(detail));
    streams.addEventListener("lost", () => this.#lost());
    streams.addEventListener("refused", ({ detail }) => this.#tell("refused", detail));
    this.#show("connected");
    this.#tell("connected", null);
  }

  #receive(frame) {
    this.#losses = 0;
    this.#tell("frame", frame);
  }

  /** A stream broke off: the socket is asked first, its failing leads back here. */
  #lost() {
    if (!this.compatible) return;
    this.#leaveStreams();
    this.#show(this.#socket.state);
    setTimeout(() => this.#socket.wake(), delayBefore(this.#losses++));
  }

  #leaveStreams() {
    this.#streams?.close();
    this.#streams = null;
    this.#socket.longestDelay = LONGEST_DELAY_MS;
  }

  #show(state) {
    this.state = state;
    this.#tell("state", state);
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
