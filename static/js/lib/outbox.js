/** What was written and is not known to have arrived: kept in the browser, sent in order, once each. */

const NAME = "parley";
const STORE = "outbox";
// The server will take it, only not now.
const LATER = ["rate_limited", "too_many_generations", "queue_full", "draining"];

/** IndexedDB as far as the outbox needs it. Where there is none (a private window), memory has to do. */
export class OutboxStore {
  #database = new Promise((resolve) => {
    const request = globalThis.indexedDB?.open(NAME, 1);
    if (!request) return resolve(null);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => resolve(null);
  });

  async all() {
    return (await this.#do("readonly", (store) => store.getAll())) ?? [];
  }

  put(entry) {
    return this.#do("readwrite", (store) => store.put(entry));
  }

  remove(id) {
    return this.#do("readwrite", (store) => store.delete(id));
  }

  async #do(mode, act) {
    const database = await this.#database;
    if (!database) return null;
    return new Promise((resolve, reject) => {
      const request = act(database.transaction(STORE, mode).objectStore(STORE));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  }
}

/**
 * Entries: {id, user, at, frame, follows, error, later}: `id` is the frame's request id, `follows` the entry whose
 * conversation it goes on in when that one is not known yet. Event `change` (detail: the entry's id).
 */
export class Outbox extends EventTarget {
  entries = [];
  #store;
  #send;
  #flying = null;
  #timer = null;

  /** @param send hands a frame over and says whether it could */
  constructor(store, send) {
    super();
    this.#store = store;
    this.#send = send;
  }

  /** Takes up what an earlier page of the same person left. */
  async load(user) {
    const left = (await this.#store.all()).filter((entry) => entry.user === user);
    for (const entry of left) entry.later = null;
    const known = new Set(this.entries.map((entry) => entry.id));
    this.entries = [...left.filter((entry) => !known.has(entry.id)), ...this.entries].sort((a, b) => a.at - b.at);
    this.#changed(null);
    this.flush();
  }

  has(id) {
    return this.entries.some((entry) => entry.id === id);
  }

  add(user, frame, follows = null) {
    const entry = { id: frame.request_id, user, at: Date.now(), frame, follows, error: null };
    this.entries.push(entry);
    this.#store.put(entry);
    this.#changed(entry.id);
    this.flush();
  }

  /** The connection is new: what was on its way may not have arrived. */
  restart() {
    this.#flying = null;
    this.flush();
  }

  /** Sends the first that may be sent; the next one follows when the server has answered for it. */
  flush() {
    if (this.#flying || this.#timer) return;
    const entry = this.entries.find((one) => !one.error && !one.follows);
    if (!entry || !this.#send(entry.frame)) return;
    this.#flying = entry.id;
    const { later } = entry;
    entry.later = null;
    if (later) this.#changed(entry.id);
  }

  /** The server has it: from here on the conversation is the record. */
  acknowledge(id, conversationId) {
    this.#leave(id, (next) => {
      next.frame.conversation_id = conversationId;
      next.follows = null;
    });
  }

  /** The person takes it back. */
  withdraw(id) {
    const { follows } = this.entries.find((entry) => entry.id === id) ?? {};
    this.#leave(id, (next) => {
      next.follows = follows ?? null;
    });
  }

  /** All that waits in a conversation, the last first: what follows goes before it could be sent. */
  withdrawAll(conversationId) {
    const theirs = this.entries.filter(({ frame }) => frame.conversation_id === conversationId);
    for (const { id } of theirs.reverse()) this.withdraw(id);
  }

  /** The server will not have it, or not yet. */
  refuse(id, error) {
    const entry = this.entries.find((one) => one.id === id);
    if (!entry) return;
    this.#landed(id);
    if (LATER.includes(error.code)) this.#pause(entry, error);
    else {
      entry.error = { code: error.code, message: error.message };
      this.#store.put(entry);
    }
    this.#changed(id);
    this.flush();
  }

  retry(id) {
    const entry = this.entries.find((one) => one.id === id);
    if (!entry) return;
    entry.error = null;
    this.#store.put(entry);
    this.#changed(id);
    this.flush();
  }

  #leave(id, hand) {
    const at = this.entries.findIndex((entry) => entry.id === id);
    if (at < 0) return;
    this.entries.splice(at, 1);
    this.#store.remove(id);
    for (const next of this.entries.filter((entry) => entry.follows === id)) {
      hand(next);
      this.#store.put(next);
    }
    this.#landed(id);
    this.#changed(id);
    this.flush();
  }

  #landed(id) {
    if (this.#flying === id) this.#flying = null;
  }

  /** `later` says why it waits and when it goes out again; it is not kept: after a reload it goes out at once. */
  #pause(entry, { message, retry_after_s: seconds = 2 }) {
    entry.later = { message, at: Date.now() + seconds * 1000 };
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.flush();
    }, seconds * 1000);
  }

  #changed(id) {
    this.dispatchEvent(new CustomEvent("change", { detail: id }));
  }
}
