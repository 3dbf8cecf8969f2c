/** The dialog with which a message is reported to the moderators; it comes when it is asked for the first time. */

import { send } from "#lib/requests";

const dialog = document.getElementById("report-dialog");
const form = dialog.querySelector("form");
const alert = dialog.querySelector("[role=alert]");
let message = null;

/** Asks what is wrong with the message that the button is in. */
export function open(_, about) {
  message = about;
  form.reset();
  form.hidden = false;
  alert.hidden = true;
  dialog.querySelector("[data-thanks]").hidden = true;
  dialog.showModal();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const path = `/messages/${message.dataset.messageId}/report/`;
  const answer = await send("POST", path, Object.fromEntries(new FormData(form)));
  const sent = answer?.status === 204;
  form.hidden = sent;
  dialog.querySelector("[data-thanks]").hidden = !sent;
  alert.hidden = sent;
  if (sent) return dialog.querySelector("[data-thanks] button").focus();
  const refused = answer?.status === 422 || answer?.status === 429;
  alert.textContent = refused ? await answer.text() : alert.dataset.failed;
});

for (const button of dialog.querySelectorAll("[data-cancel]")) button.addEventListener("click", () => dialog.close());
