/** How a conversation's newest answer ended has been seen: then no device marks it as new any more. */

import { send } from "#lib/requests";

const OPEN = /^\/c\/([0-9a-f-]{36})\/$/;

/** Tells the server, when the open conversation is really in front of somebody. */
export function markSeen() {
  const [, id] = OPEN.exec(location.pathname) ?? [];
  if (id && document.visibilityState === "visible") send("PUT", `/conversations/${id}/seen/`);
}
