/** `/account` and `/admin`: one's own keys and password; the owner's people, collections and log. */
import type { Context, Hono } from "hono";
import { changePassword, keepSession } from "../api/account.ts";
import { signInUrl } from "../api/accounts.ts";
import { given } from "../api/given.ts";
import { requireAccount, requireOwner } from "../api/identity.ts";
import type { ListingCollection } from "../market/card.ts";
import type { Catalog } from "../market/catalog.ts";
import type { Account, AccountList } from "../people/accounts.ts";
import type { AuditList } from "../people/audit.ts";
import type { ApiKey } from "../people/keys.ts";
import type { People } from "../people/people.ts";
import { Button } from "./components/button.tsx";
import { DataTable } from "./components/data_table.tsx";
import { Fault } from "./components/fault.tsx";
import { Field } from "./components/field.tsx";
import { CollectionLinks } from "./components/shelf.tsx";
import type { Drawing } from "./drawing.tsx";
import type { Frame } from "./layout.tsx";
import { StoreRoom } from "./store_front.tsx";
import { tried } from "./tried.ts";

/** What these pages show and change. */
export interface PeoplePagesDeps extends People {
  readonly catalog: Catalog;
}

/** What a form on the page came to. */
interface Outcome {
  readonly fault?: string;
  /** A secret that is shown this once. */
  readonly told?: string;
}

/** Adds them. */
export function addPeoplePages(app: Hono, deps: PeoplePagesDeps, drawing: Drawing): void {
  const { keys, sessions } = deps, { frame, send } = drawing;
  const page = (c: Context, outcome: Outcome = {}) => {
    const account = requireAccount(c);
    const shown = { frame: frame(c), account, keys: keys.list(account.id), ...outcome };
    return send(c, <AccountPage {...shown} />, outcome.fault === undefined ? 200 : 400);
  };
  app.get("/account", (c) => page(c));
  app.post("/account/keys", async (c) => {
    const { id } = requireAccount(c), name = (await c.req.formData()).get("name");
    return await tried(async () => {
      const { secret } = await keys.make(id, { name });
      return page(c, { told: secret });
    }, (fault) => page(c, { fault }));
  });
  app.post("/account/keys/:key/revoke", async (c) => {
    await keys.revoke(requireAccount(c).id, c.req.param("key"));
    return c.redirect("/account", 303);
  });
  app.post("/account/password", async (c) => {
    const { id } = requireAccount(c), form = await c.req.formData();
    return await tried(async () => {
      await changePassword(deps, id, form.get("password"), String(form.get("present") ?? ""));
      keepSession(c, await sessions.begin(id));
      return c.redirect("/account", 303);
    }, (fault) => page(c, { fault }));
  });
  addAdmin(app, deps, drawing);
}

function addAdmin(app: Hono, deps: PeoplePagesDeps, { frame, send }: Drawing): void {
  const { accounts, audit, catalog, sessions } = deps;
  const page = (c: Context, outcome: Outcome = {}) => {
    requireOwner(c);
    const { people, log } = c.req.query();
    const shown = {
      frame: frame(c),
      accounts: accounts.list(given({ cursor: people })),
      audit: audit.list(given({ cursor: log })),
      collections: catalog.collections.list(),
      ...outcome,
    };
    return send(c, <AdminPage {...shown} />, outcome.fault === undefined ? 200 : 400);
  };
  app.get("/admin", (c) => page(c));
  app.post("/admin/accounts", async (c) => {
    requireOwner(c);
    const id = (await c.req.formData()).get("id");
    return await tried(async () => {
      await accounts.make({ id });
      return c.redirect("/admin", 303);
    }, (fault) => page(c, { fault }));
  });
  app.post("/admin/accounts/:id/link", async (c) => {
    const { id: actor } = requireOwner(c), { id } = accounts.get(c.req.param("id"));
    const told = signInUrl(new URL(c.req.url).origin, await sessions.link(id));
    await audit.log({ actor, act: "account.link_made", subject: id });
    return page(c, { told });
  });
  app.post("/admin/collections", async (c) => {
    requireOwner(c);
    const { id, title, listings } = Object.fromEntries(await c.req.formData());
    return await tried(async () => {
      const named = String(listings ?? "").split(/[,，\s]+/).filter((name) => name !== "");
      await catalog.collections.put(String(id ?? ""), { title, listings: named });
      return c.redirect("/admin", 303);
    }, (fault) => page(c, { fault }));
  });
}

interface AccountProps extends Outcome {
  readonly frame: Frame;
  readonly account: Account;
  readonly keys: readonly ApiKey[];
}

function AccountPage({ frame, account, keys, fault, told }: AccountProps) {
  const { say } = frame;
  return (
    <StoreRoom frame={frame} title={say("account")}>
      <header class="store-head">
        <h1>{account.name}</h1>
        <form method="post" action="/sign-out">
          <Button type="submit">{say("signOut")}</Button>
        </form>
      </header>
      <Fault text={fault} />
      <section aria-labelledby="keys-title">
        <h2 id="keys-title">{say("apiKeys")}</h2>
        {told && <Told text={told} hint={say("keyMade")} />}
        <ul class="rows">
          {keys.map(({ id, name, scopes }) => (
            <li>
              <span>{name}</span>
              <small>{scopes.join(", ")}</small>
              <form method="post" action={`/account/keys/${id}/revoke`}>
                <Button kind="danger" type="submit">{say("revoke", { name })}</Button>
              </form>
            </li>
          ))}
        </ul>
        <form method="post" action="/account/keys" class="plugin-form">
          <Field label={say("newKey")} name="name" maxlength={80} required />
          <Button type="submit">{say("makeKey")}</Button>
        </form>
      </section>
      <section aria-labelledby="password-title">
        <h2 id="password-title">{say("password")}</h2>
        <form method="post" action="/account/password" class="plugin-form">
          <Field label={say("presentPassword")} name="present" type="password" maxlength={256} />
          <Field
            label={say("newPassword")}
            name="password"
            type="password"
            maxlength={256}
            required
          />
          <Button type="submit">{say("setPassword")}</Button>
        </form>
      </section>
    </StoreRoom>
  );
}

/** A secret, to be copied. */
function Told({ text, hint }: { text: string; hint: string }) {
  return (
    <p class="told" role="status">
      {hint} <code>{text}</code>
    </p>
  );
}

interface AdminProps extends Outcome {
  readonly frame: Frame;
  readonly accounts: AccountList;
  readonly audit: AuditList;
  readonly collections: readonly ListingCollection[];
}

function AdminPage(props: AdminProps) {
  const { frame, accounts, fault, told } = props;
  const { say } = frame;
  return (
    <StoreRoom frame={frame} title={say("admin")}>
      <header class="store-head">
        <h1>{say("admin")}</h1>
        <p class="hint">{say("adminHint")}</p>
      </header>
      <Fault text={fault} />
      <section aria-labelledby="people-title">
        <h2 id="people-title">{say("peopleHere")}</h2>
        {told && <Told text={told} hint={say("linkMade")} />}
        <ul class="rows">
          {accounts.accounts.map(({ id, name, role }) => (
            <li>
              <a href={`/store/b/${id}`}>{name}</a>
              <small>{say(role)}</small>
              <form method="post" action={`/admin/accounts/${id}/link`}>
                <Button type="submit">{say("signInLink", { name })}</Button>
              </form>
            </li>
          ))}
        </ul>
        <More query="people" cursor={accounts.next} label={say("more")} />
        <form method="post" action="/admin/accounts" class="plugin-form">
          <Field label={say("accountName")} name="id" maxlength={64} required />
          <Button type="submit">{say("letIn")}</Button>
        </form>
      </section>
      <Collections {...props} />
      <Log {...props} />
    </StoreRoom>
  );
}

function Collections({ frame: { say }, collections }: AdminProps) {
  return (
    <section aria-labelledby="collections-title">
      <h2 id="collections-title">{say("collections")}</h2>
      <CollectionLinks collections={collections} />
      <form method="post" action="/admin/collections" class="plugin-form">
        <Field label={say("collectionId")} name="id" maxlength={64} required />
        <Field label={say("title")} name="title" maxlength={80} required />
        <Field label={say("collectionListings")} name="listings" maxlength={6400} required />
        <Button type="submit">{say("saveCollection")}</Button>
      </form>
    </section>
  );
}

function Log({ frame: { say }, audit: { entries, next } }: AdminProps) {
  return (
    <section aria-labelledby="log-title">
      <h2 id="log-title">{say("auditLog")}</h2>
      {entries.length === 0 ? <p class="hint">{say("nothingHere")}</p> : (
        <DataTable
          label={say("auditLog")}
          head={[say("when"), say("who"), say("what"), say("subject")]}
          rows={entries.map(({ at, actor, act, subject, detail }) => [
            at.slice(0, 16).replace("T", " "),
            actor,
            act,
            [subject, detail].filter(Boolean).join(": "),
          ])}
        />
      )}
      <More query="log" cursor={next} label={say("more")} />
    </section>
  );
}

interface MoreProps {
  /** The cursor's name in the address. */
  readonly query: string;
  readonly cursor: string | undefined;
  readonly label: string;
}

function More({ query, cursor, label }: MoreProps) {
  if (cursor === undefined) return null;
  const address = `/admin?${new URLSearchParams({ [query]: cursor })}`;
  return <a class="button quiet more" href={address}>{label}</a>;
}
