/** The operations of one API as tools that call it. */
import { FlintError } from "@flint/core/errors";
import { type SchemaCheck, schemaCheck } from "../tools/schema_check.ts";
import type { Tool, ToolValues } from "../tools/tool.ts";
import type { Web, WebRequest } from "../tools/web.ts";
import { resultOf } from "./answer.ts";
import { authorize, type Shown } from "./authorize.ts";
import type { ApiConfig } from "./kind.ts";
import type { ApiOperation, Reading } from "./reading.ts";
import { draftRequest, webRequest } from "./request.ts";
import { serverUrl } from "./servers.ts";

/** One opened API. */
export interface Api {
  readonly plugin: string;
  readonly config: ApiConfig;
  readonly reading: Reading;
  readonly web: Web;
  readonly shown: Shown;
}

const READS = new Set(["get", "head", "options"]);
/** Bodies that are shown to whoever tries a call. */
const SHOWN_CHARS_MAX = 4000;
/** All operations that the config names. */
export function apiTools(api: Api): Tool[] {
  const wanted = api.config.operations && new Set(api.config.operations);
  return api.reading.operations.filter(({ name }) => wanted?.has(name) ?? true)
    .map((operation) => toolOf(api, operation));
}

function toolOf(api: Api, operation: ApiOperation): Tool {
  const { web } = api;
  const check = checker(operation, api.reading);
  const request = async (values: ToolValues): Promise<WebRequest> => {
    check(values);
    const draft = await draftRequest(operation, serverOf(api, operation), values);
    await authorize(draft, operation.security, api.reading.schemes, api.shown);
    return webRequest(draft);
  };
  return {
    name: operation.name,
    description: operation.description,
    parameters: operation.plain,
    effect: READS.has(operation.method) ? "reads" : "writes",
    preview: async (values) => shownRequest(await request(values)),
    call: async (values, { signal, progress }) => {
      const asked = await request(values);
      progress?.(`${asked.method} ${asked.url}`);
      return resultOf(await web.send({ ...asked, signal }));
    },
  };
}

/** @throws FlintError bad_input where the document names no address that can be reached */
function serverOf({ config, reading }: Api, operation: ApiOperation): URL {
  const { server: chosen, variables = {}, url: from } = config;
  if (chosen !== undefined) return new URL(chosen);
  const told = operation.server ?? reading.servers[0] ?? { url: "/", variables: {} };
  const url = serverUrl(told, variables, from);
  if (url && /^https?:$/.test(url.protocol)) return url;
  const why = `"${told.url}" is no address of its own`;
  throw new FlintError("bad_input", `the document's server ${why}: set the plugin's server`);
}

/** Holds values to the whole schema, where the tool's own is simpler. */
function checker({ name, schema }: ApiOperation, { defs }: Reading): (values: ToolValues) => void {
  let check: SchemaCheck | undefined;
  return (values) => {
    try {
      check ??= schemaCheck({ ...schema, $defs: defs }); // not before: there may be hundreds
    } catch {
      return; // a schema that makes no sense: the server judges
    }
    const faults = check(values);
    if (faults === undefined) return;
    throw new FlintError("bad_input", `${name} cannot be called so: ${faults}`);
  };
}

/** A request as people read it. */
function shownRequest({ method, url, headers = {}, body }: WebRequest): string {
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const text = body ? new TextDecoder().decode(body).slice(0, SHOWN_CHARS_MAX) : "";
  return [`${method} ${url}`, ...head, ...(text ? ["", text] : [])].join("\n");
}
