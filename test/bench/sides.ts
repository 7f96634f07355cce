/** The sides of the comparison, and the command line of each one's process. */
import path from "node:path";
import process from "node:process";
import { modelFile, type TestModel } from "../models.ts";
import { OVERHEAD_BYTES, type SideTask } from "./protocol.ts";
import { mmapPeer, nodePeer, smallerModel } from "./peers.ts";

const ROOT = path.join(import.meta.dirname!, "..", "..");

/** One way to run the model. */
export interface Side {
  readonly name: string;
  /** For the table's reader. */
  readonly what: string;
  /** Budget as a share of the model's file; undefined = no cap. */
  readonly share?: number;
  readonly by: "flint" | "llama.cpp mapped" | "llama.cpp";
  readonly task?: Pick<SideTask, "fidelity" | "streaming">;
  /** Whether it runs a smaller quantization of the same model. */
  readonly smaller?: boolean;
  /** Whether it keeps prefixes on flash. */
  readonly keepsPrefixes?: boolean;
  /** Whether it must say what Flint says with all weights in DRAM. */
  readonly exact: boolean;
  /** Names of the cases it answers. */
  readonly cases: readonly string[];
}

const ALL = ["chat", "retrieval", "code edit", "chinese"];
/** For the sides that make a curve: a quarter of an hour is soon over. */
const TWO = ["chat", "code edit"];
/** Without the long text, whose prefill takes a quarter of a minute. */
const SHORT = [...TWO, "chinese"];

const flint = { by: "flint", exact: true, cases: TWO } as const;
const exact = (percent: number): Side => ({
  ...flint,
  name: `exact ${percent} %`,
  what: "Flint, every weight used",
  share: percent / 100,
});

/** The yardstick of exactness, and of what the arithmetic alone takes. */
export const RESIDENT = "Flint in DRAM";
/** The side that the bars are about. */
export const MAIN = "exact 50 %";

/** All sides, in the order in which they take turns. */
export const SIDES: readonly Side[] = [
  {
    ...flint,
    name: "naive",
    what: "every weight read for each pass, embedding included; a layer is read, then computed",
    share: 0.5,
    task: { streaming: "naive" },
    cases: ALL,
  },
  {
    ...flint,
    name: "hybrid",
    what: "as much as fits stays, the rest is read for each pass; a layer is read, then computed",
    share: 0.5,
    task: { streaming: "hybrid" },
    cases: ALL,
  },
  {
    ...flint,
    name: "layer streaming",
    what: "nothing stays; while a layer is computed the next is read through the page cache",
    share: 0.5,
    task: { streaming: "layers" },
  },
  {
    name: "llama.cpp mmap",
    what: "native code, weights mapped and not repacked, under the same cap",
    share: 0.5,
    by: "llama.cpp mapped",
    exact: false,
    cases: ALL,
  },
  {
    name: "llama.cpp Q2_K",
    what: "the whole model at 2.6 bits a weight (other answers), mapped, under the same cap",
    share: 0.5,
    by: "llama.cpp mapped",
    smaller: true,
    exact: false,
    cases: TWO,
  },
  { ...exact(25) },
  { ...exact(35) },
  { ...exact(50), cases: ALL, keepsPrefixes: true },
  { ...exact(70) },
  { ...exact(100) },
  { ...exact(35), name: "balanced 35 %", exact: false, task: { fidelity: "balanced" } },
  {
    ...exact(50),
    cases: SHORT,
    name: "balanced 50 %",
    exact: false,
    task: { fidelity: "balanced" },
  },
  { ...exact(50), name: "fast 50 %", exact: false, task: { fidelity: "fast" } },
  { ...flint, name: RESIDENT, what: "Flint, all weights in DRAM, no cap", cases: ALL },
  {
    name: "llama.cpp in DRAM",
    what: "native code, weights repacked in DRAM, no cap",
    by: "llama.cpp",
    exact: false,
    cases: ALL,
  },
];

/** What a side takes: its budget, and the cap of its cgroup (undefined = none), in bytes. */
export function memoryOf(side: Side, model: TestModel): { memoryBytes: number; capBytes?: number } {
  const fileBytes = Deno.statSync(modelFile(model)!).size;
  if (side.share === undefined) return { memoryBytes: 2 * fileBytes };
  const memoryBytes = Math.floor(fileBytes * side.share);
  return { memoryBytes, capBytes: memoryBytes + OVERHEAD_BYTES };
}

/** Where the sides of one run lie on flash: the imported model, and prefixes. */
export interface Folders {
  readonly store: string;
  readonly prefixes: string;
}

/** The side's command line. @throws Error where it lacks something, with what to do about it */
export function commandOf(side: Side, model: TestModel, { store, prefixes }: Folders): string[] {
  const { memoryBytes } = memoryOf(side, model);
  const task = {
    memoryBytes,
    ...side.task,
    ...(side.keepsPrefixes ? { snapshots: prefixes } : {}),
  };
  if (side.by === "flint") return flintSide({ ...task, model: store });
  const file = side.smaller ? smallerModel(modelFile(model)!) : modelFile(model)!;
  const given = JSON.stringify({ ...task, model: file });
  return [...side.by === "llama.cpp" ? nodePeer() : mmapPeer(), given];
}

/** A Flint process; `task.model` is a flash store's folder. */
export function flintSide(task: SideTask): string[] {
  return flintProcess("flint_side.ts", task);
}

/** The command line of a script beside this one that runs Flint's engine. */
export function flintProcess(script: string, task: unknown): string[] {
  // As the `flint` task has it: a smaller nursery for each of four isolates is 50 MB less.
  const options = [
    "run",
    "-A",
    "--v8-flags=--max-semi-space-size=4,--expose-gc",
    "--no-check",
    `--config=${path.join(ROOT, "deno.json")}`,
  ];
  const file = path.join(import.meta.dirname!, script);
  return [process.execPath, ...options, file, JSON.stringify(task)];
}
