/** Chats with a draft before anybody else can: one conversation a session, answered as the draft now is. */
import { type Engine, FlintError, type Kv } from "@flint/core";
import { createAssistants } from "../assistant.ts";
import { openConversations } from "../conversation.ts";
import type { Embedder } from "../knowledge/embed.ts";
import type { Memory } from "../memory.ts";
import type { Assistant, ChatEvent, Manifest, Message } from "../schema.ts";
import type { Toolbox } from "../tools/toolbox.ts";
import type { Head } from "./session.ts";

/** What a preview needs. */
export interface PreviewNeeds {
  readonly kv: Kv;
  readonly engine: () => Engine;
  readonly memory: Memory;
  readonly toolbox: Pick<Toolbox, "granted">;
  readonly embedder: Pick<Embedder, "embed">;
  /** A session's times and its present draft; throws "not_found", or "conflict" while there is none. */
  readonly draftOf: (id: string) => {
    readonly head: Pick<Head, "account" | "createdAt" | "updatedAt">;
    readonly draft: Manifest;
  };
}

/** The tries of all sessions. What takes a session's id throws "not_found". */
export interface Preview {
  messages(id: string): Message[];
  /** As Assistants.reply; "conflict" while there is no draft. */
  reply(id: string, text: unknown, signal?: AbortSignal): AsyncIterable<ChatEvent>;
  /** Answers the last message anew: the same question to the changed draft. */
  regenerate(id: string, signal?: AbortSignal): AsyncIterable<ChatEvent>;
  /** Forgets what was said. */
  clear(id: string): Promise<void>;
  /** As Assistants.close. */
  close(): Promise<void>;
}

/** What stands before a session's id where an assistant's is due. */
const DRAFT = "draft-";

/** Opens the tries in `kv`. */
export function openPreview({ kv, draftOf, ...needs }: PreviewNeeds): Preview {
  const conversations = openConversations(kv, { prefix: "preview_" });
  const get = (assistantId: string): Assistant => {
    const { head: { createdAt, updatedAt }, draft } = draftOf(assistantId.slice(DRAFT.length));
    return { ...draft, id: assistantId, version: 1, createdAt, updatedAt };
  };
  // A try does not wait for leave: a draft's tools that would need it are not called.
  const assistants = createAssistants({
    ...needs,
    conversations,
    registry: { get },
    attended: false,
  });
  const exists = (id: string) => {
    try {
      return conversations.get(id) !== undefined;
    } catch (error) {
      if (error instanceof FlintError && error.code === "not_found") return false;
      throw error;
    }
  };
  return {
    messages: (id) => {
      draftOf(id);
      return exists(id) ? conversations.messages(id) : [];
    },
    async *reply(id, text, signal) {
      const { head: { account } } = draftOf(id);
      if (!exists(id)) await conversations.create(DRAFT + id, account, id);
      yield* assistants.reply(id, text, signal, account);
    },
    async *regenerate(id, signal) {
      const { head: { account } } = draftOf(id);
      if (!exists(id)) throw new FlintError("bad_input", "nothing was said to the draft yet");
      yield* assistants.regenerate(id, signal, account);
    },
    clear: async (id) => {
      if (exists(id)) await conversations.remove(id);
    },
    close: () => assistants.close(),
  };
}
