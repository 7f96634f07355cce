/** The builder: makes an assistant of a talk. Code holds the conversation; a model lends it words. */
import { type Engine, FlintError, type Kv } from "@flint/core";
import { z } from "zod";
import { given } from "../given.ts";
import type { Embedder } from "../knowledge/embed.ts";
import { Meanings } from "../knowledge/meanings.ts";
import { diffManifest } from "../manifest_diff.ts";
import type { Memory } from "../memory.ts";
import { parse } from "../parse.ts";
import { visible } from "../plain_text.ts";
import type { Registry } from "../registry.ts";
import { type Assistant, ASSISTANT_DEFAULTS, AssistantPatch, Manifest, OWNER } from "../schema.ts";
import { WRITER_PARAMETERS } from "../writer.ts";
import type { Category } from "./categories.ts";
import { likenessToCategories } from "./choose_category.ts";
import { namedTool, suggestTools, type ToolCard } from "./choose_tools.ts";
import { likenessToOperations } from "./choose_operation.ts";
import { makeDraft } from "./draft.ts";
import type { Likeness } from "./likeness.ts";
import { apply, isComplete, type Kind, type Operation } from "./operation.ts";
import { answered, questionAbout, valued } from "./questions.ts";
import type { Toolbox } from "../tools/toolbox.ts";
import { isChinese } from "./script.ts";
import { openPreview, type Preview } from "./preview.ts";
import { type Head, type NewTurn, type SessionOptions, Sessions } from "./session.ts";
import type { BuilderEvent, BuilderSession, BuilderTurn, Question } from "./session_schema.ts";
import { orNothing, understand, type Understood } from "./understand.ts";
import { toneOf } from "./tones.ts";
import { readWish } from "./wish.ts";
import { askForValue, noStep, noTool, replyTo, replyToEdit, replyToWish } from "./words.ts";

/** What the builder needs. */
export interface BuilderNeeds {
  readonly kv: Kv;
  readonly registry: Registry;
  readonly memory: Memory;
  /** The engine that answers now; throws FlintError "unavailable" if none does: rules go on without it. */
  readonly engine: () => Engine;
  readonly embedder: Embedder;
  readonly toolbox: Pick<Toolbox, "granted">;
  /** The plugins there are to suggest and to grant. Default: none. */
  readonly tools?: () => readonly ToolCard[];
  /** Weights that a model must have to be asked for words. Default: WRITER_PARAMETERS. */
  readonly writerParameters?: number;
  readonly now?: () => Date;
}

/** Sessions in which assistants are made. What takes an id throws "not_found". */
export interface Builder {
  /** A new session of an account; with an assistant's id, to change that assistant of theirs. */
  create(options?: SessionOptions): Promise<BuilderSession>;
  get(id: string): BuilderSession;
  /** An account's sessions changed last, at most `limit`, the latest first. */
  list(limit: number, account?: string): BuilderSession[];
  turns(id: string): BuilderTurn[];
  /**
   * Reads a message and does what it asks. Throws on its first step what keeps it from beginning
   * ("busy" while another is read); what goes wrong later is the last event, and changes nothing.
   */
  say(id: string, text: unknown, signal?: AbortSignal): AsyncIterable<BuilderEvent>;
  /** Changes fields by hand, each as a whole; checked here (AssistantPatch). "conflict" without a draft. */
  edit(id: string, patch: unknown): Promise<BuilderTurn>;
  /** Takes the last change back. "conflict" if there is none. */
  undo(id: string): Promise<BuilderTurn>;
  /** Makes the change again that was taken back last. "conflict" if there is none. */
  redo(id: string): Promise<BuilderTurn>;
  /**
   * Saves the draft: as a new assistant, or as a new version of the one it was saved as before.
   * "conflict" if that one was changed by other means meanwhile.
   */
  save(id: string): Promise<Assistant>;
  remove(id: string): Promise<void>;
  /** Before engine and store are closed. */
  close(): Promise<void>;
  /** Chats with the drafts, each as it is at the moment. */
  readonly preview: Preview;
}

/** Longest message: a page of wishes. */
export const SAID_CHARS_MAX = 4000;

const Said = z.strictObject({
  text: z.string().max(SAID_CHARS_MAX)
    .overwrite(visible)
    .refine((text) => text !== "", "is empty: write something"),
});

/** Joins sessions, models and registry. */
export function openBuilder(needs: BuilderNeeds): Builder {
  return new StoredBuilder(needs);
}

class StoredBuilder implements Builder {
  readonly #needs: BuilderNeeds;
  readonly #sessions: Sessions;
  readonly preview: Preview;
  readonly #categories: Likeness<Category>;
  readonly #operations: Likeness<Kind>;
  /** Of the tools there are. */
  readonly #meanings: Meanings;
  /** Sessions in which a message is being read. */
  readonly #running = new Set<string>();

  constructor(needs: BuilderNeeds) {
    this.#needs = needs;
    this.#sessions = new Sessions(needs.kv, needs.now ?? (() => new Date()));
    this.preview = openPreview({
      kv: needs.kv,
      engine: needs.engine,
      memory: needs.memory,
      toolbox: needs.toolbox,
      embedder: needs.embedder,
      draftOf: (id) => {
        const head = this.#sessions.head(id), draft = this.#present(id);
        needs.registry.permit(head.account, draft);
        return { head, draft };
      },
    });
    this.#categories = likenessToCategories(needs.embedder);
    this.#operations = likenessToOperations(needs.embedder);
    this.#meanings = new Meanings(needs.embedder);
  }

  async create({ assistantId, account = OWNER }: SessionOptions = {}): Promise<BuilderSession> {
    const { registry } = this.#needs;
    const from = assistantId === undefined ? undefined : registry.get(assistantId);
    if (from && registry.ownerOf(from.id) !== account) {
      throw new FlintError("not_found", `there is no assistant "${from.id}" of yours`);
    }
    const { id } = await this.#sessions.create(
      account,
      from && { assistantId: from.id, version: from.version, draft: manifestOf(from) },
    );
    return this.get(id);
  }

  get(id: string): BuilderSession {
    return this.#sessions.get(id);
  }

  list(limit: number, account = OWNER): BuilderSession[] {
    return this.#sessions.list(account, limit);
  }

  turns(id: string): BuilderTurn[] {
    return this.#sessions.turns(id);
  }

  async *say(id: string, value: unknown, signal?: AbortSignal): AsyncGenerator<BuilderEvent> {
    const { text } = parse(Said, { text: value });
    const head = this.#sessions.head(id);
    this.#enter(id);
    try {
      const draft = this.#sessions.draft(id);
      yield* draft ? this.#refine(head, draft, text, signal) : this.#wish(id, text, signal);
    } catch (error) {
      if (!(error instanceof FlintError)) throw error;
      yield { type: "error", code: error.code, message: error.message };
    } finally {
      this.#running.delete(id);
    }
  }

  async edit(id: string, value: unknown): Promise<BuilderTurn> {
    const patch = given(parse(AssistantPatch, value));
    const before = this.#present(id);
    this.#enter(id);
    try {
      const draft = { ...before, ...patch };
      const changes = diffManifest(before, draft);
      const reply = replyToEdit(changes, isChinese(draft.instructions));
      const turn: NewTurn = { said: "", operation: { kind: "edit" }, by: "rules", changes, reply };
      return await this.#sessions.add(id, turn, changes.length > 0 ? { draft } : {});
    } finally {
      this.#running.delete(id);
    }
  }

  undo(id: string): Promise<BuilderTurn> {
    return this.#step(id, "undo");
  }

  redo(id: string): Promise<BuilderTurn> {
    return this.#step(id, "redo");
  }

  async save(id: string): Promise<Assistant> {
    const { registry } = this.#needs;
    const draft = this.#present(id);
    const { assistantId, version, account } = this.#sessions.head(id);
    const known = assistantId !== undefined && version !== undefined;
    const saved = known
      ? await registry.update(assistantId, draft, version)
      : await registry.create(draft, account);
    await this.#sessions.saved(id, saved.id, saved.version);
    return saved;
  }

  async remove(id: string): Promise<void> {
    await this.#sessions.remove(id);
    await this.preview.clear(id);
  }

  close(): Promise<void> {
    return this.preview.close();
  }

  /** Refuses a second message while one is read, which would build on the same draft. */
  #enter(id: string): void {
    if (this.#running.has(id)) {
      throw new FlintError("busy", "this session is reading a message: wait for it or stop it");
    }
    this.#running.add(id);
  }

  #present(id: string): Manifest {
    const draft = this.#sessions.draft(id);
    if (draft) return draft;
    throw new FlintError("conflict", "there is no draft yet: say what the assistant is to do");
  }

  /** The first message: a wish. */
  async *#wish(id: string, said: string, signal?: AbortSignal): AsyncGenerator<BuilderEvent> {
    yield { type: "understood", operation: { kind: "create" }, by: "rules" };
    const wish = readWish(said);
    const making = makeDraft(wish, { likeness: this.#categories, engine: this.#engine() }, signal);
    let step = await making.next();
    for (; !step.done; step = await making.next()) yield { type: "field", ...step.value };
    const known = this.#toolsOf(this.#sessions.head(id).account);
    const suggested = await orNothing(suggestTools(said, known, this.#meanings, signal)) ?? [];
    const granted = suggested.map((tool) => ({ plugin: tool.id }));
    if (granted.length > 0) yield { type: "field", field: "tools", value: granted, by: "rules" };
    const draft = parse(Manifest, { ...step.value.draft, tools: granted });
    const turn: NewTurn = {
      said,
      operation: { kind: "create" },
      by: step.value.written.some(({ texts }) => texts.length > 0) ? "model" : "rules",
      changes: diffManifest(BLANK, draft).map(({ field, after }) => ({ field, after })),
      reply: replyToWish(draft, wish.chinese),
      ...given({ question: questionAbout(wish) }),
    };
    yield* this.#done(id, turn, { draft });
  }

  /** A later message: a change, or an answer to a question. */
  async *#refine(
    head: Head,
    draft: Manifest,
    said: string,
    signal?: AbortSignal,
  ): AsyncGenerator<BuilderEvent> {
    const chinese = /\p{Script=Han}/u.test(said);
    const { operation, by } = await this.#understand(head.question, draft, said, signal);
    yield { type: "understood", operation, by };
    if (operation.kind === "undo" || operation.kind === "redo") {
      return yield* this.#stepped(head, operation.kind, said, by);
    }
    const turn = { said, operation, by, changes: [] };
    if (!isComplete(operation)) {
      const question = askForValue(operation, chinese);
      return yield* this.#done(head.id, { ...turn, reply: question.text, question });
    }
    const known = this.#toolsOf(head.account);
    const named = await this.#named(operation, draft, known, signal);
    if (!named) {
      const names = known.map(({ name }) => name);
      return yield* this.#done(head.id, { ...turn, reply: noTool(operation.kind, names, chinese) });
    }
    const { after, fault } = tried(draft, named.operation);
    const changes = diffManifest(draft, after);
    const reply = fault ?? replyTo({ ...named.operation, ...given(named.told) }, changes, chinese);
    yield* this.#done(
      head.id,
      { ...turn, changes, reply },
      changes.length > 0 ? { draft: after } : {},
    );
  }

  /** The tools that an account's assistants may use. */
  #toolsOf(account: string): readonly ToolCard[] {
    const all = this.#needs.tools?.() ?? [];
    return all.filter(({ id }) => this.#needs.registry.mayUse(account, id));
  }

  /** The operation with its tool found among those there are or are granted; undefined: it is not there. */
  async #named(
    operation: Operation,
    { tools }: Manifest,
    known: readonly ToolCard[],
    signal?: AbortSignal,
  ): Promise<{ operation: Operation; told: { text?: string } } | undefined> {
    const { kind, text = "" } = operation;
    if (kind !== "add_tool" && kind !== "remove_tool") return { operation, told: {} };
    const cardOf = (id: string) =>
      known.find((tool) => tool.id === id) ?? { id, name: id, description: "" };
    const choice = kind === "add_tool" ? known : tools.map(({ plugin }) => cardOf(plugin));
    const alike = () => orNothing(suggestTools(text, choice, this.#meanings, signal));
    const found = namedTool(text, choice) ?? (await alike())?.[0];
    return found && { operation: { kind, text: found.id }, told: { text: found.name } };
  }

  async #understand(
    question: Question | undefined,
    draft: Manifest,
    said: string,
    signal?: AbortSignal,
  ): Promise<Understood> {
    const likeness = this.#operations;
    if (!question) {
      return await understand(said, draft, { likeness, engine: this.#engine() }, signal);
    }
    const read = await understand(said, draft, {}); // by rules: an answer need not look like an order
    const isAnswer = ["add_instruction", "none"].includes(read.operation.kind) && !toneOf(said);
    if (!isAnswer) return read;
    const operation = question.about === "value"
      ? valued(question.operation!, said, draft)
      : answered(question, said, isChinese(draft.instructions));
    return { operation, by: "rules" };
  }

  async *#stepped(
    { id, at, last }: Head,
    kind: "undo" | "redo",
    said: string,
    by: Understood["by"],
  ): AsyncGenerator<BuilderEvent> {
    const chinese = /\p{Script=Han}/u.test(said);
    const can = kind === "undo" ? at > 0 : at < last;
    const turn = { said, operation: { kind }, by };
    if (!can) return yield* this.#done(id, { ...turn, changes: [], reply: noStep(kind, chinese) });
    const step = kind === "undo" ? -1 : 1;
    const changes = this.#sessions.changes(id, step);
    yield* this.#done(id, { ...turn, changes, reply: replyTo({ kind }, changes, chinese) }, {
      step,
    });
  }

  async #step(id: string, kind: "undo" | "redo"): Promise<BuilderTurn> {
    const { canUndo, canRedo, draft } = this.get(id);
    if (!(kind === "undo" ? canUndo : canRedo)) {
      throw new FlintError("conflict", noStep(kind, false));
    }
    this.#enter(id);
    try {
      const step = kind === "undo" ? -1 : 1;
      const changes = this.#sessions.changes(id, step);
      const reply = replyTo({ kind }, changes, isChinese(draft!.instructions));
      return await this.#sessions.add(id, {
        said: "",
        operation: { kind },
        by: "rules",
        changes,
        reply,
      }, { step });
    } finally {
      this.#running.delete(id);
    }
  }

  async *#done(
    id: string,
    turn: NewTurn,
    change: { draft?: Manifest; step?: -1 | 1 } = {},
  ): AsyncGenerator<BuilderEvent> {
    const added = await this.#sessions.add(id, turn, change);
    yield { type: "changes", changes: turn.changes };
    if (turn.question) yield { type: "question", question: turn.question };
    yield { type: "done", turn: added, session: this.get(id) };
  }

  /** The engine, if there is one that writes well enough. */
  #engine(): Engine | undefined {
    const { writerParameters = WRITER_PARAMETERS } = this.#needs;
    try {
      const engine = this.#needs.engine();
      return engine.card.parameters >= writerParameters ? engine : undefined;
    } catch (error) {
      if (error instanceof FlintError) return undefined;
      throw error;
    }
  }
}

/** What a draft is compared with when it is the first. */
const BLANK: Manifest = { ...ASSISTANT_DEFAULTS, name: "", instructions: "" };

/** The draft after the operation; where its value won't do, as before, with the reason. */
function tried(draft: Manifest, operation: Operation): { after: Manifest; fault?: string } {
  try {
    return { after: apply(draft, operation) };
  } catch (error) {
    if (!(error instanceof FlintError && error.code === "bad_input")) throw error;
    return { after: draft, fault: error.message };
  }
}

function manifestOf(
  { id: _, version: __, createdAt: ___, updatedAt: ____, ...rest }: Assistant,
): Manifest {
  return rest;
}
