/** The page's templates: what the browser makes is made of the same parts as what the server sends. */

/** @returns {HTMLElement} a new one, its elements alive */
export function newFrom(id) {
  return document.importNode(document.getElementById(id).content.firstElementChild, true);
}
