/** Shows an API who calls: puts what its security schemes ask for into a request. */
import { FlintError } from "@flint/core/errors";
import { basic, type Secret } from "../secrets.ts";
import type { ApiScheme } from "./reading.ts";
import type { Draft } from "./request.ts";

/** What a scheme needs of the user, by the name of the part. */
export const SCHEME_PARTS: Readonly<Record<ApiScheme["type"], readonly string[]>> = {
  key: ["key"],
  bearer: ["token"],
  basic: ["user", "password"],
  oauth2: ["clientId", "clientSecret"],
};

/** Gives the secret of a scheme, ready to be shown; undefined where none is set. */
export type Shown = (name: string, scheme: ApiScheme) => Promise<Secret | undefined>;

/**
 * Adds to the draft what one of the operation's sets of schemes asks for.
 * @throws FlintError denied when none of them is set up
 */
export async function authorize(
  draft: Draft,
  sets: readonly (readonly string[])[],
  schemes: Readonly<Record<string, ApiScheme>>,
  shown: Shown,
): Promise<void> {
  for (const names of [...sets].sort((a, b) => b.length - a.length)) {
    const secrets = await Promise.all(names.map((name) => shown(name, schemes[name]!)));
    if (secrets.some((secret) => secret === undefined)) continue;
    names.forEach((name, i) => show(draft, schemes[name]!, secrets[i]!));
    return;
  }
  const wanted = sets.map((names) => names.join(" and ")).join(", or ") || "a kind Flint has not";
  throw new FlintError("denied", `this call needs authentication that is not set up: ${wanted}`);
}

function show(draft: Draft, scheme: ApiScheme, secret: Secret): void {
  if (scheme.type === "basic") draft.headers.authorization = `Basic ${basic(secret)}`;
  else if (scheme.type !== "key") {
    draft.headers.authorization = `Bearer ${secret.accessToken ?? secret.token}`;
  } else if (scheme.in === "header") draft.headers[scheme.name.toLowerCase()] = secret.key!;
  else {
    const pair = `${encodeURIComponent(scheme.name)}=${encodeURIComponent(secret.key!)}`;
    (scheme.in === "query" ? draft.query : draft.cookies).push(pair);
  }
}
