/** What the buttons of a thread do, by the name in their data-act. */

import { copy } from "#lib/clipboard";
import { connection } from "#lib/here";
import { newFrom } from "#lib/templates";

// So long a button says that it has copied.
const SAID_MS = 1600;

async function copyTo(button, text) {
  await copy(text);
  button.dataset.done = "true";
  setTimeout(() => delete button.dataset.done, SAID_MS);
}

/** From a footnote's mark to the footnote, or back. */
function goTo(message, { textContent }, selector) {
  const target = [...message.querySelectorAll(`${selector} button`)].find((one) => one.textContent === textContent);
  target?.scrollIntoView({ block: "center" });
  target?.focus();
}

/** Each is given the thread, the message it is about (if it is about one), and the button. */
export const actions = {
  stop: (thread) => thread.stop(),
  latest: (thread) => thread.toEnd(),
  suggest: (thread, _, button) => thread.composer.write(button.dataset.prompt),

  regenerate: (thread, { dataset }) =>
    thread.ask("ai:regenerate", { message_id: dataset.messageId, model: thread.composer.model }),
  continue: (thread, { dataset }) => thread.ask("ai:continue", { message_id: dataset.messageId }),

  copy: (_, message, button) => copyTo(button, message.source),
  copy_code: (_, message, button) => copyTo(button, button.closest(".code").querySelector("code").textContent),

  to_footnote: (_, message, button) => goTo(message, button, ".footnote-label"),
  from_footnote: (_, message, button) => goTo(message, button, ".footnote-mark"),

  edit: (_, message) => {
    const editor = newFrom("new-editor");
    message.append(editor);
    editor.begin(message.source);
  },

  withdraw: (_, { dataset }) => connection.outbox.withdraw(dataset.requestId),
  withdraw_all: ({ conversationId }) => connection.outbox.withdrawAll(conversationId),
  resend: (_, { dataset }) => connection.outbox.retry(dataset.requestId),
};
