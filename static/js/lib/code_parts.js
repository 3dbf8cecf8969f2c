/** The lines of a code block in parts of some lines each: the browser lays out what is seen or grows, not all of it. */

export const LINES_IN_A_PART = 40;

export function newPart() {
  const part = document.createElement("span");
  part.className = "code-part";
  return part;
}

/** @returns {string[]} the text of each part */
export function cut(text) {
  const parts = [];
  for (let at = 0; at < text.length; ) {
    let end = at;
    for (let line = 0; line < LINES_IN_A_PART && end < text.length; line += 1) end = endOfLine(text, end);
    parts.push(text.slice(at, end));
    at = end;
  }
  return parts;
}

/** @returns {number} where the line after `at` ends, with its line break */
export function endOfLine(text, at) {
  return (text.indexOf("\n", at) + 1 || text.length);
}

/** Puts the text of a finished block into parts. */
export function divide(code) {
  code.replaceChildren(
    ...cut(code.textContent).map((text) => {
      const part = newPart();
      part.append(text);
      return part;
    }),
  );
}
