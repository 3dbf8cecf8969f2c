/** The chat page: its elements, the line to the server, and what belongs to the page as a whole. */

import htmx from "#vendor/htmx";
import "#lib/trust";
import { connection } from "#lib/here";
import "#elements/chat_message";
import "#elements/message_list";
import "#elements/message_editor";
import "#elements/chat_composer";
import "#elements/chat_thread";
import "#elements/conversation_list";
import "#elements/connection_status";
import "#elements/budget_meter";
import "#elements/theme_toggle";
import "#elements/side_bar";
import "#elements/search_box";
import "#elements/shortcut_keys";
import "#elements/feedback_buttons";

connection.start();

// The menu of a conversation comes when it is asked for the first time; then it is asked again.
let menu = null;
document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-options]");
  if (!button || menu) return;
  menu = Promise.all([import("#elements/undo_toast"), import("#elements/conversation_menu")]);
  menu.then(() => button.click()).catch(() => (menu = null));
});

// So do the dialogs that few people ever need. Meanwhile a message's foot may be read again: the button knows no longer
// whose it was.
document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-later]");
  const message = button?.closest("chat-message");
  if (button) (await import(`#elements/${button.dataset.later}`)).open(button, message);
});

// And the menu of prompts, once a message begins with a slash.
document.addEventListener("input", async ({ target }) => {
  if (target.id === "prompt" && target.value[0] === "/") (await import("#elements/slash_menu")).show(target);
});

// A sign-in that has ended answers with the sign-in page: nothing of it, least of all its scripts, is for this one.
document.addEventListener("htmx:before:response", (event) => {
  const answer = event.detail.ctx.response?.raw;
  if (!answer?.redirected || !/^\/(accounts|settings)\//.test(new URL(answer.url).pathname)) return;
  event.preventDefault();
  connection.dispatchEvent(new Event("refused"));
});

// Where a person is, until they say something else: the day of their budget is their own.
const { timeZoneUrl } = document.body.dataset;
if (timeZoneUrl) {
  const values = { time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone };
  htmx.ajax("POST", timeZoneUrl, { values, swap: "none" });
}
