/** From a question to the prompt that answers it from sources, and from the answer to what it rests on. */
import type { ChatMessage } from "@flint/core";
import { keySentences, type KeySource, type Likeness, rankSentences, unlike } from "./attention.ts";
import { cosineOf } from "./embed.ts";
import { stepsFrom } from "./graph.ts";
import type { Hit, PassageIndex } from "./passage_index.ts";
import type { Library } from "./library.ts";
import { sentencesOf } from "./sentences.ts";
import { standalone } from "./standalone.ts";
import { isHan, termsOf } from "./terms.ts";

/** The four answers to hallucination, each of which can be turned off. */
export interface Switches {
  /** Only the sentences that bear on the question, the closest marked. Off: whole passages. */
  readonly attention: boolean;
  /** What the named things are related to is looked up too. */
  readonly graph: boolean;
  /** What "it" and "the second one" mean is taken from the conversation. */
  readonly turns: boolean;
  /** Sentences that no source supports are found (trace.ts). */
  readonly tracing: boolean;
}

/** All on. */
export const ALL_ON: Switches = { attention: true, graph: true, turns: true, tracing: true };
/** Plain retrieval. */
export const ALL_OFF: Switches = { attention: false, graph: false, turns: false, tracing: false };

/** What is asked, of what. */
export interface Asked {
  readonly bases: readonly string[];
  /** What was said before, the oldest first. */
  readonly history: readonly Pick<ChatMessage, "role" | "content">[];
  readonly question: string;
  readonly switches?: Partial<Switches>;
  readonly signal?: AbortSignal;
}

/** A question with what bears on it. */
export interface Looked {
  /** The question as it would be asked without the conversation. */
  readonly question: string;
  /** In the order of their numbers, from 1. */
  readonly sources: readonly KeySource[];
}

/** Passages that are shown. */
const SHOWN = 3;
/** Passages whose sentences are looked at. */
const LOOKED_AT = 8;

/** Passages that the graph may add. */
const STEPS = 2;
/** Sentences that lead on, the best first. */
const LED_BY = 4;
/** A name in so many passages leads half as well as one in two alone. */
const RARE = 4;

/** Looks up what bears on a question. */
export async function lookUp(library: Library, asked: Asked): Promise<Looked> {
  const switches = { ...ALL_ON, ...asked.switches };
  const question = switches.turns ? standalone(asked.question, asked.history) : asked.question;
  const { bases, signal } = asked;
  const options = { count: switches.attention ? LOOKED_AT : SHOWN, ...(signal && { signal }) };
  const found = await library.search(bases, question, options);
  const index = library.index(bases);
  const { hits, bridges } = switches.graph
    ? walked(index, question, found)
    : { hits: found, bridges: new Map() };
  const sources = switches.attention
    ? keySentences(index, question, hits, {
      bridges,
      likeness: await likenessOf(library, question, hits, signal),
    })
    : hits.slice(0, SHOWN).map(({ source }) => ({ source, sentences: [] }));
  return { question, sources };
}

/** How near each sentence of hits is to a question. MiniLM knows no Chinese. */
async function likenessOf(
  library: Library,
  question: string,
  hits: readonly Hit[],
  signal?: AbortSignal,
): Promise<Likeness> {
  if (isHan(question)) return unlike;
  const texts = hits.flatMap(({ source: { text } }) =>
    sentencesOf(text).map(({ start, end }) => text.slice(start, end))
  );
  const [asked, ...vectors] = await library.embed([question, ...texts], signal) ?? [];
  if (!asked) return unlike;
  const near = new Map(vectors.map((vector, i) => [texts[i]!, cosineOf(asked, vector)]));
  return (sentence) => near.get(sentence) ?? 0;
}

/**
 * What was found and, behind its first passages, what these lead to: from the sentences that bear
 * most on the question to passages that name the same things, those first that hold what of the
 * question is still missing.
 */
function walked(index: PassageIndex, question: string, found: readonly Hit[]) {
  const first = found.slice(0, SHOWN);
  const known = new Set(first.map(({ at }) => at));
  const missing = missingTerms(question, first);
  const reached = new Map<number, { score: number; name: string }>();
  for (const { sentence, score } of rankSentences(index, question, first).slice(0, LED_BY)) {
    for (const { passage, through } of stepsFrom(index.graph, sentence.text, question)) {
      if (known.has(passage)) continue;
      const gain = score * RARE / (RARE + through.passages.length) +
        index.share(missing, index.sources[passage]!);
      if (gain > (reached.get(passage)?.score ?? 0)) {
        reached.set(passage, { score: gain, name: through.name });
      }
    }
  }
  const best = [...reached].sort(([, a], [, b]) => b.score - a.score).slice(0, STEPS);
  const led = best.map(([at, { score }]): Hit => ({ at, source: index.sources[at]!, score }));
  const rest = found.slice(SHOWN).filter(({ at }) => !reached.has(at));
  const bridges = new Map(best.map(([at, { name }]) => [at, name]));
  return { hits: [...first, ...led, ...rest], bridges };
}

/** What was asked and the best passage does not hold. */
function missingTerms(question: string, [best]: readonly Hit[]): Set<string> {
  const held = new Set(
    termsOf(best ? `${best.source.text}\n${best.source.headings.join(" ")}` : ""),
  );
  return new Set(termsOf(question).filter((term) => !held.has(term)));
}

/** Sources as the model is shown them, each with its number and where it stands; of those with sentences, these alone. */
export function sourcesText(sources: readonly KeySource[]): string {
  return sources.map(({ source, sentences }, i) => {
    const place = source.headings.join(" > ");
    const words = sentences.length === 0
      ? source.text
      : sentences.map(({ text, key }) => key ? `** ${text}` : text).join("\n");
    return `[${i + 1}] ${place}\n${words}`;
  }).join("\n\n");
}

/** What the model is told before such questions, in the question's language. */
export function groundedInstructions(question: string): string {
  return isHan(question) ? RULES.zh : RULES.en;
}

/** What "not in the sources" is in the question's language. */
export function notInSources(question: string): string {
  return isHan(question) ? NOTHING.zh : NOTHING.en;
}

const NOTHING = { en: "Not in the sources.", zh: "资料中没有。" } as const;
const RULES = {
  en: "Answer the question from the sources alone, in one short sentence. If they do not say it, " +
    `answer only: ${NOTHING.en}`,
  zh: `只根据资料回答问题，用一句简短的话。如果资料没有说明，只回答：${NOTHING.zh}`,
} as const;

/** The last user message: sources, then the question. */
export function groundedMessage(
  { sources: found }: Pick<Looked, "sources">,
  question: string,
): string {
  if (found.length === 0) return question;
  const [sources, asks] = isHan(question) ? ["资料", "问题"] : ["Sources", "Question"];
  return `${sources}:\n${sourcesText(found)}\n\n${asks}: ${question}`;
}
