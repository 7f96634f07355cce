/** What an API's document comes to: all that calls need, and nothing that points elsewhere. */
import { z } from "zod";

const schema = z.record(z.string(), z.json());
const text = (max: number) => z.string().max(max);

/** Operations of one document; more are left out. */
export const OPERATIONS_MAX = 2000;

/** Where a server answers; `{name}` in its URL stands for a variable. */
export const ApiServer = z.strictObject({
  url: text(2000),
  description: text(300).optional(),
  variables: z.record(
    z.string(),
    z.strictObject({
      default: text(500),
      /** Absent: any value. */
      choices: z.array(text(500)).max(200).optional(),
    }),
  ),
}).meta({ id: "ApiServer" });
export type ApiServer = z.infer<typeof ApiServer>;

/** How an API wants to be shown who calls. */
export const ApiScheme = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("key"),
    name: text(200),
    in: z.enum(["header", "query", "cookie"]),
  }),
  z.strictObject({ type: z.literal("bearer") }),
  z.strictObject({ type: z.literal("basic") }),
  z.strictObject({
    type: z.literal("oauth2"),
    flow: z.enum(["code", "client"]),
    authorizationUrl: text(2000).optional(),
    tokenUrl: text(2000),
    refreshUrl: text(2000).optional(),
    scopes: z.array(text(200)).max(500),
  }),
]).meta({ id: "ApiScheme" });
export type ApiScheme = z.infer<typeof ApiScheme>;

/** A parameter and how its value is written. */
export const ApiParameter = z.strictObject({
  /** Name among the call's arguments. */
  key: text(200),
  /** Name on the wire. */
  name: text(200),
  in: z.enum(["path", "query", "header", "cookie"]),
  required: z.boolean(),
  style: z.enum([
    "form",
    "simple",
    "label",
    "matrix",
    "spaceDelimited",
    "pipeDelimited",
    "deepObject",
    "json",
  ]),
  explode: z.boolean(),
  /** Whether characters like / and ? stay as they are. */
  reserved: z.boolean(),
});
export type ApiParameter = z.infer<typeof ApiParameter>;

/** The body of a request. */
export const ApiBody = z.strictObject({
  mediaType: text(200),
  required: z.boolean(),
  /** The argument that is the whole body, or absent where `parts` are. */
  key: text(200).optional(),
  /** Arguments and the body's properties that they are. */
  parts: z.record(z.string(), text(200)).optional(),
});
export type ApiBody = z.infer<typeof ApiBody>;

/** One operation, ready to be called. */
export const ApiOperation = z.strictObject({
  name: text(64),
  description: text(600),
  method: z.enum(["get", "put", "post", "delete", "options", "head", "patch", "trace"]),
  path: text(2000),
  /** Where the path or operation has a server of its own. */
  server: ApiServer.optional(),
  parameters: z.array(ApiParameter).max(200),
  body: ApiBody.optional(),
  /** JSON schema of the arguments; refers to "#/$defs/NAME" of the reading. */
  schema,
  /** The same for a model: without references, short, and no stricter. */
  plain: schema,
  /** Any of these sets of schemes will do; an empty set needs none. */
  security: z.array(z.array(text(200)).max(20)).max(20),
});
export type ApiOperation = z.infer<typeof ApiOperation>;

/** A document, read. */
export const Reading = z.strictObject({
  title: text(80),
  description: text(1000),
  servers: z.array(ApiServer).max(100),
  schemes: z.record(z.string(), ApiScheme),
  operations: z.array(ApiOperation).max(OPERATIONS_MAX),
  /** Schemas that operations refer to. */
  defs: z.record(z.string(), schema.or(z.boolean())),
  /** What could not be taken over, for whoever adds the document. */
  remarks: z.array(text(500)).max(20),
});
export type Reading = z.infer<typeof Reading>;
