/** Formulas as MathML, which browsers draw by themselves; found beside the page. */

import { aside } from "#lib/aside";
import { inSlices } from "#lib/slices";
import { sanitizer } from "#lib/trust";

const TAGS =
  "math menclose merror mfrac mi mn mo mover mpadded mphantom mroot mrow ms mspace msqrt mstyle msub msubsup msup" +
  " mtable mtd mtext mtr munder munderover semantics";
const ATTRIBUTES =
  "accent accentunder columnalign columnlines columnspacing depth display displaystyle fence form height largeop" +
  " linethickness lspace mathbackground mathcolor mathvariant maxsize minsize movablelimits notation rowlines" +
  " rowspacing rspace scriptlevel separator side stretchy symmetric voffset width";
const SIDES = ["left", "center", "right"];

const safeFormula = sanitizer({ ALLOWED_TAGS: TAGS.split(" "), ALLOWED_ATTR: ATTRIBUTES.split(" ") });

/** What cannot be read as a formula stays as it was written. */
export async function finish(element) {
  const display = element.classList.contains("math-display");
  const html = await aside("#workers/mathml", "#vendor/katex", element.textContent, display);
  if (!html) return;
  await inSlices(element, () => {
    const fragment = safeFormula(html);
    for (const table of fragment.querySelectorAll("mtable[columnalign]")) align(table);
    element.replaceChildren(fragment);
    return true;
  });
}

/** Browsers do not read the columns' sides: each cell is told. */
function align(table) {
  const sides = table.getAttribute("columnalign").split(" ");
  for (const row of table.children) {
    [...row.children].forEach((cell, n) => {
      const side = sides[n] ?? sides.at(-1);
      if (SIDES.includes(side)) cell.classList.add(`align-${side}`);
    });
  }
}
