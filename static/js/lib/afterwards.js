/** What is done to a part of an answer once it is complete: colours, formulas, diagrams; each fetched when it is needed. */

const WORK = {
  'code[class^="language-"]:not(.language-mermaid)': () => import("#lib/colours"),
  "pre > code.language-mermaid": () => import("#lib/diagrams"),
  ".math": () => import("#lib/formulas"),
};

const begun = new WeakSet();

/** @returns {Promise<void>[]} that end when nothing of the element will change any more */
export function finished(element) {
  return Object.entries(WORK).flatMap(([selector, load]) => {
    const found = [...element.querySelectorAll(selector)];
    if (element.matches(selector)) found.push(element);
    return found.filter((one) => !begun.has(one)).map((one) => finish(one, load));
  });
}

async function finish(element, load) {
  begun.add(element);
  const work = await load().catch(() => null);
  await work?.finish(element);
}

/** A block of code has got more lines. */
export async function grown(code) {
  if (!code.className) return;
  const { colourGrowing } = await import("#lib/colours");
  colourGrowing(code);
}
