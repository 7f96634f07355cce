/**
 * A catalogue as large as a store's, made up: each assistant follows from the seed and its number
 * alone. Topics and words are those of this repository (and of the shared data, where it is there);
 * brands are invented, and so are the words of languages that nothing here is written in.
 */
import fs from "node:fs";
import path from "node:path";
import {
  type Assistant,
  ASSISTANT_DEFAULTS,
  type AssistantDraft,
  CATEGORIES,
} from "@flint/plugins";
import type { BoardEvent } from "../../store/market/boards.ts";
import type { Listing } from "../../store/market/listing.ts";
import type { SearchDocument } from "../../store/search/document.ts";
import { randomFloats } from "../random.ts";
import { sharedData } from "../shared_data.ts";

/** A made-up assistant, and how much it is used. */
export interface MadeUp extends SearchDocument {
  /** 1 is the most used of all; Zipf's law gives the rest. */
  readonly popularity: number;
}

type Pick = <T>(from: readonly T[]) => T;

/** Languages by their share of one hundred, with the syllables of those that are invented. */
const LANGUAGES: readonly (readonly [tag: string, share: number, syllables?: string])[] = [
  ["en", 52],
  ["zh-CN", 20],
  ["es", 7, "ca ri to mo sa ne la do ver cion mente pa lu que es ta"],
  ["fr", 5, "é cri ture le mon de san té vo ya ge cui si ne ré ponse"],
  ["de", 5, "schrei ben lern hil fe buch ge schich te kü che über set zung"],
  ["ja", 4, "さ く ぶん せい り ほん やく カ メ ラ ゲー ム 料 理 学 習"],
  ["ru", 4, "пи са тель по мощ ник ре цепт здо ро вье пу те"],
  ["pt", 3, "es cri tor aju da via gem saú de li ção co zi nha"],
];
/** What assistants call themselves. */
const ROLES =
  ("Coach Helper Assistant Expert Tutor Planner Writer Guide Buddy Analyst Mentor Genius " +
    "Advisor Bot Companion Maker Checker Translator Generator Studio").split(" ");
const ROLES_CHINESE = "助手 专家 老师 大师 顾问 教练 伙伴 生成器 规划师 分析师 翻译官 小能手".split(
  " ",
);
const OPENINGS = [
  "Helps you with",
  "An expert in",
  "Creates",
  "Your guide to",
  "Explains",
  "Checks",
];
const OPENINGS_CHINESE = ["帮助你完成", "擅长", "为你生成", "专业的", "一步步讲解", "快速整理"];
const BRAND = "lu mo ra zen ki vo ta ne xi pro qua del fi go ha re sy ve ny or".split(" ");

/** All words there are. */
interface Vocabulary {
  /** By category. */
  readonly topics: readonly (readonly string[])[];
  readonly chinese: readonly (readonly string[])[];
  /** Of running text, the commonest first. */
  readonly words: readonly string[];
  readonly phrases: readonly string[];
  /** Invented, by language. */
  readonly foreign: ReadonlyMap<string, readonly string[]>;
}

/** Words of an invented language: as many as a learner's dictionary has. */
const FOREIGN_WORDS = 4000;

/** Makes assistants by their number. Same seed and data, same assistant. */
export function catalogue(seed: number): (number: number) => MadeUp {
  const vocabulary = readVocabulary();
  return (number) => madeUp(vocabulary, seed, number);
}

function madeUp(
  { topics, chinese, words, phrases, foreign }: Vocabulary,
  seed: number,
  number: number,
) {
  const float = randomFloats(Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b));
  const pick = pickBy(float);
  const zipf: Pick = (from) => from[Math.floor(from.length ** float()) - 1]!;
  const shelf = Math.floor(CATEGORIES.length * float() ** 1.5), category = CATEGORIES[shelf]!;
  const [language, , syllables] = languageOf(float() * 100);
  const invented = () => zipf(foreign.get(language)!);
  const isChinese = language === "zh-CN";
  const topic = syllables ? invented : () => zipf(isChinese ? chinese[shelf]! : topics[shelf]!);
  const word = syllables ? invented : () => zipf(isChinese ? phrases : words);
  const brand = float() < 0.4 ? capital(invent(BRAND, pick, 2 + Math.floor(float() * 2))) : "";
  const glue = isChinese ? "" : " ";
  const role = isChinese ? pick(ROLES_CHINESE) : syllables ? capital(invented()) : pick(ROLES);
  const subject = Array.from({ length: 1 + Math.floor(float() * 2) }, topic);
  const length = 6 + Math.floor(float() * 24);
  const opening = isChinese ? pick(OPENINGS_CHINESE) : syllables ? invented() : pick(OPENINGS);
  const text = Array.from({ length }, (_, i) => i % 3 === 0 ? topic() : word());
  return {
    id: `made-up-${number}`,
    name: [brand, [...subject.map(capital), role].join(glue)].filter(Boolean).join(" "),
    description: [opening, ...text].join(isChinese ? "，" : " ") + (isChinese ? "。" : "."),
    tags: [...new Set(Array.from({ length: 1 + Math.floor(float() * 5) }, topic))],
    category,
    language,
    starters: [[topic(), word(), topic()].join(glue), [word(), topic()].join(glue)],
    publisher: `builder-${Math.floor(20_000 ** float())}`,
    popularity: 1 + Math.floor(float() * 1e7),
  };
}

/** What happened to it within the last month before `nowMs`: installs, turns and ratings by Zipf's law. */
export function useOf(one: MadeUp, nowMs: number): BoardEvent {
  const float = randomFloats(one.popularity), installs = Math.floor(3e7 / one.popularity ** 1.1);
  const weight = Math.floor(installs * 0.03), mean = 2.5 + 2.5 * float() ** 0.5;
  return {
    ...{
      listing: one.id,
      category: one.category,
      installs,
      uses: Math.floor(installs * 40 * float()),
    },
    at: new Date(nowMs - Math.floor(float() * 30) * 24 * 3600 * 1000),
    rating: { stars: mean * weight, weight },
  };
}

/** As its author would have written it. */
export function draftOf(one: MadeUp): AssistantDraft & { readonly id: string } {
  const { id, name, description, tags, category, language, starters } = one;
  return {
    ...{ id, name, description, tags: [...tags], starters: [...starters], language },
    category: category as Listing["manifest"]["category"],
    instructions: `You are ${name}. ${description}`,
  };
}

/** As its publisher would have listed it at `at` (an ISO time). */
export function listingOf(one: MadeUp, at: string): Listing {
  const { id, publisher } = one, times = { createdAt: at, updatedAt: at };
  const manifest = { ...ASSISTANT_DEFAULTS, ...draftOf(one), version: 1, ...times } as Assistant;
  return {
    ...{ id, assistantId: id, publisher, visibility: "everyone", state: "listed", release: 1 },
    ...{ manifest, notes: "", publishedAt: at, updatedAt: at },
  };
}

function languageOf(percent: number) {
  let sum = 0;
  return LANGUAGES.find(([, share]) => (sum += share) > percent) ?? LANGUAGES[0]!;
}

/** Each as likely as the others. */
function pickBy(float: () => number): Pick {
  return (from) => from[Math.floor(float() * from.length)]!;
}

function invent(syllables: readonly string[], pick: Pick, count: number): string {
  return Array.from({ length: count }, () => pick(syllables)).join("");
}

function inventWords(syllables: string, seed: number): string[] {
  const float = randomFloats(seed), pieces = syllables.split(" ");
  const pick = pickBy(float);
  const words = Array.from(
    { length: FOREIGN_WORDS },
    () => invent(pieces, pick, 2 + Math.floor(float() * 3)),
  );
  return unique(words);
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

const ROOT = path.join(import.meta.dirname!, "..", "..");
const read = (file: string) => fs.readFileSync(path.join(ROOT, file), "utf8");

function readVocabulary(): Vocabulary {
  const lexicon = read("plugins/builder/lexicon.ts"),
    glossary = read("plugins/builder/glossary.ts");
  const blocks = lexicon.slice(lexicon.indexOf("= {")).split(/\n {2}\S+: \{\n/).slice(1);
  const topics = CATEGORIES.map((_, i) =>
    unique(blocks[i % blocks.length]!.match(/[a-z][a-z-]{2,}/g) ?? [])
      .filter((word) => word !== "strong" && word !== "weak") // the fields' names
      .map((word) => word.replaceAll("-", " "))
  );
  const lines = glossary.split("`")[1]!.trim().split("\n");
  const chinese = CATEGORIES.map((_, i) =>
    unique(lines[i % lines.length]!.match(/\p{sc=Han}{2,}(?==)/gu) ?? [])
  );
  const texts = ["README.md", "ARCHITECTURE.md", "plugins/README.md"].map(read).join("\n") +
    sharedTexts();
  return {
    topics,
    chinese,
    words: byFrequency(texts.toLowerCase().match(/\p{sc=Latin}{3,}/gu) ?? []),
    foreign: new Map(
      LANGUAGES.map(([tag, , syllables = ""], i) => [tag, inventWords(syllables, i)]),
    ),
    phrases: byFrequency([...chinese.flat(), ...texts.match(/\p{sc=Han}{2,8}/gu) ?? []]),
  };
}

/** Descriptions and tags of real assistants, where they are there. */
function sharedTexts(): string {
  const folder = path.join(sharedData() ?? "", "lobe-agents");
  if (!sharedData() || !fs.existsSync(folder)) return "";
  return fs.readdirSync(folder).filter((name) => name.endsWith(".json")).sort().map((name) => {
    const { meta } = JSON.parse(fs.readFileSync(path.join(folder, name), "utf8"));
    return `${meta.title} ${meta.description} ${meta.tags.join(" ")}`;
  }).join("\n");
}

function unique(words: readonly string[]): string[] {
  return [...new Set(words)];
}

function byFrequency(words: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a).map(([word]) => word);
}
