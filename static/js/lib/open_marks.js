/** Text that is still being written: what its last paragraph has opened is closed, so that no bare marks are seen. */

const FENCE = /^ *(?:`{3}|~{3})/m;
const MARK = /\\.|`+|\*+|~~?|_+/gsu;
const WORD = /[\p{L}\p{N}]/u;
// Its address is not for reading; a task's box and a footnote are no links.
const OPEN_LINK = /(?<![\p{L}\p{N}\\])!?\[(?![\s^x])([^[\]\n]*)(?:\](?:\([^()\s]*)?)?$/u;

/**
 * Only for show, while the text grows: what is shown in the end is never changed by it.
 * @returns {string} `source` with its open code, link and emphasis closed at the end
 */
export function closeMarks(source) {
  const start = source.lastIndexOf("\n\n") + 1;
  return FENCE.test(source) ? source : source.slice(0, start) + closed(source.slice(start));
}

function closed(text) {
  const open = [];
  let code = "";
  let end = text.length;
  for (const { 0: mark, index } of text.matchAll(MARK)) {
    const after = text[index + mark.length];
    if (mark[0] === "\\" || (!code && ends(open, mark, text[index - 1]))) continue;
    if (code === mark) code = "";
    // The last mark may become a longer one: it is not judged yet.
    else if (!after) end = index;
    else if (!code && mark[0] === "`") code = mark;
    else if (!code && mark !== "~" && opens(text[index - 1], after)) open.push(mark);
  }
  const words = text.slice(0, end).trimEnd();
  // A backtick of the code itself must not become part of the closing ones.
  const shown = code ? words.replace(/`$/, "$& ") + code : words.replace(OPEN_LINK, "$1");
  return shown + open.reverse().join("") + text.slice(words.length, end);
}

function opens(before = " ", after) {
  return after.trim() !== "" && !WORD.test(before);
}

/** Takes from `open` what the mark closes. @returns {boolean} whether it closes anything */
function ends(open, mark, before = " ") {
  let rest = mark;
  while (before.trim() && open.length && rest.startsWith(open.at(-1))) rest = rest.slice(open.pop().length);
  return rest === "";
}
