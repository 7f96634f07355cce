/**
 * The bench's writer: posts events of a seeded sequence from one number to another, which it is told
 * on standard input, a thousand under way at once, and prints the number of each piece that is on
 * disk. It is killed at any moment.
 */
import { openKv } from "../../core/kv.ts";
import { openLedger } from "../../store/money/ledger.ts";
import { randomInts } from "../random.ts";

/** Wallets that pay and builders that earn. */
const WALLETS = 500, BUILDERS = 200;
const UNDER_WAY = 1000;

/** Event `i`: first everybody pays in, then random uses are paid, shared between builder and store. */
export function eventOf(i: number) {
  const key = `event-${i}`;
  if (i < WALLETS) {
    const amount = 1e12;
    const postings = [
      { account: "provider:manual", amount: -amount },
      { account: `wallet:w${i}`, amount },
    ];
    return { key, kind: "deposit", memo: "", postings };
  }
  const below = randomInts(i);
  const cost = 10 + below(1_000_000), share = Math.floor(cost * 0.7);
  const postings = [
    { account: `wallet:w${below(WALLETS)}`, amount: -cost },
    { account: `payable:b${below(BUILDERS)}`, amount: share },
    { account: "income:store", amount: cost - share },
  ];
  return { key, kind: "usage", memo: "", postings };
}

if (import.meta.main) {
  const [from, to] = (await new Response(Deno.stdin.readable).text()).split(" ").map(Number) as [
    number,
    number,
  ];
  const kv = openKv(Deno.args[0]!);
  const ledger = openLedger(kv);
  const encoder = new TextEncoder();
  for (let i = from; i < to; i += UNDER_WAY) {
    const end = Math.min(to, i + UNDER_WAY);
    await Promise.all(Array.from({ length: end - i }, (_, k) => ledger.post(eventOf(i + k))));
    Deno.stdout.writeSync(encoder.encode(`${end}\n`));
  }
  await kv.close();
}
