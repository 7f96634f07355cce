/** /api/conversations: talks with assistants, kept; answers stream as events. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import {
  type Assistants,
  ChatEvent,
  Conversation,
  type Conversations,
  Message,
  MESSAGE_CHARS_MAX,
  MESSAGES_MAX,
  ShelfDraft,
  SLUG_CHARS_MAX,
  Summary,
  ToolDecision,
} from "@flint/plugins";
import { attachment } from "./attachment.ts";
import { events, json, jsonBody, problems } from "./describe.ts";
import { typedStream } from "./events.ts";
import type { Usable } from "../market/usable.ts";
import { given } from "./given.ts";
import { requireAccount } from "./identity.ts";

const tags = ["Conversations"];

const Id = z.object({ id: z.uuid().openapi({ param: { name: "id", in: "path" } }) });

const Page = z.object({
  limit: z.coerce.number().int().min(1).max(100).optional(),
  cursor: z.string().max(1024).optional(),
});

const ConversationList = z.object({
  conversations: z.array(Conversation),
  next: z.string().optional().openapi({ description: "`cursor` of the following page" }),
}).openapi("ConversationList");

const WholeConversation = z.object({
  conversation: Conversation,
  messages: z.array(Message),
  summary: Summary.optional().openapi({
    description: "What the model is told of the oldest messages, once all no longer fit",
  }),
}).openapi("WholeConversation");

const answer = events(
  ChatEvent,
  "What tools do (`missing`, `tool_call`, `approval`, `progress`, `question`, `tool_result`), then " +
    "`token`s, then `stats`, then `done`; `error` is the last, whenever it comes. After an " +
    '`approval` the answer is done for now: its message ends in "waiting"',
);

const list = createRoute({
  method: "get",
  path: "/",
  tags,
  summary: "List conversations",
  request: { query: Page },
  responses: { 200: json(ConversationList, "The latest changed first"), ...problems },
});

const find = createRoute({
  method: "get",
  path: "/search",
  tags,
  summary: "Find conversations by what was said in them",
  request: {
    query: z.object({
      q: z.string().min(1).max(200).openapi({
        description: "Words, all of which must be there; the last may be the beginning of one",
      }),
    }),
  },
  responses: {
    200: json(
      z.object({
        found: z.array(z.object({
          conversation: Conversation,
          message: Message.optional().openapi({ description: "Absent where the title has them" }),
        })),
      }).openapi("FoundConversations"),
      "The latest changed first",
    ),
    ...problems,
  },
});

const begin = createRoute({
  method: "post",
  path: "/",
  tags,
  summary: "Begin a conversation",
  request: { body: jsonBody(z.object({ assistantId: z.string().min(1).max(SLUG_CHARS_MAX) })) },
  responses: { 201: json(Conversation, "The new conversation"), ...problems },
});

const read = createRoute({
  method: "get",
  path: "/{id}",
  tags,
  summary: "Read a conversation with its messages",
  request: { params: Id },
  responses: { 200: json(WholeConversation, "All of it"), ...problems },
});

const change = createRoute({
  method: "patch",
  path: "/{id}",
  tags,
  summary: "Rename a conversation, pin it, or lay it into a folder",
  request: {
    params: Id,
    body: jsonBody(ShelfDraft.extend({ title: z.string().min(1).max(120).optional() })),
  },
  responses: { 200: json(Conversation, "As it is now"), ...problems },
});

const branch = createRoute({
  method: "post",
  path: "/{id}/branch",
  tags,
  summary: "Begin another conversation with the first messages of this one",
  request: {
    params: Id,
    body: jsonBody(z.object({
      messages: z.int().min(0).max(MESSAGES_MAX).openapi({ description: "How many of them" }),
    })),
  },
  responses: { 201: json(Conversation, "The new one"), ...problems },
});

const take = createRoute({
  method: "get",
  path: "/{id}/export",
  tags,
  summary: "Write a conversation to a file",
  request: { params: Id, query: z.object({ as: z.enum(["markdown", "json"]) }) },
  responses: {
    200: {
      description: "The file, to be saved",
      content: {
        "application/json": { schema: WholeConversation },
        "text/markdown": { schema: z.string() },
      },
    },
    ...problems,
  },
});

const remove = createRoute({
  method: "delete",
  path: "/{id}",
  tags,
  summary: "Remove a conversation",
  request: { params: Id },
  responses: { 204: { description: "Removed" }, ...problems },
});

const say = createRoute({
  method: "post",
  path: "/{id}/messages",
  tags,
  summary: "Say something and stream the answer",
  request: {
    params: Id,
    body: jsonBody(z.object({ content: z.string().min(1).max(MESSAGE_CHARS_MAX) })),
  },
  responses: { 200: answer, ...problems },
});

const again = createRoute({
  method: "post",
  path: "/{id}/regenerate",
  tags,
  summary: "Answer the last message once more",
  request: { params: Id },
  responses: { 200: answer, ...problems },
});

const param = (name: string) => ({ param: { name, in: "path" as const } });

const decide = createRoute({
  method: "post",
  path: "/{id}/approvals/{call}",
  tags,
  summary: "Decide about a call that waits, and stream the rest of the answer",
  request: {
    params: Id.extend({ call: z.string().max(64).openapi(param("call")) }),
    body: jsonBody(z.object({
      decision: ToolDecision.exclude(["expired"]).openapi({
        description:
          "allow_conversation also allows its further calls in this conversation; only " +
          "where `ask` is once. After 15 minutes a call can no longer be allowed",
      }),
    })),
  },
  responses: { 200: answer, ...problems },
});

const give = createRoute({
  method: "post",
  path: "/{id}/questions/{question}",
  tags,
  summary: "Give a running call the values it asks for",
  request: {
    params: Id.extend({ question: z.uuid().openapi(param("question")) }),
    body: jsonBody(z.object({
      values: z.record(z.string(), z.unknown()).nullable()
        .openapi({ description: "Of the question's schema; null refuses" }),
    })),
  },
  responses: { 204: { description: "The call goes on, and with it its stream" }, ...problems },
});

/** What the conversation routes need. */
export interface ConversationDeps {
  readonly usable: Pick<Usable, "get">;
  readonly conversations: Conversations;
  readonly assistants: Assistants;
}

/** Routes of kept conversations. */
export function createConversations(deps: ConversationDeps): OpenAPIHono {
  const { usable, conversations, assistants } = deps;
  const app = new OpenAPIHono();
  addFinding(app, conversations);
  addDecisions(app, deps);

  app.openapi(list, (c) => {
    const { conversations: found, next } = conversations.list({
      account: requireAccount(c).id,
      ...given(c.req.valid("query")),
    });
    return c.json({ conversations: [...found], ...given({ next }) }, 200);
  });

  app.openapi(begin, async (c) => {
    const { id: account } = requireAccount(c);
    const assistant = usable.get(c.req.valid("json").assistantId, account);
    const begun = await conversations.create(assistant.id, account);
    return c.json(begun, 201, { Location: `/api/conversations/${begun.id}` });
  });

  app.openapi(read, (c) => c.json(wholeOf(conversations, c.req.valid("param").id), 200));

  app.openapi(change, async (c) => {
    const { id } = c.req.valid("param");
    const { title, ...shelf } = c.req.valid("json");
    if (title !== undefined) await conversations.rename(id, title);
    return c.json(await conversations.shelve(id, shelf), 200);
  });

  app.openapi(remove, async (c) => {
    await conversations.remove(c.req.valid("param").id);
    return c.body(null, 204);
  });

  app.openapi(say, (c) => {
    const { id } = c.req.valid("param");
    const { content } = c.req.valid("json");
    return typedStream(c, (signal) => assistants.reply(id, content, signal, requireAccount(c).id));
  });

  app.openapi(again, (c) => {
    const { id } = c.req.valid("param");
    return typedStream(c, (signal) => assistants.regenerate(id, signal, requireAccount(c).id));
  });
  return app;
}

/** What calls of tools wait for. */
function addDecisions(app: OpenAPIHono, { conversations, assistants }: ConversationDeps): void {
  app.openapi(decide, (c) => {
    const { id, call } = c.req.valid("param");
    const { decision } = c.req.valid("json");
    return typedStream(
      c,
      (signal) => assistants.decide(id, call, decision, signal, requireAccount(c).id),
    );
  });

  app.openapi(give, (c) => {
    const { id, question } = c.req.valid("param");
    conversations.get(id);
    assistants.answerQuestion(id, question, c.req.valid("json").values);
    return c.body(null, 204);
  });
}

/** Found, branched, taken elsewhere. */
function addFinding(app: OpenAPIHono, conversations: Conversations): void {
  app.openapi(find, (c) => {
    const found = conversations.find(c.req.valid("query").q, requireAccount(c).id)
      .map(({ conversation, message }) => ({ conversation, ...given({ message }) }));
    return c.json({ found }, 200);
  });

  app.openapi(branch, async (c) => {
    const { messages } = c.req.valid("json");
    const begun = await conversations.branch(c.req.valid("param").id, messages);
    return c.json(begun, 201, { Location: `/api/conversations/${begun.id}` });
  });

  app.openapi(take, (c) => {
    const whole = wholeOf(conversations, c.req.valid("param").id);
    const { title, assistantId } = whole.conversation;
    const isJson = c.req.valid("query").as === "json";
    const name = `${title || assistantId}.${isJson ? "json" : "md"}`;
    const headers = attachment(name, isJson ? "application/json" : "text/markdown; charset=utf-8");
    return c.body(isJson ? JSON.stringify(whole, null, 2) : markdownOf(whole), 200, headers);
  });
}

/** All there is of one. */
function wholeOf(conversations: Conversations, id: string) {
  const conversation = conversations.get(id), summary = conversations.summary(id);
  return { conversation, messages: conversations.messages(id), ...given({ summary }) };
}

/** A conversation to be read elsewhere: who spoke as headings, then the words as they were written. */
function markdownOf({ conversation, messages }: ReturnType<typeof wholeOf>): string {
  const { title, assistantId } = conversation;
  const turns = messages.map(({ role, content, createdAt }) =>
    `## ${role === "user" ? "You" : assistantId} · ${createdAt}\n\n${content}\n`
  );
  return [`# ${title || assistantId}\n`, ...turns].join("\n");
}
