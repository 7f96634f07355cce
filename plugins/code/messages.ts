/**
 * What Flint and a plugin's process say to each other, one JSON value a frame. Both check what they
 * hear. A plugin gains nothing by forging a message: each only asks for what its calls may do anyway.
 */
import { z } from "zod";

/** Characters of a plugin's file. */
export const SOURCE_CHARS_MAX = 256 << 10;
/** Characters of a result; what callTool lets through at most. */
export const SAID_CHARS_MAX = 200_000;
const SCHEMA_CHARS_MAX = 32_000;
const BODY_CHARS_MAX = 700_000; // 512 KiB in base64

const Id = z.int().min(0);
const Headers = z.record(z.string().max(200), z.string().max(8000));

/** What Flint says. */
export const ToPlugin = z.discriminatedUnion("type", [
  /** First: the mark that begins each frame of the process, base64. It answers "up". */
  z.strictObject({ type: z.literal("begin"), mark: z.string() }),
  /** Once: the file. */
  z.strictObject({ type: z.literal("load"), source: z.string() }),
  z.strictObject({
    type: z.literal("call"),
    id: Id,
    tool: z.string(),
    values: z.record(z.string(), z.unknown()),
  }),
  z.strictObject({ type: z.literal("cancel"), id: Id }),
  /** To a fetch: the response, its body in base64. */
  z.strictObject({
    type: z.literal("response"),
    id: Id,
    status: z.int(),
    headers: z.record(z.string(), z.string()),
    body: z.string(),
    url: z.string(),
  }),
  z.strictObject({ type: z.literal("secret"), id: Id, value: z.string() }),
  /** To a fetch or a secret: why not. */
  z.strictObject({ type: z.literal("refused"), id: Id, message: z.string() }),
]);
export type ToPlugin = z.infer<typeof ToPlugin>;

const SaidTool = z.strictObject({
  name: z.string().max(100),
  description: z.string().max(2000),
  /** JSON schema of the values, as JSON. */
  parameters: z.string().max(SCHEMA_CHARS_MAX),
  effect: z.enum(["none", "reads", "writes"]),
});

/** What a plugin's process says. `id` of fetch and secret is its own count; `call` is the call's. */
export const FromPlugin = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("up") }),
  z.strictObject({
    type: z.literal("ready"),
    name: z.string().min(1).max(80),
    description: z.string().max(1000),
    hosts: z.array(z.string().max(253)).max(32),
    secrets: z.array(z.string().max(100)).max(32),
    tools: z.array(SaidTool).min(1).max(64),
  }),
  z.strictObject({ type: z.literal("broken"), message: z.string().max(2000) }),
  z.strictObject({ type: z.literal("text"), call: Id, text: z.string().max(SAID_CHARS_MAX) }),
  z.strictObject({ type: z.literal("json"), call: Id, json: z.string().max(SAID_CHARS_MAX) }),
  z.strictObject({ type: z.literal("failed"), call: Id, message: z.string().max(2000) }),
  z.strictObject({ type: z.literal("progress"), call: Id, text: z.string().max(500) }),
  z.strictObject({ type: z.literal("secret"), call: Id, id: Id, name: z.string().max(100) }),
  z.strictObject({
    type: z.literal("fetch"),
    call: Id,
    id: Id,
    url: z.string().max(8000),
    method: z.string().max(20),
    headers: Headers,
    body: z.base64().max(BODY_CHARS_MAX).optional(),
  }),
]);
export type FromPlugin = z.infer<typeof FromPlugin>;

/** What a plugin tells of itself once it is loaded. */
export type Ready = Extract<FromPlugin, { type: "ready" }>;
