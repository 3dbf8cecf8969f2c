/** Markdown as this product reads it: no HTML, no images, links to the web and to mailboxes only. */

import { footnotes } from "#lib/footnotes";
import { mathMarks } from "#lib/math_marks";
import MarkdownIt from "#vendor/markdown-it";

const LINK = /^(?:https?:\/\/|mailto:)/i;

export const markdown = new MarkdownIt("default", { html: false, linkify: true, typographer: false });
markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });
markdown.validateLink = (url) => LINK.test(url.trim());

markdown.use(mathMarks).use(footnotes);

const { escapeHtml } = markdown.utils;
const { rules } = markdown.renderer;

// An image is a request to whoever the model names: it is shown as a link that says where it goes.
rules.image = (tokens, index) => {
  const url = tokens[index].attrGet("src");
  const words = tokens[index].content || "image";
  if (!/^https?:/i.test(url)) return escapeHtml(words);
  return `<a class="remote-image" href="${escapeHtml(url)}">${escapeHtml(words)} (${escapeHtml(host(url))})</a>`;
};

// The alignment of a column as a class: the page's policy allows no style attribute.
for (const cell of ["th_open", "td_open"]) {
  rules[cell] = (tokens, index) => {
    const [, side] = /text-align:(\w+)/.exec(tokens[index].attrGet("style") ?? "") ?? [];
    return side ? `<${tokens[index].tag} class="align-${side}">` : `<${tokens[index].tag}>`;
  };
}

rules.fence = (tokens, index) => codeBlock(tokens[index].content, tokens[index].info);
rules.code_block = (tokens, index) => codeBlock(tokens[index].content, "");

/** The language a fence names, as a class may hold it. */
export function languageOf(info) {
  return /^[\w+#.-]{1,32}/.exec(markdown.utils.unescapeAll(info).trim())?.[0] ?? "";
}

function codeBlock(content, info) {
  const language = languageOf(info);
  const name = language && ` class="language-${escapeHtml(language)}"`;
  return `<pre><code${name}>${escapeHtml(content)}</code></pre>\n`;
}

function host(url) {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}
