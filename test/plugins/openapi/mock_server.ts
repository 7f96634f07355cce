/** A server made from an API's document: checks each request against it and answers by example. */
import { Document as Definition, OpenAPIBackend } from "openapi-backend";
import { readDocument } from "../../../plugins/openapi/document.ts";

/** One request as it came, and what the validator says of it. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
  readonly operation: string | undefined;
  readonly faults: readonly string[];
}

/** Serves the API of `text` at any free port; `await using` stops it. */
export async function mockApi(text: string) {
  const { document } = await readDocument(text);
  const definition = structuredClone(document.root) as unknown as Definition;
  const api = new OpenAPIBackend({
    definition,
    quick: true, // the document's own faults are not the point
    validate: true,
    ajvOpts: { strict: false, validateFormats: false, logger: false },
  });
  await api.init();
  const seen: Seen[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const url = new URL(request.url), body = await request.text();
    const { method, headers } = request;
    const asked = {
      method,
      path: url.pathname,
      query: url.search.slice(1),
      headers: Object.fromEntries(headers),
      body,
    };
    const operation = api.matchOperation(asked);
    const { errors } = operation ? api.validateRequest(asked) : { errors: [] };
    const faults = (errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
    const path = url.pathname + url.search;
    seen.push({ method, path, headers, body, operation: operation?.operationId, faults });
    const { status, mock } = api.mockResponseForOperation(operation?.operationId ?? "");
    return mock === undefined ? new Response(null, { status }) : Response.json(mock, { status });
  });
  const { port } = server.addr;
  return { seen, host: `127.0.0.1:${port}`, [Symbol.asyncDispose]: () => server.shutdown() };
}
