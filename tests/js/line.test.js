/** The line: a scripted socket, and streams in its place. */

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { EventLines } from "#lib/event_lines";
import { Line } from "#lib/line";

class Scripted extends EventTarget {
  state = "reconnecting";
  sent = [];
  woken = 0;
  send(frame) {
    this.sent.push(frame);
    return true;
  }
  wake() {
    this.woken += 1;
  }
  close() {
    this.closed = true;
  }
  says(name, detail) {
    if (name === "connected") this.state = "connected";
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

async function blocked({ http = true } = {}) {
  const [socket, streams, seen] = [new Scripted(), new Scripted(), []];
  const line = new Line(socket, { reachable: async () => http, openStreams: async () => streams });
  for (const name of ["state", "connected", "frame"]) {
    line.addEventListener(name, ({ detail }) => seen.push([name, detail]));
  }
  socket.says("unopened", 1);
  await settled();
  assert.equal(line.compatible, false);
  socket.says("unopened", 2);
  await settled();
  return { line, socket, streams, seen };
}

test("two sockets in a row that never opened make it use streams, when HTTP works", async () => {
  const { line, socket, streams, seen } = await blocked();
  assert.equal(line.state, "connected");
  assert.deepEqual(seen, [["state", "connected"], ["connected", null]]);
  line.send({ type: "ping" });
  assert.deepEqual([socket.sent.length, streams.sent.length], [0, 1]);
  streams.says("frame", { type: "budget" });
  assert.deepEqual(seen.at(-1), ["frame", { type: "budget" }]);
});

test("without HTTP either it is the network, and it stays with the socket", async () => {
  const { line } = await blocked({ http: false });
  assert.deepEqual([line.compatible, line.state], [false, "reconnecting"]);
});

test("what the socket says of its state does not matter meanwhile; once it is open, it is the line again", async () => {
  const { line, socket, streams, seen } = await blocked();
  socket.says("state", "reconnecting");
  assert.equal(line.state, "connected");
  socket.says("connected", { type: "session" });
  assert.deepEqual([line.compatible, streams.closed], [false, true]);
  assert.deepEqual(seen.slice(-2), [["state", "connected"], ["connected", { type: "session" }]]);
});

test("a stream that breaks off is a lost line; the socket is asked, and its failing brings streams back", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { line, socket, streams } = await blocked();
  streams.says("lost");
  assert.deepEqual([line.compatible, line.state], [false, "reconnecting"]);
  mock.timers.tick(0);
  assert.equal(socket.woken, 1);
  socket.says("unopened", 3);
  await settled();
  assert.equal(line.compatible, true);
  mock.timers.reset();
});

test("events come out the same, whatever pieces they came in", () => {
  const text = ': still here\n\nid: a:1\ndata: {"n":1}\n\nid: a:2\r\ndata: {"n":2}\r\n\r\ndata: [DONE]\n\n';
  for (let size = 1; size <= text.length; size += 1) {
    const lines = new EventLines();
    const pieces = text.match(new RegExp(`[^]{1,${size}}`, "g"));
    assert.deepEqual(pieces.flatMap((piece) => lines.push(piece)), ['{"n":1}', '{"n":2}', "[DONE]"]);
  }
});
