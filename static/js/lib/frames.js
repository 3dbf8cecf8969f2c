/** Work that shows something: together, once for each frame of the screen. */

// A tab in the background draws no frames; it keeps up all the same, only less often.
const HIDDEN_MS = 250;

const waiting = new Set();

/** Calls `work` in the next frame, once however often it was asked; again as long as it returns false. */
export function inNextFrame(work) {
  if (waiting.size === 0) schedule();
  waiting.add(work);
}

function schedule() {
  if (document.hidden) setTimeout(run, HIDDEN_MS);
  else requestAnimationFrame(run);
}

function run() {
  const due = [...waiting];
  waiting.clear();
  for (const work of due) if (work() === false) inNextFrame(work);
}

// Frames that were asked for before the tab was hidden would wait until it is seen again.
document.addEventListener("visibilitychange", () => {
  if (document.hidden && waiting.size) setTimeout(run, HIDDEN_MS);
});
