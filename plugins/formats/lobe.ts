/** Lobe's agent JSON (lobe-chat-agents, schemaVersion 1). Read leniently: real files break its schema. */
import { FlintError } from "@flint/core";
import type { Assistant } from "../schema.ts";
import type { Format } from "./format.ts";
import { accepted, at, type Document, type Lens, lens, readFields, writeFields } from "./lens.ts";
import { cut, languageOf, line, list, text } from "./tidy.ts";

/** Lobe's shelves on ours. */
const CATEGORY_FROM = {
  academic: "research",
  career: "productivity",
  copywriting: "writing",
  design: "design",
  education: "education",
  emotions: "lifestyle",
  entertainment: "lifestyle",
  games: "games",
  general: "other",
  life: "lifestyle",
  marketing: "market-analysis",
  office: "productivity",
  programming: "programming",
  translation: "language",
} as const;

/** Ours on Lobe's; those it lacks go to "general". */
const CATEGORY_TO: Partial<Record<string, string>> = {
  design: "design",
  education: "education",
  games: "games",
  health: "life",
  language: "translation",
  lifestyle: "life",
  "market-analysis": "marketing",
  productivity: "office",
  programming: "programming",
  research: "academic",
  writing: "copywriting",
};

/** Only some files say theirs, and it is never written. Instructions are often English for others. */
const LANGUAGE: Lens = {
  field: ["language"],
  places: [],
  read(agent) {
    const shown = [at(agent, ["meta", "description"]), at(agent, ["config", "openingQuestions"])];
    return accepted(["language"], agent.locale) ?? languageOf(JSON.stringify(shown));
  },
  write() {},
};

const LENSES = [
  lens(["name"], ["meta", "title"], line(80)),
  lens(["description"], ["meta", "description"], cut(1000)),
  lens(["tags"], ["meta", "tags"], list(16, line(40))),
  lens(["avatar"], ["meta", "avatar"]),
  lens(
    ["category"],
    ["meta", "category"],
    (value) => CATEGORY_FROM[value as keyof typeof CATEGORY_FROM],
    (value) => CATEGORY_TO[value as string] ?? "general",
  ),
  lens(["instructions"], ["config", "systemRole"], text),
  lens(["starters"], ["config", "openingQuestions"], list(8, cut(500))),
  lens(["sampling", "temperature"], ["config", "params", "temperature"]),
  lens(["sampling", "topP"], ["config", "params", "top_p"]),
  lens(["sampling", "maxTokens"], ["config", "params", "max_tokens"]),
  LANGUAGE,
];

/** Lobe's agents. */
export const lobe: Format = {
  name: "lobe",
  recognizes: ({ json }) => at(json, ["config"]) !== undefined && at(json, ["meta"]) !== undefined,
  read({ json }) {
    const { fields, rest } = readFields(json!, LENSES);
    if (fields.instructions === undefined) {
      throw new FlintError("bad_input", "this Lobe agent has no usable config.systemRole");
    }
    return { ...fields, extra: { lobe: rest } };
  },
  write(assistant) {
    const rest = at(assistant, ["extra", "lobe"]) as Document | undefined;
    return JSON.stringify(writeFields(assistant, rest ?? newAgent(assistant), LENSES), null, 2);
  },
};

/** The fields Lobe requires beside the manifest's. */
function newAgent({ id, createdAt }: Assistant): Document {
  return {
    author: "flint",
    config: { openingQuestions: [], systemRole: "" },
    createdAt: createdAt.slice(0, 10),
    homepage: "",
    identifier: id,
    knowledgeCount: 0,
    meta: { avatar: "💬", category: "general", description: "", tags: [], title: "" },
    pluginCount: 0,
    schemaVersion: 1,
    tokenUsage: 0,
  };
}
