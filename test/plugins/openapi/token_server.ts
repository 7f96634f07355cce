/** A server of tokens and of the one thing they open, and an API whose document names it. */
import { createHash } from "node:crypto";
import { serve } from "../tools/bait.ts";

/** The client that it knows. */
export const CLIENT = { clientId: "flint", clientSecret: "cl1ent-s3cret" };

/** A server of tokens and of the one thing they open. It checks all that the standard asks it to. */
export function tokenServer(secondsValid: number) {
  const codes = new Map<string, URLSearchParams>(), valid = new Set<string>();
  let given = 0, refresh = "";
  const log: string[] = [];
  const refuse = (error: string) => Response.json({ error }, { status: 400 });
  const grant = (type: string) => {
    log.push(type);
    valid.clear();
    valid.add(`access-${++given}`);
    refresh = `refresh-${given}`;
    return Response.json({
      access_token: `access-${given}`,
      token_type: "Bearer",
      expires_in: secondsValid,
      id_token: "not.a.token",
      ...(type === "client_credentials" ? {} : { refresh_token: refresh }),
    });
  };
  const server = serve(async (request) => {
    const url = new URL(request.url);
    if (url.pathname === "/authorize") {
      const code = `code-${codes.size}`;
      codes.set(code, url.searchParams);
      const back = new URL(url.searchParams.get("redirect_uri")!);
      back.searchParams.set("code", code);
      back.searchParams.set("state", url.searchParams.get("state")!);
      return new Response(null, { status: 302, headers: { location: back.href } });
    }
    if (url.pathname === "/token") {
      const form = new URLSearchParams(await request.text());
      if (form.get("client_secret") !== CLIENT.clientSecret) return refuse("invalid_client");
      const type = form.get("grant_type")!;
      if (type === "refresh_token" && form.get("refresh_token") !== refresh) {
        return refuse("invalid_grant");
      }
      if (type !== "authorization_code") return grant(type);
      const asked = codes.get(form.get("code")!);
      codes.delete(form.get("code")!);
      const challenge = createHash("sha256").update(form.get("code_verifier") ?? "").digest(
        "base64url",
      );
      const right = asked?.get("code_challenge") === challenge &&
        asked.get("code_challenge_method") === "S256" &&
        asked.get("redirect_uri") === form.get("redirect_uri");
      return right ? grant(type) : refuse("invalid_grant");
    }
    const shown = request.headers.get("authorization")?.replace(/^Bearer /, "") ?? "";
    return valid.has(shown) ? Response.json("open") : Response.json(shown, { status: 401 });
  });
  return Object.assign(server, { log });
}

/** An API behind it; `flow` as OpenAPI names them. */
export const documentFor = (host: string, flow: string) =>
  JSON.stringify({
    openapi: "3.1.0",
    info: { title: "Vault" },
    servers: [{ url: `http://${host}` }],
    security: [{ Sign: ["read"] }],
    paths: { "/thing": { get: { operationId: "thing" } } },
    components: {
      securitySchemes: {
        Sign: {
          type: "oauth2",
          flows: {
            [flow]: {
              authorizationUrl: `http://${host}/authorize?audience=x`,
              tokenUrl: `http://${host}/token`,
              scopes: { read: "Read" },
            },
          },
        },
      },
    },
  });

/** Follows the way to the API's page and back, as a browser does. */
export async function walk(address: string): Promise<URL> {
  const { headers, body } = await fetch(address, { redirect: "manual" });
  await body?.cancel();
  return new URL(headers.get("location")!);
}
