/** What is written while offline goes out in order, once each, and can be taken back. */

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Outbox } from "#lib/outbox";

class Memory {
  kept = new Map();
  async all() {
    return [...this.kept.values()].map((entry) => structuredClone(entry));
  }
  async put(entry) {
    this.kept.set(entry.id, structuredClone(entry));
  }
  async remove(id) {
    this.kept.delete(id);
  }
}

function outbox({ online = true, store = new Memory() } = {}) {
  const line = { online, sent: [], store };
  line.box = new Outbox(store, (frame) => line.online && line.sent.push(structuredClone(frame)) > 0);
  return line;
}

const prompt = (id, conversation_id = "c") => ({ type: "ai:generate", request_id: id, prompt: id, conversation_id });
const ids = (frames) => frames.map((frame) => frame.request_id);

test("a prompt is sent at once and kept until the server has it", () => {
  const { box, sent, store } = outbox();
  box.add("u", prompt("a"));
  assert.deepEqual(ids(sent), ["a"]);
  assert.ok(store.kept.has("a"));
  box.acknowledge("a", "c");
  assert.equal(store.kept.size, 0);
});

test("offline prompts wait, then go out one after the other as each is acknowledged", () => {
  const line = outbox({ online: false });
  for (const id of ["a", "b", "c"]) line.box.add("u", prompt(id));
  assert.deepEqual(line.sent, []);
  line.online = true;
  line.box.restart();
  assert.deepEqual(ids(line.sent), ["a"]);
  line.box.acknowledge("a", "c");
  line.box.acknowledge("b", "c");
  assert.deepEqual(ids(line.sent), ["a", "b", "c"]);
});

test("what was on its way when the line broke is sent again under the same id", () => {
  const { box, sent } = outbox();
  box.add("u", prompt("a"));
  box.restart();
  assert.deepEqual(ids(sent), ["a", "a"]);
});

test("a second prompt of a new conversation waits for its id", () => {
  const { box, sent } = outbox();
  box.add("u", prompt("a", undefined));
  box.add("u", prompt("b", undefined), "a");
  box.acknowledge("a", "new");
  assert.equal(sent[1].conversation_id, "new");
});

test("when the first is withdrawn the second begins the conversation", () => {
  const line = outbox({ online: false });
  line.box.add("u", prompt("a", undefined));
  line.box.add("u", prompt("b", undefined), "a");
  line.box.withdraw("a");
  line.online = true;
  line.box.restart();
  assert.deepEqual(ids(line.sent), ["b"]);
});

test("another page of the same person takes up what was left; another person's stays", async () => {
  const first = outbox({ online: false });
  first.box.add("u", prompt("a"));
  first.box.add("other", prompt("b"));
  const second = outbox({ store: first.store });
  await second.box.load("u");
  assert.deepEqual(ids(second.sent), ["a"]);
});

test("a refused prompt stays with its reason and lets the others pass; a retry sends it again", () => {
  const { box, sent } = outbox();
  box.add("u", prompt("a"));
  box.add("u", prompt("b"));
  box.refuse("a", { code: "too_large", message: "Too long." });
  assert.deepEqual([ids(sent), box.entries[0].error.message], [["a", "b"], "Too long."]);
  box.acknowledge("b", "c");
  box.retry("a");
  assert.deepEqual(ids(sent), ["a", "b", "a"]);
});

test("too fast means later, in the same order", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { box, sent } = outbox();
  box.add("u", prompt("a"));
  box.add("u", prompt("b"));
  box.refuse("a", { code: "rate_limited", message: "Slowly.", retry_after_s: 3 });
  assert.deepEqual(ids(sent), ["a"]);
  mock.timers.tick(3000);
  assert.deepEqual(ids(sent), ["a", "a"]);
  mock.timers.reset();
});

test("all that waits in a conversation is withdrawn at once, and others stay", () => {
  const line = outbox({ online: false });
  for (const id of ["a", "b", "c"]) line.box.add("u", prompt(id));
  line.box.add("u", prompt("other", "d"));
  line.box.withdrawAll("c");
  line.online = true;
  line.box.restart();
  assert.deepEqual(ids(line.sent), ["other"]);
  assert.deepEqual([...line.store.kept.keys()], ["other"]);
});
