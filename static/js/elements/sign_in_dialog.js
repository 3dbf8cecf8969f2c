/** Signing in again without leaving the page: the sign-in's own pages in a dialog, one form after the other. */

import { page } from "#lib/trust";

const dialog = document.getElementById("sign-in-dialog");
const place = dialog.querySelector("[data-place]");
const complaint = dialog.querySelector("[role=alert]");
const { url, back } = dialog.dataset;
const start = `${url}?next=${encodeURIComponent(back)}`;
// The way out of the dialog: the whole page, and afterwards back here.
const outside = () => `${url}?next=${encodeURIComponent(location.pathname)}`;

let done = () => {};

/** Asks for a sign-in; `whenDone` is called once the same person is back. */
export function open(whenDone) {
  done = whenDone;
  if (dialog.open) return undefined;
  dialog.showModal();
  return go(start);
}

async function go(address, options = {}) {
  const answer = await fetch(address, { ...options, headers: { "X-In-Place": "1" } }).catch(() => null);
  complaint.hidden = answer !== null;
  if (!answer) return;
  if (new URL(answer.url).pathname === back) return welcome(await answer.json());
  const card = page(await answer.text()).querySelector(".entrance__card");
  // Something else is asked of this person first, which needs a page of its own.
  if (!card) return location.assign(answer.url);
  show(card);
}

function show(card) {
  for (const element of card.querySelectorAll("script, noscript")) element.remove();
  for (const field of card.querySelectorAll("[name=next]")) field.value = back;
  // Passkeys and other sites have pages of their own.
  for (const button of card.querySelectorAll("#passkey_login, #mfa_webauthn_authenticate")) {
    const elsewhere = button.id === "passkey_login" ? outside() : "/accounts/2fa/authenticate/";
    button.addEventListener("click", () => location.assign(elsewhere));
  }
  for (const form of card.querySelectorAll('form[action*="/elsewhere/"]')) {
    const next = Object.assign(document.createElement("input"), { type: "hidden", name: "next" });
    next.value = location.pathname;
    form.append(next);
  }
  place.replaceChildren(...card.childNodes);
  place.querySelector("[autofocus], input:not([type=hidden])")?.focus();
}

dialog.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.action.includes("/elsewhere/")) return;
  event.preventDefault();
  go(form.action, { method: "POST", body: new URLSearchParams(new FormData(form, event.submitter)) });
});

/** A new sign-in has a new proof for forms; somebody else has a page of their own. */
function welcome({ user, csrf }) {
  if (user !== document.documentElement.dataset.user) return location.reload();
  document.body.setAttribute("hx-headers:inherited", JSON.stringify({ "X-CSRFToken": csrf }));
  dialog.close();
  place.replaceChildren();
  done();
}
