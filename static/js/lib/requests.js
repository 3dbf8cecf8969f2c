/** Small changes of the record, asked for by the page itself. */

import { csrfToken } from "#lib/csrf";

/**
 * Sends a form to the server.
 * @param {Record<string, string>} [fields] the form
 * @param {RequestInit} [options] for fetch
 * @returns {Promise<Response | null>} null when there is no way to it
 */
export async function send(method, path, fields = {}, options = {}) {
  const body = method === "DELETE" ? undefined : new URLSearchParams(fields);
  try {
    return await fetch(path, { method, body, headers: { "X-CSRFToken": csrfToken() }, ...options });
  } catch {
    return null;
  }
}
