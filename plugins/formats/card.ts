/** Character cards V2 and V3 as JSON. Greetings, lorebook and assets are kept, not used. */
import { FlintError } from "@flint/core";
import { INSTRUCTIONS_CHARS_MAX } from "../schema.ts";
import type { Assistant } from "../schema.ts";
import type { Format } from "./format.ts";
import { accepted, at, type Document, guessed, type Lens, lens, type Path, put } from "./lens.ts";
import { readFields, writeFields } from "./lens.ts";
import { cut, languageOf, line, list, text } from "./tidy.ts";

/** The texts that make a character, in the order the model reads them, each under its heading. */
const PARTS: readonly (readonly [name: string, heading: string])[] = [
  ["system_prompt", ""],
  ["description", ""],
  ["personality", "Personality: "],
  ["scenario", "Scenario: "],
  ["mes_example", "Example dialogue:\n"],
  ["post_history_instructions", ""],
];

/** All parts as one text; changed instructions go into the description, which every app shows its model. */
const INSTRUCTIONS: Lens = {
  field: ["instructions"],
  places: PARTS.map(([name]) => ["data", name]),
  read(card) {
    const parts = PARTS.map(([name, heading]) => [heading, text(at(card, ["data", name]))])
      .filter(([, part]) => part !== undefined && part !== "")
      .map(([heading, part]) => `${heading}${part}`);
    return accepted(["instructions"], unfold(parts.join("\n\n"), card));
  },
  write(card, value) {
    for (const [name] of PARTS) put(card, ["data", name], name === "description" ? value : "");
  },
};

const LENSES = [
  lens(["name"], ["data", "name"], line(80)),
  lens(["description"], ["data", "creator_notes"], cut(1000)),
  lens(["tags"], ["data", "tags"], list(16, line(40))),
  INSTRUCTIONS,
  ...[["starters"], ["category"], ["avatar"], ["model"], ["sampling"], ["tools"], ["knowledge"], [
    "grounding",
  ], ["visibility"]]
    .map(
      inExtensions,
    ),
  guessed(inExtensions(["language"]), (card) => languageOf(String(INSTRUCTIONS.read(card)))),
];

/** Character cards. */
export const card: Format = {
  name: "card",
  recognizes: ({ json }) => /^chara_card_v\d/.test(String(at(json, ["spec"]))),
  read({ json }) {
    const { fields, rest } = readFields(json!, LENSES);
    if (fields.instructions === undefined) {
      throw new FlintError(
        "bad_input",
        "this card says nothing of its character (data.description and the like are empty), or " +
          `more than ${INSTRUCTIONS_CHARS_MAX} characters`,
      );
    }
    return { ...fields, extra: { card: rest } };
  },
  write(assistant) {
    const rest = at(assistant, ["extra", "card"]) as Document | undefined;
    return JSON.stringify(writeFields(assistant, rest ?? newCard(assistant), LENSES), null, 2);
  },
};

/** A card's JSON labelled as V2, for apps that know no other; itself if it is one. */
export function asV2(json: string): string {
  const card = JSON.parse(json) as Document;
  if (card.spec === "chara_card_v2") return json;
  return JSON.stringify({ ...card, spec: "chara_card_v2", spec_version: "2.0" });
}

/** Where the specification lets apps keep their own fields. */
function inExtensions(field: Path): Lens {
  return lens(field, ["data", "extensions", "flint", ...field]);
}

/** Puts names where cards write {{char}} and {{user}}. */
function unfold(text: string, card: Document): string {
  const name = String(at(card, ["data", "nickname"]) ?? at(card, ["data", "name"]) ?? "");
  return text.replace(/\{\{char\}\}|<BOT>/gi, () => name).replace(
    /\{\{user\}\}|<USER>/gi,
    "the user",
  );
}

/** V2, which most apps read, with the fields it requires beside the manifest's. */
function newCard({ createdAt, version }: Assistant): Document {
  return {
    spec: "chara_card_v2",
    spec_version: "2.0",
    data: {
      name: "",
      first_mes: "",
      alternate_greetings: [],
      creator_notes: "",
      tags: [],
      creator: "",
      character_version: `${version} (${createdAt.slice(0, 10)})`,
      extensions: {},
    },
  };
}
