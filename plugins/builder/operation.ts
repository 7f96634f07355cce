/**
 * The closed set of changes that talk can make to a draft, and what each does to it. Pure.
 * An operation may write the fields named in FIELDS and no other, whatever its value is.
 */
import { z } from "zod";
import { parse } from "../parse.ts";
import { Manifest } from "../schema.ts";
import { addLine, replaceLine, setLanguageLine } from "./instructions.ts";

/** What a person may mean by a message about a draft, and the fields this may write. */
export const FIELDS = {
  set_name: ["name"],
  set_language: ["language", "instructions"], // the line that tells the model so goes with it
  add_instruction: ["instructions"],
  replace_instruction: ["instructions"],
  set_description: ["description"],
  add_starter: ["starters"],
  drop_starter: ["starters"],
  replace_starter: ["starters"],
  set_category: ["category"],
  add_tag: ["tags"],
  remove_tag: ["tags"],
  set_avatar: ["avatar"],
  add_tool: ["tools"],
  remove_tool: ["tools"],
  set_visibility: [], // publishing is not the builder's
  undo: [],
  redo: [],
  none: [],
} as const satisfies Record<string, readonly (keyof Manifest)[]>;

/** Names of the operations. */
export type Kind = keyof typeof FIELDS;
export const KINDS = Object.keys(FIELDS) as [Kind, ...Kind[]];

/**
 * One change. What `text` is depends on the kind: the name, a line, a tag, a BCP 47 tag, an avatar,
 * a plugin's id.
 */
export const Operation = z.strictObject({
  kind: z.enum(KINDS),
  text: z.string().max(4000).optional(),
  /** Which starter, from 0. */
  at: z.int().min(0).max(7).optional(),
  /** The part of the instructions that `text` replaces; an empty `text` removes it. */
  old: z.string().max(4000).optional(),
}).meta({ id: "BuilderOperation" });
export type Operation = z.infer<typeof Operation>;

/** Whether the operation says all that its kind needs. */
export function isComplete({ kind, text, at, old }: Operation): boolean {
  if (kind === "drop_starter") return at !== undefined;
  if (kind === "replace_starter") return at !== undefined && !!text;
  if (kind === "replace_instruction") return !!old;
  return FIELDS[kind].length === 0 || !!text;
}

/** The draft after a complete operation. Throws "bad_input" if the value is none for its field. */
export function apply(draft: Manifest, operation: Operation): Manifest {
  const values = CHANGES[operation.kind]?.(draft, operation) ?? {};
  const allowed = FIELDS[operation.kind].filter((field) => Object.hasOwn(values, field));
  return parse(Manifest, { ...draft, ...Object.fromEntries(allowed.map((f) => [f, values[f]])) });
}

type Change = (draft: Manifest, operation: Operation) => Partial<Manifest>;

const CHANGES: Partial<Record<Kind, Change>> = {
  set_name: (_, { text }) => ({ name: text! }),
  set_description: (_, { text }) => ({ description: text! }),
  set_avatar: (_, { text }) => ({ avatar: text! }),
  set_category: (_, { text }) => ({ category: text as Manifest["category"] }),
  set_language: ({ instructions }, { text }) => {
    const { language } = parse(Manifest.pick({ language: true }), { language: text });
    return { language, instructions: setLanguageLine(instructions, language) };
  },
  add_instruction: ({ instructions }, { text }) => ({ instructions: addLine(instructions, text!) }),
  replace_instruction: ({ instructions }, { old, text = "" }) => ({
    instructions: replaceLine(instructions, old!, text),
  }),
  add_starter: ({ starters }, { text }) => ({
    starters: starters.includes(text!) ? starters : [...starters, text!],
  }),
  drop_starter: ({ starters }, { at }) => ({ starters: starters.toSpliced(at!, 1) }),
  replace_starter: ({ starters }, { at, text }) => ({
    starters: at! < starters.length ? starters.with(at!, text!) : [...starters, text!],
  }),
  add_tag: ({ tags }, { text }) => ({
    tags: [...new Set([...tags, ...text!.split(/[,，、]/u).map((tag) => tag.trim())])],
  }),
  add_tool: ({ tools }, { text }) => ({
    tools: tools.some(({ plugin }) => plugin === text) ? tools : [...tools, { plugin: text! }],
  }),
  remove_tool: ({ tools }, { text }) => ({ tools: tools.filter(({ plugin }) => plugin !== text) }),
  remove_tag: ({ tags }, { text }) => ({ tags: tags.filter((tag) => !isSame(tag, text!)) }),
};

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
