/** Cases beside the comparison: many chats, many assistants, a busy core, stored prefixes. */
import { assistantCases, BENCH_CASES } from "./cases.ts";
import type { Answer } from "./protocol.ts";
import type { Pace, Rounds, Turn } from "./rounds.ts";
import { MAIN, RESIDENT, type Side, SIDES } from "./sides.ts";
import { spread } from "./summary.ts";

/** One measured sentence of the report. */
export interface Finding {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it is beside, and what it is a share or multiple of. */
  readonly beside?: { readonly name: string; readonly ratio: number };
}

const rateOf = (answer: Answer) => answer.windowTokens / answer.windowSeconds;
const sideOf = (name: string) => SIDES.find((side) => side.name === name)!;

/** Runs each further case whose sides are open. */
export async function furtherCases(rounds: Rounds, pace: Pace): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const run of [together, switching, busy, prefix]) {
    for (const finding of await run(rounds, pace)) {
      findings.push(finding);
      console.error(findingLine(finding));
    }
  }
  return [...findings, ...prefill(rounds.turns)];
}

/** A finding as a line of text. */
export function findingLine({ name, value, unit, beside }: Finding): string {
  const ratio = beside ? `, ${beside.ratio.toFixed(2)} x ${beside.name}` : "";
  return `${name}: ${value.toPrecision(3)} ${unit}${ratio}`;
}

function naiveRate(turns: readonly Turn[]): number | undefined {
  const rates = turns.filter((turn) => turn.side === "naive" && turn.case === "chat").map(rateOf);
  return rates.length > 0 ? spread(rates).median : undefined;
}

/** Enough for the first chat to talk on until the last one's prompt has been read. */
const TOGETHER_TOKENS = 96;

/** 4 and 8 chats of different assistants at once: tokens of all a second. */
async function together(rounds: Rounds, pace: Pace): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const chats of [4, 8]) {
    const prompts = assistantCases(chats).map((one) => rounds.prompt(one));
    const question = { prompts, maxTokens: TOGETHER_TOKENS, seconds: 2 * pace.seconds };
    const answer = await rounds.ask(sideOf(MAIN), question);
    if (!answer?.windowTokens) return findings;
    const value = rateOf(answer), naive = naiveRate(rounds.turns);
    findings.push({
      name: `${chats} chats at once, ${MAIN}`,
      value,
      unit: "tokens/s",
      ...(naive ? { beside: { name: "naive, one chat", ratio: value / naive } } : {}),
    });
  }
  return findings;
}

/** 20 assistants in turn, a few tokens each, beside one assistant asked as often. */
async function switching(rounds: Rounds, pace: Pace): Promise<Finding[]> {
  const side = sideOf(MAIN), maxTokens = 6;
  const prompts = assistantCases(20).map((one) => rounds.prompt(one));
  const tokens = { many: 0, one: 0 }, seconds = { many: 0, one: 0 };
  const count = async (who: "many" | "one", prompt: typeof prompts[number]) => {
    const answer = await rounds.ask(side, { ...pace, maxTokens, prompts: [prompt] });
    tokens[who] += answer?.windowTokens ?? 0;
    seconds[who] += answer?.windowSeconds ?? 0;
  };
  await count("one", prompts[0]!); // its prefix is known from here on
  for (const prompt of prompts) {
    await count("many", prompt);
    await count("one", prompts[0]!);
  }
  if (tokens.many === 0) return [];
  const value = tokens.many / seconds.many;
  const ratio = value / (tokens.one / seconds.one);
  return [{
    name: `20 assistants in turn, ${MAIN}`,
    value,
    unit: "tokens/s",
    beside: { name: "one assistant", ratio },
  }];
}

/** One core taken by another program. */
async function busy(rounds: Rounds, pace: Pace): Promise<Finding[]> {
  const findings: Finding[] = [];
  const prompts = [rounds.prompt(BENCH_CASES[0]!)];
  for (const name of [MAIN, RESIDENT, "llama.cpp in DRAM"]) {
    const rates = { free: [] as number[], busy: [] as number[] };
    for (let i = 0; i < Math.min(2, pace.rounds); i++) {
      const free = await rounds.ask(sideOf(name), { ...pace, prompts });
      const other = new Deno.Command("sh", { args: ["-c", "while :; do :; done"] }).spawn();
      const taken = await rounds.ask(sideOf(name), { ...pace, prompts });
      other.kill("SIGKILL");
      await other.status;
      if (!free || !taken) break;
      rates.free.push(rateOf(free));
      rates.busy.push(rateOf(taken));
    }
    if (rates.busy.length === 0) continue;
    const value = spread(rates.busy).median;
    findings.push({
      name: `one core busy, ${name}`,
      value,
      unit: "tokens/s",
      beside: { name: "its free rate", ratio: value / spread(rates.free).median },
    });
  }
  return findings;
}

/** The first token after 1,000 tokens that are known: in DRAM, and from flash after a restart. */
async function prefix(rounds: Rounds, pace: Pace): Promise<Finding[]> {
  const side: Side = sideOf(MAIN);
  const retrieval = BENCH_CASES.find(({ name }) => name === "retrieval")!;
  const cold = rounds.turns.find((turn) => turn.side === MAIN && turn.case === retrieval.name);
  if (!cold) return [];
  const another = { ...retrieval, messages: [retrieval.messages[0]!, ANOTHER] };
  const question = { ...pace, prompts: [rounds.prompt(another)] };
  const findings: Finding[] = [];
  for (const when of ["again", "after a restart"]) {
    if (when === "after a restart") await rounds.restart(side);
    const answer = await rounds.ask(side, question);
    if (!answer) return findings;
    findings.push({
      name: `first token, ${when}, behind ${question.prompts[0]!.prefixTokens} stored tokens`,
      value: answer.firstTokenMs / 1000,
      unit: "s",
      beside: { name: "without", ratio: answer.firstTokenMs / cold.firstTokenMs },
    });
  }
  return findings;
}

const ANOTHER = {
  role: "user",
  content: "What does a locker cost, and who can have one?",
} as const;

/** Reading the long prompt: tokens a second until the first token. */
function prefill(turns: readonly Turn[]): Finding[] {
  const first = turns.filter((turn) => turn.case === "retrieval" && turn.round === 0);
  const rates = new Map(
    first.map((turn) => [turn.side, 1000 * turn.promptTokens / turn.firstTokenMs]),
  );
  return [[RESIDENT, "llama.cpp in DRAM"], [MAIN, RESIDENT], ["llama.cpp mmap", MAIN]].flatMap(
    ([name, other]) => {
      const value = rates.get(name!), against = rates.get(other!);
      if (value === undefined) return [];
      return [{
        name: `reading, ${name}, of ${first[0]!.promptTokens} tokens`,
        value,
        unit: "tokens/s",
        ...(against ? { beside: { name: other!, ratio: value / against } } : {}),
      }];
    },
  );
}
