/** Code cut where its kind changes. */

/** @returns {string[] | null} [class, text, class, text …]; no class: ""; null: a language that is not known */
export default function coloured(highlighter, text, language) {
  if (!highlighter.getLanguage(language)) return null;
  const { _emitter } = highlighter.highlight(text, { language, ignoreIllegals: true });
  const runs = [];
  walk(_emitter.root, "", runs);
  return runs;
}

function walk(node, kind, runs) {
  if (typeof node === "string") {
    if (runs.at(-2) === kind) runs[runs.length - 1] += node;
    else runs.push(kind, node);
  }
  else for (const child of node.children) walk(child, classOf(node.scope) ?? kind, runs);
}

/** As in "title.function"; another language inside this one says nothing by itself. */
function classOf(scope) {
  if (!scope || scope.startsWith("language:")) return undefined;
  return `hljs-${scope.split(".")[0]}`;
}
