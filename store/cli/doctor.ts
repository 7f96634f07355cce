/** `flint doctor`: what this machine can hold and how fast, with a mend for what is wrong. */
import process from "node:process";
import type { Command } from "commander";
import {
  CATALOG,
  DEFAULT_MODEL,
  type DiskSpeed,
  fitOf,
  freeBytes,
  type KernelFlavor,
  kernelFlavor,
  measureDisk,
  type ModelEntry,
  Shelf,
} from "@flint/core";
import { type CommonOptions, parseSize, withCommon } from "./options.ts";
import { needWrite } from "./permission.ts";
import { writeTrace } from "./trace.ts";
import { formatBytes, print, table } from "./terminal.ts";

/** Below it a streamed model is a test of patience; see the README's table. */
const SLOW_GB_PER_SECOND = 0.3;
/** What the process needs beside --memory: runtime, code, vocabulary; see test/bench/core_bench.ts. */
const PROCESS_BYTES = 320e6;

/** The machine, in bytes and figures. */
interface Machine {
  readonly cores: number;
  readonly memoryBytes: number;
  /** Most memory the cgroup allows this process; undefined = no limit. */
  readonly cgroupBytes: number | undefined;
  readonly diskFreeBytes: number;
  readonly disk: DiskSpeed;
  readonly kernels: KernelFlavor;
}

/** How one model would do here. */
interface Outlook {
  readonly name: string;
  readonly memoryBytes: number;
  /** Undefined until the model is imported: then it is computed from its store. */
  readonly smallestBytes: number | undefined;
  readonly streamedBytes: number;
  /** What the disk allows; undefined when nothing is streamed. Computing takes time beside it. */
  readonly tokensPerSecondMax: number | undefined;
}

interface DoctorOptions extends CommonOptions {
  readonly memory?: number;
  readonly trace?: string;
  readonly model: string;
}

/** Adds the command. */
export function addDoctor(program: Command, dataDir: string, args: readonly string[]): void {
  withCommon(program.command("doctor"), dataDir)
    .description("tell what this machine can hold, how fast its disk reads, and what to mend")
    .option("--memory <size>", "judge models at this budget, not at their own", parseSize)
    .option(
      "--trace <file>",
      "write what each thread does in a short answer (Chrome's trace format)",
    )
    .option("--model <name>", "the model to trace", DEFAULT_MODEL)
    .action(async (options: DoctorOptions) => {
      await needWrite(options.data, args);
      const { trace, model, memory, data } = options;
      if (trace !== undefined) {
        const task = { file: trace, dataDir: data, model, memoryBytes: memory, again: args };
        return (await writeTrace(task)).forEach(print);
      }
      const machine = await examine(options.data);
      const shelf = await Shelf.open(options.data);
      const chats = shelf.list().filter(({ use }) => use === "chat");
      const models = await Promise.all(
        chats.map((entry) => outlook(entry, shelf, machine, options.memory)),
      );
      const verdicts = judge(machine, models, shelf);
      if (options.json) print(JSON.stringify({ machine, models, verdicts }));
      else [...facts(machine), "", ...forecast(models), "", ...verdicts].forEach(print);
    });
}

async function examine(dataDir: string): Promise<Machine> {
  return {
    cores: navigator.hardwareConcurrency,
    memoryBytes: Deno.systemMemoryInfo().total,
    cgroupBytes: cgroupLimit(),
    diskFreeBytes: await freeBytes(dataDir),
    disk: measureDisk(dataDir),
    kernels: kernelFlavor(),
  };
}

/** Limit of the control group this process is in; without one the system tells an endless number. */
function cgroupLimit(): number | undefined {
  const bytes = process.constrainedMemory();
  return bytes > 0 && bytes < Deno.systemMemoryInfo().total ? bytes : undefined;
}

async function outlook(
  entry: ModelEntry,
  shelf: Shelf,
  { disk }: Machine,
  memory?: number,
): Promise<Outlook> {
  const memoryBytes = memory ?? entry.memoryBytes;
  const fit = shelf.card(entry.name)
    ? await fitOf(shelf.folderOf(entry.name), memoryBytes)
    : undefined;
  const streamedBytes = fit?.streamedBytes ?? Math.max(0, entry.sourceBytes - memoryBytes);
  const best = Math.max(...disk.reads.map((read) => read.gigabytesPerSecond));
  return {
    name: entry.name,
    memoryBytes,
    smallestBytes: fit?.smallestBytes,
    streamedBytes,
    tokensPerSecondMax: streamedBytes > 0 ? best * 1e9 / streamedBytes : undefined,
  };
}

function facts(machine: Machine): string[] {
  const { disk, cgroupBytes, kernels } = machine;
  const speeds = disk.reads.map(({ bytes, gigabytesPerSecond }) =>
    `${gigabytesPerSecond.toFixed(2)} GB/s in reads of ${bytes >> 10} KiB`
  );
  return table([
    ["cores", String(machine.cores)],
    ["memory", formatBytes(machine.memoryBytes)],
    ["cgroup limit", cgroupBytes === undefined ? "none" : formatBytes(cgroupBytes)],
    ["disk free", formatBytes(machine.diskFreeBytes)],
    ["disk speed", `${speeds.join(", ")}${disk.direct ? "" : " (through the page cache)"}`],
    ["disk reads", disk.method === "aio" ? "many in flight" : "one at a time"],
    ["kernels", kernels === "relaxed" ? "wasm, relaxed SIMD" : "wasm, plain SIMD"],
  ]);
}

function forecast(models: readonly Outlook[]): string[] {
  return table([
    ["model", "memory", "smallest", "read per token", "tokens/s the disk allows"],
    ...models.map((model) => [
      model.name,
      formatBytes(model.memoryBytes),
      model.smallestBytes === undefined ? "after import" : formatBytes(model.smallestBytes),
      formatBytes(model.streamedBytes),
      model.tokensPerSecondMax?.toFixed(1) ?? "any: nothing is read",
    ]),
  ]);
}

/** Lines for the user: what is well, and what to do about what is not. */
function judge(machine: Machine, models: readonly Outlook[], shelf: Shelf): string[] {
  const verdicts: string[] = [];
  const room = Math.min(machine.memoryBytes, machine.cgroupBytes ?? Infinity);
  for (const { name, memoryBytes } of models) {
    if (memoryBytes + PROCESS_BYTES <= room) continue;
    const mend = `give --memory ${Math.max(1, Math.floor((room - PROCESS_BYTES) / 1e6))}MB or less`;
    verdicts.push(`mend: ${name} wants ${formatBytes(memoryBytes)} of memory: ${mend}`);
  }
  const wanted = CATALOG.find(({ name }) => name === DEFAULT_MODEL)!;
  if (!shelf.card(wanted.name) && machine.diskFreeBytes < 2.2 * wanted.bytes) {
    const size = formatBytes(2.2 * wanted.bytes);
    verdicts.push(`mend: ${wanted.name} takes ${size} of disk on its way in: make room, or --data`);
  }
  const best = Math.max(...machine.disk.reads.map((read) => read.gigabytesPerSecond));
  if (best < SLOW_GB_PER_SECOND) {
    verdicts.push("mend: this disk is slow: put --data on a faster one, or give more --memory");
  }
  if (machine.kernels === "plain") {
    verdicts.push("note: this runtime has no relaxed SIMD: a newer Deno computes faster");
  }
  if (machine.disk.method === "sync" && Deno.build.os === "linux") {
    verdicts.push("note: no leave to call libc (--allow-ffi): one read at a time is slower");
  }
  if (!machine.disk.direct) {
    verdicts.push("note: no O_DIRECT here: the system's page cache holds weights beside --memory");
  }
  return verdicts.length > 0 ? verdicts : ["all is well"];
}
