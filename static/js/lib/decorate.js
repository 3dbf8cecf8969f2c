/** What a rendered answer gets beside its Markdown: code with its language and a copy button, tables that scroll. */

const template = (id) => document.getElementById(id).content.firstElementChild;

/** @param {DocumentFragment} fragment of an answer, changed in place */
export function decorate(fragment) {
  for (const pre of fragment.querySelectorAll("pre")) frameCode(pre);
  for (const table of fragment.querySelectorAll("table")) {
    const frame = template("table-frame").cloneNode(true);
    table.replaceWith(frame);
    frame.append(table);
  }
  for (const sup of fragment.querySelectorAll(".footnote-mark")) footnote(sup, "to-footnote");
  for (const sup of fragment.querySelectorAll(".footnote-label")) footnote(sup, "from-footnote");
}

/** A footnote's mark leads to it, and it leads back. */
function footnote(sup, act) {
  const button = template(act).cloneNode(true);
  button.ariaLabel = `${button.ariaLabel} ${sup.textContent}`;
  button.textContent = sup.textContent;
  sup.replaceChildren(button);
}

function frameCode(pre) {
  const frame = template("code-frame").cloneNode(true);
  const language = /language-(\S+)/.exec(pre.firstElementChild?.className ?? "")?.[1] ?? "";
  frame.querySelector(".code__language").textContent = language;
  pre.replaceWith(frame);
  frame.append(pre);
}
