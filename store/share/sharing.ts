/** Sharing: assistants out as signed bundles, and in again once their owner saw what they may do. */
import { type Collection, FlintError, type Kv } from "@flint/core";
import { type Assistant, freeSlug, given } from "@flint/plugins";
import { there } from "../there.ts";
import { openBundle, packBundle } from "./bundle.ts";
import {
  type About,
  type Contents,
  gather,
  type Permissions,
  permissionsOf,
  readContents,
  type ShelfNeeds,
} from "./contents.ts";
import { fingerprintOf, type PublisherKeys } from "./keys.ts";
import { openPins, type PinState } from "./pins.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What a bundle is, before it is installed. */
export interface Inspection {
  readonly id: string;
  readonly name: string;
  readonly about: About;
  readonly fingerprint: string;
  /** Whether the key is new here, the one that is known, or another than that. */
  readonly key: PinState;
  readonly permissions: Permissions;
}

/** What was installed. */
export interface Installed {
  readonly assistant: Assistant;
  /** Plugins that it wants and that are not here, with the reason. */
  readonly missing: readonly { readonly plugin: string; readonly why: string }[];
}

/** How to install. */
export interface InstallOptions {
  /** Also adds its plugins: they run here. Default: what is here already serves. */
  readonly withPlugins?: boolean;
  /** Fingerprint of a changed key that is to be trusted. */
  readonly trust?: string | undefined;
}

/** Bundles of one store. */
export interface Sharing {
  /** A signed bundle of an assistant, in the name of `handle`. */
  pack(assistant: Assistant, options: PackOptions): Promise<Bytes>;
  /** @throws FlintError bad_input for what was changed, damaged or never a bundle */
  inspect(file: Bytes): Promise<Inspection>;
  /** A second bundle of the same assistant updates it. @throws FlintError denied for a changed key */
  install(file: Bytes, options?: InstallOptions): Promise<Installed>;
}

/** In whose name, and what goes along. */
export interface PackOptions {
  readonly handle: string;
  readonly licence?: string | undefined;
  readonly release?: number;
  readonly withKnowledge?: boolean;
  /** How its plugins were set up may be nobody else's business. */
  readonly withPlugins?: boolean;
}

/** What sharing needs. */
export interface SharingNeeds extends ShelfNeeds {
  readonly kv: Kv;
  readonly keys: PublisherKeys;
  readonly now?: () => Date;
}

/** Opens it. */
export function openSharing(needs: SharingNeeds): Sharing {
  const { kv, keys, registry, now = () => new Date() } = needs;
  const pins = openPins(kv);
  /** Assistants by the pinned name they came under. */
  const installed: Collection<string> = kv.collection("bundles_installed");

  async function read(file: Bytes) {
    const bundle = await openBundle(file), contents = readContents(bundle);
    const name = `${contents.about.handle}/${contents.assistant.id}`;
    return { ...contents, name, publicKey: bundle.publicKey };
  }

  return {
    async pack(assistant, { handle, licence, release, ...options }) {
      const about: About = {
        ...{ handle, release: release ?? assistant.version, madeAt: now().toISOString() },
        ...given({ licence }),
      };
      const members = gather(needs, assistant, about, {
        withKnowledge: false,
        withPlugins: false,
        ...options,
      });
      return await packBundle(members, await keys.signer(handle));
    },

    async inspect(file) {
      const { name, publicKey, ...contents } = await read(file);
      return {
        id: contents.assistant.id,
        name: contents.assistant.name,
        about: contents.about,
        fingerprint: fingerprintOf(publicKey),
        key: pins.state(name, publicKey),
        permissions: permissionsOf(contents),
      };
    },

    async install(file, { withPlugins = false, trust } = {}) {
      const { name, publicKey, ...contents } = await read(file);
      await kv.transaction((transaction) => pins.pin(transaction, name, publicKey, trust));
      const missing = await addPlugins(needs, contents, withPlugins);
      await using undo = new AsyncDisposableStack();
      const knowledge = await addKnowledge(needs, contents, undo);
      const assistant = await put(installed.get(name), { ...contents.assistant, knowledge });
      undo.move(); // whole: nothing is taken back
      await installed.put(name, assistant.id);
      return { assistant, missing };
    },
  };

  async function put(known: string | undefined, draft: Contents["assistant"]): Promise<Assistant> {
    const { id, ...fields } = draft;
    const before = known === undefined ? undefined : there(() => registry.get(known));
    if (before) return await registry.update(before.id, fields, before.version);
    return await registry.create({ ...fields, id: registry.freeId(id) });
  }
}

async function addPlugins({ toolbox }: ShelfNeeds, { plugins }: Contents, withPlugins: boolean) {
  const missing: { plugin: string; why: string }[] = [];
  for (const draft of plugins) {
    if (toolbox.list().some(({ id }) => id === draft.id)) continue;
    if (!withPlugins) {
      missing.push({ plugin: draft.id, why: "it is not here, and was not to be added" });
      continue;
    }
    try {
      await toolbox.add(draft);
    } catch (error) {
      if (!(error instanceof FlintError)) throw error;
      missing.push({ plugin: draft.id, why: error.message });
    }
  }
  return missing;
}

/** Adds its collections under free ids; resolves to these. `undo` takes them away again. */
async function addKnowledge(
  { library }: ShelfNeeds,
  { knowledge }: Contents,
  undo: AsyncDisposableStack,
): Promise<string[]> {
  const ids: string[] = [];
  for (const { documents, ...draft } of knowledge) {
    const taken = new Set(library.list().map(({ id }) => id));
    const { id } = await library.create({ ...draft, id: freeSlug(draft.id, (s) => taken.has(s)) });
    ids.push(id);
    undo.defer(() => library.remove(id));
    const files = documents.map(({ name, bytes }) => ({
      name,
      bytes: () => Promise.resolve(bytes),
    }));
    for await (const event of library.add(id, files)) {
      if (event.type === "failed") throw new FlintError("bad_input", event.message);
    }
  }
  return ids;
}
