/** Stored conversations: begun, found by recency, added to, renamed, cut short, removed. */
import { type Collection, FlintError, type Kv, type Transaction } from "@flint/core";
import { z } from "zod";
import { ConversationWords, TITLE } from "./conversation_words.ts";
import { given } from "./given.ts";
import { type ListPart, pageOf } from "./pages.ts";
import { parse } from "./parse.ts";
import { firstWords } from "./plain_text.ts";
import { Conversation, Message, OWNER, Summary } from "./schema.ts";

/** A new turn; the store gives it its index and time. */
export type NewMessage = Omit<Message, "index" | "createdAt">;

/** Some conversations, the latest changed first; `next`, if there are more, leads to the following. */
export interface ConversationList {
  readonly conversations: readonly Conversation[];
  readonly next?: string;
}

/** Where a conversation is to lie; what is not given stays. */
export const ShelfDraft = z.strictObject({
  pinned: z.boolean().optional(),
  folder: Conversation.shape.folder.unwrap().nullable().optional().meta({
    description: "null takes it out of its folder",
  }),
}).meta({ id: "ShelfDraft" });

/** What is kept out of the order by recency as well: pinned ones, and folders by name. */
export interface Shelves {
  readonly pinned: readonly Conversation[];
  readonly folders: readonly {
    readonly name: string;
    readonly conversations: readonly Conversation[];
  }[];
}

/** A conversation that a search found. */
export interface FoundConversation {
  readonly conversation: Conversation;
  /** The message that holds the words; undefined: its title does. */
  readonly message: Message | undefined;
}

/** Which part of whose list. */
export interface ConversationPart extends ListPart {
  readonly account?: string;
}

/** The conversations of one store. Reads are synchronous; writes resolve when they are on disk. */
export interface Conversations {
  /** An account's, with an id of the caller's own, or a new one. */
  create(assistantId: string, account?: string, id?: string): Promise<Conversation>;
  /** Throws "not_found", as everything here that takes an id. */
  get(id: string): Conversation;
  /** An account's, the owner's unless told. `limit` is 1..100, default 50. */
  list(options?: ConversationPart): ConversationList;
  /** Gives the owner what was said before there were accounts. */
  adopt(): Promise<void>;
  /** All messages, in order. */
  messages(id: string): Message[];
  /**
   * Adds one message at the end, or in place of all that stands from index `at`.
   * "over_budget" when the conversation is full.
   */
  append(id: string, message: NewMessage, at?: number): Promise<Message>;
  /** Notes on its oldest messages, if there are any; gone once one of these is replaced. */
  summary(id: string): Summary | undefined;
  /** Keeps notes in place of those before. Without effect where they tell of more than there is. */
  summarise(id: string, summary: Summary): Promise<void>;
  /** A title of 1 to 120 characters; it stays whatever is said later. */
  rename(id: string, title: unknown): Promise<Conversation>;
  remove(id: string): Promise<void>;
  /** Pins it or lays it into a folder (ShelfDraft). "over_budget" where SHELF_MAX lie so already. */
  shelve(id: string, draft: unknown): Promise<Conversation>;
  shelves(account?: string): Shelves;
  /** A new one that begins with the first `messages` of another, which stays as it is. */
  branch(id: string, messages: number): Promise<Conversation>;
  /** Those that hold all words of `query`, the latest changed first; at most FOUND_MAX. */
  find(query: string, account?: string): FoundConversation[];
}

/** Far beyond what a model's context holds; a list of them still loads in a moment. */
export const MESSAGES_MAX = 1000;
/** Conversations that are pinned or lie in folders. */
export const SHELF_MAX = 200;
/** Conversations that one search shows. */
export const FOUND_MAX = 50;
const TITLE_CHARS = 60;

/** Opens the conversations in `kv`, or a set of others by its `prefix`. `now` tells the time of changes. */
export function openConversations(
  kv: Kv,
  { now = () => new Date(), prefix = "" } = {},
): Conversations {
  return new StoredConversations(kv, now, prefix);
}

class StoredConversations implements Conversations {
  readonly #kv: Kv;
  readonly #now: () => Date;
  readonly #heads: Collection<Conversation>;
  /** [conversation, index] */
  readonly #messages: Collection<Message>;
  readonly #summaries: Collection<Summary>;
  /** [account, updatedAt, id], empty values: the order of the lists. */
  readonly #recent: Collection<true>;
  /** [account, id]: pinned, or in a folder. */
  readonly #shelved: Collection<true>;
  readonly #words: ConversationWords;

  constructor(kv: Kv, now: () => Date, prefix: string) {
    this.#kv = kv;
    this.#now = now;
    this.#heads = kv.collection(`${prefix}conversations`, {
      parse: (value) => Conversation.parse(value),
    });
    this.#messages = kv.collection(`${prefix}messages`, { parse: (value) => Message.parse(value) });
    this.#summaries = kv.collection(`${prefix}summaries`, {
      parse: (value) => Summary.parse(value),
    });
    this.#recent = kv.collection(`${prefix}conversations_recent`);
    this.#shelved = kv.collection(`${prefix}conversations_shelved`);
    this.#words = new ConversationWords(kv, prefix);
  }

  create(
    assistantId: string,
    account = OWNER,
    id: string = crypto.randomUUID(),
  ): Promise<Conversation> {
    const at = this.#now().toISOString();
    const conversation: Conversation = {
      id,
      assistantId,
      account,
      title: "",
      messages: 0,
      createdAt: at,
      updatedAt: at,
    };
    return this.#kv.transaction((transaction) => this.#place(transaction, conversation));
  }

  get(id: string): Conversation {
    const found = this.#heads.get(id);
    if (!found) throw new FlintError("not_found", `there is no conversation "${id}"`);
    return found;
  }

  list({ account = OWNER, ...part }: ConversationPart = {}): ConversationList {
    const { entries, next } = pageOf(this.#recent, part, { prefix: [account], reverse: true });
    const conversations = entries.map(({ key }) => this.get((key as string[])[2]!));
    return next === undefined ? { conversations } : { conversations, next };
  }

  async adopt(): Promise<void> {
    await this.#kv.transaction((transaction) => {
      let left: boolean;
      do { // times begin with a digit
        const { entries, next } = this.#recent.list({ start: ["0"], end: [":"], limit: 1000 });
        const old = entries.filter(({ key }) => (key as string[]).length === 2);
        for (const { key } of old) {
          transaction.remove(this.#recent, key);
          transaction.put(this.#recent, [OWNER, ...key as string[]], true);
        }
        left = next !== undefined && old.length > 0;
      } while (left);
    });
  }

  messages(id: string): Message[] {
    this.get(id);
    const { entries } = this.#messages.list({ prefix: [id], limit: MESSAGES_MAX });
    return entries.map(({ value }) => value);
  }

  append(id: string, message: NewMessage, at?: number): Promise<Message> {
    return this.#change(id, (transaction, before) => {
      const index = at ?? before.messages;
      if (index > before.messages) {
        throw new FlintError(
          "bad_input",
          `there are ${before.messages} messages, none at ${index - 1}`,
        );
      }
      if (index === MESSAGES_MAX) {
        throw new FlintError(
          "over_budget",
          `this conversation has ${MESSAGES_MAX} messages, the most there may be: begin a new one`,
        );
      }
      this.#cut(transaction, before, index);
      const added = { ...message, index, createdAt: this.#now().toISOString() };
      this.#keep(transaction, id, added);
      const title = before.title || firstWords(message.content, TITLE_CHARS);
      return { after: { ...before, title, messages: index + 1 }, result: added };
    });
  }

  summary(id: string): Summary | undefined {
    return this.#summaries.get(id);
  }

  async summarise(id: string, summary: Summary): Promise<void> {
    await this.#kv.transaction((transaction) => {
      if (summary.until < this.get(id).messages) transaction.put(this.#summaries, id, summary);
    });
  }

  async rename(id: string, title: unknown): Promise<Conversation> {
    const { title: checked } = parse(Conversation.pick({ title: true }), { title });
    if (checked === "") throw new FlintError("bad_input", "title is empty: write something");
    await this.#change(id, (_, before) => ({ after: { ...before, title: checked }, result: null }));
    return this.get(id);
  }

  async remove(id: string): Promise<void> {
    await this.#kv.transaction((transaction) => {
      const conversation = this.get(id);
      this.#cut(transaction, conversation, 0);
      transaction.remove(this.#recent, placeOf(conversation));
      transaction.remove(this.#heads, id);
      transaction.remove(this.#shelved, [conversation.account, id]);
      this.#words.remove(transaction, { conversation: id, index: TITLE }, conversation.title);
    });
  }

  async shelve(id: string, value: unknown): Promise<Conversation> {
    const draft = parse(ShelfDraft, value);
    return await this.#kv.transaction((transaction) => {
      const { pinned, folder, ...rest } = this.get(id);
      const place = [rest.account, id];
      const isPinned = draft.pinned ?? pinned;
      const name = draft.folder === null ? undefined : draft.folder ?? folder;
      const after: Conversation = {
        ...rest,
        ...(isPinned ? { pinned: true as const } : {}),
        ...given({ folder: name }),
      };
      if (isPinned || name !== undefined) {
        checkRoom(this.#shelf(rest.account), id);
        transaction.put(this.#shelved, place, true);
      } else {
        transaction.remove(this.#shelved, place);
      }
      transaction.put(this.#heads, id, after); // its place in the order by recency stays
      return after;
    });
  }

  shelves(account = OWNER): Shelves {
    const kept = this.#shelf(account).map((id) => this.get(id)).sort(latestFirst);
    const folders = Map.groupBy(kept.filter(({ folder }) => folder), ({ folder }) => folder!);
    const names = [...folders.keys()].sort((a, b) => a.localeCompare(b));
    return {
      pinned: kept.filter(({ pinned }) => pinned),
      folders: names.map((name) => ({ name, conversations: folders.get(name)! })),
    };
  }

  async branch(id: string, count: number): Promise<Conversation> {
    const before = this.get(id), kept = this.messages(id).slice(0, count);
    if (count !== kept.length) {
      throw new FlintError("bad_input", `there are ${before.messages} messages, not ${count}`);
    }
    const at = this.#now().toISOString();
    const branch: Conversation = {
      ...{ id: crypto.randomUUID(), assistantId: before.assistantId, account: before.account },
      title: before.title,
      ...{ messages: count, branchOf: { id, messages: count }, createdAt: at, updatedAt: at },
    };
    return await this.#kv.transaction((transaction) => {
      for (const message of kept) this.#keep(transaction, branch.id, message);
      this.#words.add(transaction, { conversation: branch.id, index: TITLE }, branch.title);
      return this.#place(transaction, branch);
    });
  }

  find(query: string, account = OWNER): FoundConversation[] {
    const heads = this.#words.find(query).map(({ conversation, index }) => (
      { conversation: this.get(conversation), index }
    ));
    const own = heads.filter(({ conversation }) => conversation.account === account);
    const shown = own.sort((a, b) => latestFirst(a.conversation, b.conversation));
    return shown.slice(0, FOUND_MAX).map(({ conversation, index }) => ({
      conversation,
      message: index === TITLE ? undefined : this.#messages.get([conversation.id, index]),
    }));
  }

  /** Ids of what an account has pinned or put into folders. */
  #shelf(account: string): string[] {
    const { entries } = this.#shelved.list({ prefix: [account], limit: SHELF_MAX });
    return entries.map(({ key }) => (key as string[])[1]!);
  }

  #keep(transaction: Transaction, id: string, message: Message): void {
    transaction.put(this.#messages, [id, message.index], message);
    const place = { conversation: id, index: message.index };
    this.#words.add(transaction, place, message.content);
  }

  #cut(transaction: Transaction, { id, messages }: Conversation, end: number): void {
    for (let index = end; index < messages; index++) {
      const said = this.#messages.get([id, index])?.content ?? "";
      this.#words.remove(transaction, { conversation: id, index }, said);
      transaction.remove(this.#messages, [id, index]);
    }
    if (end < (this.summary(id)?.until ?? 0)) transaction.remove(this.#summaries, id);
  }

  /** Replaces a head, and moves it to the front of the order. */
  #change<R>(
    id: string,
    change: (transaction: Transaction, before: Conversation) => { after: Conversation; result: R },
  ): Promise<R> {
    return this.#kv.transaction((transaction) => {
      const before = this.get(id);
      const { after, result } = change(transaction, before);
      transaction.remove(this.#recent, placeOf(before));
      if (after.title !== before.title) {
        const title = { conversation: id, index: TITLE };
        this.#words.remove(transaction, title, before.title);
        this.#words.add(transaction, title, after.title);
      }
      this.#place(transaction, { ...after, updatedAt: this.#now().toISOString() });
      return result;
    });
  }

  #place(transaction: Transaction, conversation: Conversation): Conversation {
    transaction.put(this.#heads, conversation.id, conversation);
    transaction.put(this.#recent, placeOf(conversation), true);
    return conversation;
  }
}

const latestFirst = (a: Conversation, b: Conversation): number =>
  a.updatedAt < b.updatedAt ? 1 : -1;

function checkRoom(shelved: readonly string[], id: string): void {
  if (shelved.length < SHELF_MAX || shelved.includes(id)) return;
  throw new FlintError(
    "over_budget",
    `${SHELF_MAX} conversations are pinned or in folders, the most there may be: take one out`,
  );
}

const placeOf = ({ account, updatedAt, id }: Conversation) => [account, updatedAt, id];
