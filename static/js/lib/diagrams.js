/** Diagrams as images: drawn in a frame that has no origin, and shown as a picture, in which nothing can run or load. */

import { newFrom } from "#lib/templates";

// What takes longer is not worth its wait.
const PATIENCE_MS = 10_000;
const BOX = /viewBox="[-\d.]+ [-\d.]+ ([\d.]+) ([\d.]+)"/;

// Settings of its own, HTML, addresses: the frame would refuse what they ask for, so it is not asked.
const MORE_THAN_A_DIAGRAM = /%%\{|^---|url\s*\(|@import|\bimg\s*:|:\/\/|(?<!<)<(?!br\s*\/?>)[a-z!/?]/im;

let frame = null;
let last = Promise.resolve();

/** What cannot be drawn stays as it was written. */
export async function finish(code) {
  const source = code.textContent;
  if (MORE_THAN_A_DIAGRAM.test(source)) return;
  last = last.then(() => drawn(source));
  const svg = await last;
  const [, width, height] = BOX.exec(svg ?? "") ?? [];
  if (!width || !code.isConnected) return;
  const figure = newFrom("diagram");
  const image = figure.querySelector("img");
  image.width = Math.ceil(width);
  image.height = Math.ceil(height);
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  const pre = code.parentElement;
  pre.before(figure);
  figure.querySelector("details").append(pre);
}

/** @returns {Promise<string | null>} the SVG; null when it is no diagram, or takes for ever */
async function drawn(source) {
  frame ??= open();
  const ready = await frame;
  if (!ready) return close();
  const { theme } = document.documentElement.dataset;
  const dark = theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  ready.contentWindow.postMessage({ source, dark }, "*");
  const answer = await message(ready);
  return answer ? answer.svg : close();
}

async function open() {
  const opened = document.createElement("iframe");
  opened.sandbox.add("allow-scripts");
  opened.className = "visually-hidden";
  opened.ariaHidden = "true";
  opened.tabIndex = -1;
  opened.src = "/diagrams/";
  document.body.append(opened);
  return (await message(opened)) && opened;
}

/** A frame that does not answer is given up; the next diagram gets another one. */
function close() {
  for (const one of document.querySelectorAll("iframe[src='/diagrams/']")) one.remove();
  frame = null;
  return null;
}

function message(from) {
  return new Promise((resolve) => {
    const done = (data) => {
      removeEventListener("message", hear);
      clearTimeout(timer);
      resolve(data);
    };
    const hear = ({ source, data }) => source === from.contentWindow && done(data);
    const timer = setTimeout(done, PATIENCE_MS, null);
    addEventListener("message", hear);
  });
}
