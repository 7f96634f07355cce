/** /api/accounts, /api/audit (the owner's) and /api/groups: who is let in, what was done, who shares. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { Account, AccountDraft } from "../people/accounts.ts";
import { AuditEntry } from "../people/audit.ts";
import { Group, GroupDraft } from "../people/groups.ts";
import type { People } from "../people/people.ts";
import { json, jsonBody, problems } from "./describe.ts";
import { given } from "./given.ts";
import { requireAccount, requireOwner } from "./identity.ts";

const tags = ["Accounts"];

const Id = z.object({ id: Account.shape.id });

const Part = z.object({
  limit: z.coerce.number().int().min(1).max(100).optional(),
  cursor: z.string().max(1024).optional(),
});

const next = z.string().optional().openapi({ description: "`cursor` of the following page" });

const list = createRoute({
  method: "get",
  path: "/accounts",
  tags,
  summary: "List accounts",
  request: { query: Part },
  responses: { 200: json(z.object({ accounts: z.array(Account), next }), "By id"), ...problems },
});

const make = createRoute({
  method: "post",
  path: "/accounts",
  tags,
  summary: "Let somebody in",
  request: { body: jsonBody(AccountDraft) },
  responses: { 201: json(Account, "The new member; a link lets them in"), ...problems },
});

const link = createRoute({
  method: "post",
  path: "/accounts/{id}/link",
  tags,
  summary: "Make a one-time link that signs this account in",
  request: { params: Id },
  responses: {
    201: json(z.object({ url: z.url() }), "Good once, for a quarter of an hour"),
    ...problems,
  },
});

const audit = createRoute({
  method: "get",
  path: "/audit",
  tags,
  summary: "Read what was done to accounts and listings",
  request: { query: Part.extend({ subject: z.string().min(1).max(128).optional() }) },
  responses: {
    200: json(z.object({ entries: z.array(AuditEntry), next }), "Newest first"),
    ...problems,
  },
});

const listGroups = createRoute({
  method: "get",
  path: "/groups",
  tags,
  summary: "List the groups you are in",
  responses: { 200: json(z.object({ groups: z.array(Group) }), "By id"), ...problems },
});

const makeGroup = createRoute({
  method: "post",
  path: "/groups",
  tags,
  summary: "Found a group",
  request: { body: jsonBody(GroupDraft) },
  responses: { 201: json(Group, "The new group"), ...problems },
});

const setMembers = createRoute({
  method: "put",
  path: "/groups/{id}/members",
  tags,
  summary: "Set who is in a group of yours",
  request: { params: Id, body: jsonBody(Group.pick({ members: true })) },
  responses: { 200: json(Group, "With its members"), ...problems },
});

/** The routes. */
export function createAccounts(people: People): OpenAPIHono {
  const { accounts, sessions } = people;
  const app = new OpenAPIHono();
  app.openapi(list, (c) => {
    requireOwner(c);
    const { accounts: found, next } = accounts.list(given(c.req.valid("query")));
    return c.json({ accounts: [...found], ...given({ next }) }, 200);
  });
  app.openapi(make, async (c) => {
    requireOwner(c);
    return c.json(await accounts.make(c.req.valid("json")), 201);
  });
  app.openapi(link, async (c) => {
    const owner = requireOwner(c);
    const { id } = accounts.get(c.req.valid("param").id);
    const url = signInUrl(new URL(c.req.url).origin, await sessions.link(id));
    await people.audit.log({ actor: owner.id, act: "account.link_made", subject: id });
    return c.json({ url }, 201);
  });
  app.openapi(audit, (c) => {
    requireOwner(c);
    const { entries, next } = people.audit.list(given(c.req.valid("query")));
    return c.json({ entries: [...entries], ...given({ next }) }, 200);
  });
  addGroups(app, people);
  return app;
}

function addGroups(app: OpenAPIHono, { groups }: People): void {
  app.openapi(listGroups, (c) => c.json({ groups: groups.list(requireAccount(c).id) }, 200));
  app.openapi(makeGroup, async (c) => {
    return c.json(await groups.make(requireAccount(c).id, c.req.valid("json")), 201);
  });
  app.openapi(setMembers, async (c) => {
    const { id } = c.req.valid("param"), { members } = c.req.valid("json");
    return c.json(await groups.setMembers(requireAccount(c).id, id, members), 200);
  });
}

/** Where a one-time link leads. In the fragment it would need a script; once used, it opens nothing. */
export const signInUrl = (origin: string, token: string): string =>
  `${origin}/sign-in?link=${token}`;
