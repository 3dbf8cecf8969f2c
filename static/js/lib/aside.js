/** The page's worker: one piece of work after the other, and none of them holds up the rest for long. */

import { workerAddress } from "#lib/trust";

// What takes longer is not worth its wait, or will never end.
const PATIENCE_MS = 10_000;

let worker = null;
let last = Promise.resolve();

/**
 * Has one of the works in workers/ done with a library, by their names in the import map.
 * @returns {Promise<any>} null when it cannot be done
 */
export function aside(work, library, ...input) {
  const message = { work: import.meta.resolve(work), library: import.meta.resolve(library), input };
  last = last.then(() => done(message));
  return last;
}

function done(message) {
  worker ??= new Worker(workerAddress(import.meta.resolve("#workers/aside")), { type: "module" });
  return new Promise((resolve) => {
    const timer = setTimeout(giveUp, PATIENCE_MS);
    function giveUp() {
      worker.terminate();
      worker = null;
      end(null);
    }
    function end(result) {
      clearTimeout(timer);
      resolve(result);
    }
    worker.onmessage = ({ data }) => end(data);
    worker.onerror = giveUp;
    worker.postMessage(message);
  });
}
