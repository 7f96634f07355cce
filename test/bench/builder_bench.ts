/**
 * `bench builder`: how well the builder understands one half of its evaluation set, by each method
 * and all together, and what its texts cost a model. test/plugins/builder/evaluation.ts has the set.
 */
import {
  type Builder,
  type BuilderEvent,
  type Embedder,
  Manifest,
  openBuilder,
  openEmbedder,
  openMemory,
  openRegistry,
  openSecrets,
  openToolbox,
  type Registry,
} from "@flint/plugins";
import { type Engine, FlintError, openKv } from "@flint/core";
import { openEngine } from "../../core/engine.ts";
import { openFlashStore } from "../../core/flash/store.ts";
import { type Category } from "../../plugins/builder/categories.ts";
import {
  bestCategory,
  likenessToCategories,
  scoreByWords,
} from "../../plugins/builder/choose_category.ts";
import {
  chosenByModel,
  likenessToOperations,
  likest,
} from "../../plugins/builder/choose_operation.ts";
import { categoryOf } from "../../plugins/builder/draft.ts";
import { glossed } from "../../plugins/builder/glossary.ts";
import { readRules } from "../../plugins/builder/understand.ts";
import { CATEGORIES } from "../../plugins/schema.ts";
import { modelStore, type TestModel } from "../models.ts";
import {
  DRAFTS,
  type Half,
  holds,
  type RefinementCase,
  refinementCases,
  type RequestCase,
  requestCases,
} from "../plugins/builder/evaluation.ts";
import { lobeCases } from "./lobe_categories.ts";
import { replayed } from "./replay.ts";
import { type DraftFigures, fieldByField, oneShot } from "./builder_drafts.ts";

/** What the command line asked for. */
export interface BuilderBenchOptions {
  /** None: rules and likeness alone. */
  readonly model?: TestModel | undefined;
  readonly half: Half;
  /** How many wishes the model writes texts for; all others are made by rules. */
  readonly drafts: number;
  /** How many choices of category and of operation it is asked, for comparison. */
  readonly asked: number;
  /** Keeps the model's answers, so that a long run goes on where it was stopped. */
  readonly cache?: string | undefined;
}

/** Whole, in batches of four, as a machine with room would have it. */
const MEMORY_BYTES: Readonly<Record<TestModel, number>> = {
  "smollm2-135m": 400e6,
  "qwen2.5-coder-1.5b": 1.4e9,
};
const NONE: ReadonlyMap<Category, number> = new Map();

/** Runs it and prints its table. */
export async function benchBuilder(options: BuilderBenchOptions): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "flint_builder_" });
  const opened = options.model && await engineOf(options.model);
  const engine = opened && options.cache ? replayed(opened, options.cache) : opened;
  const kv = openKv(folder);
  const embedder = openEmbedder(new URL("../../.flint/models/minilm", import.meta.url).pathname);
  const registry = openRegistry(kv);
  const builder = (engineNow: () => Engine) =>
    openBuilder({
      kv,
      registry,
      memory: openMemory(kv),
      toolbox: openToolbox({
        kv,
        types: {},
        secrets: openSecrets({ kv, keyFile: `${folder}/secrets.key` }),
      }),
      embedder,
      engine: engineNow,
    });
  const bench = { engine, registry, embedder, builder, options };
  try {
    console.log(`${options.half} half, ${options.model ?? "no model"}`);
    await categories(bench);
    await strangers(bench);
    await operations(bench);
    await drafts(bench);
    await refinements(bench);
  } finally {
    embedder.close();
    await opened?.close();
    await kv.close();
    await Deno.remove(folder, { recursive: true });
  }
}

interface Bench {
  readonly engine: Engine | undefined;
  readonly registry: Registry;
  readonly embedder: Embedder;
  readonly builder: (engineNow: () => Engine) => Builder;
  readonly options: BuilderBenchOptions;
}

async function engineOf(model: TestModel): Promise<Engine> {
  const store = await openFlashStore(await modelStore(model));
  return await openEngine({ store, memoryBytes: MEMORY_BYTES[model], contextTokens: 2048 });
}

const noEngine = (): Engine => {
  throw new FlintError("unavailable", "rules alone");
};

async function categories({ engine, embedder, options }: Bench): Promise<void> {
  const likeness = likenessToCategories(embedder);
  const methods: Record<string, (text: string) => Promise<Category> | Category> = {
    "words": (text) => bestCategory(scoreByWords(text), NONE),
    "likeness": async (text) => bestCategory(NONE, await likeness.scores(glossed(text) || text)),
    ...(engine ? { "model": (text: string) => categoryByModel(engine, text) } : {}),
    "words, then likeness": (text) => categoryOf(text, likeness),
  };
  for (const [name, choose] of Object.entries(methods)) {
    await tell(
      `category by ${name}`,
      requestCases(options.half).slice(0, name === "model" ? options.asked : Infinity),
      async ({ text, category }) => category.includes(await choose(text)),
    );
  }
}

/** The same on titles and descriptions that others wrote, and shelved. */
async function strangers({ embedder, options }: Bench): Promise<void> {
  const cases = lobeCases(options.half);
  if (cases.length === 0) return console.log("category of Lobe agents: they are not there");
  const likeness = likenessToCategories(embedder);
  await tell(
    "category of Lobe agents: words, then likeness",
    cases,
    async ({ text, category }) => category.includes(await categoryOf(text, likeness)),
  );
}

async function categoryByModel(engine: Engine, wish: string): Promise<Category> {
  const system = `Choose the category of the chat assistant that a person wishes for: ${
    CATEGORIES.join(", ")
  }.`;
  const prompt = engine.text.chat([
    { role: "system", content: system },
    { role: "user", content: `The wish: “${wish}”\nIts category:` },
  ]);
  let text = "";
  const request = {
    prompt,
    jsonSchema: { enum: CATEGORIES },
    maxTokens: 12,
    sampling: { temperature: 0 },
  };
  for await (const event of engine.generate(request)) {
    if (event.type === "token") text += event.text;
  }
  return JSON.parse(text);
}

async function operations({ engine, embedder, options }: Bench): Promise<void> {
  const likeness = likenessToOperations(embedder);
  const draftOf = ({ on }: RefinementCase) => Manifest.parse(DRAFTS[on]);
  const methods: Record<
    string,
    (one: RefinementCase) => Promise<string | undefined> | string | undefined
  > = {
    "rules": (one) => readRules(one.text, draftOf(one))?.kind,
    "likeness": async ({ text }) => likest(await likeness.scores(glossed(text) || text)).kind,
    ...(engine ? { "model": ({ text }: RefinementCase) => chosenByModel(engine, text) } : {}),
  };
  for (const [name, choose] of Object.entries(methods)) {
    await tell(
      `operation by ${name}`,
      refinementCases(options.half).slice(0, name === "model" ? options.asked : Infinity),
      async (one) => await choose(one) === one.operation,
    );
  }
}

/** Whole sessions from one wish: by rules for all of the half, by the model for as many as asked for. */
async function drafts({ engine, builder, options }: Bench): Promise<void> {
  const all = requestCases(options.half);
  await tellDrafts("drafts by rules alone", builder(noEngine), all);
  if (!engine || options.drafts === 0) return;
  const some = all.slice(0, options.drafts);
  await tellDrafts("drafts with the model", builder(() => engine), some);
  console.log(figures("texts field by field", await fieldByField(engine, some)));
  console.log(figures("texts in one JSON", await oneShot(engine, some)));
}

async function tellDrafts(
  name: string,
  builder: Builder,
  cases: readonly RequestCase[],
): Promise<void> {
  const made = new Map<RequestCase, Manifest | undefined>();
  for (const one of cases) {
    const { id } = await builder.create();
    await last(builder.say(id, one.text));
    made.set(one, builder.get(id).draft ?? undefined);
  }
  const of = (test: (draft: Manifest, one: RequestCase) => boolean) => (one: RequestCase) =>
    Promise.resolve(made.get(one) !== undefined && test(made.get(one)!, one));
  await tell(`${name}: schema-valid and complete`, cases, of(isWhole));
  await tell(
    `${name}: category`,
    cases,
    of((draft, { category }) => category.includes(draft.category)),
  );
  await tell(`${name}: language`, cases, of((draft, { language }) => draft.language === language));
  await tell(`${name}: all traits`, cases, of(hasTraits));
}

function isWhole(draft: Manifest): boolean {
  return Manifest.safeParse(draft).success && draft.description !== "" &&
    draft.starters.length === 4 && draft.tags.length > 0 && draft.avatar.startsWith("svg:");
}

function hasTraits(draft: Manifest, { traits }: RequestCase): boolean {
  const { name, description, instructions, starters, tags } = draft;
  const said = [name, description, instructions, ...starters, ...tags].join("\n").toLowerCase();
  return traits.every((some) => some.some((word) => said.includes(word.toLowerCase())));
}

/** Each refinement in a session of its own, after two changes of which one was undone. */
async function refinements({ engine, registry, builder, options }: Bench): Promise<void> {
  for (const on of ["en", "zh"] as const) await registry.create({ id: on, ...DRAFTS[on] });
  const open = builder(engine ? () => engine : noEngine);
  const seen = new Map<RefinementCase, Refined>();
  for (const one of refinementCases(options.half)) seen.set(one, await refine(open, one));
  const cases = [...seen.keys()];
  const of = (key: keyof Refined) => (one: RefinementCase) => Promise.resolve(seen.get(one)![key]);
  for (const key of ["operation", "field", "value", "untouched"] as const) {
    await tell(`refined: ${key}`, cases, of(key));
  }
}

interface Refined {
  readonly operation: boolean;
  /** Exactly the fields that were to change did. */
  readonly field: boolean;
  readonly value: boolean;
  readonly untouched: boolean;
}

async function refine(builder: Builder, one: RefinementCase): Promise<Refined> {
  const { id } = await builder.create({ assistantId: one.on });
  for (const before of ["description: Something else", "add a tag: later"]) {
    await last(builder.say(id, before));
  }
  await builder.undo(id);
  const draft = builder.get(id).draft!;
  const event = await last(builder.say(id, one.text));
  const after = builder.get(id).draft!;
  const { operation, changes } = event.turn;
  const changed = changes.map(({ field }) => field.split(".")[0]!);
  const wanted = one.field === null
    ? []
    : [one.field, ...(one.field === "language" ? ["instructions"] : [])];
  const others = Object.keys(draft).filter((field) =>
    !wanted.includes(field)
  ) as (keyof Manifest)[];
  return {
    operation: operation.kind === one.operation,
    field: one.field === null ? changed.length === 0 : changed.includes(one.field),
    value: Object.entries(one.after).every(([field, constraint]) =>
      holds(after[field as keyof Manifest], constraint)
    ),
    untouched: others.every((field) =>
      JSON.stringify(draft[field]) === JSON.stringify(after[field])
    ),
  };
}

async function last(
  events: AsyncIterable<BuilderEvent>,
): Promise<Extract<BuilderEvent, { type: "done" }>> {
  const event = (await Array.fromAsync(events)).at(-1)!;
  if (event.type !== "done") throw new Error(JSON.stringify(event));
  return event;
}

/** One row: the share that is right, and which are not. */
async function tell<C extends { text: string }>(
  name: string,
  cases: readonly C[],
  isRight: (one: C) => Promise<boolean>,
): Promise<void> {
  if (cases.length === 0) return;
  const wrong: string[] = [];
  for (const one of cases) if (!await isRight(one)) wrong.push(one.text);
  const right = cases.length - wrong.length;
  const share = (100 * right / cases.length).toFixed(1);
  console.log(
    `${name.padEnd(52)} ${String(right).padStart(3)} of ${cases.length}  ${share.padStart(5)} %`,
  );
  if (Deno.env.has("WRONG")) { for (const text of wrong) console.log(`    ${text}`); }
}

function figures(
  name: string,
  { fit, texts, prompt, prefilled, written, ms, wishes }: DraftFigures,
): string {
  const per = (total: number) => (total / wishes).toFixed(0);
  return `${name.padEnd(24)} ${fit} of ${texts} fit; a wish: ${per(prompt)} prompt tokens, ` +
    `${per(prefilled)} of them prefilled, ${per(written)} written, ${
      (ms / wishes / 1000).toFixed(1)
    } s`;
}
