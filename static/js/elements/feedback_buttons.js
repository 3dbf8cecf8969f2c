/** <feedback-buttons>: good or bad, or neither when the same is pressed again. */

import { send } from "#lib/requests";

export class FeedbackButtons extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", (event) => this.#clicked(event.target.closest("[data-value]")));
  }

  async #clicked(button) {
    if (!button) return;
    const before = [...this.children].map((one) => one.ariaPressed);
    const takenBack = button.ariaPressed === "true";
    for (const one of this.children) one.ariaPressed = String(one === button && !takenBack);
    const { value } = button.dataset;
    const answer = takenBack ? await send("DELETE", this.dataset.url) : await send("PUT", this.dataset.url, { value });
    if (answer?.status === 204) return;
    [...this.children].forEach((one, n) => (one.ariaPressed = before[n]));
  }
}

customElements.define("feedback-buttons", FeedbackButtons);
