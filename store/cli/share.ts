/** `flint share`, and the bundles that `flint add` takes: looked into, agreed to, installed. */
import { join } from "node:path";
import type { Command } from "commander";
import { openEmbedder, openLibrary, OWNER, type Registry } from "@flint/plugins";
import { openPublisherKeys } from "../share/keys.ts";
import { type Inspection, openSharing, type Sharing } from "../share/sharing.ts";
import { type CommonOptions, parsePath, withCommon } from "./options.ts";
import { needWrite } from "./permission.ts";
import { confirm } from "./plugin_files.ts";
import { withTools } from "./plugins.ts";
import { print, remark } from "./terminal.ts";

interface ShareOptions extends CommonOptions {
  readonly out: string;
  readonly knowledge?: boolean;
  readonly licence?: string;
  readonly as: string;
}

/** How a bundle is added. */
export interface BundleOptions extends CommonOptions {
  readonly yes?: boolean;
  readonly withPlugins?: boolean;
  readonly trust?: string;
}

/** Adds `flint share`. */
export function addShare(program: Command, dataDir: string, args: readonly string[]): void {
  withCommon(program.command("share"), dataDir)
    .description("write an assistant to one signed file that another Flint can add")
    .argument("<id>", "id of the assistant")
    .requiredOption("--out <file>", "where to write it", parsePath)
    .option("--knowledge", "take its documents along")
    .option("--licence <name>", "such as CC-BY-4.0")
    .option("--as <name>", "the publisher's name that it is signed in", OWNER)
    .action(async (id: string, options: ShareOptions) => {
      await needWrite(options.out, args);
      await withSharing(options, args, async (sharing, get) => {
        const { knowledge = false, licence, as: handle, out } = options;
        const wanted = { withKnowledge: knowledge, withPlugins: true };
        const file = await sharing.pack(get(id), { handle, licence, ...wanted });
        await Deno.writeFile(out, file);
        const { fingerprint } = await sharing.inspect(file);
        print(
          options.json ? JSON.stringify({ out, fingerprint }) : `${out}  signed ${fingerprint}`,
        );
      });
    });
}

/** Shows who signed a bundle and what it may do, and installs it when that is granted. */
export async function addBundle(
  file: Uint8Array<ArrayBuffer>,
  options: BundleOptions,
  args: readonly string[],
): Promise<void> {
  await withSharing(options, args, async (sharing) => {
    const seen = await sharing.inspect(file);
    if (!options.json) describe(seen);
    if (!options.yes) await confirm();
    const { withPlugins = false, trust } = options;
    const { assistant: { id, name }, missing } = await sharing.install(file, {
      withPlugins,
      trust,
    });
    for (const { plugin, why } of missing) remark(`without the plugin ${plugin}: ${why}`);
    print(options.json ? JSON.stringify({ id, name, missing }) : `${id}  (${name}, from a bundle)`);
  });
}

const KEYS = {
  new: "seen here for the first time; from now on this name is theirs",
  known: "as before",
  changed: "NOT THE KEY THAT THIS NAME HAD",
};

function describe({ name, about, fingerprint, key, permissions }: Inspection): void {
  print(`${name}, release ${about.release} by ${about.handle}, ${about.licence ?? "no licence"}`);
  print(`  signed by ${fingerprint}: ${KEYS[key]}`);
  for (const { id, type, program, reaches } of permissions.plugins) {
    const does = program ? `starts ${program}` : `reaches ${reaches.join(", ") || "nothing"}`;
    print(`  wants the plugin ${id} (${type}): ${does}`);
  }
  for (const { name, documents } of permissions.knowledge) {
    print(`  brings ${documents} documents: ${name}`);
  }
}

/** What bundles are made from; no model but that of embeddings is opened. */
async function withSharing(
  { data }: CommonOptions,
  args: readonly string[],
  use: (sharing: Sharing, get: (id: string) => ReturnType<Registry["get"]>) => Promise<void>,
): Promise<void> {
  await withTools({ data, allowHost: [] }, args, async ({ kv, registry, toolbox, secrets }) => {
    await registry.seed();
    const embedder = openEmbedder(join(data, "models", "minilm"));
    const library = openLibrary({ kv, embedder });
    const keys = openPublisherKeys(secrets);
    try {
      const sharing = openSharing({ kv, registry, toolbox, library, keys });
      await use(sharing, (id) => registry.get(id));
    } finally {
      embedder.close();
    }
  });
}
