/** The ledger over a real store. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { FlintError, type Kv, openKv } from "@flint/core";
import { type Ledger, openLedger } from "../../store/money/ledger.ts";
import { ledgerTrial } from "../bench/ledger_bench.ts";

async function withLedger(use: (ledger: Ledger, kv: Kv) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  const kv = openKv(folder);
  try {
    await use(openLedger(kv, { now: () => new Date(0) }), kv);
  } finally {
    await kv.close();
    await Deno.remove(folder, { recursive: true });
  }
}

const code = (expected: string) => (error: unknown) =>
  error instanceof FlintError && error.code === expected;

const move = (key: string, from: string, to: string, amount: number, kind = "usage") => ({
  ...{ key, kind, memo: "" },
  postings: [{ account: from, amount: -amount }, { account: to, amount }],
});
const deposit = (key: string, amount: number) =>
  move(key, "provider:manual", "wallet:ann", amount, "deposit");

Deno.test("ledger: what is sent twice under one key is written once; another under it is refused", async () => {
  await withLedger(async (ledger) => {
    const first = await ledger.post(deposit("d1", 500));
    assert.deepEqual(await ledger.post(deposit("d1", 500)), first);
    assert.equal(ledger.balance("wallet:ann"), 500);
    await assert.rejects(ledger.post(deposit("d1", 501)), code("conflict"));
    assert.equal(ledger.audit().entries, 1);
  });
});

Deno.test("ledger: nobody spends what is not there, and a refused entry leaves nothing behind", async () => {
  await withLedger(async (ledger) => {
    await ledger.post(deposit("d1", 500));
    const three = {
      ...move("u1", "wallet:ann", "payable:bob", 400),
      postings: [
        { account: "payable:bob", amount: 300 },
        { account: "income:store", amount: 201 },
        { account: "wallet:ann", amount: -501 },
      ],
    };
    await assert.rejects(ledger.post(three), code("denied"));
    assert.deepEqual([ledger.balance("payable:bob"), ledger.balance("wallet:ann")], [0, 500]);
    const { entries, fault } = ledger.audit();
    assert.deepEqual([entries, fault], [1, undefined]);
  });
});

Deno.test("ledger: drafts that do not balance, repeat an account or overflow are refused", async () => {
  await withLedger(async (ledger) => {
    const wrong = [
      [{ account: "wallet:ann", amount: 5 }, { account: "provider:x", amount: -4 }],
      [{ account: "wallet:ann", amount: 5 }, { account: "wallet:ann", amount: -5 }],
      [{ account: "wallet:ann", amount: 0 }, { account: "provider:x", amount: 0 }],
      [{ account: "wallet:ann", amount: 1.5 }, { account: "provider:x", amount: -1.5 }],
      [{ account: "wallet:ann", amount: 2 ** 53 }, { account: "provider:x", amount: -(2 ** 53) }],
      [{ account: "purse:ann", amount: 5 }, { account: "provider:x", amount: -5 }],
      [{ account: "wallet:ann", amount: 5 }],
    ];
    for (const postings of wrong) {
      const draft = { key: "k", kind: "deposit", memo: "", postings };
      await assert.rejects(ledger.post(draft), code("bad_input"));
    }
    await ledger.post(deposit("d1", Number.MAX_SAFE_INTEGER));
    await assert.rejects(ledger.post(deposit("d2", 1)), code("bad_input"));
    assert.equal(ledger.audit().entries, 1);
  });
});

Deno.test("ledger: a reversal takes an entry back, once", async () => {
  await withLedger(async (ledger) => {
    await ledger.post(deposit("d1", 500));
    const use = await ledger.post(move("u1", "wallet:ann", "payable:bob", 200));
    const back = await ledger.reverse(use.number, "it never answered");
    assert.deepEqual(await ledger.reverse(use.number, "again"), back);
    assert.deepEqual([ledger.balance("wallet:ann"), ledger.balance("payable:bob")], [500, 0]);
    await assert.rejects(ledger.reverse(back.number, "no"), code("bad_input"));
    await assert.rejects(ledger.reverse(99, "no"), code("not_found"));
  });
});

Deno.test("ledger: a statement is an account's entries, newest first, page by page", async () => {
  await withLedger(async (ledger) => {
    for (let i = 0; i < 5; i++) await ledger.post(deposit(`d${i}`, 1 + i));
    await ledger.post(move("other", "provider:manual", "wallet:eve", 7, "deposit"));
    const { entries, next } = ledger.statement("wallet:ann", undefined, 3);
    assert.deepEqual(entries.map(({ number }) => number), [4, 3, 2]);
    assert.deepEqual(
      ledger.statement("wallet:ann", next, 3).entries.map(({ number }) => number),
      [1, 0],
    );
    assert.deepEqual(ledger.balances("wallet:").balances, [
      { account: "wallet:ann", balance: 15 },
      { account: "wallet:eve", balance: 7 },
    ]);
  });
});

Deno.test("ledger: an audit finds an entry that was changed, taken out or put in, and a wrong balance", async () => {
  const damages: [string, (kv: Kv) => Promise<unknown>][] = [
    ["hashed", async (kv) => {
      const entries = kv.collection<{ memo: string }>("ledger");
      await entries.put(1, { ...entries.get(1)!, memo: "something else" });
    }],
    ["stands where", (kv) => kv.collection("ledger").remove(1)],
    ["missing", (kv) => kv.collection("ledger").remove(2)],
    ["add up", (kv) => kv.collection("ledger_balances").put("wallet:ann", 7)],
  ];
  for (const [why, damage] of damages) {
    await withLedger(async (ledger, kv) => {
      for (let i = 0; i < 3; i++) await ledger.post(deposit(`d${i}`, 10));
      assert.equal(ledger.audit().fault, undefined);
      await damage(kv);
      assert.match(ledger.audit().fault?.why ?? "", new RegExp(why));
    });
  }
});

Deno.test("ledger: after any events the balances add up to zero and the chain holds", async () => {
  const accounts = ["provider:x", "wallet:a", "wallet:b", "payable:c", "income:store"];
  const event = fc.record({
    key: fc.integer({ min: 0, max: 30 }),
    from: fc.constantFrom(...accounts),
    to: fc.constantFrom(...accounts),
    amount: fc.integer({ min: 1, max: 1000 }),
    reverse: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 40 }), (events) =>
      withLedger(async (ledger) => {
        for (const { key, from, to, amount, reverse } of events) {
          const done = reverse
            ? ledger.reverse(key % 8, "back")
            : ledger.post(move(`k${key}`, from, to, amount));
          await done.catch((error) => assert(error instanceof FlintError));
        }
        const sum = accounts.reduce((total, account) => total + ledger.balance(account), 0);
        assert.equal(sum, 0);
        assert.equal(ledger.audit().fault, undefined);
        assert(accounts.slice(1, 4).every((account) => ledger.balance(account) >= 0));
      })),
    { numRuns: 30, seed: 1 },
  );
});

Deno.test("ledger: a writer killed again and again loses nothing acknowledged and doubles nothing", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { kills, resent } = await ledgerTrial(folder, { events: 8000, kills: 4, seed: 7 });
    assert(kills >= 3 && resent > 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
