/** The table of the wire protocol, row by row, and that any replay of a log ends in the same text. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Cursor } from "#lib/cursor";
import { Generations } from "#lib/generations";

const start = { type: "ai:start", after: 0, seq: 1, epoch: 7, request_id: "r", message_id: "m" };
const token = (after, seq, chunk) => ({ type: "ai:token", after, seq, chunk, request_id: "r" });
const done = (after) => ({ type: "ai:done", after, seq: after + 1, status: "completed", request_id: "r" });

function at(seq) {
  const cursor = new Cursor();
  cursor.seq = seq;
  return cursor;
}

test("a frame that continues from the cursor is applied", () => {
  const cursor = at(4);
  assert.equal(cursor.take(token(4, 9, "x")), "apply");
  assert.equal(cursor.seq, 9);
});

test("a start after 0 forgets everything and brings the epoch", () => {
  const cursor = at(4);
  assert.equal(cursor.take(start), "reset");
  assert.deepEqual([cursor.seq, cursor.epoch], [1, 7]);
});

test("what the cursor has passed is a duplicate", () => {
  assert.equal(at(9).take(token(4, 9, "x")), "duplicate");
});

test("anything else is a gap and moves nothing", () => {
  const cursor = at(4);
  for (const frame of [token(5, 6, "x"), token(3, 6, "x")]) assert.equal(cursor.take(frame), "gap");
  assert.equal(cursor.seq, 4);
});

test("a gap asks once to resume from the cursor, and applies nothing", () => {
  const sent = [];
  const all = new Generations((frame) => sent.push(frame));
  for (const frame of [start, token(1, 2, "a"), token(3, 4, "c"), token(4, 5, "d")]) all.receive(frame);
  assert.deepEqual(sent, [{ type: "ai:resume", request_id: "r", after: 2, epoch: 7 }]);
  assert.equal(all.get("r").pieces.join(""), "a");
  for (const frame of [token(2, 5, "bcd"), token(4, 5, "d"), done(5)]) all.receive(frame);
  assert.equal(all.get("r").pieces.join(""), "abcd");
  assert.equal(all.get("r").status, "completed");
});

test("a replay from the beginning takes the place of what there was", () => {
  const all = new Generations(() => {});
  for (const frame of [start, token(1, 2, "old"), { ...start, epoch: 8 }, token(1, 2, "new")]) all.receive(frame);
  assert.equal(all.get("r").pieces.join(""), "new");
  assert.equal(all.get("r").round, 2);
});

test("after a reconnection every generation that has not ended is resumed", () => {
  const sent = [];
  const all = new Generations((frame) => sent.push(frame));
  for (const frame of [start, token(1, 3, "ab")]) all.receive(frame);
  all.receive({ ...start, request_id: "other" });
  all.receive({ ...done(1), request_id: "other" });
  all.resumeAll();
  assert.deepEqual(sent, [{ type: "ai:resume", request_id: "r", after: 3, epoch: 7 }]);
});

test("a refusal before anything was stored ends it; a later one about it does not", () => {
  const all = new Generations(() => {});
  all.receive({ type: "ai:error", code: "rate_limited", message: "Slowly.", retryable: true, request_id: "q" });
  assert.equal(all.get("q").status, "refused");
  all.receive(start);
  all.receive({ type: "ai:error", code: "conflict", message: "No.", retryable: false, request_id: "r" });
  assert.equal(all.get("r").status, "running");
});

test("a queued generation knows its place until it starts", () => {
  const all = new Generations(() => {});
  all.receive({ type: "ai:queued", request_id: "r", position: 3, conversation_id: "c", message_id: "m" });
  assert.deepEqual([all.get("r").position, all.running("c").length], [3, 1]);
  all.receive(start);
  assert.equal(all.get("r").position, null);
});
