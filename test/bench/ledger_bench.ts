/**
 * `bench ledger`: random events into one ledger while its process is killed (SIGKILL) again and
 * again; then whether all that was acknowledged is there once, and the books balance.
 */
import process from "node:process";
import { assert } from "../../core/errors.ts";
import { openKv } from "../../core/kv.ts";
import { openLedger } from "../../store/money/ledger.ts";
import { randomInts } from "../random.ts";
import { eventOf } from "./ledger_writer.ts";

/** How much to write, and how often to kill whoever writes. */
export interface LedgerTrial {
  readonly events: number;
  readonly kills: number;
  readonly seed: number;
}

/** What came of it. */
export interface LedgerOutcome {
  readonly seconds: number;
  readonly kills: number;
  /** Events that were sent again although they were written. */
  readonly resent: number;
  readonly head: string;
  readonly auditSeconds: number;
}

/** Numbers that are sent again after a kill although they were acknowledged. */
const AGAIN = 40;

/** Runs it in `folder`. @throws Error where anything was lost, doubled, or does not balance */
export async function ledgerTrial(folder: string, trial: LedgerTrial): Promise<LedgerOutcome> {
  const { events, kills, seed } = trial;
  const below = randomInts(seed);
  const start = performance.now();
  let acknowledged = 0, killed = 0, resent = 0;
  let next = startWriter(folder);
  while (acknowledged < events) {
    const writer = next;
    next = startWriter(folder); // it loads while the other one writes
    const from = Math.max(0, acknowledged - AGAIN);
    const share = Math.ceil((events - acknowledged) / Math.max(1, kills - killed + 1));
    const killAt = killed < kills ? acknowledged + below(2 * share) : Infinity;
    const end = await write(writer, { from, to: events, killAt, afterMs: below(5) });
    resent += acknowledged - from;
    acknowledged = Math.max(acknowledged, end.acknowledged);
    if (end.killed) killed++;
    assert(end.killed || acknowledged === events, "a writer that is not killed finishes");
  }
  next.kill("SIGKILL");
  await Promise.all([next.status, next.stdin.close().catch(() => {}), next.stdout.cancel()]);
  const seconds = (performance.now() - start) / 1000;
  return { seconds, kills: killed, resent, ...await checked(folder, events) };
}

/** A writer that is ready and waits to be told what to write. */
function startWriter(folder: string) {
  const script = new URL("./ledger_writer.ts", import.meta.url).pathname;
  const args = ["run", "-A", "--no-check", script, folder];
  return new Deno.Command(process.execPath, { args, stdin: "piped", stdout: "piped" }).spawn();
}

/** What one writer is to write, and when it is killed: soon after it acknowledged `killAt`. */
interface Life {
  readonly from: number;
  readonly to: number;
  readonly killAt: number;
  readonly afterMs: number;
}

async function write(child: Deno.ChildProcess, { from, to, killAt, afterMs }: Life) {
  const input = child.stdin.getWriter();
  await input.write(new TextEncoder().encode(`${from} ${to}\n`));
  await input.close();
  let acknowledged = 0, timer: ReturnType<typeof setTimeout> | undefined, rest = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!; // half a number is no acknowledgement
    for (const line of lines) acknowledged = Number(line);
    if (acknowledged >= killAt) timer ??= setTimeout(() => child.kill("SIGKILL"), afterMs);
  }
  const { signal } = await child.status;
  clearTimeout(timer);
  return { acknowledged, killed: signal === "SIGKILL" };
}

async function checked(folder: string, events: number) {
  const kv = openKv(folder);
  try {
    const ledger = openLedger(kv);
    const start = performance.now();
    const { entries, head, fault } = ledger.audit();
    assert(!fault, `the books are wrong at ${fault?.number}: ${fault?.why}`);
    assert(entries === events, `${entries} entries of ${events} events`);
    const auditSeconds = (performance.now() - start) / 1000;
    const seen = new Set<string>();
    for (let from: number | undefined = 0; from !== undefined;) {
      const list = ledger.list(from, 500);
      for (const { key } of list.entries) seen.add(key);
      from = list.next;
    }
    for (let i = 0; i < events; i++) assert(seen.has(eventOf(i).key), `event ${i} is lost`);
    return { head, auditSeconds };
  } finally {
    await kv.close();
  }
}

/** The bench's command. */
export async function benchLedger(folder: string, trial: LedgerTrial): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const place = await Deno.makeTempDir({ dir: folder, prefix: ".ledger-" });
  try {
    const { seconds, kills, resent, auditSeconds } = await ledgerTrial(place, trial);
    const bytes = (await Deno.stat(`${place}/data.mdb`)).size;
    console.log(
      `${trial.events} events, ${kills} kills, ${resent} sent again, in ${
        Math.round(seconds)
      } s: ` +
        `${Math.round(trial.events / seconds)} events/s with restarts, ` +
        `${Math.round(bytes / trial.events)} bytes an event, ` +
        `audit of all in ${auditSeconds.toFixed(1)} s; lost 0, doubled 0, balanced, chain intact`,
    );
  } finally {
    await Deno.remove(place, { recursive: true });
  }
}
