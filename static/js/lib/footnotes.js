/** Footnotes: [^1] in the text, and [^1]: where its note is written. Each is shown where it stands. */

const LABEL = /^\[\^([^\s[\]]{1,32})\]/;
const INDENT = 4;

function reference(state, silent) {
  const [whole, label] = LABEL.exec(state.src.slice(state.pos, state.pos + 40)) ?? [];
  if (!label) return false;
  if (!silent) state.push("footnote_reference", "sup", 0).content = label;
  state.pos += whole.length;
  return true;
}

function note(state, startLine, endLine, silent) {
  const start = state.bMarks[startLine] + state.tShift[startLine];
  const [whole, label] = LABEL.exec(state.src.slice(start, state.eMarks[startLine])) ?? [];
  if (!label || state.src[start + whole.length] !== ":") return false;
  if (state.sCount[startLine] - state.blkIndent >= INDENT) return false;
  if (silent) return true;
  const open = state.push("footnote_open", "div", 1);
  open.meta = label;
  inside(state, startLine, endLine, start + whole.length + 1);
  open.map = [startLine, state.line];
  state.push("footnote_close", "div", -1);
  return true;
}

/** What stands after the label, and what is indented below it, are blocks as in a list item. */
function inside(state, startLine, endLine, from) {
  const kept = [state.bMarks[startLine], state.tShift[startLine], state.sCount[startLine], state.parentType];
  const rest = state.src.slice(from, state.eMarks[startLine]);
  state.bMarks[startLine] = from;
  state.tShift[startLine] = rest.length - rest.trimStart().length;
  state.blkIndent += INDENT;
  state.sCount[startLine] = state.blkIndent;
  state.parentType = "footnote";
  state.md.block.tokenize(state, startLine, endLine, true);
  state.blkIndent -= INDENT;
  [state.bMarks[startLine], state.tShift[startLine], state.sCount[startLine], state.parentType] = kept;
}

/** A plugin of markdown-it. */
export function footnotes(markdown) {
  const { escapeHtml } = markdown.utils;
  const { rules } = markdown.renderer;
  markdown.inline.ruler.before("link", "footnote_reference", reference);
  markdown.block.ruler.before("reference", "footnote", note, { alt: ["paragraph", "reference"] });
  rules.footnote_reference = (tokens, index) => `<sup class="footnote-mark">${escapeHtml(tokens[index].content)}</sup>`;
  rules.footnote_open = (tokens, index) =>
    `<ul class="footnote"><li><sup class="footnote-label">${escapeHtml(tokens[index].meta)}</sup>`;
  rules.footnote_close = () => "</li></ul>\n";
}
