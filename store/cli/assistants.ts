/** `flint add` and `flint export`: assistants in from files, folders and allowed hosts, and out again. */
import { basename, join } from "node:path";
import { type Command, Option } from "commander";
import { FlintError, openKv } from "@flint/core";
import {
  exportFile,
  FILE_BYTES_MAX,
  FILE_FORMATS,
  importPackage,
  openRegistry,
  type Registry,
} from "@flint/plugins";
import { isBundle } from "../share/bundle.ts";
import { fetchFile, isUrl } from "./fetch_file.ts";
import { filesIn } from "./folder.ts";
import {
  type CommonOptions,
  type HostOptions,
  parsePath,
  withCommon,
  withHosts,
} from "./options.ts";
import { needWrite } from "./permission.ts";
import { addBundle, type BundleOptions } from "./share.ts";
import { print, remark, write } from "./terminal.ts";

type AddOptions = BundleOptions & HostOptions;

interface ExportOptions extends CommonOptions {
  readonly as: string;
  readonly out?: string;
  readonly picture?: string;
}

/** What a folder is looked through for; all else in it is passed over. */
export const FILE_NAMES = /\.(json|png|charx|modelfile)$|^modelfile/i;

/** Adds `flint add`. */
export function addAdd(program: Command, dataDir: string, args: readonly string[]): void {
  withHosts(withCommon(program.command("add"), dataDir))
    .description("add assistants from character cards, agents, GPTs, Modelfiles and the like")
    .argument("<place>", "a file, a folder of such files, or a URL")
    .option("--yes", "install a bundle without being asked")
    .option("--with-plugins", "of a bundle, also add its plugins, which then run here")
    .option("--trust <fingerprint>", "of a bundle, a changed key that its publisher told you of")
    .action(async (place: string, options: AddOptions) => {
      await needWrite(options.data, args);
      const bundle = await bundleAt(place, options);
      if (bundle) return await addBundle(bundle, options, args);
      await withRegistry(
        options,
        (registry) =>
          isUrl(place)
            ? addUrl(registry, place, options)
            : addPlace(registry, parsePath(place), options),
      );
    });
}

/** Adds `flint export`. */
export function addExport(program: Command, dataDir: string, args: readonly string[]): void {
  withCommon(program.command("export"), dataDir)
    .description("write an assistant to a file, to take it elsewhere")
    .argument("<id>", "id of the assistant")
    .addOption(
      new Option("--as <format>", "format of the file").choices(FILE_FORMATS).makeOptionMandatory(),
    )
    .option("--out <file>", "where to write it (default: standard output)", parsePath)
    .option("--picture <file>", "PNG that carries a card", parsePath)
    .action(async (id: string, options: ExportOptions) => {
      await needWrite(options.data, args);
      await withRegistry(options, async (registry) => {
        const picture = options.picture === undefined ? undefined : await read(options.picture);
        const { bytes } = exportFile(registry.get(id), options.as, picture);
        await put(bytes, options, args);
      });
    });
}

/** The registry alone: no model is opened, and a server beside may go on. */
async function withRegistry(
  { data }: CommonOptions,
  use: (registry: Registry) => Promise<void>,
): Promise<void> {
  const kv = openKv(join(data, "app"));
  try {
    const registry = openRegistry(kv);
    await registry.seed(); // before anything could take the ids of those that come along
    await use(registry);
  } finally {
    await kv.close();
  }
}

async function addUrl(
  registry: Registry,
  url: string,
  options: AddOptions,
): Promise<void> {
  const file = await fetchFile(url, options.allowHost);
  await addFile(registry, file, basename(new URL(url).pathname), options);
}

/** A bundle, if that is what lies there: it is shown before it is added. */
async function bundleAt(place: string, { allowHost }: AddOptions) {
  const path = parsePath(place);
  const isFile = !isUrl(place) && await Deno.stat(path).then((s) => s.isFile, () => false);
  if (!isFile && !/\.zip$|\/bundle$/.test(place)) return undefined;
  const file = isFile ? await read(path) : await fetchFile(place, allowHost);
  return isBundle(file) ? new Uint8Array(file) : undefined;
}

/** One file, or all of a folder; of a folder, what fails is told and the rest goes on. */
async function addPlace(registry: Registry, path: string, options: AddOptions): Promise<void> {
  const stat = await Deno.stat(path).catch((cause) => unreadable(path, cause));
  if (!stat.isDirectory) return await addFile(registry, await read(path), basename(path), options);
  const files = await filesIn(path, FILE_NAMES);
  let failed = 0;
  for (const file of files) {
    try {
      await addFile(registry, await read(file), basename(file), options);
    } catch (error) {
      if (!(error instanceof FlintError)) throw error;
      remark(`${file}: ${error.message}`);
      failed++;
    }
  }
  if (files.length === 0) throw new FlintError("not_found", `no files of assistants in ${path}`);
  remark(`${files.length - failed} of ${files.length} files added`);
  if (failed > 0) throw new FlintError("bad_input", `${failed} files were refused: see above`);
}

async function addFile(
  registry: Registry,
  bytes: Uint8Array,
  name: string,
  { json }: AddOptions,
): Promise<void> {
  for (const { format, draft } of await importPackage(bytes, name)) {
    const { id, name } = await registry.create(draft);
    print(json ? JSON.stringify({ id, name, format }) : `${id}  (${name}, from ${format})`);
  }
}

/** A file that is not too long. @throws FlintError bad_input, not_found */
export async function read(path: string): Promise<Uint8Array> {
  const { size } = await Deno.stat(path).catch((cause) => unreadable(path, cause));
  if (size > FILE_BYTES_MAX) {
    throw new FlintError(
      "bad_input",
      `${path} has ${size} bytes, at most ${FILE_BYTES_MAX} may be`,
    );
  }
  return await Deno.readFile(path).catch((cause) => unreadable(path, cause));
}

function unreadable(path: string, cause: unknown): never {
  throw new FlintError("not_found", `${path} can't be read: ${(cause as Error).message}`, {
    cause,
  });
}

async function put(
  bytes: Uint8Array<ArrayBuffer>,
  { out, as }: ExportOptions,
  again: readonly string[],
): Promise<void> {
  if (out !== undefined) {
    await needWrite(out, again);
    return await Deno.writeFile(out, bytes);
  }
  if (as === "png" && Deno.stdout.isTerminal()) {
    throw new FlintError(
      "bad_input",
      "a PNG is nothing to read at a terminal: name a file by --out",
    );
  }
  write(Deno.stdout, bytes);
  if (as !== "png") write(Deno.stdout, "\n");
}
