/**
 * What a bundle holds: an assistant, its plugins' declarations and what it may answer from. What it may
 * do is read from these themselves, never from what a bundle says of itself.
 */
import {
  type Assistant,
  AssistantDraft,
  KnowledgeDraft,
  type Library,
  parse,
  plainText,
  PluginDraft,
  type Registry,
  type Toolbox,
} from "@flint/plugins";
import { FlintError } from "@flint/core";
import { z } from "zod";
import { PublisherId } from "../market/listing.ts";
import { type Member, type OpenBundle, readJson } from "./bundle.ts";

/** What a bundle says of itself. */
const About = z.strictObject({
  handle: PublisherId.meta({ description: "The publisher's name where it was made" }),
  release: z.int().min(1),
  licence: plainText(1, 80).optional(),
  madeAt: z.iso.datetime(),
});
export type About = z.infer<typeof About>;

const Knowledge = KnowledgeDraft.extend({
  documents: z.array(z.strictObject({ name: z.string().min(1).max(1000), path: z.string() }))
    .max(1000),
});

/** A bundle's contents, checked. */
export interface Contents {
  readonly about: About;
  readonly assistant: AssistantDraft & { id: string };
  readonly plugins: readonly z.infer<typeof PluginDraft>[];
  readonly knowledge: readonly (z.infer<typeof KnowledgeDraft> & {
    readonly documents: readonly { name: string; bytes: Uint8Array<ArrayBuffer> }[];
  })[];
}

/** What an assistant will be able to do, for a person to read before it is installed. */
export interface Permissions {
  readonly plugins: readonly {
    readonly id: string;
    readonly type: string;
    /** Where it reaches, or the program that it starts with the user's own rights. */
    readonly reaches: readonly string[];
    readonly program?: string;
  }[];
  readonly knowledge: readonly { readonly name: string; readonly documents: number }[];
}

/** What contents are gathered from. */
export interface ShelfNeeds {
  readonly registry: Registry;
  readonly library: Library;
  readonly toolbox: Toolbox;
}

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value, null, 1));

/** The members of an assistant's bundle. Knowledge and declarations go along only if wanted. */
export function gather(
  { library, toolbox }: Omit<ShelfNeeds, "registry">,
  assistant: Assistant,
  about: About,
  { withKnowledge, withPlugins }: { withKnowledge: boolean; withPlugins: boolean },
): Member[] {
  const { version: _v, createdAt: _c, updatedAt: _u, visibility: _s, ...manifest } = assistant;
  const knowledge = withKnowledge ? manifest.knowledge : [];
  const granted = withPlugins ? manifest.tools : [];
  const plugins = granted.map(({ plugin }) => toolbox.list().find(({ id }) => id === plugin))
    .filter((plugin) => plugin !== undefined && plugin.type !== "builtin");
  const bases = knowledge.map((id, at) => packed(library, id, at));
  return [
    { path: "about.json", bytes: encode(about) },
    { path: "assistant.json", bytes: encode({ ...manifest, knowledge }) },
    ...plugins.map((plugin, at) => {
      const { addedAt: _, ...draft } = plugin!;
      const config = declared(draft.type, draft.config);
      return { path: `plugins/${at}.json`, bytes: encode({ ...draft, config }) };
    }),
    ...bases.flat(),
  ];
}

/** A collection as members: what it is, and each document's text. */
function packed(library: Library, id: string, at: number): Member[] {
  const { createdAt: _, ...base } = library.get(id);
  const documents = library.documents(id).map(({ id: document, name }, i) => ({
    name: /\.(md|markdown|txt)$/i.test(name) ? name : `${name}.txt`,
    path: `knowledge/${at}/${i}.txt`,
    bytes: new TextEncoder().encode(library.text(id, document)),
  }));
  const list = documents.map(({ name, path }) => ({ name, path }));
  return [
    { path: `knowledge/${at}.json`, bytes: encode({ ...base, documents: list }) },
    ...documents.map(({ path, bytes }) => ({ path, bytes })),
  ];
}

/** A config without what may be secret, or is of this machine alone. */
function declared(type: string, config: Readonly<Record<string, unknown>>) {
  const left = type === "mcp" ? ["env", "headers"] : type === "openapi" ? ["reading"] : [];
  return Object.fromEntries(Object.entries(config).filter(([name]) => !left.includes(name)));
}

/** Checks all that is in a bundle. @throws FlintError bad_input */
export function readContents({ members }: OpenBundle): Contents {
  const json = (path: string) => {
    const bytes = members.get(path);
    if (!bytes) throw new FlintError("bad_input", `the bundle has no ${path}`);
    return readJson(path, bytes);
  };
  const all = (pattern: RegExp) => [...members.keys()].filter((path) => pattern.test(path));
  const assistant = parse(AssistantDraft.required({ id: true }), json("assistant.json"));
  return {
    about: parse(About, json("about.json")),
    assistant,
    plugins: all(/^plugins\/\d+\.json$/).map((path) => parse(PluginDraft, json(path))),
    knowledge: all(/^knowledge\/\d+\.json$/).map((path) => {
      const { documents, ...base } = parse(Knowledge, json(path));
      return {
        ...base,
        documents: documents.map(({ name, path }) => {
          const bytes = members.get(path);
          if (!bytes) throw new FlintError("bad_input", `the bundle has no ${path}`);
          return { name, bytes };
        }),
      };
    }),
  };
}

/** What the contents may do once they are installed. */
export function permissionsOf({ plugins, knowledge }: Contents): Permissions {
  return {
    plugins: plugins.map(({ id, type, config = {} }) => {
      const { hosts = [], url, server, command, args = [] } = config as {
        hosts?: string[];
        url?: string;
        server?: string;
        command?: string;
        args?: string[];
      };
      const reaches = [...hosts, ...[server ?? url].filter((place) => place !== undefined)];
      const program = command === undefined ? {} : { program: [command, ...args].join(" ") };
      return { id, type, reaches, ...program };
    }),
    knowledge: knowledge.map(({ name, documents }) => ({ name, documents: documents.length })),
  };
}
