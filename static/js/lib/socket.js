/** One WebSocket that is always being kept open: back-off, heartbeat, and the state a person is shown. */

const SILENCE_MS = 30_000;
const PATIENCE_MS = 10_000;
const SIGNED_OUT = [4401, 4403];

/** The wait before attempt n (0, 1, 2 …): at once, then 1, 2, 4 … 30 s, less up to half of it by chance. */
export function delayBefore(attempt, random = Math.random, longest = 30_000) {
  if (attempt === 0) return 0;
  return Math.min(1000 * 2 ** (attempt - 1), longest) * (1 - random() / 2);
}

/**
 * Events: `frame` (detail: the frame), `state` (detail: "connected" | "reconnecting" | "offline"),
 * `connected` (a session has begun), `refused` (the server ended this sign-in), `unopened` (detail: how many
 * connections in a row ended before a session began).
 */
export class Socket extends EventTarget {
  state = "reconnecting";
  longestDelay = 30_000;
  #url;
  #open;
  #random;
  #socket = null;
  #attempt = 0;
  #unopened = 0;
  #retry = null;
  #silence = null;
  #ended = false;

  constructor(url, { open = (address) => new WebSocket(address), random = Math.random } = {}) {
    super();
    this.#url = url;
    this.#open = open;
    this.#random = random;
    globalThis.addEventListener?.("online", () => this.wake());
    globalThis.addEventListener?.("offline", () => this.#doubt());
    globalThis.document?.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.wake();
    });
  }

  /** Also after `close` or a refusal: somebody has signed in again. */
  start() {
    this.#ended = false;
    this.#connect();
  }

  /** Tries at once when it is waiting to; asks for a sign of life when it believes to be connected. */
  wake() {
    if (this.#ended) return;
    if (this.state === "connected") this.#ask();
    else if (this.#retry !== null) this.#connect();
  }

  /** @returns {boolean} whether the frame was handed over; never that it arrived */
  send(frame) {
    if (this.state !== "connected") return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Leaves this connection and comes back on another one after `delay` ms. */
  reconnect(delay = 0) {
    this.#drop();
    this.#schedule(delay);
  }

  close() {
    this.#ended = true;
    clearTimeout(this.#retry);
    this.#drop();
  }

  get attempts() {
    return this.#attempt;
  }

  #connect() {
    clearTimeout(this.#retry);
    this.#retry = null;
    const socket = this.#open(this.#url);
    this.#socket = socket;
    socket.onmessage = (event) => socket === this.#socket && this.#receive(event.data);
    socket.onclose = (event) => socket === this.#socket && this.#lost(event.code);
    // A handshake that never ends is a dead connection, too.
    this.#expect(PATIENCE_MS, () => this.#lost());
  }

  #receive(data) {
    this.#expect(SILENCE_MS, () => this.#ask());
    const frame = JSON.parse(data);
    if (frame.type === "session") {
      this.#attempt = 0;
      // The end of this one will not be a failure to open.
      this.#unopened = -1;
      this.#show("connected");
      this.dispatchEvent(new CustomEvent("connected", { detail: frame }));
    }
    if (frame.type === "server:draining") this.reconnect(frame.reconnect_after_ms);
    else this.dispatchEvent(new CustomEvent("frame", { detail: frame }));
  }

  /** A network has gone. A connection may be left all the same, as to this machine itself: it is asked. */
  #doubt() {
    if (this.state === "connected") this.#ask();
    else if (!this.#socket) this.#show("offline");
  }

  #ask() {
    this.send({ type: "ping" });
    this.#expect(PATIENCE_MS, () => this.reconnect());
  }

  #lost(code) {
    this.#drop();
    if (SIGNED_OUT.includes(code)) {
      this.#ended = true;
      this.#show("offline");
      this.dispatchEvent(new CustomEvent("refused", { detail: code }));
      return;
    }
    this.#schedule(delayBefore(this.#attempt++, this.#random, this.longestDelay));
    this.#unopened += 1;
    if (this.#unopened) this.dispatchEvent(new CustomEvent("unopened", { detail: this.#unopened }));
  }

  #drop() {
    clearTimeout(this.#silence);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #schedule(delay) {
    if (this.#ended) return;
    this.#show(globalThis.navigator?.onLine === false ? "offline" : "reconnecting");
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#connect(), delay);
  }

  #expect(within, otherwise) {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(otherwise, within);
  }

  #show(state) {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }
}
