/** Ids of requests, with and without the browser's own way to make them. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { newRequestId } from "#lib/request_id";

const UUID4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test("an id is a random UUID", () => {
  assert.match(newRequestId(), UUID4);
});

test("it is one on a plain HTTP address, too", (t) => {
  Object.defineProperty(crypto, "randomUUID", { value: undefined, configurable: true });
  t.after(() => delete crypto.randomUUID);
  const ids = new Set(Array.from({ length: 100 }, newRequestId));
  assert.equal(ids.size, 100);
  for (const id of ids) assert.match(id, UUID4);
});
