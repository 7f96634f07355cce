/** The assistants there are: made, changed, listed and removed, every version kept. */
import { checkLimit, type Collection, FlintError, type Kv, type Transaction } from "@flint/core";
import { z } from "zod";
import { given } from "./given.ts";
import { diffManifest } from "./manifest_diff.ts";
import { parse } from "./parse.ts";
import { Assistant, ASSISTANT_DEFAULTS, AssistantDraft, AssistantPatch, OWNER } from "./schema.ts";
import { SEEDS } from "./seeds.ts";
import { freeSlug } from "./slug.ts";

/** Which assistants to list, in the order of their ids. */
export interface AssistantFilter {
  /** Whose: an account's id. */
  readonly owner?: string;
  readonly category?: string;
  /** Also matches narrower tags: "zh" finds zh-CN. */
  readonly language?: string;
  readonly tag?: string;
  readonly visibility?: Assistant["visibility"];
  /** 1..100, default 50. */
  readonly limit?: number;
  /** `next` of the list before. */
  readonly cursor?: string;
}

/** Some assistants, perhaps none; `next`, if there may be more, is the cursor of the following ones. */
export interface AssistantList {
  readonly assistants: readonly Assistant[];
  readonly next?: string;
}

/** A line of an assistant's history. */
export interface VersionEntry {
  readonly version: number;
  readonly updatedAt: string;
  /** Who made it. */
  readonly author: string;
  /** Fields that differ from the version before; none for the first. */
  readonly changed: readonly string[];
}

/** A part of a history, newest first; `next`, if there is more, is the cursor of the following part. */
export interface VersionList {
  readonly entries: readonly VersionEntry[];
  readonly next?: string;
}

/** The assistants of one store. Reads are synchronous; writes resolve when they are on disk. */
export interface Registry {
  /**
   * `draft` is checked here (AssistantDraft). Throws "bad_input", or "conflict" if its id is taken.
   * `also` writes in the same transaction.
   */
  create(draft: unknown, owner?: string, also?: Also): Promise<Assistant>;
  /** Creates many of the owner's, in batches; the first that is refused ends it. Resolves to how many there are. */
  createAll(drafts: Iterable<unknown>): Promise<number>;
  /** Throws "not_found", as everything here that takes an id. */
  get(id: string): Assistant;
  /** An id for `name` that no assistant has or had. */
  freeId(name: string): string;
  /** Id of the account that it belongs to. */
  ownerOf(id: string): string;
  /** Whether an account's assistants may use a plugin. */
  mayUse(owner: string, plugin: string): boolean;
  /**
   * Refuses what is the machine owner's alone: his collections, and plugins that act in his name.
   * @throws FlintError denied
   */
  permit(owner: string, wish: Wish): void;
  list(filter?: AssistantFilter): AssistantList;
  /** `patch` is checked here (AssistantPatch). "conflict" unless `version` is the present one. */
  update(id: string, patch: unknown, version: number): Promise<Assistant>;
  /** Out of sight, its history kept; its id stays taken. "conflict" unless `version` is the present one. */
  remove(id: string, version: number): Promise<void>;
  /** Newest first; `cursor` is `next` of the page before. */
  versions(id: string, cursor?: string): VersionList;
  getVersion(id: string, version: number): Assistant;
  /** Makes a new version equal to an old one. "conflict" unless `version` is the present one. */
  restore(id: string, old: number, version: number): Promise<Assistant>;
  /**
   * Installs the assistants that come with Flint, those that never were there before, and gives the
   * owner all that are there from before there were accounts.
   */
  seed(): Promise<void>;
}

/** What an assistant would reach beyond its words. */
type Wish = Pick<AssistantDraft, "knowledge" | "tools">;

/** What is written together with a new assistant. */
export type Also = (transaction: Transaction, made: Assistant) => void;

/** A manifest as it is kept: one from before a field was there has that field's default. */
const Kept = z.preprocess((value) => ({ ...ASSISTANT_DEFAULTS, ...value as object }), Assistant);

/** The newest version, whether it was removed, and whose it is. */
const Head = z.strictObject({
  assistant: Kept,
  removed: z.boolean(),
  owner: z.string().default(OWNER),
});
type Head = z.infer<typeof Head>;

/** A version as it is kept. Stores from before authors were told hold the manifest alone. */
const Version = z.preprocess(
  (value) => "author" in (value as object) ? value : { author: OWNER, assistant: value },
  z.strictObject({ author: z.string(), assistant: Kept }),
);
type Version = z.infer<typeof Version>;

const LIST_LIMIT = 50;
const LIST_LIMIT_MAX = 100;
/** Entries looked at for one list, so that a rare filter cannot hold the thread for long. */
const SCAN_MAX = 2000;
const SCAN_STEP = 200;
const VERSIONS_PAGE = 50;
/** Behind every slug. */
const LAST_ID = "\u{10ffff}";
/** Assistants written in one transaction: readers never wait long for it. */
const CREATE_BATCH = 500;

/** How a registry is opened. */
export interface RegistryOptions {
  /** Tells the time of changes. */
  readonly now?: () => Date;
  /** Ids of plugins that everybody's assistants may use. Default: the owner's alone use plugins. */
  readonly shared?: readonly string[];
}

/** Opens the registry in `kv`. */
export function openRegistry(kv: Kv, options: RegistryOptions = {}): Registry {
  return new StoredRegistry(kv, options);
}

class StoredRegistry implements Registry {
  readonly #kv: Kv;
  readonly #now: () => Date;
  readonly #shared: ReadonlySet<string>;
  readonly #heads: Collection<Head>;
  /** [id, version] */
  readonly #history: Collection<Version>;
  /** [owner, id] */
  readonly #byOwner: Collection<true>;

  constructor(kv: Kv, { now = () => new Date(), shared = [] }: RegistryOptions) {
    this.#kv = kv;
    this.#now = now;
    this.#shared = new Set(shared);
    this.#heads = kv.collection("assistants", { parse: (value) => Head.parse(value) });
    this.#history = kv.collection("assistant_versions", {
      parse: (value) => Version.parse(value),
    });
    this.#byOwner = kv.collection("assistants_by_owner");
  }

  async create(value: unknown, owner = OWNER, also: Also = () => {}): Promise<Assistant> {
    const draft = parse(AssistantDraft, value);
    this.permit(owner, draft);
    return await this.#kv.transaction((transaction) => {
      const made = this.#create(transaction, draft, owner);
      also(transaction, made);
      return made;
    });
  }

  async createAll(drafts: Iterable<unknown>): Promise<number> {
    let batch: AssistantDraft[] = [], count = 0;
    const write = async () => {
      await this.#kv.transaction((transaction) =>
        batch.forEach((draft) => this.#create(transaction, draft, OWNER))
      );
      count += batch.length;
      batch = [];
    };
    for (const draft of drafts) {
      if (batch.push(parse(AssistantDraft, draft)) === CREATE_BATCH) await write();
    }
    if (batch.length > 0) await write();
    return count;
  }

  get(id: string): Assistant {
    return this.#head(id).assistant;
  }

  freeId(name: string): string {
    return freeSlug(name, (id) => this.#isTaken(id));
  }

  ownerOf(id: string): string {
    return this.#head(id).owner;
  }

  mayUse(owner: string, plugin: string): boolean {
    return owner === OWNER || this.#shared.has(plugin);
  }

  permit(owner: string, { knowledge = [], tools = [] }: Wish): void {
    if (owner === OWNER) return;
    const strange = tools.find(({ plugin }) => !this.mayUse(owner, plugin))?.plugin ?? knowledge[0];
    if (strange === undefined) return;
    throw new FlintError("denied", `"${strange}" is the owner's: leave it out, or ask the owner`);
  }

  list(filter: AssistantFilter = {}): AssistantList {
    const { owner, cursor } = filter;
    const all = owner === undefined
      ? scan(this.#heads, cursor)
      : scan(this.#byOwner, cursor, owner);
    return pick(all, (id) => this.#heads.get(id)!, filter);
  }

  async update(id: string, value: unknown, version: number): Promise<Assistant> {
    const patch = given(parse(AssistantPatch, value));
    return await this.#kv.transaction((transaction) => {
      const before = this.#present(id, version);
      this.permit(this.ownerOf(id), patch);
      const updatedAt = this.#now().toISOString();
      return this.#save(transaction, { ...before, ...patch, version: version + 1, updatedAt });
    });
  }

  async remove(id: string, version: number): Promise<void> {
    await this.#kv.transaction((transaction) => {
      const { owner } = this.#head(id);
      transaction.put(this.#heads, id, {
        assistant: this.#present(id, version),
        removed: true,
        owner,
      });
      transaction.remove(this.#byOwner, [owner, id]);
    });
  }

  versions(id: string, cursor?: string): VersionList {
    this.get(id);
    const from = given({ cursor });
    const options = { prefix: [id], reverse: true, limit: VERSIONS_PAGE, ...from };
    const { entries, next } = this.#history.list(options);
    const lines = entries.map(({ value }) =>
      lineOf(value, this.#history.get([id, value.assistant.version - 1]))
    );
    return { entries: lines, ...given({ next }) };
  }

  getVersion(id: string, version: number): Assistant {
    this.get(id);
    const found = this.#history.get([id, version]);
    if (!found) throw new FlintError("not_found", `"${id}" has no version ${version}`);
    return found.assistant;
  }

  async restore(id: string, old: number, version: number): Promise<Assistant> {
    return await this.#kv.transaction((transaction) => {
      this.#present(id, version);
      const updatedAt = this.#now().toISOString();
      const restored = { ...this.getVersion(id, old), version: version + 1, updatedAt };
      return this.#save(transaction, restored);
    });
  }

  async seed(): Promise<void> {
    await this.#kv.transaction((transaction) => {
      const isNew = this.#byOwner.list({ prefix: [OWNER], limit: 1 }).entries.length === 0;
      for (const id of isNew ? scan(this.#heads) : []) {
        const { removed, owner } = this.#heads.get(id)!;
        if (!removed) transaction.put(this.#byOwner, [owner, id], true);
      }
      for (const draft of SEEDS) {
        if (!this.#heads.get(draft.id)) this.#create(transaction, draft, OWNER);
      }
    });
  }

  #head(id: string): Head {
    const head = this.#heads.get(id);
    if (!head || head.removed) throw new FlintError("not_found", `there is no assistant "${id}"`);
    return head;
  }

  /** By one that is there, or was. */
  #isTaken(id: string): boolean {
    return this.#heads.get(id) !== undefined;
  }

  #create(transaction: Transaction, draft: AssistantDraft, owner: string): Assistant {
    const id = draft.id ?? this.freeId(draft.name);
    if (this.#isTaken(id)) {
      throw new FlintError("conflict", `the id "${id}" is taken or was once: choose another`);
    }
    const at = this.#now().toISOString();
    const rest = { id, version: 1, createdAt: at, updatedAt: at };
    return this.#save(transaction, { ...ASSISTANT_DEFAULTS, ...given(draft), ...rest }, owner);
  }

  #save(
    transaction: Transaction,
    assistant: Assistant,
    owner = this.ownerOf(assistant.id),
  ): Assistant {
    const { id, version } = assistant;
    transaction.put(this.#heads, id, { assistant, removed: false, owner });
    transaction.put(this.#byOwner, [owner, id], true);
    transaction.put(this.#history, [id, version], { author: owner, assistant });
    return assistant;
  }

  #present(id: string, version: number): Assistant {
    const assistant = this.get(id);
    if (assistant.version === version) return assistant;
    throw new FlintError(
      "conflict",
      `"${id}" is at version ${assistant.version}, not ${version}: load it again, redo the change`,
    );
  }
}

/** Ids in their order, those behind `after`; with `owner`, of keys [owner, id]. */
function* scan(ids: Collection<unknown>, after?: string, owner?: string): Generator<string> {
  const keyOf = (id: string) => owner === undefined ? id : [owner, id];
  const whole = owner === undefined ? {} : { prefix: [owner] };
  const behind = owner === undefined ? {} : { end: [owner, LAST_ID] };
  let start = after;
  while (true) {
    const from = start === undefined ? whole : { start: keyOf(start), ...behind };
    const { entries } = ids.list({ limit: SCAN_STEP, ...from });
    const found = entries.map(({ key }) => String([key].flat().at(-1)));
    for (const id of found) if (id !== start) yield id;
    if (entries.length < SCAN_STEP) return;
    start = found.at(-1)!;
  }
}

/** The first of `all` that the filter lets through. */
function pick(
  all: Iterable<string>,
  headOf: (id: string) => Head,
  filter: AssistantFilter,
): AssistantList {
  const { limit = LIST_LIMIT } = filter;
  checkLimit(limit, LIST_LIMIT_MAX);
  const assistants: Assistant[] = [];
  let scanned = 0;
  let last = "";
  for (const id of all) {
    const { assistant, removed } = headOf(id);
    if (assistants.length === limit || scanned === SCAN_MAX) return { assistants, next: last };
    if (!removed && matches(assistant, filter)) assistants.push(assistant);
    last = assistant.id;
    scanned++;
  }
  return { assistants };
}

function matches(assistant: Assistant, filter: AssistantFilter): boolean {
  const { category, language, tag, visibility } = filter;
  return (category === undefined || assistant.category === category) &&
    (language === undefined || `${assistant.language}-`.startsWith(`${language}-`)) &&
    (tag === undefined || assistant.tags.includes(tag)) &&
    (visibility === undefined || assistant.visibility === visibility);
}

function lineOf({ author, assistant }: Version, before: Version | undefined): VersionEntry {
  const changes = before ? diffManifest(before.assistant, assistant) : [];
  const changed = new Set(changes.map(({ field }) => field.split(".")[0]!));
  const { version, updatedAt } = assistant;
  return { version, updatedAt, author, changed: [...changed] };
}
