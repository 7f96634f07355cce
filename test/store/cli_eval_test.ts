/** `flint eval`, as a process: each question in each way, each answer kept, also when it is stopped. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { openKv } from "@flint/core";
import { command, flint, withTiny } from "./flint_process.ts";

const WAYS = ["--ways", "plain,all"];

/** A set of four questions over one document, and how `flint eval` is asked about it. */
async function withSet() {
  const folder = await withTiny();
  const documents = join(folder.path, "documents");
  await Deno.mkdir(documents);
  await Deno.writeTextFile(join(documents, "tides.md"), "# Tides\n\nHigh water is at noon.\n");
  const set = join(folder.path, "set.json");
  const questions = ["en", "zh"].flatMap((language) => [
    { id: `${language}-1`, language, kind: "one", question: "High water?", answer: [["noon"]] },
    { id: `${language}-2`, language, kind: "none", question: "Low water?", answer: null },
  ]);
  await Deno.writeTextFile(set, JSON.stringify({ questions }));
  const args = ["eval", set, "--model", "tiny", "--memory", "64MB"];
  return { ...folder, args };
}

/** What is kept of answers, by the hash of what was asked. */
async function kept(folder: string): Promise<string[]> {
  const kv = openKv(join(folder, "eval"));
  try {
    return kv.collection<string>("answers").list().entries.map(({ value }) => value);
  } finally {
    await kv.close();
  }
}

Deno.test("cli: a set is asked in each way, tables tell of each language, and again costs nothing", async () => {
  await using set = await withSet();
  const first = await flint(set.path, ...set.args, ...WAYS);
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stdout, /^\nen\n[^]*\| plain \|[^]*\| all \|[^]*\nzh\n[^]*\nall\n/);
  assert.match(first.stdout, /\| plain \| \d of 2 [^|]*\| \d of 4 /, "all: two can be answered");
  assert.equal(first.stderr.match(/^\S+ {2}(plain|all): /gm)?.length, 8);
  const answers = await kept(set.path);
  const again = await flint(set.path, ...set.args, ...WAYS);
  assert.deepEqual([again.stdout, await kept(set.path)], [first.stdout, answers]);
  const some = await flint(set.path, ...set.args, "--ways", "all", "--most", "2", "--json");
  const lines = some.stdout.trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(lines.map(({ way }) => way), ["all", "all"]);
});

Deno.test("cli: an evaluation that is stopped keeps whole answers, and goes on where it was", async () => {
  await using stopped = await withSet();
  const process = command(stopped.path, stopped.args).spawn();
  let told = "";
  for await (const text of process.stderr.pipeThrough(new TextDecoderStream())) {
    const before = told;
    told += text;
    if (!before.includes("plain: ") && told.includes("plain: ")) process.kill("SIGTERM");
  }
  const printed = await new Response(process.stdout).text();
  assert.equal((await process.status).code, 0, told);
  assert.match(told, /stopped: the same command goes on/);
  const early = await kept(stopped.path);
  const end = await flint(stopped.path, ...stopped.args);
  await using whole = await withSet();
  const straight = await flint(whole.path, ...whole.args);
  assert.equal(end.stdout, straight.stdout);
  assert.notEqual(printed, straight.stdout);
  assert(early.length < (await kept(whole.path)).length);
});
