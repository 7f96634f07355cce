/** Reads an English wish for an assistant. Pure. */
import { knownWords } from "./lexicon.ts";
import { imperative } from "./read_english.ts";
import { asRule } from "./tones.ts";
import type { WishParts } from "./wish.ts";

const FRAME =
  /^(?:please,? |hi[,!]? |hello[,!]? )?(?:i(?:'d| would)? (?:want|need|like|love|wish)(?: to have| for)?|(?:can|could) you (?:make|build|create|be)(?: me)?|make(?: me)?|build(?: me)?|create(?: me)?|give me|set up|be|just|let's have)\s+/iu;
const THING =
  /^(?:something|someone|somebody|an? (?:assistant|bot|chat ?bot|gpt|helper|tool|ai|agent|app)) (?:that|which|who)\s+/iu;
const RULE_EN =
  /\b(?:never|always|must|do(?:es)? not|don't|only|avoid|should|please|no \w+|first|before|one \w+ at a time|step by step|keep|with (?:a|an) \w+ before)\b/iu;
/** Verbs that begin an order rather than a name. */
const VERBS = new Set(
  ("help explain translate quiz summarize summarise answer write compare handle count teach pick describe do let's play " +
    "give tell show find plan review check correct turn make suggest recommend analyse analyze draft talk act " +
    "practice practise train coach guide track organize organise research edit improve rewrite convert create generate " +
    "solve prepare simulate discuss list rate grade sort choose look design build debug test")
    .split(" "),
);

/** Takes an English wish apart. */
export function readEnglishWish(text: string): WishParts {
  const sentences = text.trim().split(/(?<=[.!?;])\s+/u);
  const first = sentences[0]!.replace(/[.!;]$/u, "");
  const rules = [...relativeRules(first), ...sentences.slice(1).flatMap(ruleOf)];
  const context = sentences.slice(1).filter((one) => ruleOf(one).length === 0);
  const bare = first.replace(FRAME, "");
  const told = englishJob(bare);
  const job = told === undefined
    ? `You are an assistant for people who say: “${text.trim()}”`
    : [told, ...context.map((one) => asLine(capital(aboutUser(one))))].join(" ");
  const role =
    /^(?:an?|the|some) ((?:(?!(?:who|that|for|to|which|of|with|on|in|called)\b)[\p{L}\p{N}'+#-]+ ?){1,3})/iu
      .exec(bare)?.[1]?.trim();
  return { job, rules: rules.map(asRule), topic: englishTopic(text), role };
}

/** The wish as "You are ..." or "You help ..."; undefined if it is neither name nor order. */
function englishJob(bare: string): string | undefined {
  const told = aboutUser(bare);
  const verb = told.split(/[\s,:]/u)[0]!.toLowerCase();
  if (THING.test(bare)) return asLine(`You ${uninflected(aboutUser(bare.replace(THING, "")))}`);
  if (/^(?:an?|the) /iu.test(bare)) {
    return asLine(`You are ${told.charAt(0).toLowerCase()}${told.slice(1)}`);
  }
  if (VERBS.has(verb) && verb !== "let's") {
    return asLine(`You ${told.charAt(0).toLowerCase()}${told.slice(1)}`);
  }
  const aim = /^to (.+)/iu.exec(told)?.[1];
  return aim ? asLine(`You help the user ${aim.replace(/\bthe user's\b/u, "their")}`) : undefined;
}

/** "who never gives the answer" as "Never give the answer". */
function relativeRules(sentence: string): string[] {
  const clause =
    /\b(?:who|that|which|it|and)\s+((?:never|always|only)\s+.+)$|[,;]\s*((?:never|always|only|no|ask|do not|don't|with|one|it|please|keep|be|not)\b.+)$/iu
      .exec(sentence);
  const found = clause?.[1] ?? clause?.[2];
  if (!found || !RULE_EN.test(found)) return [];
  return [uninflected(aboutUser(imperative(found)))];
}

function ruleOf(sentence: string): string[] {
  const text = sentence.replace(/[.!;]$/u, "");
  if (text.endsWith("?")) return [];
  return RULE_EN.test(text) || VERBS.has(text.split(/\s/u)[0]!.toLowerCase())
    ? [aboutUser(imperative(text))]
    : [];
}

const STOP = new Set(
  ("a an the of to for with and or in on at by from that which who whom it its is are be my me i we our your you " +
    "this these some any what when how very only small new old next more most not no do does help want need make me " +
    "her his his user something someone just understand understands learn explains suggests students reading read simple plain best good great nice about into as so then them they their up out " +
    VERBS.keys().toArray().join(" ")).split(" "),
);

/** Words for the assistant itself, which are not what it is about. */
const AGENTS =
  /^(?:tutor|mentor|coach|advis[eo]r|partner|companion|helper|editor|teacher|assistant|bot|agent|expert|buddy|guide|planner|writer|poet|critic|strategist|wizard|master|checker|translator|pirate|everything|anything|knows?|everyone|someone|talk)s?$/iu;

/** The words around the one that tells most, such as "European history". */
function englishTopic(text: string): string {
  const words = text.match(/[\p{L}\p{N}+#-]+(?:'\p{L}+)?/gu) ?? [];
  const candidates = knownWords(text)
    .filter((word) => !VERBS.has(word) && !AGENTS.test(word) && word.length > 2);
  const key = candidates.find((word) => !word.endsWith("ing")) ?? candidates[0];
  const at = words.findIndex((word) => word.toLowerCase() === key?.split("-")[0]);
  if (at < 0) return "";
  const isPlain = (word: string | undefined) =>
    word !== undefined && !STOP.has(word.toLowerCase()) && !AGENTS.test(word);
  const from = at > 0 && isPlain(words[at - 1]) && follows(text, words, at - 1) ? at - 1 : at;
  const to = isPlain(words[at + 1]) && follows(text, words, at) ? at + 2 : at + 1;
  return words.slice(from, to).join(" ");
}

/** Whether nothing but a space lies between a word and the next. */
function follows(text: string, words: readonly string[], at: number): boolean {
  return text.includes(`${words[at]} ${words[at + 1]}`);
}

function asLine(text: string): string {
  return /[.!?”]$/u.test(text.trim()) ? text.trim() : `${text.trim()}.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** "help me plan my week" as "help the user plan their week". */
function aboutUser(text: string): string {
  let told = false; // whether the user was named, so that "their" is clear
  const user = (word: string) => {
    told = true;
    return word;
  };
  const modal = "should|can|could|do|did|will|would|may|must";
  const pattern = new RegExp(
    `\\b(${modal}) I\\b|\\bI(?:'m| am)\\b|\\bI(?:'ve| have)\\b|\\bI (?:do not|don't)\\b|\\bI (?=can|could|will|would|should|must|may|might|never|always|was)|\\b[Ii] ([a-z]+)\\b|\\bmyself\\b|\\b(?:my|our)\\b|\\b(?:me|us)\\b`,
    "gu",
  );
  return text.replace(pattern, (found: string, before?: string, verb?: string) => {
    if (before) return user(`${before} the user`);
    if (verb) return user(`the user ${inflected(verb)}`);
    if (/^I(?:'m| am)$/u.test(found)) return user("the user is");
    if (/^I(?:'ve| have)$/u.test(found)) return user("the user has");
    if (/^I d/u.test(found)) return user("the user does not");
    if (/^I /u.test(found)) return user("the user ");
    if (found === "myself") return "themselves";
    if (found === "my" || found === "our") return told ? "their" : user("the user's");
    return told ? "them" : user("the user");
  });
}

/** "never gives" as "never give", "turns notes" as "turn notes": the first verb only. */
function uninflected(phrase: string): string {
  return phrase.replace(
    /^((?:never|always|only|also)\s+)?([a-z]+)\b/iu,
    (_, adverb = "", verb) => adverb + bareVerb(verb),
  );
}

function inflected(verb: string): string {
  if (/(?:s|sh|ch|x|z|o)$/u.test(verb)) return `${verb}es`;
  return /[^aeiou]y$/u.test(verb) ? `${verb.slice(0, -1)}ies` : `${verb}s`;
}

function bareVerb(verb: string): string {
  if (/^(?:is|are)$/iu.test(verb)) return "be";
  if (/^has$/iu.test(verb)) return "have";
  if (/[^aeiou]ies$/iu.test(verb)) return `${verb.slice(0, -3)}y`;
  if (/(?:sses|shes|ches|xes|zes|oes)$/iu.test(verb)) return verb.slice(0, -2);
  return /[^s]s$/iu.test(verb) ? verb.slice(0, -1) : verb;
}
