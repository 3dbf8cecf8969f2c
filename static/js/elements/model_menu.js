/** The menu of the models an answer can be written again with, or go on with; it comes when it is asked for the first time. */

import { newFrom } from "#lib/templates";

const GAP_PX = 4;

/** Opens it at the button of an answer, which stays the one that is meant when the thread is read again under the menu. */
export function open(button, { dataset: { messageId } }) {
  const menu = newFrom("model-menu");
  for (const { value, text } of document.querySelector("[data-testid=model-picker]").options) {
    const item = newFrom("model-menu-item");
    item.textContent = text;
    item.addEventListener("click", () => choose(button.dataset.ask, messageId, value));
    menu.append(item);
  }
  menu.addEventListener("keydown", (event) => move(menu, event));
  menu.addEventListener("click", () => menu.hidePopover());
  menu.addEventListener("toggle", ({ newState }) => newState === "closed" && leave(menu, button));
  document.body.append(menu);
  menu.showPopover({ source: button });
  place(menu, button.getBoundingClientRect());
  menu.firstElementChild.focus();
}

function choose(type, messageId, model) {
  document.querySelector("chat-thread").ask(type, { message_id: messageId, model });
}

function leave(menu, button) {
  menu.remove();
  if (document.activeElement === document.body) button.focus();
}

/** Above its button; below it, where there is no room. */
function place(menu, { left, top, bottom }) {
  const above = top - GAP_PX - menu.offsetHeight;
  menu.style.top = `${above >= GAP_PX ? above : Math.min(bottom + GAP_PX, innerHeight - menu.offsetHeight - GAP_PX)}px`;
  menu.style.left = `${Math.max(GAP_PX, Math.min(left, innerWidth - menu.offsetWidth - GAP_PX))}px`;
}

function move(menu, event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const items = [...menu.children];
  items.at((items.indexOf(document.activeElement) + step) % items.length).focus();
}
