/** `flint eval`: asks a question set over the switches, and tells how often the answers were right or made up. */
import { createHash } from "node:crypto";
import { dirname, join, resolve } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { type ChatMessage, type Engine, FlintError, type Kv, openKv } from "@flint/core";
import {
  type Answered,
  answerOne,
  openEmbedder,
  openLibrary,
  parseQuestions,
  type Question,
  scoresOf,
  scoreTable,
  WAYS,
} from "@flint/plugins";
import { openFlint } from "../serve.ts";
import { filesIn } from "./folder.ts";
import { houseOptions, type ModelOptions, parsePath, withCommon, withModel } from "./options.ts";
import { needWrite } from "./permission.ts";
import { untilServing } from "./progress.ts";
import { Stop } from "./stop.ts";
import { print, remark } from "./terminal.ts";

interface EvalOptions extends ModelOptions {
  readonly half?: "tuning" | "test";
  readonly language?: string;
  readonly ways?: string;
  readonly most?: number;
}

/** Long enough for a sentence; what goes on is cut off. */
const ANSWER_TOKENS = 48;
/** Questions under way at once: they share each pass over the weights. */
const AT_ONCE = 4;

/** Adds the command. */
export function addEval(program: Command, dataDir: string, args: readonly string[]): void {
  withModel(withCommon(program.command("eval"), dataDir))
    .description("ask a set of questions, with each answer to hallucination on and off")
    .argument("<set>", "JSON file: documents, questions and what is right (plugins/README.md)")
    .addOption(new Option("--half <name>", "only this half").choices(["tuning", "test"]))
    .option("--language <tag>", "only questions in this language")
    .option("--ways <names>", "only these, by comma, such as plain,all")
    .option("--most <count>", "only so many, of each language and kind in turn", parseCount)
    .action(async (set: string, options: EvalOptions) => {
      await needWrite(options.data, args);
      await evaluate(parsePath(set), options);
    });
}

function parseCount(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a number from 1.");
}

async function evaluate(path: string, options: EvalOptions): Promise<void> {
  using stop = new Stop();
  const set = parseQuestions(
    await Deno.readTextFile(path).catch((cause) => {
      throw new FlintError("not_found", `${path} can't be read: ${cause.message}`, { cause });
    }),
  );
  const questions = set.questions.filter(({ half, language }) =>
    (options.half ?? half) === half && (options.language ?? language) === language
  );
  const ways = WAYS.filter(({ name }) => options.ways?.split(",").includes(name) ?? true);
  // Beside the app's own data: the set's documents are nobody's knowledge, and answers are kept.
  const kv = openKv(join(options.data, "eval"));
  const embedder = openEmbedder(join(options.data, "models", "minilm"));
  const library = openLibrary({ kv, embedder });
  const base = `set-${digest(path)}`;
  const flint = await openFlint(houseOptions(options));
  try {
    if (!library.list().some(({ id }) => id === base)) {
      await library.create({ id: base, name: base });
    }
    await fill(library.add(base, await filesOf(path, set.documents), stop.signal));
    await untilServing(flint.house, stop.signal);
    const ask = remembered(kv, flint.house.engine(), stop.signal);
    const answered: Answered[] = [];
    await eachOf(mixed(questions).slice(0, options.most), async (question) => {
      for (const way of ways) {
        const one = await answerOne({ library, bases: [base], ask }, question, way);
        answered.push(one);
        tell(one, options);
      }
    }).catch((error) => {
      if (!stop.signal.aborted) throw error;
      remark("stopped: the same command goes on from here");
    });
    if (!options.json) report(answered, ways.length);
  } finally {
    await flint.close();
    embedder.close();
    await kv.close();
  }
}

async function filesOf(path: string, documents = "documents") {
  const folder = resolve(dirname(path), documents);
  const files = await filesIn(folder, /./);
  return files.map((file) => ({
    name: file.slice(folder.length + 1),
    bytes: () => Deno.readFile(file),
  }));
}

async function fill(events: AsyncIterable<{ type: string; name?: string; message?: string }>) {
  for await (const { type, name, message } of events) {
    if (type === "failed") throw new FlintError("bad_input", `${name}: ${message}`);
  }
}

/** Greedy answers, each kept: an evaluation that is stopped goes on where it was. */
function remembered(kv: Kv, engine: Engine, signal: AbortSignal) {
  const answers = kv.collection<string>("answers");
  return async (messages: readonly ChatMessage[]): Promise<string> => {
    const key = [engine.card.name, digest(JSON.stringify([engine.fidelity, messages]))];
    const known = answers.get(key);
    if (known !== undefined) return known;
    let answer = "";
    const prompt = engine.text.chat(messages);
    const request = { prompt, sampling: { temperature: 0 }, maxTokens: ANSWER_TOKENS };
    for await (const event of engine.generate(request, signal)) {
      if (event.type === "token") answer += event.text;
    }
    if (signal.aborted) throw new FlintError("cancelled", "stopped within an answer");
    await answers.put(key, answer);
    return answer;
  };
}

const digest = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 24);

/** A question of each language and kind in turn, so that a part of them is a sample of all. */
function mixed(questions: readonly Question[]): Question[] {
  const groups = Map.groupBy(questions, ({ language, kind }) => `${language} ${kind}`);
  const place = new Map(
    [...groups.values()].flatMap((group) =>
      group.map((question, i) => [question, i / group.length] as const)
    ),
  );
  return [...questions].sort((a, b) => place.get(a)! - place.get(b)!);
}

/** Runs for each, some at once, in about their order. */
async function eachOf<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const work = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await run(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

function tell({ question, way, answer, shown, verdict }: Answered, { json }: EvalOptions): void {
  if (json) print(JSON.stringify({ id: question.id, way, answer, shown, verdict }));
  else remark(`${question.id}  ${way}: ${verdict}`);
}

/** Tables over the questions that were answered in every way: part of a run compares as well as all of it. */
function report(answered: readonly Answered[], ways: number): void {
  const whole = [...Map.groupBy(answered, ({ question }) => question).values()]
    .filter((answers) => answers.length === ways).flat();
  const byLanguage = Map.groupBy(whole, ({ question }) => question.language ?? "no language");
  for (const [language, some] of byLanguage) {
    print(`\n${language}\n\n${scoreTable(scoresOf(some))}`);
  }
  if (byLanguage.size > 1) print(`\nall\n\n${scoreTable(scoresOf(whole))}`);
}
