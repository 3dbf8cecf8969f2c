/** The socket that is kept open, against a scripted one. */

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Socket, delayBefore } from "#lib/socket";

class Line {
  sent = [];
  closed = false;
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.closed = true;
  }
  says(frame) {
    this.onmessage({ data: JSON.stringify(frame) });
  }
  ends(code = 1006) {
    this.onclose({ code });
  }
}

function connected() {
  const lines = [];
  const open = () => lines[lines.push(new Line()) - 1];
  const socket = new Socket("ws://site/ws/chat/", { open, random: () => 0 });
  const seen = [];
  for (const name of ["state", "frame", "connected", "refused"]) {
    socket.addEventListener(name, (event) => seen.push([name, event.detail]));
  }
  socket.start();
  lines[0].says({ type: "session" });
  return { socket, lines, seen };
}

test.beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
test.afterEach(() => mock.timers.reset());

test("it is connected once the session has begun, not before", () => {
  const { socket, seen } = connected();
  assert.equal(socket.state, "connected");
  assert.deepEqual(seen[0], ["state", "connected"]);
});

test("the delays are 0, 1, 2, 4 … 30 seconds, less up to half", () => {
  const seconds = [0, 1, 2, 3, 4, 5, 6, 7].map((attempt) => delayBefore(attempt, () => 0) / 1000);
  assert.deepEqual(seconds, [0, 1, 2, 4, 8, 16, 30, 30]);
  assert.equal(delayBefore(3, () => 1), 2000);
});

test("a lost connection is tried again at once, then with growing delays, and a success resets them", () => {
  const { socket, lines } = connected();
  lines[0].ends();
  assert.equal(socket.state, "reconnecting");
  mock.timers.tick(0);
  assert.equal(lines.length, 2);
  lines[1].ends();
  mock.timers.tick(999);
  assert.equal(lines.length, 2);
  mock.timers.tick(1);
  lines[2].says({ type: "session" });
  lines[2].ends();
  mock.timers.tick(0);
  assert.equal(lines.length, 4);
});

test("after 30 s of silence it asks, and after 10 more it leaves", () => {
  const { socket, lines } = connected();
  mock.timers.tick(30_000);
  assert.deepEqual(lines[0].sent, [{ type: "ping" }]);
  lines[0].says({ type: "pong" });
  mock.timers.tick(30_000);
  mock.timers.tick(10_000);
  assert.ok(lines[0].closed);
  assert.equal(socket.state, "reconnecting");
});

test("when the network goes, the connection is asked at once, and left when nothing comes back", () => {
  const heard = {};
  globalThis.addEventListener = (name, act) => (heard[name] = act);
  const { socket, lines } = connected();
  delete globalThis.addEventListener;
  heard.offline();
  assert.deepEqual(lines[0].sent, [{ type: "ping" }]);
  lines[0].says({ type: "pong" });
  mock.timers.tick(10_000);
  assert.equal(socket.state, "connected");
  heard.offline();
  mock.timers.tick(10_000);
  assert.equal(socket.state, "reconnecting");
  assert.ok(lines[0].closed);
});

test("what an abandoned connection still says is not heard", () => {
  const { socket, lines, seen } = connected();
  socket.reconnect();
  lines[0].says({ type: "ai:token" });
  lines[0].ends();
  assert.equal(seen.filter(([name]) => name === "frame").length, 1);
  mock.timers.tick(0);
  assert.equal(lines.length, 2);
});

test("a draining server is left for another after the time it names", () => {
  const { lines } = connected();
  lines[0].says({ type: "server:draining", reconnect_after_ms: 500 });
  assert.ok(lines[0].closed);
  mock.timers.tick(500);
  assert.equal(lines.length, 2);
});

test("a sign-out ends it for good", () => {
  const { socket, lines, seen } = connected();
  lines[0].ends(4401);
  mock.timers.tick(100_000);
  assert.equal(lines.length, 1);
  assert.deepEqual(seen.at(-1), ["refused", 4401]);
  assert.equal(socket.send({ type: "ping" }), false);
});

test("nothing is handed over while there is no connection", () => {
  const { socket, lines } = connected();
  lines[0].ends();
  assert.equal(socket.send({ type: "ping" }), false);
});
