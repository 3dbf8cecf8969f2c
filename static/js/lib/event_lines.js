/** Server-sent events as far as the wire protocol needs them: the data of each event, in whatever pieces it comes. */
export class EventLines {
  #rest = "";

  /** @returns {string[]} the data of the events that this piece completes */
  push(piece) {
    const events = (this.#rest + piece).split(/\r?\n\r?\n/);
    this.#rest = events.pop();
    return events.map(dataOf).filter((data) => data !== "");
  }
}

/** Comments (`: still here`) and ids have none. */
function dataOf(event) {
  const lines = event.split(/\r?\n/).filter((line) => line.startsWith("data:"));
  return lines.map((line) => line.slice(5).trimStart()).join("\n");
}
