/** The operations of a document: names, arguments, and where each of them goes in a request. */
import { ToolNames } from "./names.ts";
import { asList, asText, isObject, type Json, PROTOTYPE_KEYS } from "../json.ts";
import type { Document } from "./document.ts";
import {
  type ApiBody,
  type ApiOperation,
  type ApiParameter,
  OPERATIONS_MAX,
  type Reading,
} from "./reading.ts";
import { plainSchema } from "../tools/plain_schema.ts";
import { SchemaCarrier } from "./schemas.ts";
import { readSchemes, readSecurity } from "./security.ts";
import { readServer, readServers } from "./servers.ts";

const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace"] as const;
const PARAMETERS_MAX = 100;
const DESCRIPTION_CHARS_MAX = 300;
/** Bodies that a call can write, the best first. */
const MEDIA_TYPES = [
  /^application\/([\w.-]+\+)?json\b/,
  /^application\/x-www-form-urlencoded\b/,
  /^multipart\/form-data\b/,
  /^text\//,
  /./,
];
/** Headers that are not for a call to set (OpenAPI 3.1, 4.8.12.1), and those the connection needs. */
const HEADERS_KEPT = new Set(
  "accept content-type authorization host content-length connection transfer-encoding cookie".split(
    " ",
  ),
);
const STYLES = [
  "form",
  "simple",
  "label",
  "matrix",
  "spaceDelimited",
  "pipeDelimited",
  "deepObject",
];

/** Reads all of a document. */
export function readOperations(document: Document, remarks: string[]): Reading {
  const { root } = document;
  const info = document.object(root.info);
  const carrier = new SchemaCarrier(document);
  const schemes = readSchemes(document, remarks);
  const names = new ToolNames();
  const reader: Reader = {
    document,
    carrier,
    names,
    known: new Set(Object.keys(schemes)),
    remarks,
  };
  const operations: ApiOperation[] = [];
  let left = 0;
  for (const [path, item] of Object.entries(document.object(root.paths))) {
    if (!path.startsWith("/")) continue; // an extension, or an attempt to lengthen the host's name
    for (const method of METHODS) {
      const shared = document.object(item);
      if (!isObject(shared[method])) continue;
      if (operations.length === OPERATIONS_MAX || path.length > 2000) left++;
      else operations.push(readOperation(reader, path, method, shared));
    }
  }
  if (left > 0) {
    remarks.unshift(`${left} operations beyond the first ${OPERATIONS_MAX} are left out`);
  }
  return {
    title: line(asText(info.title) ?? "", 80) || "API",
    description: line(asText(info.description) ?? "", 1000),
    servers: readServers(root.servers),
    schemes,
    operations: operations.map((operation) => ({
      ...operation,
      plain: plainSchema(operation.schema, carrier.defs) as ApiOperation["plain"],
    })),
    defs: carrier.defs as Reading["defs"],
    remarks: remarks.slice(0, 20),
  };
}

interface Reader {
  readonly document: Document;
  readonly carrier: SchemaCarrier;
  readonly names: ToolNames;
  /** Names of the security schemes that are understood. */
  readonly known: ReadonlySet<string>;
  readonly remarks: string[];
}

function readOperation(
  reader: Reader,
  path: string,
  method: typeof METHODS[number],
  shared: Json,
): ApiOperation {
  const { document, names } = reader;
  const operation = document.object(shared[method]);
  const args = new Arguments(reader.carrier);
  const given = new Map<string, Json>();
  for (const value of [...asList(shared.parameters), ...asList(operation.parameters)]) {
    const parameter = document.object(value);
    given.set(`${parameter.in} ${parameter.name}`, parameter); // the operation's own come last
  }
  const parameters = [...given.values()].slice(0, PARAMETERS_MAX)
    .flatMap((parameter) => readParameter(document, parameter, args));
  addMissing(path, parameters, args);
  const body = readBody(document, operation.requestBody, args);
  const [server] = [operation.servers, shared.servers].flatMap(asList).map(readServer);
  const summary = [operation.summary, operation.description].map((text) => asText(text) ?? "");
  return {
    name: names.name(asText(operation.operationId), method, path),
    description: line(summary[0]!.trim() || summary[1]!, DESCRIPTION_CHARS_MAX) ||
      `${method.toUpperCase()} ${path}`.slice(0, DESCRIPTION_CHARS_MAX),
    method,
    path,
    ...(server ? { server } : {}),
    parameters,
    ...(body ? { body } : {}),
    schema: args.schema() as ApiOperation["schema"],
    plain: {},
    security: readSecurity(operation.security ?? document.root.security, reader.known),
  };
}

/** The arguments of one operation, under names of which each is there once. */
class Arguments {
  readonly #carrier: SchemaCarrier;
  readonly #properties = new Map<string, unknown>();
  readonly #required: string[] = [];

  constructor(carrier: SchemaCarrier) {
    this.#carrier = carrier;
  }

  /** Takes an argument in; returns what it is called. */
  add(name: string, place: string, schema: unknown, required: boolean): string {
    let key = name.slice(0, 100);
    if (this.#properties.has(key) || PROTOTYPE_KEYS.has(key)) key = `${place}_${key}`;
    while (this.#properties.has(key)) key += "_";
    this.#properties.set(key, this.#carrier.carry(schema));
    if (required) this.#required.push(key);
    return key;
  }

  has(name: string): boolean {
    return this.#properties.has(name);
  }

  /** What is required comes first: forms and models read from the top. */
  schema(): Json {
    const required = new Set(this.#required);
    const sorted = [...this.#properties].sort(([a], [b]) => +required.has(b) - +required.has(a));
    return {
      type: "object",
      properties: Object.fromEntries(sorted),
      ...(this.#required.length > 0 ? { required: this.#required } : {}),
      additionalProperties: false,
    };
  }
}

function readParameter(document: Document, parameter: Json, args: Arguments): ApiParameter[] {
  const name = asText(parameter.name), place = asText(parameter.in) ?? "";
  if (!name || name.length > 200 || !isPlace(place)) return [];
  if (place === "header" && HEADERS_KEPT.has(name.toLowerCase())) return [];
  const [media] = Object.values(document.object(parameter.content));
  const asJson = media !== undefined;
  const schema = asJson ? document.object(media).schema : parameter.schema;
  const usual = place === "query" || place === "cookie" ? "form" : "simple";
  const style = STYLES.includes(parameter.style as string) ? parameter.style : usual;
  const required = place === "path" || parameter.required === true;
  const described = withDescription(schema, asText(parameter.description));
  return [{
    key: args.add(name, place, described, required),
    name,
    in: place,
    required,
    style: (asJson ? "json" : style) as ApiParameter["style"],
    explode: typeof parameter.explode === "boolean" ? parameter.explode : style === "form",
    reserved: parameter.allowReserved === true,
  }];
}

const isPlace = (place: string): place is ApiParameter["in"] =>
  ["path", "query", "header", "cookie"].includes(place);

/** Variables of the path that the document forgot to declare are texts. */
function addMissing(path: string, parameters: ApiParameter[], args: Arguments): void {
  for (const [, name] of path.matchAll(/\{([^{}]{1,200})\}/g)) {
    if (parameters.some((known) => known.in === "path" && known.name === name)) continue;
    const key = args.add(name!, "path", { type: "string" }, true);
    const rest = {
      in: "path",
      required: true,
      style: "simple",
      explode: false,
      reserved: false,
    } as const;
    parameters.push({ key, name: name!, ...rest });
  }
}

function readBody(document: Document, value: unknown, args: Arguments): ApiBody | undefined {
  if (!isObject(value)) return undefined;
  const body = document.object(value);
  const content = document.object(body.content);
  const mediaType = MEDIA_TYPES.map((form) => Object.keys(content).find((name) => form.test(name)))
    .find((name) => name !== undefined);
  if (mediaType === undefined || mediaType.length > 200) return undefined;
  const schema = document.object(content[mediaType]).schema;
  const required = body.required === true;
  const plain = document.object(schema);
  const parts = isFlat(plain) ? Object.entries(plain.properties as Json) : [];
  if (parts.length === 0 || parts.some(([name]) => args.has(name) || name.length > 100)) {
    const described = withDescription(schema, asText(body.description));
    return { mediaType, required, key: args.add("body", "request", described, required) };
  }
  const needed = required ? asList(plain.required) : [];
  const keys = parts.filter(([, part]) => document.object(part).readOnly !== true)
    .map(([name, part]) => [args.add(name, "body", part, needed.includes(name)), name]);
  return { mediaType, required, parts: Object.fromEntries(keys) };
}

/** Whether a body's properties can stand among the other arguments. */
function isFlat(schema: Json): boolean {
  const others = ["allOf", "anyOf", "oneOf", "not", "additionalProperties"];
  return isObject(schema.properties) && Object.keys(schema.properties).length <= PARAMETERS_MAX &&
    others.every((word) => schema[word] === undefined || schema[word] === false);
}

function withDescription(schema: unknown, description: string | undefined): unknown {
  if (!isObject(schema)) return description ? { type: "string", description } : { type: "string" };
  return description && schema.description === undefined ? { ...schema, description } : schema;
}

const line = (text: string, max: number) => text.replace(/\s+/g, " ").trim().slice(0, max);
