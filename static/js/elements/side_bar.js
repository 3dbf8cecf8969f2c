/** <side-bar>: beside the chat on a wide screen, where it can be put away; a drawer over it on a phone. */

export class SideBar extends HTMLElement {
  connectedCallback() {
    for (const button of document.querySelectorAll("[data-act=fold]")) button.addEventListener("click", () => this.#fold());
    document.addEventListener("htmx:after:history:update", () => this.#leave());
  }

  #fold() {
    const root = document.documentElement;
    if (root.dataset.sidebar === "closed") {
      delete root.dataset.sidebar;
      localStorage.removeItem("sidebar");
    } else {
      root.dataset.sidebar = "closed";
      localStorage.setItem("sidebar", "closed");
    }
  }

  /** Brings it to view, wherever it has been put. */
  show() {
    if (document.documentElement.dataset.sidebar === "closed") this.#fold();
    if (getComputedStyle(this).display === "none") this.showPopover();
  }

  /** A conversation was chosen: the drawer has done its work. */
  #leave() {
    if (this.matches(":popover-open")) this.hidePopover();
  }
}

customElements.define("side-bar", SideBar);
