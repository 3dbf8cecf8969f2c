/** Characters by their HTML names (`&amp;`), which the browser knows: no table of two thousand names is sent to it. */

const known = new Map();
let read = (entity) => entity;

/** @param {(entity: string) => string} reader what the browser makes of it */
export function readWith(reader) {
  read = reader;
}

/** @returns {string} the character of a name with its `&` and `;`; the name itself, when there is none */
export function decodeHTMLStrict(entity) {
  if (known.has(entity)) return known.get(entity);
  const text = read(entity);
  // Some old names count without their semicolon, too: then it is still there, and more of what was no name.
  if (text.endsWith(";") && entity !== "&semi;") return entity;
  known.set(entity, text);
  return text;
}
