/** Joins flash store, machine, text and scheduler into the one engine that every assistant shares. */
import { availableParallelism } from "node:os";
import { type Choice, chooseUnits } from "./calibrate/choose.ts";
import { FlintError } from "./errors.ts";
import type { FlashStore } from "./flash/layout.ts";
import { summarizeTrace, traceEvents } from "./flash/trace.ts";
import { openFlashStore } from "./flash/store.ts";
import type { Kv } from "./kv.ts";
import type { Baseline } from "./model/plan.ts";
import type { Machine } from "./model/machine.ts";
import { openMachine } from "./model/open.ts";
import type {
  Engine,
  EngineReport,
  Fidelity,
  GenerateEvent,
  GenerateRequest,
  Trace,
} from "./run/api.ts";
import { whenRead } from "./run/channel.ts";
import { Generation } from "./run/generation.ts";
import { Habits } from "./run/habits.ts";
import { KvCache } from "./run/kv_cache.ts";
import { PromptLookup } from "./run/lookup.ts";
import { Prefixes } from "./run/prefix.ts";
import { Lending } from "./run/lending.ts";
import { Runner } from "./run/runner.ts";
import { Scheduler } from "./run/scheduler.ts";
import { Scoring } from "./run/scoring.ts";
import { compileGrammar, type Grammar } from "./text/grammar.ts";
import { checkLogprobs } from "./text/logprobs.ts";
import { Sampler } from "./text/sampler.ts";
import { settleSampling } from "./text/sampling.ts";
import { TextStream } from "./text/stream.ts";
import { createText, type ModelText } from "./text/text.ts";

/** Compiled schemas kept: a builder or a tool asks for the same few again and again. */
const GRAMMARS_MAX = 16;

/** How to open an engine. */
export type EngineOptions = ({ readonly folder: string } | { readonly store: FlashStore }) & {
  /** Hard DRAM budget of the core, bytes. */
  readonly memoryBytes: number;
  /**
   * The least faithful answer that will do; default "exact". Coarser weights answer only where the
   * exact ones do not fit and the model was calibrated (calibrate/calibrate.ts).
   */
  readonly fidelity?: Fidelity;
  /** Compute threads; default one for each core. */
  readonly threads?: number;
  /** Tokens that all live sequences together may hold; default by share of the budget. */
  readonly contextTokens?: number;
  /** Most tokens in one step. */
  readonly batchTokens?: number;
  /** Whether to guess ahead by prompt lookup, which changes the speed only; default true. */
  readonly lookup?: boolean;
  /** Where prefixes of assistants are kept; none: they are computed after each start. */
  readonly snapshots?: Kv;
  /** Stream as something else does; only for the bench, to compare with. */
  readonly baseline?: Baseline;
};

/** Opens the engine. @throws FlintError not_found | bad_model | over_budget */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const opened = "store" in options ? options.store : await openFlashStore(options.folder);
  const sizes = {
    memoryBytes: options.memoryBytes,
    kvTokens: options.contextTokens,
    batchTokens: options.batchTokens,
    baseline: options.baseline,
  };
  const choice = chooseUnits(opened, options.fidelity ?? "exact", sizes);
  const { store } = choice;
  const text = createText(store.card, await store.tokenizer());
  const threads = options.threads ?? availableParallelism();
  const machine = await openMachine({ store, threads, ...sizes });
  const { snapshots, lookup = true } = options;
  tidy();
  return new FlashEngine({ store, choice, text, threads, machine, lookup, snapshots });
}

/**
 * Has V8 let go of what opening left behind, of the vocabulary's strings above all, where it was
 * started with --expose-gc: by itself it would not before its heap is twice as large. 33 MB less
 * beside the budget (Qwen, after eight chats: 82 instead of 115).
 */
function tidy(): void {
  (globalThis as { gc?: () => void }).gc?.();
}

interface EngineParts {
  readonly store: FlashStore;
  readonly choice: Choice;
  readonly text: ModelText;
  readonly threads: number;
  readonly machine: Machine;
  readonly lookup: boolean;
  readonly snapshots: Kv | undefined;
}

class FlashEngine implements Engine {
  readonly #parts: EngineParts;
  readonly #cache: KvCache;
  readonly #prefixes: Prefixes | undefined;
  readonly #scheduler: Scheduler;
  readonly #habits: Habits;
  readonly #runner: Runner;
  readonly #sampler: Sampler;
  readonly #lookup: PromptLookup | undefined;
  /** By schema; longest unused first. */
  readonly #grammars = new Map<string, Grammar>();
  /** What runs or waits, and how to stop listening to its signal. */
  readonly #live = new Map<Generation | Scoring, () => void>();

  constructor(parts: EngineParts) {
    const { machine, store, choice, snapshots } = parts;
    const weights = [store.card.sourceSha256, choice.fidelity, choice.report?.key ?? []].flat();
    const model = weights.join(" ");
    const cache = this.#cache = new KvCache(machine.limits.blocks);
    this.#parts = parts;
    this.#sampler = new Sampler(machine.spec.vocabulary);
    this.#lookup = parts.lookup ? new PromptLookup() : undefined;
    this.#prefixes = snapshots && new Prefixes({
      kv: snapshots,
      machine,
      cache,
      model,
      onRelease: () => this.#runner.wake(),
    });
    this.#scheduler = new Scheduler({
      limits: machine.limits,
      cache,
      prefixes: this.#prefixes,
      copyBlock: (source, target) => machine.block(target).set(machine.block(source)),
    });
    this.#habits = new Habits({
      favor: (profile) => machine.favor(profile),
      spec: machine.spec,
      model,
      kv: snapshots,
    });
    const scheduler = this.#scheduler, habits = this.#habits;
    const lending = new Lending({ machine, cache, scheduler });
    this.#runner = new Runner({ machine, scheduler, habits, lending });
  }

  get fidelity() {
    return this.#parts.choice.fidelity;
  }

  get choice() {
    return this.#parts.choice.report;
  }

  get card() {
    return this.#parts.store.card;
  }

  get text() {
    return this.#parts.text;
  }

  get limits() {
    return this.#parts.machine.limits;
  }

  generate(request: GenerateRequest, signal?: AbortSignal): AsyncIterable<GenerateEvent> {
    return whenRead(() => {
      const generation = this.#generation(request);
      this.#begin(generation, signal);
      return generation.events;
    });
  }

  score(tokens: readonly number[], signal?: AbortSignal): AsyncIterable<Float32Array> {
    return whenRead(() => {
      this.#checkTokens(tokens);
      this.#checkRoom(tokens.length, 0);
      const scoring = new Scoring(tokens, {
        wake: () => this.#runner.wake(),
        onEnd: () => this.#end(scoring),
      });
      this.#begin(scoring, signal);
      return scoring.rows();
    });
  }

  async trace(run: () => Promise<void>): Promise<Trace> {
    const rows = await this.#parts.machine.trace(run);
    return { traceEvents: traceEvents(rows), summary: summarizeTrace(rows) };
  }

  report(): EngineReport {
    const { machine, threads } = this.#parts;
    return {
      model: this.card.name,
      fidelity: this.fidelity,
      choice: this.choice,
      threads,
      budget: machine.budget(),
      counters: machine.counters(),
      reading: machine.reading,
      running: this.#scheduler.running,
      waiting: this.#scheduler.waiting,
      kvBlocksUsed: this.#cache.used,
      kvBlocks: this.#cache.blocks,
      reuse: this.#habits.report(),
    };
  }

  /** Cancels what runs, waits for the step in flight, and gives the memory back. */
  async close(): Promise<void> {
    for (const one of this.#live.keys()) one.cancel();
    await this.#runner.close();
    await this.#habits.save();
    try {
      await this.#prefixes?.close();
    } finally {
      await this.#parts.machine.close();
      await this.#parts.store.close();
    }
  }

  /** Checks a request, the outside's last word to the core. */
  #generation(request: GenerateRequest): Generation {
    const { prompt, assistant, prefixTokens = 0, logprobs } = request;
    // Without a wish, as many as fit.
    const { maxTokens = Math.max(1, this.limits.contextTokens - prompt.length) } = request;
    const { tokenizer } = this.#parts.text;
    const sampling = settleSampling(request.sampling ?? {}, this.text.vocabulary);
    this.#checkTokens(prompt);
    if (logprobs !== undefined) checkLogprobs(logprobs);
    if (!Number.isInteger(maxTokens) || maxTokens < 1) {
      throw new FlintError("bad_input", `maxTokens is ${maxTokens}, not a whole number from 1`);
    }
    this.#checkRoom(prompt.length, maxTokens);
    if (!Number.isInteger(prefixTokens) || prefixTokens < 0 || prefixTokens > prompt.length) {
      const range = `0 to ${prompt.length}`;
      throw new FlintError("bad_input", `prefixTokens is ${prefixTokens}, not ${range}`);
    }
    const generation = new Generation({
      start: {
        prompt,
        prefixTokens,
        ...(this.#lookup ? { drafter: this.#lookup.start(prompt.length + maxTokens - 1) } : {}),
        ...(assistant === undefined ? {} : { assistant }),
      },
      vocabulary: tokenizer.vocabulary,
      choices: this.#sampler.start(sampling, prompt),
      text: new TextStream(tokenizer.vocabulary, request.stop),
      guide: request.jsonSchema && this.#grammar(request.jsonSchema).start(),
      maxTokens,
      logprobs,
      wake: () => this.#runner.wake(),
      onEnd: () => this.#end(generation),
    });
    return generation;
  }

  #grammar(schema: Readonly<Record<string, unknown>>): Grammar {
    const name = JSON.stringify(schema);
    const grammar = this.#grammars.get(name) ??
      compileGrammar(schema, this.#parts.text.tokenizer.vocabulary);
    this.#grammars.delete(name);
    this.#grammars.set(name, grammar);
    const [oldest] = this.#grammars.keys();
    if (this.#grammars.size > GRAMMARS_MAX) this.#grammars.delete(oldest!);
    return grammar;
  }

  #begin(one: Generation | Scoring, signal: AbortSignal | undefined): void {
    if (signal?.aborted) return one.cancel();
    this.#runner.submit(one.sequence);
    const cancel = () => one.cancel();
    signal?.addEventListener("abort", cancel);
    this.#live.set(one, () => signal?.removeEventListener("abort", cancel));
  }

  #end(one: Generation | Scoring): void {
    const { tokens, promptTokens } = one.sequence;
    if (one instanceof Generation) this.#lookup?.remember(tokens.slice(promptTokens));
    this.#live.get(one)?.();
    this.#live.delete(one);
  }

  #checkTokens(tokens: readonly number[]): void {
    if (tokens.length === 0) throw new FlintError("bad_input", "the prompt has no tokens");
    const { vocabulary } = this.text;
    const bad = tokens.find((id) => !(Number.isInteger(id) && id >= 0 && id < vocabulary));
    if (bad === undefined) return;
    throw new FlintError("bad_input", `token ${bad} is not one of 0 to ${vocabulary - 1}`);
  }

  #checkRoom(promptTokens: number, maxTokens: number): void {
    const { contextTokens } = this.limits;
    if (promptTokens + maxTokens <= contextTokens) return;
    throw new FlintError(
      "over_budget",
      `the prompt's ${promptTokens} tokens and ${maxTokens} to be said are more than the ` +
        `${contextTokens} this engine holds: shorten the prompt or raise the memory`,
    );
  }
}
