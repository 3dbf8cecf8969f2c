/** The prompts of a thread that the server does not have yet, as messages of the thread. */

import { connection } from "#lib/here";
import { newFrom } from "#lib/templates";

const clock = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "medium" });

export class WaitingPrompts {
  #thread;

  constructor(thread) {
    this.#thread = thread;
  }

  /** The message that waits under that request id. */
  message(requestId) {
    const id = CSS.escape(requestId);
    return this.#thread.list.querySelector(`chat-message[data-role=user][data-request-id="${id}"]`);
  }

  /** Shows what waits as it is now; `changed` names the entry that changed, which may be gone. */
  show(changed) {
    const { conversationId } = this.#thread;
    for (const entry of connection.outbox.entries) {
      if (entry.frame.conversation_id === conversationId) this.#showEntry(entry);
    }
    const gone = changed && !connection.outbox.has(changed) && this.message(changed);
    if (gone && !connection.generations.get(changed)?.messageId) this.#withdrawn(gone);
  }

  #showEntry({ id, frame, error, later }) {
    const message = this.message(id) ?? this.#madeFor(id, frame);
    message.dataset.status = error ? "failed" : "waiting";
    const note = message.querySelector(".message__waiting");
    note.dataset.state = error ? "failed" : later ? "later" : connection.state;
    note.querySelector("[data-error]").textContent = error?.message ?? "";
    const words = note.querySelector(".message__waiting-later");
    words.textContent = later ? words.dataset.words.replace("{why}", later.message).replace("{time}", clock.format(later.at)) : "";
  }

  #madeFor(id, frame) {
    const { list } = this.#thread;
    const message = newFrom("new-user");
    message.dataset.requestId = id;
    message.body.textContent = frame.prompt;
    const edited = frame.edits && this.#thread.message(frame.edits);
    if (edited) {
      list.removeAfter(edited);
      edited.replaceWith(message);
      message.dataset.branches = "true";
    } else list.content.append(message);
    return message;
  }

  /** Its words go back to the composer when there are none; what an edit hid comes back. */
  #withdrawn(message) {
    const { composer, conversationId } = this.#thread;
    if (!composer.text.value) composer.write(message.source);
    message.remove();
    if (conversationId) this.#thread.refresh();
  }
}
