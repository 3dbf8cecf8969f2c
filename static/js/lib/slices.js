/** Work on what is already there, cut into slices that no frame is late for; what is nearest to the reader first. */

import { inNextFrame } from "#lib/frames";

// What is in view at first is worth being a little late for.
const FIRST_MS = 16;
const SLICE_MS = 8;

const waiting = [];

/**
 * @param {Element} element what the work is about
 * @param {() => boolean} work a small part of it; true when that was the last
 * @returns {Promise<void>} once it is done, or the element is gone
 */
export function inSlices(element, work) {
  return new Promise((done) => {
    if (waiting.push({ element, work, done }) > 1) return;
    queueMicrotask(() => run(FIRST_MS) || inNextFrame(() => run(SLICE_MS)));
  });
}

/** @returns {boolean} whether nothing is left */
function run(budget) {
  const until = performance.now() + budget;
  waiting.sort((a, b) => distance(b.element) - distance(a.element));
  while (waiting.length && performance.now() < until) {
    const { element, work, done } = waiting.at(-1);
    if (element.isConnected && !work()) continue;
    waiting.pop();
    done();
  }
  return waiting.length === 0;
}

/** How far it is from what is in view. */
function distance(element) {
  const { top, bottom } = element.getBoundingClientRect();
  return Math.max(0, top - innerHeight, -bottom);
}
