/** /api/account: who one is, signing in and out, password and keys. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { Account } from "../people/accounts.ts";
import { ApiKey, ApiKeyDraft } from "../people/keys.ts";
import { Password } from "../people/passwords.ts";
import type { People } from "../people/people.ts";
import { type Begun, SESSION_MS } from "../people/sessions.ts";
import { json, jsonBody, problems } from "./describe.ts";
import { requireAccount, SESSION_COOKIE } from "./identity.ts";

const tags = ["Account"];

const read = createRoute({
  method: "get",
  path: "/",
  tags,
  summary: "Read who you are",
  responses: { 200: json(Account, "Your account"), ...problems },
});

const rename = createRoute({
  method: "patch",
  path: "/",
  tags,
  summary: "Change your name",
  request: { body: jsonBody(Account.pick({ name: true })) },
  responses: { 200: json(Account, "With its new name"), ...problems },
});

const SignIn = z.union([
  z.strictObject({ account: Account.shape.id, password: z.string().max(256) }),
  z.strictObject({ link: z.string().min(1).max(100) }),
]).openapi("SignIn");

const signIn = createRoute({
  method: "post",
  path: "/session",
  tags,
  summary: "Sign in by a password, or by the token of a one-time link",
  request: { body: jsonBody(SignIn) },
  responses: { 200: json(Account, "Signed in: the cookie is set"), ...problems },
});

const signOut = createRoute({
  method: "delete",
  path: "/session",
  tags,
  summary: "Sign out",
  responses: { 204: { description: "Signed out" }, ...problems },
});

const signOutAll = createRoute({
  method: "delete",
  path: "/sessions",
  tags,
  summary: "Sign out everywhere, and void the links that lead in",
  responses: { 204: { description: "Signed out" }, ...problems },
});

const setPassword = createRoute({
  method: "put",
  path: "/password",
  tags,
  summary: "Set your password; all other sessions end",
  request: {
    body: jsonBody(z.strictObject({
      password: Password,
      present: z.string().max(256).optional().openapi({ description: "The one there is, if any" }),
    })),
  },
  responses: { 204: { description: "Set" }, ...problems },
});

const listKeys = createRoute({
  method: "get",
  path: "/keys",
  tags,
  summary: "List your API keys",
  responses: { 200: json(z.object({ keys: z.array(ApiKey) }), "Without what opens"), ...problems },
});

const makeKey = createRoute({
  method: "post",
  path: "/keys",
  tags,
  summary: "Make an API key",
  request: { body: jsonBody(ApiKeyDraft) },
  responses: {
    201: json(z.object({ key: ApiKey, secret: z.string() }), "The secret is told this once"),
    ...problems,
  },
});

const revokeKey = createRoute({
  method: "delete",
  path: "/keys/{id}",
  tags,
  summary: "Revoke an API key",
  request: {
    params: z.object({ id: ApiKey.shape.id }),
  },
  responses: { 204: { description: "Revoked" }, ...problems },
});

/** The routes of one's own account. */
export function createAccount(people: People): OpenAPIHono {
  const app = new OpenAPIHono();
  app.openapi(read, (c) => c.json(requireAccount(c), 200));
  app.openapi(rename, async (c) => {
    const { id } = requireAccount(c);
    return c.json(await people.accounts.rename(id, c.req.valid("json").name), 200);
  });
  app.openapi(signIn, async (c) => {
    const begun = await enter(people, c.req.valid("json"));
    keepSession(c, begun);
    return c.json(people.accounts.get(begun.account), 200);
  });
  app.openapi(signOut, async (c) => {
    await leave(c, people);
    return c.body(null, 204);
  });
  app.openapi(signOutAll, async (c) => {
    const { id } = requireAccount(c);
    await people.sessions.endAll(id);
    deleteCookie(c, SESSION_COOKIE, { path: "/" });
    await people.audit.log({ actor: id, act: "account.signed_out_everywhere", subject: id });
    return c.body(null, 204);
  });
  app.openapi(setPassword, async (c) => {
    const { id } = requireAccount(c);
    const { password, present } = c.req.valid("json");
    await changePassword(people, id, password, present);
    keepSession(c, await people.sessions.begin(id));
    return c.body(null, 204);
  });
  addKeys(app, people);
  return app;
}

function addKeys(app: OpenAPIHono, { keys }: People): void {
  app.openapi(listKeys, (c) => c.json({ keys: keys.list(requireAccount(c).id) }, 200));
  app.openapi(makeKey, async (c) => {
    const { id, role } = requireAccount(c);
    const draft = c.req.valid("json");
    if (role !== "owner" && draft.scopes?.includes("admin")) {
      throw new HTTPException(403, { message: "only the owner's keys may have the scope admin" });
    }
    return c.json(await keys.make(id, draft), 201);
  });
  app.openapi(revokeKey, async (c) => {
    await keys.revoke(requireAccount(c).id, c.req.valid("param").id);
    return c.body(null, 204);
  });
}

/** Signs in. @throws 401, FlintError denied (the link), busy (too many tries) */
export async function enter(
  { sessions, passwords, audit }: People,
  proof: z.infer<typeof SignIn>,
): Promise<Begun> {
  const begun =
    await ("link" in proof
      ? sessions.enter(proof.link)
      : await passwords.check(proof.account, proof.password)
      ? sessions.begin(proof.account)
      : undefined);
  if (!begun) {
    throw new HTTPException(401, {
      message: "there is no such account, or not with this password",
    });
  }
  const { account } = begun;
  const detail = "link" in proof ? "link" : "password";
  await audit.log({ actor: account, act: "account.signed_in", subject: account, detail });
  return begun;
}

/** Hands the session's token to the browser, where no script can read it. */
export function keepSession(c: Context, { token }: Begun): void {
  setCookie(c, SESSION_COOKIE, token, {
    path: "/",
    httpOnly: true,
    sameSite: "Lax",
    secure: new URL(c.req.url).protocol === "https:",
    maxAge: SESSION_MS / 1000,
  });
}

/** Signs this browser out. */
export async function leave(c: Context, { sessions }: People): Promise<void> {
  const token = getCookie(c, SESSION_COOKIE);
  if (token !== undefined) await sessions.end(token);
  deleteCookie(c, SESSION_COOKIE, { path: "/" });
}

/** Sets a password; who has one must know it. All sessions end. */
export async function changePassword(
  { passwords, sessions, audit }: People,
  id: string,
  password: unknown,
  present = "",
): Promise<void> {
  if (passwords.has(id) && !await passwords.check(id, present)) {
    throw new HTTPException(403, { message: "the present password is another" });
  }
  await passwords.set(id, password);
  await sessions.endAll(id);
  await audit.log({ actor: id, act: "account.password_set", subject: id });
}
