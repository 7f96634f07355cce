import assert from "node:assert/strict";
import type { HouseStatus, ModelStage } from "@flint/core";
import * as figures from "../../../store/web/figures.ts";
import { notice } from "../../../store/web/progress.ts";
import { dayGroup } from "../../../store/web/sidebar.tsx";
import { languages, type Say, speak, table } from "../../../store/web/strings.ts";

const en = speak("en");

Deno.test("strings: both languages fill in the same values, and none is left out", () => {
  for (const [key, sentences] of Object.entries(table)) {
    assert.equal(sentences.length, languages.length, key);
    const values = sentences.map((sentence) => (sentence.match(/\{\w+\}/g) ?? []).sort().join());
    assert.equal(values[0], values[1], key);
    assert.ok(sentences.every((sentence) => sentence.trim().length > 0), key);
  }
});

Deno.test("strings: no room says under a name what another says under it", async () => {
  const folder = new URL("../../../store/web/", import.meta.url);
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.endsWith("_strings.ts")) continue;
    const room = await import(new URL(name, folder).href) as Record<string, object>;
    names.push(...Object.values(room).flatMap((sentences) => Object.keys(sentences)));
  }
  assert.deepEqual(names.filter((name, i) => names.indexOf(name) !== i), []);
  assert.deepEqual(names.sort(), Object.keys(table).sort());
});

Deno.test("strings: a value is put in as it is", () => {
  assert.equal(en("ask", { name: "$& {name}" }), "Ask $& {name}");
  assert.equal(speak("zh")("ask", { name: "Ada" }), "向 Ada 提问");
});

Deno.test("figures: bytes, shares and rates with the digits that matter", () => {
  const bytes = [0, 999, 1000, 9940, 34_200_000, 560e6, 999.6e6, 1.1173e9];
  assert.deepEqual(bytes.map(figures.formatBytes), [
    "0 B",
    "999 B",
    "1.0 KB",
    "9.9 KB",
    "34 MB",
    "560 MB",
    "1.0 GB",
    "1.1 GB",
  ]);
  assert.deepEqual([0.914, 1.2, -1].map(figures.formatShare), ["91 %", "100 %", "0 %"]);
  assert.deepEqual([14.23, 99.96].map(figures.formatRate), ["14.2", "100"]);
  assert.deepEqual([412.4, 1499].map(figures.formatMs), ["412 ms", "1.5 s"]);
});

Deno.test("figures: the budget's parts lie end to end and fill their share", () => {
  const bar = figures.budgetBar(report(0, 0, 0).budget);
  assert.deepEqual(bar.map(({ x, width }) => [x, width]), [
    [0, 20],
    [20, 35],
    [55, 5],
    [60, 10],
    [70, 5],
    [75, 5],
  ]);
});

Deno.test("figures: the hit rate is that of the tokens since the last look", () => {
  const before = report(10, 1000, 900), now = report(20, 2000, 1000);
  assert.equal(figures.coreFigures(now, before, en).hitRate, "90 %");
  assert.equal(figures.coreFigures(now, before, en).readPerToken, "10 B");
  assert.equal(figures.coreFigures(now, undefined, en).hitRate, "50 %");
  assert.equal(figures.coreFigures(report(0, 0, 0), undefined, en).hitRate, "");
});

Deno.test("progress: the banner says what is coming, how far it is and who answers meanwhile", () => {
  const titles = { qwen: "Qwen", smol: "SmolLM2" };
  const told = (say: Say, stage: ModelStage, serving?: string) =>
    notice(status(stage, serving), titles, say);
  const pulling = told(en, "pulling", "smol")!;
  assert.equal(pulling.text, "Qwen is being downloaded · 43 % · 430 MB / 1.0 GB");
  assert.equal(pulling.detail, "SmolLM2 answers meanwhile.");
  assert.equal(pulling.bar, 0.43);
  assert.equal(told(speak("zh"), "pulling", "smol")!.detail, "暂由 SmolLM2 回答。");
  assert.match(told(en, "opening")!.detail, /have to wait/);
  assert.equal(told(en, "failed", "smol")!.failed, true);
  assert.equal(told(en, "ready", "qwen"), undefined);
  const ready = status("ready", "qwen");
  const remark = { ...ready, progress: { ...ready.progress, note: "the disk is short" } };
  assert.equal(notice(remark, titles, en)!.text, "the disk is short");
});

Deno.test("sidebar: days are counted from midnight", () => {
  const noon = new Date(2026, 10, 24, 12).getTime();
  const group = (day: number, hour: number) =>
    dayGroup(new Date(2026, 10, day, hour).toISOString(), noon);
  assert.deepEqual(
    [group(24, 0), group(23, 23), group(23, 0), group(22, 23), group(18, 0), group(17, 23)],
    ["today", "yesterday", "yesterday", "lastWeek", "lastWeek", "older"],
  );
});

function report(tokens: number, bytesUsed: number, bytesRead: number): figures.CoreReport {
  return {
    model: "tiny",
    budget: {
      limit: 100,
      resident: 20,
      pinned: 35,
      window: 5,
      staging: 10,
      kv: 5,
      lent: 0,
      activations: 5,
    },
    counters: {
      ...{ steps: 0, tokens, bytesUsed, bytesRead, stepMs: 0, waitMs: 0, readMs: 0 },
      ...{ aheadBytesRead: 0, aheadBytesUsed: 0 },
    },
    running: 0,
    waiting: 0,
  };
}

function status(stage: ModelStage, serving?: string): HouseStatus {
  const progress = { model: "qwen", stage, done: 430e6, total: 1e9, unit: "bytes" } as const;
  return { wanted: "qwen", serving, progress };
}
