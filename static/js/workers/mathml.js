/** What browsers do not read in KaTeX's MathML, in a form they do: letters of an alphabet as characters of their own. */

// Where an alphabet's capitals, small letters and digits begin in Unicode (Mathematical Alphanumeric Symbols).
const ALPHABETS = {
  bold: [0x1d400, 0x1d41a, 0x1d7ce],
  "bold-italic": [0x1d468, 0x1d482, 0x1d7ce],
  "double-struck": [0x1d538, 0x1d552, 0x1d7d8],
  script: [0x1d49c, 0x1d4b6],
  "bold-script": [0x1d4d0, 0x1d4ea],
  fraktur: [0x1d504, 0x1d51e],
  "bold-fraktur": [0x1d56c, 0x1d586],
  "sans-serif": [0x1d5a0, 0x1d5ba, 0x1d7e2],
  "bold-sans-serif": [0x1d5d4, 0x1d5ee, 0x1d7ec],
  monospace: [0x1d670, 0x1d68a, 0x1d7f6],
};
// Some letters had been given a place before there was that block.
const ELSEWHERE = {
  "double-struck": { C: "ℂ", H: "ℍ", N: "ℕ", P: "ℙ", Q: "ℚ", R: "ℝ", Z: "ℤ" },
  script: { B: "ℬ", E: "ℰ", F: "ℱ", H: "ℋ", I: "ℐ", L: "ℒ", M: "ℳ", R: "ℛ", e: "ℯ", g: "ℊ", o: "ℴ" },
  fraktur: { C: "ℭ", H: "ℌ", I: "ℑ", R: "ℜ", Z: "ℨ" },
};
const GREEK = { bold: [0x1d6a8, 0x1d6c2], "bold-italic": [0x1d71c, 0x1d736] };
const LETTERS = /<(m[ino]|mtext)( [^>]*)? mathvariant="([a-z-]+)"([^>]*)>([^<&]*)</g;
const ANNOTATION = /<annotation encoding="application\/x-tex">[^<]*<\/annotation>/g;

function letter(character, alphabet) {
  const code = character.codePointAt(0);
  const [capital, small, digit] = ALPHABETS[alphabet];
  const [greekCapital, greekSmall] = GREEK[alphabet] ?? [];
  if (code >= 0x41 && code <= 0x5a) return capital + code - 0x41;
  if (code >= 0x61 && code <= 0x7a) return small + code - 0x61;
  if (digit && code >= 0x30 && code <= 0x39) return digit + code - 0x30;
  if (greekCapital && code >= 0x391 && code <= 0x3a9) return greekCapital + code - 0x391;
  if (greekSmall && code >= 0x3b1 && code <= 0x3c9) return greekSmall + code - 0x3b1;
  return code;
}

function inAlphabet(text, alphabet) {
  if (!ALPHABETS[alphabet]) return text;
  const place = (one) => ELSEWHERE[alphabet]?.[one] ?? String.fromCodePoint(letter(one, alphabet));
  return Array.from(text, place).join("");
}

/** @returns {string} the MathML of a formula; throws when it is none */
export default function mathml(katex, tex, displayMode) {
  const settings = { output: "mathml", displayMode, throwOnError: true, strict: "ignore", trust: false, maxSize: 20 };
  const html = katex.renderToString(tex, settings).replace(ANNOTATION, "");
  return html.replace(LETTERS, (whole, tag, before = "", alphabet, after, text) =>
    alphabet === "normal" ? whole : `<${tag}${before}${after}>${inAlphabet(text, alphabet)}<`,
  );
}
