/**
 * The comparison: case by case, round by round, every side in turn, so that whatever else the
 * machine does meanwhile meets them all. A side that fails is told and left out from then on.
 */
import { dirname } from "node:path";
import { dataFileOf } from "../../core/flash/data_file.ts";
import { readSpeed } from "../../core/flash/measure.ts";
import { modelFile, modelStore, modelText, type TestModel } from "../models.ts";
import { assistantCases, BENCH_CASES, inRound, type Prompt, promptOf } from "./cases.ts";
import type { GroupUse } from "./cgroup.ts";
import type { Answer, Question } from "./protocol.ts";
import { SideProcess } from "./side_process.ts";
import { commandOf, type Folders, memoryOf, type Side } from "./sides.ts";

/** How long, and how often. */
export interface Pace {
  readonly rounds: number;
  readonly maxTokens: number;
  /** Of talking, for each answer. */
  readonly seconds: number;
  /** Whether the long text is asked about, too. */
  readonly retrieval: boolean;
}

/** One answer of one side. */
export interface Turn extends Answer {
  readonly side: string;
  readonly case: string;
  readonly round: number;
  readonly promptTokens: number;
  /** Bytes a second of the disk, right after the turn; only of Flint's engine where it read. */
  readonly diskAfter?: number;
}

/**
 * Rented disks read faster for a second or so after a rest: whoever follows a side that reads
 * nothing would be given that for a present. So the credit is spent before each turn.
 */
const SPEND_MS = 1500;
/** How long the disk is probed after a turn. */
const PROBE_MS = 500;

/** What became of a side. */
export interface SideEnd extends GroupUse {
  readonly side: string;
  readonly capBytes?: number;
  /** Why it was left out, if it was. */
  readonly outcome?: string;
}

/** Sides at work on one model. */
export class Rounds {
  readonly turns: Turn[] = [];
  readonly #model: TestModel;
  readonly #sides: readonly Side[];
  readonly #open = new Map<Side, SideProcess>();
  readonly #outcomes = new Map<Side, string>();
  readonly #uses = new Map<Side, GroupUse>();
  #folders: Folders = { store: "", prefixes: "" };

  constructor(model: TestModel, sides: readonly Side[]) {
    this.#model = model;
    this.#sides = sides;
  }

  /** A prompt as this model's ids. */
  prompt(one: (typeof BENCH_CASES)[number]): Prompt {
    return promptOf(modelText(modelFile(this.#model)!).text, one);
  }

  /**
   * Opens every side. Those without a cap come first: what they leave of the model's files in the
   * page cache, which no cap would count, is dropped before the capped ones open.
   */
  async open(): Promise<void> {
    const store = await modelStore(this.#model); // which reads the whole file once
    const prefixes = await Deno.makeTempDir({ dir: dirname(dirname(store)), prefix: ".bench-" });
    this.#folders = { store, prefixes };
    const uncapped = this.#sides.filter(({ share }) => share === undefined);
    for (const side of uncapped) await this.#openSide(side);
    await dropCaches([modelFile(this.#model)!, dataFileOf(store)]);
    for (const side of this.#sides) if (!uncapped.includes(side)) await this.#openSide(side);
  }

  async #openSide(side: Side): Promise<void> {
    try {
      const command = commandOf(side, this.#model, this.#folders);
      const process = new SideProcess(command, memoryOf(side, this.#model).capBytes);
      this.#open.set(side, process);
      await process.ready();
    } catch (error) {
      await this.#leaveOut(side, error);
    }
  }

  /** All rounds of all cases. */
  async run(pace: Pace): Promise<void> {
    await this.#warmUp();
    for (const one of BENCH_CASES) {
      if (one.name === "retrieval" && !pace.retrieval) continue;
      for (let round = 0; round < pace.rounds; round++) {
        const prompts = [this.prompt(inRound(one, round))] as const;
        for (const side of this.#sides) {
          if (!side.cases.includes(one.name)) continue;
          const dataFile = dataFileOf(this.#folders.store);
          readSpeed(dataFile, SPEND_MS);
          const answer = await this.ask(side, { prompts, ...pace });
          if (!answer) continue;
          const promptTokens = prompts[0]!.ids.length;
          const reads = (answer.flash?.bytesRead ?? 0) > 0;
          const turn: Turn = {
            ...{ ...answer, side: side.name, case: one.name, round, promptTokens },
            ...(reads ? { diskAfter: 1e9 * readSpeed(dataFile, PROBE_MS) } : {}),
          };
          this.turns.push(turn);
          console.error(turnLine(turn));
        }
      }
    }
  }

  /** A few tokens of a chat that is no case: code is compiled, caches are as full as they get. */
  async #warmUp(): Promise<void> {
    const prompts = assistantCases(20).slice(-1).map((one) => this.prompt(one));
    for (const side of this.#sides) await this.ask(side, { prompts, maxTokens: 8, seconds: 1 });
  }

  /** One side's answer; undefined where it is out, or cannot. */
  async ask(side: Side, question: Question): Promise<Answer | undefined> {
    const process = this.#open.get(side);
    if (!process) return;
    try {
      const answer = await process.ask(question);
      if ("refused" in answer) return void console.error(`${side.name}: ${answer.refused}`);
      const got = answer.flash?.fidelity, wanted = side.task?.fidelity ?? got;
      if (got !== wanted) throw new Error(`this model is answered "${got}" instead`);
      return answer;
    } catch (error) {
      await this.#leaveOut(side, error);
    }
  }

  /** Closes a side and opens it again, as a restart of Flint would. */
  async restart(side: Side): Promise<void> {
    await this.#close(side);
    await this.#openSide(side);
  }

  async #leaveOut(side: Side, error: unknown): Promise<void> {
    const outcome = error instanceof Error ? error.message : String(error);
    console.error(`${side.name}: ${outcome}`);
    this.#outcomes.set(side, outcome);
    await this.#close(side);
  }

  async #close(side: Side): Promise<void> {
    const process = this.#open.get(side);
    if (!process) return;
    this.#open.delete(side);
    const use = await process.close(), before = this.#uses.get(side);
    this.#uses.set(side, {
      peakBytes: Math.max(use.peakBytes, before?.peakBytes ?? 0),
      cacheBytes: Math.max(use.cacheBytes, before?.cacheBytes ?? 0),
      kills: use.kills + (before?.kills ?? 0),
    });
  }

  /** Ends all sides; what became of them. */
  async close(): Promise<SideEnd[]> {
    for (const side of this.#sides) await this.#close(side);
    const { prefixes } = this.#folders;
    if (prefixes) await Deno.remove(prefixes, { recursive: true });
    const unused = { peakBytes: 0, cacheBytes: 0, kills: 0 };
    return this.#sides.map((side) => {
      const outcome = this.#outcomes.get(side);
      return {
        side: side.name,
        ...memoryOf(side, this.#model),
        ...this.#uses.get(side) ?? unused,
        ...(outcome ? { outcome } : {}),
      };
    });
  }
}

/** Throws files out of the page cache, which needs no rights (POSIX_FADV_DONTNEED). */
async function dropCaches(files: readonly string[]): Promise<void> {
  for (const file of files) {
    const args = [`if=${file}`, "iflag=nocache", "count=0", "status=none"];
    await new Deno.Command("dd", { args }).output();
  }
}

function turnLine(turn: Turn): string {
  const rate = (turn.windowTokens / turn.windowSeconds).toFixed(2);
  const first = (turn.firstTokenMs / 1000).toFixed(2);
  return `${turn.case.padEnd(10)} ${turn.round + 1} ${turn.side.padEnd(18)} ${
    rate.padStart(7)
  } tokens/s (${turn.windowTokens}), first after ${first} s`;
}
