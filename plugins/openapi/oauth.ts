/**
 * OAuth 2 for APIs: a user signs in at the API's own site and comes back with a code (with PKCE), or
 * a program shows its own credentials; tokens are renewed when they end, and are secrets.
 */
import { FlintError } from "@flint/core/errors";
import * as oauth from "oauth4webapi";
import type { Secret, Secrets } from "../secrets.ts";
import type { Web } from "../tools/web.ts";
import type { ApiScheme } from "./reading.ts";

type OAuthScheme = Extract<ApiScheme, { type: "oauth2" }>;

/** How long a user has to sign in, and how many may be at it. */
const SIGN_IN_MS_MAX = 10 * 60_000, SIGN_INS_MAX = 100;
/** A token is renewed this long before its end: the call it is for takes some time. */
const EARLY_MS = 30_000;

/** Someone is away to sign in. */
interface SignIn {
  readonly secret: string;
  readonly scheme: OAuthScheme;
  readonly verifier: string;
  readonly redirect: string;
  readonly until: number;
}

/** Tokens of all APIs; each lies in the secret of its scheme, beside the client's own credentials. */
export class OAuth {
  readonly #web: Web;
  readonly #secrets: Secrets;
  readonly #now: () => number;
  readonly #signIns = new Map<string, SignIn>();
  readonly #renewals = new Map<string, Promise<Secret>>();

  constructor(
    needs: { readonly web: Web; readonly secrets: Secrets; readonly now?: () => number },
  ) {
    this.#web = needs.web;
    this.#secrets = needs.secrets;
    this.#now = needs.now ?? Date.now;
  }

  /** Where to send the user, who comes back to `redirect`. @throws FlintError denied without a client */
  async begin(secret: string, scheme: OAuthScheme, redirect: string, scopes: readonly string[]) {
    const { clientId } = this.#clientOf(secret);
    const url = URL.parse(scheme.authorizationUrl ?? "");
    if (!url || !/^https?:$/.test(url.protocol)) {
      throw new FlintError("bad_input", "the API names no page to sign in at");
    }
    for (const [state, { until }] of this.#signIns) {
      if (until < this.#now() || this.#signIns.size >= SIGN_INS_MAX) this.#signIns.delete(state);
    }
    const state = oauth.generateRandomState(), verifier = oauth.generateRandomCodeVerifier();
    const until = this.#now() + SIGN_IN_MS_MAX;
    this.#signIns.set(state, { secret, scheme, verifier, redirect, until });
    const asked = {
      response_type: "code",
      client_id: clientId!,
      redirect_uri: redirect,
      state,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      ...(scopes.length > 0 ? { scope: scopes.join(" ") } : {}),
    };
    for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
    return url.href;
  }

  /** Takes what a user came back with; resolves to the secret that has the tokens now. */
  async finish(came: URL): Promise<string> {
    const state = came.searchParams.get("state") ?? "";
    const signIn = this.#signIns.get(state);
    this.#signIns.delete(state); // once only
    if (!signIn || signIn.until < this.#now()) {
      throw new FlintError("denied", "nobody began this sign-in, or too long ago: begin again");
    }
    const { secret, scheme, verifier, redirect } = signIn;
    const server = serverOf(scheme, came.searchParams.get("iss"));
    const stored = this.#clientOf(secret), client = { client_id: stored.clientId! };
    await this.#keep(secret, stored, () => {
      const params = oauth.validateAuthResponse(server, client, came, state);
      const request = oauth.authorizationCodeGrantRequest(
        ...[
          server,
          client,
          authOf(stored),
          params,
          redirect,
          verifier,
          this.#options(scheme),
        ] as const,
      );
      return request.then((answer) =>
        oauth.processAuthorizationCodeResponse(server, client, answer)
      );
    });
    return secret;
  }

  /** The secret with a token that is valid now; undefined where a user must sign in first. */
  async current(name: string, scheme: OAuthScheme): Promise<Secret | undefined> {
    const stored = this.#secrets.get(name);
    if (!stored) return undefined;
    const ends = Number(stored.expiresAt ?? Infinity);
    if (stored.accessToken && this.#now() < ends - EARLY_MS) return stored;
    if (scheme.flow === "code" && !stored.refreshToken) return undefined;
    const under = this.#renewals.get(name);
    if (under) return await under;
    const renewal = this.#renew(name, stored, scheme);
    this.#renewals.set(name, renewal);
    try {
      return await renewal;
    } finally {
      this.#renewals.delete(name);
    }
  }

  #renew(name: string, stored: Secret, scheme: OAuthScheme): Promise<Secret> {
    const server = serverOf(scheme, null), client = { client_id: stored.clientId! };
    const options = this.#options(scheme);
    return this.#keep(name, stored, async () => {
      if (stored.refreshToken) {
        const token = stored.refreshToken;
        const renewing = { ...server, token_endpoint: scheme.refreshUrl ?? scheme.tokenUrl };
        const answer = await oauth.refreshTokenGrantRequest(
          renewing,
          client,
          authOf(stored),
          token,
          options,
        );
        return await oauth.processRefreshTokenResponse(server, client, answer);
      }
      const scope = stored.scope ?? scheme.scopes.join(" ");
      const asked = new URLSearchParams(scope ? { scope } : {});
      const answer = await oauth.clientCredentialsGrantRequest(
        server,
        client,
        authOf(stored),
        asked,
        options,
      );
      return await oauth.processClientCredentialsResponse(server, client, answer);
    });
  }

  /** Seals the tokens that `ask` brings. What went wrong is told without what was sent. */
  async #keep(
    name: string,
    stored: Secret,
    ask: () => Promise<oauth.TokenEndpointResponse>,
  ): Promise<Secret> {
    let tokens: oauth.TokenEndpointResponse;
    try {
      tokens = await ask();
    } catch (cause) {
      if (cause instanceof FlintError) throw cause;
      const { message, code, error } = cause as Error & { code?: string; error?: string };
      const why = String(error ?? code ?? message).slice(0, 200);
      throw new FlintError("denied", `signing in at the API failed: ${why}`, { cause });
    }
    const refreshToken = tokens.refresh_token ?? stored.refreshToken;
    const secret: Secret = {
      ...stored,
      accessToken: tokens.access_token,
      expiresAt: String(this.#now() + (tokens.expires_in ?? 10 * 365 * 86_400) * 1000),
      ...(refreshToken ? { refreshToken } : {}),
    };
    await this.#secrets.put(name, secret);
    return secret;
  }

  #clientOf(name: string): Secret {
    const stored = this.#secrets.get(name);
    if (stored?.clientId) return stored;
    throw new FlintError("denied", "set the client's id (and secret) that the API gave you first");
  }

  #options({ tokenUrl }: OAuthScheme) {
    return {
      [oauth.customFetch]: this.#fetch,
      [oauth.allowInsecureRequests]: tokenUrl.startsWith("http:"), // then only an opened host is reached
    };
  }

  /** The library's fetch, by the one way out. */
  #fetch = async (
    url: string,
    { method, headers, body }: oauth.CustomFetchOptions<string, unknown>,
  ) => {
    const sent = body === undefined || body === null ? undefined : String(body);
    const answer = await this.#web.send({
      url,
      method,
      headers,
      body: sent === undefined ? undefined : new TextEncoder().encode(sent),
      bytesMax: 1 << 20,
    });
    return new Response(withoutIdentity(answer.body), {
      status: answer.status,
      headers: answer.headers["content-type"]
        ? { "content-type": answer.headers["content-type"] }
        : {},
    });
  };
}

/** A server may name itself in what a user comes back with; it must be where they were sent. */
function serverOf(scheme: OAuthScheme, issuer: string | null): oauth.AuthorizationServer {
  const asked = URL.parse(scheme.authorizationUrl ?? scheme.tokenUrl);
  if (!asked) throw new FlintError("bad_input", "the API's addresses for signing in make no sense");
  if (issuer !== null && URL.parse(issuer)?.origin !== asked.origin) {
    throw new FlintError("denied", "another server than the API's answered the sign-in");
  }
  return { issuer: issuer ?? asked.origin, token_endpoint: scheme.tokenUrl };
}

function authOf({ clientSecret }: Secret): oauth.ClientAuth {
  return clientSecret ? oauth.ClientSecretPost(clientSecret) : oauth.None();
}

/** Who the user is is none of our business, and would have to be verified if it were there. */
function withoutIdentity(body: Uint8Array<ArrayBuffer>): string {
  const text = new TextDecoder().decode(body);
  try {
    return JSON.stringify({ ...JSON.parse(text), id_token: undefined });
  } catch {
    return text; // the library says what is wrong with it
  }
}
