/** <message-list>: the scrolling thread. It stays at the end until its reader scrolls up; then nothing pulls. */

// So near to the end counts as at the end.
const NEAR_PX = 48;

export class MessageList extends HTMLElement {
  #stuck = true;
  #last = 0;
  #sizes = new ResizeObserver(() => this.#keep());
  #listeners = null;

  connectedCallback() {
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    this.addEventListener("scroll", () => this.#scrolled(), { passive: true, signal });
    this.addEventListener("htmx:before:swap", (event) => this.#holdPlace(event), { signal });
    this.#sizes.observe(this);
    this.#sizes.observe(this.content);
    // The messages in here become elements after this one: the end is known then.
    queueMicrotask(() => this.#begin());
  }

  disconnectedCallback() {
    this.#listeners.abort();
    this.#sizes.disconnect();
  }

  get content() {
    return this.firstElementChild;
  }

  /** @returns {HTMLElement[]} the messages, in reading order */
  get messages() {
    return [...this.content.querySelectorAll(":scope > chat-message")];
  }

  removeAfter(message) {
    while (message.nextElementSibling) message.nextElementSibling.remove();
  }

  /** Whether the end of the conversation is not here: the reader came from a search, to somewhere in the middle. */
  get cutOff() {
    return this.content.querySelector(":scope > .thread__newer") !== null;
  }

  #begin() {
    const found = this.content.querySelector(":scope > [data-found]");
    if (!found) return this.toEnd();
    this.#stuck = false;
    found.scrollIntoView({ block: found.offsetHeight > this.clientHeight / 2 ? "start" : "center" });
    this.#keep();
  }

  toEnd() {
    this.#stuck = true;
    this.#keep();
  }

  #keep() {
    // A page without messages is read from its beginning.
    if (this.#stuck && !this.cutOff && this.content.firstElementChild) this.scrollTop = this.scrollHeight;
    this.#last = this.scrollTop;
    this.#say();
  }

  #scrolled() {
    const left = this.scrollHeight - this.clientHeight - this.scrollTop;
    if (left <= NEAR_PX) this.#stuck = !this.cutOff;
    else if (this.scrollTop < this.#last) this.#stuck = false;
    this.#last = this.scrollTop;
    this.#say();
  }

  #say() {
    const left = this.scrollHeight - this.clientHeight - this.scrollTop;
    const away = String(!this.#stuck && left > NEAR_PX);
    const thread = this.closest("chat-thread");
    if (!thread || thread.dataset.away === away) return;
    thread.dataset.away = away;
    if (away === "false") thread.dispatchEvent(new CustomEvent("at-end"));
  }

  /** Older messages come in above: what is being read stays where it is. */
  #holdPlace(event) {
    if (!event.target.matches?.(".thread__older")) return;
    const [first] = this.messages;
    const before = first.getBoundingClientRect().top;
    document.addEventListener(
      "htmx:after:swap",
      () => {
        this.scrollTop += first.getBoundingClientRect().top - before;
        this.#last = this.scrollTop;
      },
      { once: true, capture: true },
    );
  }
}

customElements.define("message-list", MessageList);
