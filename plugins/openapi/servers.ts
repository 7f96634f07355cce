/** Where a document says that its API answers. */
import { asList, asText, isObject } from "../json.ts";
import type { ApiServer } from "./reading.ts";

const SERVERS_MAX = 50;
const VARIABLES_MAX = 20;

/** All servers of a list. */
export function readServers(value: unknown): ApiServer[] {
  return asList(value).slice(0, SERVERS_MAX).map(readServer);
}

/** One server; what is not said is empty, which means: where the document came from. */
export function readServer(value: unknown): ApiServer {
  const server = isObject(value) ? value : {};
  const variables = isObject(server.variables) ? Object.entries(server.variables) : [];
  const description = asText(server.description)?.replace(/\s+/g, " ").slice(0, 300);
  return {
    url: (asText(server.url) ?? "").slice(0, 2000),
    ...(description ? { description } : {}),
    variables: Object.fromEntries(
      variables.slice(0, VARIABLES_MAX).map(([name, variable]) => {
        const { default: usual, enum: choices } = isObject(variable) ? variable : {};
        const some = asList(choices).map(String).map((text) => text.slice(0, 500)).slice(0, 200);
        return [name, {
          default: String(usual ?? some[0] ?? "").slice(0, 500),
          ...(some.length > 0 ? { choices: some } : {}),
        }];
      }),
    ),
  };
}

/**
 * The address of a server, its variables filled in. `from` is where the document came from: servers
 * may be told relative to it. Undefined where that gives no address.
 */
export function serverUrl(
  { url, variables }: ApiServer,
  values: Readonly<Record<string, string>>,
  from: string | undefined,
): URL | undefined {
  const filled = url.replace(/\{([^{}]+)\}/g, (whole, name) => {
    const variable = Object.hasOwn(variables, name) ? variables[name] : undefined;
    const value = Object.hasOwn(values, name) ? values[name] : variable?.default;
    return value ?? whole;
  });
  return URL.parse(filled, from) ?? undefined;
}
