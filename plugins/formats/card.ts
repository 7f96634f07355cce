/** Character cards V1, V2 and V3 as JSON. The lorebook is used (lorebook.ts), greetings and assets are kept. */
import { FlintError } from "@flint/core";
import { INSTRUCTIONS_CHARS_MAX } from "../schema.ts";
import type { Assistant } from "../schema.ts";
import type { Format } from "./format.ts";
import { accepted, at, type Document, guessed, type Lens, lens, type Path, put } from "./lens.ts";
import { readFields, withOwn, writeFields } from "./lens.ts";
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

/** Where the fields of one edition of cards lie. */
interface Edition {
  /** The object that has the texts. */
  readonly base: Path;
  readonly notes: Path;
  /** Where apps may keep fields of their own. */
  readonly own: Path;
}

const V2: Edition = {
  base: ["data"],
  notes: ["data", "creator_notes"],
  own: ["data", "extensions", "flint"],
};
/** The first edition said nothing of other fields; the app it came from calls its notes so. */
const V1: Edition = { base: [], notes: ["creatorcomment"], own: ["flint"] };

/** All parts as one text; changed instructions go into the description, which every app shows its model. */
function instructionsOf({ base }: Edition): Lens {
  return {
    field: ["instructions"],
    places: PARTS.map(([name]) => [...base, name]),
    read(card) {
      const parts = PARTS.map(([name, heading]) => [heading, text(at(card, [...base, name]))])
        .filter(([, part]) => part !== undefined && part !== "")
        .map(([heading, part]) => `${heading}${part}`);
      return accepted(["instructions"], unfold(parts.join("\n\n"), at(card, base)));
    },
    write(card, value) {
      for (const [name] of PARTS) put(card, [...base, name], name === "description" ? value : "");
    },
  };
}

function lensesOf(edition: Edition): Lens[] {
  const { base, notes, own } = edition;
  const instructions = instructionsOf(edition);
  const inOwn = (field: Path) => lens(field, [...own, ...field]);
  return withOwn([
    lens(["name"], [...base, "name"], line(80)),
    lens(["description"], notes, cut(1000)),
    lens(["tags"], [...base, "tags"], list(16, line(40))),
    instructions,
    guessed(inOwn(["language"]), (card) => languageOf(String(instructions.read(card)))),
  ], inOwn);
}

function formatOf(
  name: string,
  edition: Edition,
  recognizes: Format["recognizes"],
  fresh: (assistant: Assistant) => Document,
): Format {
  const lenses = lensesOf(edition);
  return {
    name,
    recognizes,
    read({ json }) {
      const { fields, rest } = readFields(json!, lenses);
      if (fields.instructions === undefined) {
        throw new FlintError(
          "bad_input",
          "this card says nothing of its character (its description and the like are empty), or " +
            `more than ${INSTRUCTIONS_CHARS_MAX} characters`,
        );
      }
      return { ...fields, extra: { [name]: rest } };
    },
    write(assistant) {
      const rest = at(assistant, ["extra", name]) as Document | undefined;
      return JSON.stringify(writeFields(assistant, rest ?? fresh(assistant), lenses), null, 2);
    },
  };
}

/** Character cards of editions 2 and 3, which say what they are. */
export const card = formatOf(
  "card",
  V2,
  ({ json }) => /^chara_card_v\d/.test(String(at(json, ["spec"]))),
  newCard,
);

/** Cards of the first edition: six texts and no word of what they are. */
export const cardV1 = formatOf(
  "card-v1",
  V1,
  ({ json }) =>
    json !== undefined && !Object.hasOwn(json, "spec") && !Object.hasOwn(json, "instructions") &&
    ["name", "first_mes", "mes_example"].every((key) => typeof at(json, [key]) === "string"),
  () => ({ name: "", personality: "", scenario: "", first_mes: "", mes_example: "" }),
);

/** A card's JSON labelled as V2, for apps that know no other; itself if it is one. */
export function asV2(json: string): string {
  const card = JSON.parse(json) as Document;
  if (card.spec === "chara_card_v2") return json;
  return JSON.stringify({ ...card, spec: "chara_card_v2", spec_version: "2.0" });
}

/** Puts names where cards write {{char}} and {{user}}. */
export function unfold(text: string, character: unknown): string {
  const name = String(at(character, ["nickname"]) ?? at(character, ["name"]) ?? "");
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
