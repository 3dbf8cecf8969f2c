/** <budget-meter>: what is left of today's tokens and when the next day begins, in the person's own words and zone. */

import { connection } from "#lib/here";

const short = new Intl.NumberFormat(document.documentElement.lang, { notation: "compact", maximumFractionDigits: 1 });
const full = new Intl.NumberFormat(document.documentElement.lang);
const hour = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "short", timeZone: "UTC" });
// What the server's time says on the person's own clock, wherever this browser believes to be.
const onTheirClock = (time) => hour.format(new Date(`${time.slice(0, 19)}Z`));

export class BudgetMeter extends HTMLElement {
  #listeners = null;

  connectedCallback() {
    this.#listeners = new AbortController();
    connection.addEventListener("budget", ({ detail }) => this.#show(detail), { signal: this.#listeners.signal });
    if (connection.budget) this.#show(connection.budget);
  }

  disconnectedCallback() {
    this.#listeners.abort();
  }

  #show({ limit, remaining, resets_at: resetsAt }) {
    this.hidden = limit === null;
    if (limit === null) return;
    const words = { left: short.format(remaining), limit: full.format(limit), exact: full.format(remaining) };
    words.time = onTheirClock(resetsAt);
    this.querySelector("meter").value = limit ? remaining / limit : 0;
    const [left, until] = this.querySelectorAll("span");
    left.textContent = this.#said("text", words);
    until.textContent = this.#said("until", words);
    this.querySelector("button").title = this.querySelector("p").textContent = this.#said("explained", words);
    this.dataset.level = remaining <= 0 ? "empty" : remaining < limit / 10 ? "low" : "fine";
  }

  #said(name, words) {
    return this.dataset[name].replace(/\{(\w+)\}/g, (_, word) => words[word]);
  }
}

customElements.define("budget-meter", BudgetMeter);
