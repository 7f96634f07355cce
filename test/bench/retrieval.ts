/**
 * `deno task bench retrieval`: what words, meaning and both together find, on the questions of the
 * tests; how often what is shown holds all evidence; and what tracing lets through of an answerer
 * that always quotes the likeliest sentence.
 */
import {
  ALL_OFF,
  ALL_ON,
  bare,
  historyOf,
  type Hit,
  judgeAnswer,
  type Library,
  lookUp,
  openEmbedder,
  type Question,
  rankSentences,
  WAYS as EVALUATED,
  withheld,
} from "@flint/plugins";
import { sourcesText } from "../../plugins/knowledge/ask.ts";
import { filledLibrary, questions } from "../plugins/knowledge/set.ts";
import { minilmFolder } from "../store/live_store.ts";

const WAYS = {
  "words (BM25)": { words: true, vectors: false },
  "meaning (MiniLM)": { words: false, vectors: true },
  "both, by rank": { words: true, vectors: true },
} as const;

type Switches = typeof ALL_ON;

/** Plain retrieval, attention alone, all but each, all. */
const WAYS_SHOWN = EVALUATED.filter(({ name }) =>
  ["plain", "only attention", "all"].includes(name) || /^all but (?!tracing)/.test(name)
);

/** Prints recall@5 and nDCG@10 over the questions that stand alone and can be answered. */
export async function benchRetrieval(): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "flint_retrieval_" });
  const embedder = openEmbedder(minilmFolder() ?? folder);
  const { kv, library } = await filledLibrary(folder, embedder);
  try {
    console.log("| found by | English, recall@5 | nDCG@10 | Chinese, recall@5 | nDCG@10 |");
    console.log("| --- | --- | --- | --- | --- |");
    for (const [name, way] of Object.entries(WAYS)) {
      const cells: string[] = [];
      for (const language of ["en", "zh"]) {
        const asked = questions().filter((one) =>
          one.language === language && one.evidence && !one.history
        );
        const scores: { recall: number; gain: number }[] = [];
        for (const one of asked) {
          const options = { count: 10, ...way };
          scores.push(scoreOf(one, await library.search(["set"], one.question, options)));
        }
        const mean = (of: "recall" | "gain") =>
          (scores.reduce((sum, score) => sum + score[of], 0) / scores.length).toFixed(3);
        cells.push(mean("recall"), mean("gain"));
      }
      console.log(`| ${name} | ${cells.join(" | ")} |`);
    }
    console.log(`\n| half, language | of | ${WAYS_SHOWN.map(({ name }) => name).join(" | ")} |`);
    for (const half of ["tuning", "test"] as const) {
      for (const language of ["en", "zh"]) {
        const asked = questions(half).filter((one) =>
          one.language === language && one.evidence && one.answer !== null
        );
        const counts: number[] = [];
        for (const { switches } of WAYS_SHOWN) {
          const shown = await Promise.all(asked.map((one) => isShown(library, one, switches)));
          counts.push(shown.filter((is) => is).length);
        }
        console.log(`| ${half}, ${language} | ${asked.length} | ${counts.join(" | ")} |`);
      }
    }
    console.log("\n| half, language | quoted | right | made up | refused rightly | wrongly |");
    console.log("| --- | --- | --- | --- | --- | --- |");
    for (const half of ["tuning", "test"] as const) {
      for (const language of ["en", "zh"]) {
        const asked = questions(half).filter((one) => one.language === language);
        await quote(library, asked, `${half}, ${language}`);
      }
    }
  } finally {
    embedder.close();
    await kv.close();
    await Deno.remove(folder, { recursive: true });
  }
}

/** Whether all evidence of a question is in what the model would be shown. */
async function isShown(library: Library, one: Question, switches: Switches): Promise<boolean> {
  const { sources } = await lookUp(library, {
    bases: ["set"],
    history: historyOf(one),
    question: one.question,
    switches,
  });
  const shown = bare(sourcesText(sources));
  return one.evidence!.every(({ text }) => shown.includes(bare(text)));
}

/** Each piece of evidence is found by the first passage that holds it. */
function scoreOf({ evidence }: Question, hits: readonly Hit[]) {
  const ranks = evidence!.map(({ document, text }) =>
    hits.findIndex(({ source }) =>
      source.name === document && bare(source.text).includes(bare(text))
    )
  );
  const gain = (rank: number) => 1 / Math.log2(rank + 2);
  const ideal = evidence!.reduce((sum, _, i) => sum + gain(i), 0);
  const places = new Set(ranks.filter((rank) => rank >= 0));
  const found = [...places].reduce((sum, rank) => sum + gain(rank), 0);
  const whole = places.size < ranks.filter((rank) => rank >= 0).length; // two in one passage
  return {
    recall: ranks.filter((rank) => rank >= 0 && rank < 5).length / ranks.length,
    gain: whole ? found / [...places].reduce((sum, _, i) => sum + gain(i), 0) : found / ideal,
  };
}

/** Quotes of plain retrieval, and of all switches after tracing: judged as a model's answers are. */
async function quote(library: Library, asked: readonly Question[], name: string): Promise<void> {
  const plain: string[] = [], traced: string[] = [];
  for (const one of asked) {
    plain.push(judgeAnswer(one, (await quoted(library, one, ALL_OFF)).answer));
    const { to, answer } = await quoted(library, one, ALL_ON);
    traced.push(judgeAnswer(one, withheld(to, answer)));
  }
  for (const [way, verdicts] of [["plain", plain], ["all, traced", traced]] as const) {
    const counts = ["right", "wrong", "refused rightly", "refused wrongly"]
      .map((verdict) => verdicts.filter((one) => one === verdict).length);
    console.log(`| ${name} | ${way} | ${counts.join(" | ")} |`);
  }
}

async function quoted(library: Library, one: Question, switches: Switches) {
  const index = library.index(["set"]);
  const looked = await lookUp(library, {
    bases: ["set"],
    history: historyOf(one),
    question: one.question,
    switches,
  });
  const hits = looked.sources.map(({ source }): Hit => ({ at: 0, source, score: 0 }));
  const answer = rankSentences(index, looked.question, hits)[0]?.sentence.text ?? "";
  return { to: { index, question: one.question, looked }, answer };
}
