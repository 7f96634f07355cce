/** Counts of use over a real store. */
import assert from "node:assert/strict";
import { openKv } from "@flint/core";
import { openUse, USER_TURNS_MIN } from "../../store/market/use.ts";

Deno.test("use: turns and days are counted by listing and in all; five turns make a user", async () => {
  const folder = await Deno.makeTempDir();
  const kv = openKv(folder);
  try {
    const use = openUse(kv);
    const turn = (listing: string, at: string) =>
      kv.transaction((transaction) =>
        use.record(transaction, { account: "ada", listing, at: new Date(at) })
      );
    for (let i = 1; i < USER_TURNS_MIN; i++) await turn("dice", `2026-03-01T0${i}:00:00Z`);
    assert.deepEqual(use.of("ada", "dice"), { turns: 4, days: 1 });
    assert.equal(use.users("dice"), 0);
    await turn("dice", "2026-03-02T00:00:00Z");
    await turn("dice", "2026-03-01T23:59:59Z"); // arrives late: no third day
    await turn("owl", "2026-03-02T09:00:00Z");
    assert.deepEqual(use.of("ada", "dice"), { turns: 6, days: 2 });
    assert.deepEqual(use.by("ada"), { turns: 7, days: 2 });
    assert.deepEqual(use.of("bob", "dice"), { turns: 0, days: 0 });
    assert.deepEqual([use.users("dice"), use.users("owl"), use.usersOfAll()], [1, 0, 1]);
  } finally {
    await kv.close();
    await Deno.remove(folder, { recursive: true });
  }
});
