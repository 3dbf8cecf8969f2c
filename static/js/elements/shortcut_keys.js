/** <shortcut-keys>: what can be done by keyboard from anywhere on the page, and the dialog that lists it. */

const MAC = /^(Mac|iP)/.test(navigator.platform);
const WRITABLE = "textarea, input, select, [contenteditable]";

const first = (selector) => document.querySelector(selector);

/** The conversation above (-1) or below (1) the one that is open. */
function go(step) {
  const items = [...document.querySelectorAll("[data-testid=conversation-item]")];
  const open = items.findIndex((item) => item.ariaCurrent);
  items[open < 0 ? (step < 0 ? -1 : 0) : open + step]?.click();
}

const help = () => first("shortcut-keys").toggle();

const anywhere = {
  "mod+shift+o": () => first(".sidebar__new").click(),
  "mod+shift+c": () => [...document.querySelectorAll("[data-role=assistant] [data-act=copy]")].at(-1)?.click(),
  "mod+/": help,
};
// While a person writes, these are what they write, or move in it.
const besidesWriting = {
  "?": help,
  "/": () => first("#prompt").focus(),
  "alt+arrowup": () => go(-1),
  "alt+arrowdown": () => go(1),
};

/** As in "mod+shift+o": `mod` is the key that commands; a sign may need Shift, which then says nothing. */
function nameOf({ key, altKey, shiftKey, ctrlKey, metaKey }) {
  const letter = /^[a-z]$/i.test(key);
  const held = [(MAC ? metaKey : ctrlKey) && "mod", altKey && "alt", shiftKey && letter && "shift"];
  return [...held.filter(Boolean), key.toLowerCase()].join("+");
}

export class ShortcutKeys extends HTMLElement {
  #listeners = null;

  connectedCallback() {
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    document.addEventListener("keydown", (event) => this.#key(event), { signal });
    document.addEventListener("click", ({ target }) => target.closest("[data-act=shortcuts]") && this.toggle(), { signal });
    this.#plain.checked = localStorage.getItem("plain-keys") !== "off";
    this.#plain.addEventListener("change", () => localStorage.setItem("plain-keys", this.#plain.checked ? "on" : "off"), {
      signal,
    });
    if (MAC) for (const key of this.querySelectorAll("[data-mac]")) key.textContent = key.dataset.mac;
  }

  disconnectedCallback() {
    this.#listeners.abort();
  }

  /** Whoever speaks to the computer, or hits a key by chance, can do without keys that need no other one held. */
  get #plain() {
    return this.querySelector("input");
  }

  toggle() {
    const dialog = this.querySelector("dialog");
    if (dialog.open) dialog.close();
    else dialog.showModal();
  }

  #key(event) {
    if (event.isComposing || event.defaultPrevented) return;
    const name = nameOf(event);
    if (name.length === 1 && !this.#plain.checked) return;
    const act = anywhere[name] ?? (this.#writing(event.target, name) ? null : besidesWriting[name]);
    if (!act || (act !== help && first("dialog[open]"))) return;
    event.preventDefault();
    act();
  }

  /** In an empty field the arrows have nothing to do; a sign would be its first one. */
  #writing(field, name) {
    return field.matches?.(WRITABLE) && (field.value !== "" || !name.startsWith("alt+"));
  }
}

customElements.define("shortcut-keys", ShortcutKeys);
