/** `flint knowledge`: collections of documents that assistants answer from. */
import { basename, join, relative } from "node:path";
import type { Command } from "commander";
import { FlintError, openKv } from "@flint/core";
import { type Library, openEmbedder, openLibrary, READABLE, type SourceFile } from "@flint/plugins";
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
import { Stop } from "./stop.ts";
import { formatBytes, print, remark, table } from "./terminal.ts";

type AddOptions = CommonOptions & HostOptions;

const FILE_NAMES = new RegExp(`\\.(${READABLE.join("|")})$`, "i");

/** Adds the commands. */
export function addKnowledge(program: Command, dataDir: string, args: readonly string[]): void {
  const knowledge = program.command("knowledge")
    .description("give assistants documents to answer from: add, list, search, remove");
  withHosts(withCommon(knowledge.command("add"), dataDir))
    .description("add files, folders or URLs to a collection, which is made if need be")
    .argument("<collection>", "its id, as manifests name it")
    .argument("<place...>", "files, folders of them, or URLs")
    .action(async (id: string, places: string[], options: AddOptions) => {
      await needWrite(options.data, args);
      await withLibrary(options, (library) => addPlaces(library, id, places, options));
    });
  withCommon(knowledge.command("list"), dataDir)
    .description("list collections, or the documents of one")
    .argument("[collection]", "its id")
    .action(async (id: string | undefined, options: CommonOptions) => {
      await needWrite(options.data, args);
      await withLibrary(options, (library) => list(library, id, options));
    });
  withCommon(knowledge.command("search"), dataDir)
    .description("show the passages that bear on a question")
    .argument("<collection>", "its id")
    .argument("<question>", "what to look for")
    .action(async (id: string, question: string, options: CommonOptions) => {
      await needWrite(options.data, args);
      await withLibrary(options, (library) => search(library, id, question, options));
    });
  withCommon(knowledge.command("remove"), dataDir)
    .description("remove a collection, or one document of it, with all that was made of it")
    .argument("<collection>", "its id")
    .argument("[document]", "name of the document, as list shows it")
    .action(async (id: string, document: string | undefined, options: CommonOptions) => {
      await needWrite(options.data, args);
      await withLibrary(options, (library) => remove(library, id, document));
    });
}

/** The library and the embedding model alone: no model core is opened. */
async function withLibrary(
  { data }: CommonOptions,
  use: (library: Library) => Promise<void>,
): Promise<void> {
  const kv = openKv(join(data, "app"));
  const embedder = openEmbedder(join(data, "models", "minilm"));
  try {
    await use(openLibrary({ kv, embedder }));
  } finally {
    embedder.close();
    await kv.close();
  }
}

async function addPlaces(
  library: Library,
  id: string,
  places: readonly string[],
  options: AddOptions,
): Promise<void> {
  using stop = new Stop();
  if (!library.list().some((base) => base.id === id)) await library.create({ id, name: id });
  const files: SourceFile[] = [];
  for (const place of places) files.push(...await filesOf(place, options));
  if (files.length === 0) throw new FlintError("not_found", `no files to read in ${places.join()}`);
  let failed = 0;
  for await (const event of library.add(id, files, stop.signal)) {
    if (options.json) print(JSON.stringify(event));
    else if (event.type === "failed") remark(`${event.name}: ${event.message}`);
    else if (event.type === "unchanged") remark(`${event.document.name}  unchanged`);
    else if (event.type === "added") {
      const { name, passages, embedded } = event.document;
      print(`${name}  ${passages} passages${embedded ? "" : ", found by words alone"}`);
    }
    if (event.type === "failed") failed++;
  }
  if (failed > 0) throw new FlintError("bad_input", `${failed} files were refused: see above`);
}

/** Names are paths within the folder given, so that the same folder may be added again. */
async function filesOf(
  place: string,
  { allowHost }: AddOptions,
): Promise<SourceFile[]> {
  if (isUrl(place)) {
    const name = FILE_NAMES.test(new URL(place).pathname) ? place : `${place}#page.html`;
    return [{ name, bytes: async () => Uint8Array.from(await fetchFile(place, allowHost)) }];
  }
  const path = parsePath(place);
  const stat = await Deno.stat(path).catch((cause) => {
    throw new FlintError("not_found", `${path} can't be read: ${cause.message}`, { cause });
  });
  if (!stat.isDirectory) return [{ name: basename(path), bytes: () => Deno.readFile(path) }];
  const found = await filesIn(path, FILE_NAMES);
  return found.map((file) => ({ name: relative(path, file), bytes: () => Deno.readFile(file) }));
}

function list(library: Library, id: string | undefined, { json }: CommonOptions): Promise<void> {
  if (id === undefined) {
    const bases = library.list();
    if (json) bases.forEach((base) => print(JSON.stringify(base)));
    else {
      const rows = bases.map((base) => [base.id, `${library.documents(base.id).length} documents`]);
      table(rows).forEach(print);
    }
    return Promise.resolve();
  }
  const documents = library.documents(id);
  if (json) documents.forEach((document) => print(JSON.stringify(document)));
  else {
    table(documents.map(({ name, passages, bytes }) => [
      name,
      `${passages} passages`,
      formatBytes(bytes),
    ])).forEach(print);
  }
  return Promise.resolve();
}

async function search(
  library: Library,
  id: string,
  question: string,
  { json }: CommonOptions,
): Promise<void> {
  for (const hit of await library.search([library.get(id).id], question, { count: 5 })) {
    const { name, page, headings, text } = hit.source;
    if (json) print(JSON.stringify(hit));
    else {
      const place = page === undefined ? "" : `, page ${page}`;
      print(`${name}${place}: ${headings.join(" > ")}\n${text}\n`);
    }
  }
}

async function remove(library: Library, id: string, name: string | undefined): Promise<void> {
  if (name === undefined) return await library.remove(id);
  const document = library.documents(id).find((one) => one.name === name);
  if (!document) throw new FlintError("not_found", `there is no document "${name}" in "${id}"`);
  await library.removeDocument(id, document.id);
}
