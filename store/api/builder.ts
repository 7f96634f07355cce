/** /api/builder/sessions: assistants made by talk; what a message did streams as events. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import {
  Assistant,
  AssistantPatch,
  type Builder,
  BuilderEvent,
  BuilderSession,
  BuilderTurn,
  ChatEvent,
  Message,
  MESSAGE_CHARS_MAX,
  SAID_CHARS_MAX,
  SLUG_CHARS_MAX,
} from "@flint/plugins";
import { events, json, jsonBody, problems } from "./describe.ts";
import { typedStream } from "./events.ts";
import { requireAccount } from "./identity.ts";

const tags = ["Builder"];

const Id = z.object({ id: z.uuid().openapi({ param: { name: "id", in: "path" } }) });

const WholeSession = z.object({
  session: BuilderSession,
  turns: z.array(BuilderTurn),
}).openapi("WholeBuilderSession");

const Stepped = z.object({ turn: BuilderTurn, session: BuilderSession })
  .openapi("BuilderStep");

const create = createRoute({
  method: "post",
  path: "/",
  tags,
  summary: "Begin a session, for a new assistant or to change one",
  request: {
    body: jsonBody(z.object({ assistantId: z.string().min(1).max(SLUG_CHARS_MAX).optional() })),
  },
  responses: { 201: json(BuilderSession, "The new session"), ...problems },
});

const read = createRoute({
  method: "get",
  path: "/{id}",
  tags,
  summary: "Read a session with its turns",
  request: { params: Id },
  responses: { 200: json(WholeSession, "All of it"), ...problems },
});

const say = createRoute({
  method: "post",
  path: "/{id}/messages",
  tags,
  summary: "Say what the assistant is to be, or what to change",
  request: {
    params: Id,
    body: jsonBody(z.object({ text: z.string().min(1).max(SAID_CHARS_MAX) })),
  },
  responses: {
    200: events(
      BuilderEvent,
      "Events `understood`, `field` for each field of a first draft, `changes`, perhaps " +
        "`question`, then `done`; `error` is the last, whenever it comes",
    ),
    ...problems,
  },
});

const SessionList = z.object({ sessions: z.array(BuilderSession) }).openapi("BuilderSessionList");

const list = createRoute({
  method: "get",
  path: "/",
  tags,
  summary: "List the sessions changed last",
  request: { query: z.object({ limit: z.coerce.number().int().min(1).max(100).optional() }) },
  responses: { 200: json(SessionList, "The latest first; 20 unless `limit` says"), ...problems },
});

const edit = createRoute({
  method: "patch",
  path: "/{id}/draft",
  tags,
  summary: "Change fields of the draft by hand; it can be undone like any change",
  request: { params: Id, body: jsonBody(AssistantPatch) },
  responses: { 200: json(Stepped, "What it changed"), ...problems },
});

const step = (name: "undo" | "redo", summary: string) =>
  createRoute({
    method: "post",
    path: `/{id}/${name}`,
    tags,
    summary,
    request: { params: Id },
    responses: { 200: json(Stepped, "What it changed"), ...problems },
  });
const undo = step("undo", "Take the last change back");
const redo = step("redo", "Make the change again that was taken back last");

const save = createRoute({
  method: "post",
  path: "/{id}/save",
  tags,
  summary: "Save the draft as an assistant, or as a new version of it",
  request: { params: Id },
  responses: { 200: json(Assistant, "The assistant as it is now"), ...problems },
});

const remove = createRoute({
  method: "delete",
  path: "/{id}",
  tags,
  summary: "Remove a session; the assistant that was saved stays",
  request: { params: Id },
  responses: { 204: { description: "Removed" }, ...problems },
});

const LISTED = 20;

const chat = events(ChatEvent, "As in conversations");

const tried = createRoute({
  method: "get",
  path: "/{id}/preview",
  tags,
  summary: "Read what was said to the draft",
  request: { params: Id },
  responses: {
    200: json(z.object({ messages: z.array(Message) }).openapi("BuilderPreview"), "All of it"),
    ...problems,
  },
});

const tryOut = createRoute({
  method: "post",
  path: "/{id}/preview/messages",
  tags,
  summary: "Say something to the draft as it is now and stream the answer",
  request: {
    params: Id,
    body: jsonBody(z.object({ content: z.string().min(1).max(MESSAGE_CHARS_MAX) })),
  },
  responses: { 200: chat, ...problems },
});

const tryAgain = createRoute({
  method: "post",
  path: "/{id}/preview/regenerate",
  tags,
  summary: "Let the draft as it is now answer the last message",
  request: { params: Id },
  responses: { 200: chat, ...problems },
});

const forget = createRoute({
  method: "delete",
  path: "/{id}/preview",
  tags,
  summary: "Forget what was said to the draft",
  request: { params: Id },
  responses: { 204: { description: "Forgotten" }, ...problems },
});

/** Routes of the builder. */
export function createBuilder({ builder }: { readonly builder: Builder }): OpenAPIHono {
  const app = new OpenAPIHono();

  app.openapi(create, async (c) => {
    const begun = await builder.create({
      ...c.req.valid("json"),
      account: requireAccount(c).id,
    });
    return c.json(begun, 201, { Location: `/api/builder/sessions/${begun.id}` });
  });

  app.openapi(list, (c) => {
    const { limit = LISTED } = c.req.valid("query");
    return c.json({ sessions: builder.list(limit, requireAccount(c).id) }, 200);
  });

  app.openapi(edit, async (c) => {
    const { id } = c.req.valid("param");
    const turn = await builder.edit(id, c.req.valid("json"));
    return c.json({ turn, session: builder.get(id) }, 200);
  });

  app.openapi(read, (c) => {
    const { id } = c.req.valid("param");
    return c.json({ session: builder.get(id), turns: builder.turns(id) }, 200);
  });

  app.openapi(say, (c) => {
    const { id } = c.req.valid("param");
    const { text } = c.req.valid("json");
    return typedStream(c, (signal) => builder.say(id, text, signal));
  });

  app.openapi(undo, async (c) => {
    const { id } = c.req.valid("param");
    return c.json({ turn: await builder.undo(id), session: builder.get(id) }, 200);
  });

  app.openapi(redo, async (c) => {
    const { id } = c.req.valid("param");
    return c.json({ turn: await builder.redo(id), session: builder.get(id) }, 200);
  });

  app.openapi(save, async (c) => c.json(await builder.save(c.req.valid("param").id), 200));

  app.openapi(remove, async (c) => {
    await builder.remove(c.req.valid("param").id);
    return c.body(null, 204);
  });

  addPreview(app, builder);
  return app;
}

function addPreview(app: OpenAPIHono, { preview }: Builder): void {
  app.openapi(tried, (c) => c.json({ messages: preview.messages(c.req.valid("param").id) }, 200));

  app.openapi(tryOut, (c) => {
    const { id } = c.req.valid("param");
    const { content } = c.req.valid("json");
    return typedStream(c, (signal) => preview.reply(id, content, signal));
  });

  app.openapi(tryAgain, (c) => {
    const { id } = c.req.valid("param");
    return typedStream(c, (signal) => preview.regenerate(id, signal));
  });

  app.openapi(forget, async (c) => {
    await preview.clear(c.req.valid("param").id);
    return c.body(null, 204);
  });
}
