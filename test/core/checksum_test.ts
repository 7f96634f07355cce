/** The checksum of stored units. */
import assert from "node:assert/strict";
import { unitChecksum } from "../../core/flash/checksum.ts";

Deno.test("checksum: every single changed byte changes it", () => {
  const payload = new Uint8Array(256).map((_, i) => i * 7);
  const right = unitChecksum(payload);
  for (let i = 0; i < payload.length; i++) {
    const spoiled = payload.with(i, payload[i]! ^ 1 << (i % 8));
    assert.notEqual(unitChecksum(spoiled), right);
  }
  assert.match(right, /^[0-9a-f]{16}$/);
});
