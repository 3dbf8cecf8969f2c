/** Where Markdown has formulas: $…$, $$…$$, \(…\) and \[…\]. They are left as they are written; lib/formulas shows them. */

const BLOCKS = { $$: "$$", "\\[": "\\]" };
const SIGN = /[\\^_=+<>{}|]/;
const WORD = /[\p{L}\p{N}]/u;
const MOST = 2000;

/** Whether `tex` between single dollars is no price and no name of a variable in a shell. */
function isMath(tex, before, after) {
  if (!tex || /^\s|\s$/.test(tex) || WORD.test(before) || WORD.test(after)) return false;
  return SIGN.test(tex) || !(/^\d/.test(tex) && /\s/.test(tex));
}

function spanOf(source, start) {
  const mark = source.slice(start, start + 2);
  const [open, close] = BLOCKS[mark] ? [mark, BLOCKS[mark]] : mark === "\\(" ? [mark, "\\)"] : ["$", "$"];
  if (!source.startsWith(open, start)) return null;
  const from = start + open.length;
  const end = source.slice(0, from + MOST).indexOf(close, from);
  if (end < 0) return null;
  const tex = source.slice(from, end);
  if (open === "$" && !isMath(tex, source[start - 1] ?? "", source[end + 1] ?? "")) return null;
  if (open === "\\[" && !SIGN.test(tex)) return null;
  return { tex, end: end + close.length, display: open in BLOCKS };
}

function inline(state, silent) {
  if (!"$\\".includes(state.src[state.pos])) return false;
  const found = spanOf(state.src, state.pos);
  if (!found || !found.tex.trim()) return false;
  if (!silent) state.push("math", "span", 0).meta = found;
  state.pos = found.end;
  return true;
}

/** Decided by its first line, whatever follows: a text that grows must not change its mind about what is a block. */
function block(state, startLine, endLine, silent) {
  const lineOf = (line) => state.src.slice(state.bMarks[line] + state.tShift[line], state.eMarks[line]).trimEnd();
  const first = lineOf(startLine);
  const close = BLOCKS[first.slice(0, 2)];
  if (!close || state.sCount[startLine] - state.blkIndent >= 4) return false;
  const at = first.indexOf(close, 2);
  if (first[2] === "$" || (at >= 0 && at !== first.length - 2)) return false;
  if (silent) return true;
  let next = startLine + 1;
  let closed = at >= 0;
  for (; !closed && next < endLine && !state.isEmpty(next) && state.sCount[next] >= state.blkIndent; next += 1) {
    closed = lineOf(next).endsWith(close);
  }
  state.line = next;
  const text = state.getLines(startLine, next, state.blkIndent, false).trim();
  if (closed) display(state, text.slice(2, -2), [startLine, next]);
  else paragraph(state, text, [startLine, next]);
  return true;
}

function display(state, tex, map) {
  const token = state.push("math_block", "p", 0);
  Object.assign(token, { block: true, map, meta: { tex } });
}

function paragraph(state, text, map) {
  state.push("paragraph_open", "p", 1).map = map;
  Object.assign(state.push("inline", "", 0), { content: text, map, children: [] });
  state.push("paragraph_close", "p", -1);
}

/** A plugin of markdown-it. */
export function mathMarks(markdown) {
  const { escapeHtml } = markdown.utils;
  markdown.inline.ruler.before("escape", "math", inline);
  markdown.block.ruler.before("fence", "math_block", block, { alt: ["paragraph", "blockquote", "list"] });
  markdown.renderer.rules.math = (tokens, index) => {
    const { tex, display } = tokens[index].meta;
    return `<span class="math${display ? " math-display" : ""}">${escapeHtml(tex)}</span>`;
  };
  markdown.renderer.rules.math_block = (tokens, index) =>
    `<p class="math math-display">${escapeHtml(tokens[index].meta.tex)}</p>\n`;
}
