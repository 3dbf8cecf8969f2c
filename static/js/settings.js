/** What the settings pages do before they are saved. Without it they work all the same. */

/** <device-zone>: offers the browser's time zone when the form has another. */
class DeviceZone extends HTMLElement {
  connectedCallback() {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const input = this.closest("form").elements.time_zone;
    const button = this.querySelector("button");
    button.textContent = button.dataset.words.replace("{zone}", zone);
    this.hidden = !zone || input.value === zone;
    button.addEventListener("click", () => {
      input.value = zone;
      input.focus();
      this.hidden = true;
    });
  }
}

/** <theme-preview>: the page wears the theme that is picked. */
class ThemePreview extends HTMLElement {
  connectedCallback() {
    this.addEventListener("change", ({ target }) => {
      if (target.name !== "theme") return;
      if (target.value) document.documentElement.dataset.theme = target.value;
      else delete document.documentElement.dataset.theme;
    });
  }
}

/** <copy-field>: copies what a field of the page holds. */
class CopyField extends HTMLElement {
  connectedCallback() {
    const button = this.querySelector("button");
    this.hidden = !navigator.clipboard;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(this.dataset.for).value);
      button.textContent = button.dataset.done;
    });
  }
}

/** <import-progress>: asks how far the import is, for as long as it runs. */
class ImportProgress extends HTMLElement {
  connectedCallback() {
    if (this.querySelector("[data-running=true]")) setTimeout(() => this.#ask(), 1000);
  }

  async #ask() {
    const answer = await fetch(this.dataset.url).catch(() => null);
    if (answer?.ok) this.#show(await answer.text());
    this.connectedCallback();
  }

  #show(html) {
    const part = new DOMParser().parseFromString(policy.createHTML(html), "text/html");
    this.replaceChildren(...part.body.childNodes);
  }
}

/** Only what the server sends of its own pages is taken as HTML here. */
const policy = globalThis.trustedTypes?.createPolicy("parley", { createHTML: (html) => html }) ?? {
  createHTML: (html) => html,
};

customElements.define("import-progress", ImportProgress);
customElements.define("copy-field", CopyField);
customElements.define("device-zone", DeviceZone);
customElements.define("theme-preview", ThemePreview);

// On a phone the pages' names scroll in a row: the one of this page is in view.
document.querySelector(".manage__nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
