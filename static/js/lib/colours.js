/** Colours for code whose language is known, also while it is still being written; found beside the page. */

import { aside } from "#lib/aside";
import { cut, newPart } from "#lib/code_parts";
import { inSlices } from "#lib/slices";

// Beyond this, a block stays as it is.
const MOST = 60_000;
// Colouring a block that grows takes this part of the worker's time: 1 / (1 + REST).
const REST = 3;
const AT_LEAST_MS = 100;
const KIND = /^hljs-[\w-]{1,32}$/;

const growing = new WeakMap();

/** Colours a block as far as it has come; once more, after a rest, when it is asked for meanwhile. */
export async function colourGrowing(code) {
  const state = growing.get(code) ?? { notBefore: 0, whole: 0 };
  growing.set(code, state);
  const began = performance.now();
  state.asked = began < state.notBefore;
  if (state.asked) return;
  state.notBefore = Infinity;
  const parts = [...code.querySelectorAll(":scope > .code-part")];
  const texts = parts.map((part) => part.textContent);
  const runs = await runsOf(code, texts.join(""));
  if (!runs) return;
  for (const [n, fresh] of fragments(runs, texts, state.whole)) recolour(parts[n], fresh, texts[n]);
  // The last part may still grow.
  state.whole = Math.max(0, texts.length - 1);
  const now = performance.now();
  const rest = Math.max(AT_LEAST_MS, REST * (now - began));
  state.notBefore = now + rest;
  // An answer may pause just there: then nobody asks again.
  setTimeout(() => state.asked && growing.get(code) === state && colourGrowing(code), rest + 1);
}

/** Colours a block that has its whole text. */
export async function finish(code) {
  growing.set(code, { notBefore: Infinity });
  const text = code.textContent;
  const runs = await runsOf(code, text);
  if (!runs) return;
  const parts = [...code.children];
  const left = fragments(runs, cut(text), 0);
  await inSlices(code, () => {
    const { done, value } = left.next();
    if (!done) replace(parts[value[0]], value[1]);
    return done;
  });
}

/** What a worker makes of the text; null when it stays without colours. */
async function runsOf(code, text) {
  const language = /language-(\S+)/.exec(code.className)?.[1];
  if (!language || !text || text.length > MOST) return null;
  return aside("#workers/coloured", "#vendor/highlight", text, language);
}

function replace(part, fragment) {
  const fresh = newPart();
  fresh.append(fragment);
  if (!part.isEqualNode(fresh)) part.replaceChildren(...fresh.childNodes);
}

/** A part that has grown meanwhile keeps what came. */
function recolour(part, fresh, text) {
  const more = part.textContent.slice(text.length);
  part.replaceChildren(fresh);
  if (more) part.append(more);
}

/** Each part from the one with the number `first` on: [number, coloured content]. */
function* fragments(runs, texts, first) {
  let [at, words] = [0, runs[1]];
  for (const [n, { length }] of texts.entries()) {
    const fragment = document.createDocumentFragment();
    for (let left = length; left; ) {
      const piece = words.slice(0, left);
      if (n >= first) fragment.append(run(runs[at], piece));
      left -= piece.length;
      words = words.slice(piece.length) || runs[(at += 2) + 1];
    }
    if (n >= first) yield [n, fragment];
  }
}

function run(kind, text) {
  if (!KIND.test(kind)) return text;
  const span = document.createElement("span");
  span.className = kind;
  span.textContent = text;
  return span;
}
