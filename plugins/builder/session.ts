/** Stored talks with the builder: every draft there was, which one is present, and what was said. */
import { type Collection, FlintError, type Kv, type Transaction } from "@flint/core";
import { z } from "zod";
import { given } from "../given.ts";
import { diffManifest, type FieldChange } from "../manifest_diff.ts";
import { ASSISTANT_DEFAULTS, Manifest } from "../schema.ts";
import { BuilderSession, BuilderTurn } from "./session_schema.ts";

/** What is kept of a session beside its drafts and turns. */
const Head = BuilderSession.omit({ draft: true, canUndo: true, canRedo: true, saved: true }).extend(
  {
    /** Index of the present draft; -1 before the first. */
    at: z.int().min(-1),
    /** Index of the newest draft: those behind `at` can be redone. */
    last: z.int().min(-1),
    /** Topics that were asked about. */
    asked: z.array(z.string()),
    /** The assistant's version that was saved or begun with, and the draft that it equals. */
    version: z.int().optional(),
    savedAt: z.int().min(-1).optional(),
    /** Its conversation for trying the draft. */
    previewId: z.uuid().optional(),
  },
);
/** A session as it is stored. */
export type Head = z.infer<typeof Head>;

/** A draft as it is kept: one from before a field was there has that field's default. */
const Draft = z.preprocess((value) => ({ ...ASSISTANT_DEFAULTS, ...value as object }), Manifest);

/** What a session begins with. */
export interface SessionOptions {
  readonly assistantId?: string | undefined;
  /** Default: the owner. */
  readonly account?: string | undefined;
}

/** A turn to add: the store gives it its index and time. */
export type NewTurn = Omit<BuilderTurn, "index" | "createdAt">;

/** Far more than a person says; a page of them still loads in a moment. */
export const TURNS_MAX = 500;
const LIST_MAX = 1000;

/** The sessions of one store. Reads are synchronous; writes resolve when they are on disk. */
export class Sessions {
  readonly #kv: Kv;
  readonly #now: () => Date;
  readonly #heads: Collection<Head>;
  /** [session, index] */
  readonly #drafts: Collection<Manifest>;
  /** [session, index] */
  readonly #turns: Collection<BuilderTurn>;

  constructor(kv: Kv, now: () => Date) {
    this.#kv = kv;
    this.#now = now;
    this.#heads = kv.collection("builder_sessions", { parse: (value) => Head.parse(value) });
    this.#drafts = kv.collection("builder_drafts", { parse: (value) => Draft.parse(value) });
    this.#turns = kv.collection("builder_turns", { parse: (value) => BuilderTurn.parse(value) });
  }

  /** A new session, from an assistant's manifest if one is given. */
  async create(
    account: string,
    from?: { assistantId: string; version: number; draft: Manifest },
  ): Promise<Head> {
    const time = this.#now().toISOString();
    const id = crypto.randomUUID();
    const at = from ? 0 : -1;
    const known = from && { assistantId: from.assistantId, version: from.version, savedAt: 0 };
    const head: Head = {
      id,
      account,
      at,
      last: at,
      turns: 0,
      asked: [],
      createdAt: time,
      updatedAt: time,
      ...known,
    };
    await this.#kv.transaction((transaction) => {
      transaction.put(this.#heads, id, head);
      if (from) transaction.put(this.#drafts, [id, 0], from.draft);
    });
    return head;
  }

  /** Throws "not_found", as everything here that takes an id. */
  head(id: string): Head {
    const found = this.#heads.get(id);
    if (!found) throw new FlintError("not_found", `there is no builder session "${id}"`);
    return found;
  }

  /** The present draft; undefined before the first. */
  draft(id: string): Manifest | undefined {
    return this.#drafts.get([id, this.head(id).at]);
  }

  /** An account's that were changed last, the latest first. */
  list(account: string, limit: number): BuilderSession[] {
    const { entries } = this.#heads.list({ limit: LIST_MAX });
    const heads = entries.map(({ value }) => value).filter((head) => head.account === account);
    heads.sort((a, b) => a.updatedAt < b.updatedAt ? 1 : -1);
    return heads.slice(0, limit).map(({ id }) => this.get(id));
  }

  /** The session as it is shown. */
  get(id: string): BuilderSession {
    const { at, last, asked: _, version: __, savedAt, ...rest } = this.head(id);
    return {
      ...rest,
      draft: this.draft(id) ?? null,
      canUndo: at > 0,
      canRedo: at < last,
      saved: rest.assistantId !== undefined && savedAt === at,
    };
  }

  /** What a step to the draft before or behind the present one changes. */
  changes(id: string, step: -1 | 1): FieldChange[] {
    const { at } = this.head(id);
    return diffManifest(this.#drafts.get([id, at])!, this.#drafts.get([id, at + step])!);
  }

  /** All turns, in order. */
  turns(id: string): BuilderTurn[] {
    this.head(id);
    const { entries } = this.#turns.list({ prefix: [id], limit: LIST_MAX });
    return entries.map(({ value }) => value);
  }

  /**
   * Adds a turn and, if it made one, the new draft, in place of those that could be redone.
   * `step` moves among the drafts there are: -1 undoes, 1 redoes.
   */
  async add(
    id: string,
    turn: NewTurn,
    { draft, step = 0 }: { draft?: Manifest; step?: -1 | 0 | 1 } = {},
  ): Promise<BuilderTurn> {
    const createdAt = this.#now().toISOString();
    return await this.#kv.transaction((transaction) => {
      const head = this.head(id);
      if (head.turns >= TURNS_MAX) {
        throw new FlintError(
          "over_budget",
          `this session has ${TURNS_MAX} turns, the most there may be: save it and begin a new one`,
        );
      }
      const added: BuilderTurn = { ...turn, index: head.turns, createdAt };
      transaction.put(this.#turns, [id, head.turns], added);
      const moved = draft ? this.#place(transaction, head, draft) : this.#move(head, step);
      const { question: _, ...rest } = { ...head, ...moved };
      const asked = turn.question ? [...head.asked, turn.question.about] : head.asked;
      transaction.put(this.#heads, id, {
        ...rest,
        ...given({ question: turn.question }),
        asked,
        turns: head.turns + 1,
        updatedAt: createdAt,
      });
      return added;
    });
  }

  /** Notes which version of which assistant the present draft was saved as. */
  async saved(id: string, assistantId: string, version: number): Promise<void> {
    await this.#kv.transaction((transaction) => {
      const head = this.head(id);
      transaction.put(this.#heads, id, { ...head, assistantId, version, savedAt: head.at });
    });
  }

  async remove(id: string): Promise<void> {
    await this.#kv.transaction((transaction) => {
      const { last, turns } = this.head(id);
      for (let i = 0; i <= last; i++) transaction.remove(this.#drafts, [id, i]);
      for (let i = 0; i < turns; i++) transaction.remove(this.#turns, [id, i]);
      transaction.remove(this.#heads, id);
    });
  }

  #place(transaction: Transaction, { id, at, last, savedAt }: Head, draft: Manifest) {
    for (let i = at + 1; i <= last; i++) transaction.remove(this.#drafts, [id, i]);
    transaction.put(this.#drafts, [id, at + 1], draft);
    const kept = savedAt !== undefined && savedAt > at ? { savedAt: -1 } : {}; // that draft is gone
    return { at: at + 1, last: at + 1, ...kept };
  }

  #move({ at, last }: Head, step: number) {
    const moved = at + step;
    return { at: moved >= 0 && moved <= last ? moved : at };
  }
}
