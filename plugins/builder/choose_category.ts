/** Which shelf a wish belongs on: by the words in it, by its likeness to examples, or by both. */
import { CATEGORIES } from "../schema.ts";
import type { Embedder } from "../knowledge/embed.ts";
import type { Category } from "./categories.ts";
import { glossed } from "./glossary.ts";
import { wordScores } from "./lexicon.ts";
import { Likeness } from "./likeness.ts";

/** Scores by category, 0 or more. */
export type Scores = ReadonlyMap<Category, number>;

/** How much each category is spoken for by the words of a wish, English or Chinese. */
export function scoreByWords(wish: string): Scores {
  return wordScores(glossed(wish));
}

/** Examples of each category that wishes are compared with. */
const EXAMPLES: Readonly<Record<Category, readonly string[]>> = {
  writing: [
    "write and edit stories, poems, articles and letters",
    "a creative writing partner for my novel",
    "proofread and polish my text",
    "a copywriter for blog posts and speeches",
  ],
  productivity: [
    "plan my day, tasks and calendar",
    "summarize meetings into action items",
    "answer and sort my email",
    "break a goal into small steps and beat procrastination",
  ],
  research: [
    "read and summarize scientific papers",
    "literature review with citations",
    "check facts and weigh evidence",
    "help with my thesis and its research method",
  ],
  programming: [
    "write, review and debug code",
    "explain programming and databases",
    "a software developer for web, servers and deployment",
    "write regular expressions and unit tests",
  ],
  education: [
    "a tutor who teaches school subjects to students",
    "help children with homework in math and science",
    "quiz me for my exam",
    "explain history, physics or biology with examples",
  ],
  lifestyle: [
    "recipes and cooking with what is at home",
    "plan a trip or vacation",
    "care for plants, pets and the home",
    "ideas for gifts, fashion and free time",
  ],
  design: [
    "choose colors, fonts and layout",
    "ideas for a logo or poster",
    "critique the user interface of an app",
    "interior decoration",
    "prompts for generating images",
  ],
  language: [
    "practice speaking a foreign language",
    "a teacher of German or Dutch for beginners",
    "translate texts between languages",
    "learn vocabulary, grammar and pronunciation",
    "a conversation partner in French who corrects me",
  ],
  finance: [
    "manage my budget and save money",
    "explain investing, stocks and funds",
    "help with taxes and accounting",
    "a plan to pay off debt and loans",
  ],
  "customer-support": [
    "answer customers of a shop politely",
    "handle complaints, returns and refunds",
    "technical help desk, step by step",
    "reply to angry reviews",
  ],
  "market-analysis": [
    "analyse competitors, prices and the market",
    "marketing strategy and campaigns for a brand",
    "SWOT of a company",
    "find customer segments, trends and demand",
  ],
  health: [
    "a fitness coach with a training plan",
    "diet, calories and nutrition",
    "sleep better and reduce stress",
    "emotional support when I feel anxious or sad",
  ],
  games: [
    "play a game with me",
    "game master of a fantasy adventure",
    "riddles, puzzles and trivia",
    "a chess coach",
  ],
  other: [
    "chat about anything",
    "speak like a funny character",
    "explain legal contracts",
    "expert on a hobby such as trains",
  ],
};

/** Compares wishes with the examples. The examples' vectors are computed once. */
export function likenessToCategories(embedder: Embedder): Likeness<Category> {
  return new Likeness(embedder, EXAMPLES);
}

/** Likeness weighs as much as the words' evidence where its lead is this many hundredths. */
const LIKENESS_WEIGHT = 12;

/** The best of both; `likeness` is empty where there is no embedding model. */
export function bestCategory(words: Scores, likeness: Scores): Category {
  const total = (category: Category) =>
    (words.get(category) ?? 0) + LIKENESS_WEIGHT * (likeness.get(category) ?? 0);
  const best = CATEGORIES.reduce((a, b) => total(b) > total(a) ? b : a);
  return total(best) > 0 ? best : "other";
}
