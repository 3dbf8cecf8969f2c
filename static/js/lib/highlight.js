/** Colours for code whose language is known; fetched when the first such block is complete. */

import highlighter from "#vendor/highlight";
import { safeFragment } from "#lib/trust";

// Beyond this, colours would cost a person more in waiting than they give in reading.
const MOST = 30_000;

/** @param {HTMLElement} code that has its whole text */
export function highlight(code) {
  const language = /language-(\S+)/.exec(code.className)?.[1];
  if (!highlighter.getLanguage(language) || code.textContent.length > MOST) return;
  const { value } = highlighter.highlight(code.textContent, { language, ignoreIllegals: true });
  code.replaceChildren(safeFragment(value));
}
