/** What an assistant remembers about its user: facts that the user turned on, sees, edits and removes. */
import { type Collection, FlintError, type Kv } from "@flint/core";
import { z } from "zod";
import { parse } from "./parse.ts";
import { plainText } from "./plain_text.ts";

/** Some 40 lines are what a small model still heeds. */
export const FACTS_MAX = 40;
const FACT_CHARS_MAX = 300;

/** One thing to remember, such as "I am learning Dutch". */
export const Fact = z.strictObject({
  id: z.uuid(),
  text: plainText(1, FACT_CHARS_MAX),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
}).meta({ id: "Fact" });
export type Fact = z.infer<typeof Fact>;

/** All that one assistant remembers about one user. */
export const Remembered = z.strictObject({
  enabled: z.boolean().meta({ description: "Whether the model is shown the facts; off at first" }),
  facts: z.array(Fact).max(FACTS_MAX).meta({ description: "In the order they were added" }),
}).meta({ id: "Remembered" });
export type Remembered = z.infer<typeof Remembered>;

/** The text of a fact, as it is sent. */
export const FactText = Fact.pick({ text: true }).meta({ id: "FactText" });

/** Whose memory of whom. */
export interface MemoryKey {
  readonly assistant: string;
  readonly user: string;
}

/** The memories of one store. Whether there is such an assistant is for the caller to know. */
export interface Memory {
  get(key: MemoryKey): Remembered;
  /** Turned off, facts stay and may be edited, but no model is shown them and none are added. */
  turn(key: MemoryKey, enabled: boolean): Promise<Remembered>;
  /** `fact` is checked here (FactText). "denied" while turned off, "over_budget" when full. */
  add(key: MemoryKey, fact: unknown): Promise<Fact>;
  /** Throws "not_found" where there is no such fact, as `remove`. */
  edit(key: MemoryKey, id: string, fact: unknown): Promise<Fact>;
  remove(key: MemoryKey, id: string): Promise<void>;
  /** Forgets all, and turns it off. */
  clear(key: MemoryKey): Promise<void>;
}

/** Opens the memories in `kv`. `now` tells the time of changes. */
export function openMemory(kv: Kv, { now = () => new Date() } = {}): Memory {
  return new StoredMemory(kv, now);
}

class StoredMemory implements Memory {
  readonly #kv: Kv;
  readonly #now: () => Date;
  /** [assistant, user] */
  readonly #memories: Collection<Remembered>;

  constructor(kv: Kv, now: () => Date) {
    this.#kv = kv;
    this.#now = now;
    this.#memories = kv.collection("memories", { parse: (value) => Remembered.parse(value) });
  }

  get({ assistant, user }: MemoryKey): Remembered {
    return this.#memories.get([assistant, user]) ?? { enabled: false, facts: [] };
  }

  turn(key: MemoryKey, enabled: boolean): Promise<Remembered> {
    return this.#change(key, (before) => {
      const after = { ...before, enabled };
      return { after, result: after };
    });
  }

  async add(key: MemoryKey, value: unknown): Promise<Fact> {
    const { text } = parse(FactText, value);
    return await this.#change(key, ({ enabled, facts }) => {
      if (!enabled) {
        throw new FlintError(
          "denied",
          "this assistant remembers nothing: turn its memory on first",
        );
      }
      if (facts.length === FACTS_MAX) {
        throw new FlintError("over_budget", `${FACTS_MAX} facts are all there may be: remove one`);
      }
      const at = this.#now().toISOString();
      const fact = { id: crypto.randomUUID(), text, createdAt: at, updatedAt: at };
      return { after: { enabled, facts: [...facts, fact] }, result: fact };
    });
  }

  async edit(key: MemoryKey, id: string, value: unknown): Promise<Fact> {
    const { text } = parse(FactText, value);
    return await this.#change(key, ({ enabled, facts }) => {
      const edited = { ...find(facts, id), text, updatedAt: this.#now().toISOString() };
      const after = { enabled, facts: facts.map((fact) => fact.id === id ? edited : fact) };
      return { after, result: edited };
    });
  }

  async remove(key: MemoryKey, id: string): Promise<void> {
    await this.#change(key, ({ enabled, facts }) => {
      find(facts, id);
      return { after: { enabled, facts: facts.filter((fact) => fact.id !== id) }, result: null };
    });
  }

  async clear({ assistant, user }: MemoryKey): Promise<void> {
    await this.#memories.remove([assistant, user]);
  }

  #change<R>(
    key: MemoryKey,
    change: (before: Remembered) => { after: Remembered; result: R },
  ): Promise<R> {
    return this.#kv.transaction((transaction) => {
      const { after, result } = change(this.get(key));
      transaction.put(this.#memories, [key.assistant, key.user], after);
      return result;
    });
  }
}

function find(facts: readonly Fact[], id: string): Fact {
  const found = facts.find((fact) => fact.id === id);
  if (found) return found;
  throw new FlintError("not_found", `there is no fact "${id}" in this memory`);
}
