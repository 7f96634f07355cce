/** The routes of the store's pages: reading for everybody, plain forms for who is signed in. */
import { FlintError } from "@flint/core";
import { CATEGORIES, LANGUAGE_TAGS, type Registry } from "@flint/plugins";
import type { Context, Hono } from "hono";
import { given } from "../api/given.ts";
import { requireAccount } from "../api/identity.ts";
import { BOARDS } from "../market/boards.ts";
import { FEATURED } from "../market/card.ts";
import type { Catalog } from "../market/catalog.ts";
import type { Installs } from "../market/installs.ts";
import { isPublic } from "../market/listing.ts";
import type { Listings } from "../market/listings.ts";
import { type Period, PERIODS } from "../market/scores.ts";
import { maySee } from "../market/visible.ts";
import type { Accounts } from "../people/accounts.ts";
import type { Groups } from "../people/groups.ts";
import type { Drawing } from "./drawing.tsx";
import { BuilderPage, ListingPage } from "./listing_page.tsx";
import { PublishPage } from "./publish_page.tsx";
import { BoardPage, Front, hasPeriods, StoreCollection, StoreFound } from "./store_front.tsx";
import { there } from "../there.ts";
import { tried } from "./tried.ts";

/** What the store's pages show and change. */
export interface StorePagesDeps {
  readonly catalog: Catalog;
  readonly listings: Listings;
  readonly installs: Installs;
  readonly accounts: Accounts;
  readonly groups: Groups;
  readonly registry: Registry;
}

/** Cards on the front's shelves, places on its boards, and both on a page of their own. */
const SHELF = 6, PLACES = 5, PAGE = 24, BOARD = 100;
/** Longest search; the API takes no longer one either. */
const QUERY_MAX = 300;

/** Adds the routes. */
export function addStorePages(app: Hono, deps: StorePagesDeps, drawing: Drawing): void {
  const { catalog } = deps, { frame, send } = drawing;
  app.get("/store", async (c) => {
    const featured = catalog.collections.get(FEATURED);
    return send(
      c,
      <Front
        frame={frame(c)}
        shelves={catalog.shelves()}
        featured={featured &&
          { title: featured.title, cards: catalog.cardsOf(featured).slice(0, SHELF) }}
        boards={(["trending", "installed", "rated", "used"] as const).map((board) => ({
          board,
          places: catalog.board({ board, limit: PLACES }),
        }))}
        fresh={(await catalog.search({ limit: SHELF })).cards}
        collections={catalog.collections.list().filter(({ id }) => id !== FEATURED)}
      />,
    );
  });

  app.get("/store/search", (c) => searchPage(c, catalog, drawing));

  app.get("/store/boards/:board", (c) => {
    const board = oneOf(c.req.param("board"), BOARDS);
    if (!board) throw new FlintError("not_found", `there is no board "${c.req.param("board")}"`);
    const category = oneOf(c.req.query("category"), CATEGORIES);
    const period: Period = oneOf(c.req.query("period"), PERIODS) ?? "all";
    const query = { board, limit: BOARD, ...given({ category }) };
    const places = catalog.board(hasPeriods(board) ? { ...query, period } : query);
    return send(c, <BoardPage {...{ frame: frame(c), board, category, period, places }} />);
  });

  app.get("/store/c/:collection", (c) => {
    const id = c.req.param("collection"), collection = catalog.collections.get(id);
    if (!collection) throw new FlintError("not_found", `there is no collection "${id}"`);
    const cards = catalog.cardsOf(collection);
    return send(c, <StoreCollection frame={frame(c)} collection={collection} cards={cards} />);
  });

  addBuilders(app, deps, drawing);
  addListing(app, deps, drawing);
  addPublishing(app, deps, drawing);
}

/** Who publishes, with all that everybody may see of theirs. */
function addBuilders(app: Hono, { catalog, accounts }: StorePagesDeps, drawing: Drawing): void {
  const { frame, send } = drawing;
  app.get("/store/b/:publisher", async (c) => {
    const publisher = c.req.param("publisher"), cursor = c.req.query("cursor");
    const account = there(() => accounts.get(publisher));
    const { cards, next } = await catalog.search({ publisher, limit: PAGE, ...given({ cursor }) });
    if (!account && cards.length === 0) {
      throw new FlintError("not_found", `there is no publisher "${publisher}"`);
    }
    return send(
      c,
      <BuilderPage
        frame={frame(c)}
        name={account?.name ?? publisher}
        since={account?.createdAt}
        cards={cards}
        next={next && addressOf(c.req.path, { cursor: next })}
      />,
    );
  });
}

async function searchPage(c: Context, catalog: Catalog, { frame, send }: Drawing) {
  const query = (c.req.query("q") ?? "").trim().slice(0, QUERY_MAX);
  const category = oneOf(c.req.query("category"), CATEGORIES);
  const language = oneOf(c.req.query("language"), LANGUAGE_TAGS);
  const wanted = { text: query || undefined, category, language, cursor: c.req.query("cursor") };
  const { cards, next } = await catalog.search({ limit: PAGE, ...given(wanted) });
  const following = next && addressOf("/store/search", {
    ...given({ q: query || undefined, category, language }),
    cursor: next,
  });
  return send(
    c,
    <StoreFound
      frame={frame(c)}
      {...{ query, category, within: language, cards, next: following }}
    />,
  );
}

/** One listing: read by who may see it, installed and uninstalled. */
function addListing(app: Hono, deps: StorePagesDeps, { frame, send }: Drawing): void {
  const { catalog, listings, installs, accounts, groups } = deps;
  app.get("/store/l/:listing", (c) => {
    const account = c.get("account"), listing = listings.get(c.req.param("listing"));
    const { id, publisher } = listing;
    checkSeen(maySee(listing, account, groups), id);
    const shown = isPublic(listing);
    return send(
      c,
      <ListingPage
        frame={frame(c)}
        listing={listing}
        card={shown ? catalog.card(id) : undefined}
        ranks={shown ? catalog.ranks(id) : undefined}
        releases={listings.releases(id)}
        similar={shown ? catalog.similar(id, SHELF) : []}
        publisherName={there(() => accounts.get(publisher))?.name ?? publisher}
        install={account && installs.get(account.id, id)}
        signedIn={account !== undefined}
      />,
    );
  });

  app.post("/store/l/:listing/install", async (c) => {
    const account = requireAccount(c), id = c.req.param("listing");
    checkSeen(maySee(listings.get(id), account, groups), id);
    await installs.install(account.id, id);
    return c.redirect(addressOf(`/store/l/${encodeURIComponent(id)}`), 303);
  });

  app.post("/store/l/:listing/uninstall", async (c) => {
    const id = c.req.param("listing");
    await installs.uninstall(requireAccount(c).id, id);
    return c.redirect(addressOf(`/store/l/${encodeURIComponent(id)}`), 303);
  });
}

/** Offering an assistant, an update of it, and taking it back. */
function addPublishing(app: Hono, deps: StorePagesDeps, { frame, send }: Drawing): void {
  const { listings, registry, groups } = deps;
  /** Somebody else's assistant is, to whoever would offer it, not there. */
  const ownerOf = (c: Context, id: string) => {
    const account = requireAccount(c);
    if (registry.ownerOf(id) === account.id) return account;
    throw new FlintError("not_found", `there is no assistant "${id}" of yours`);
  };
  const page = (c: Context, id: string, fault?: string) => {
    const account = ownerOf(c, id), listing = listings.find(id);
    const shown = { frame: frame(c), assistant: registry.get(id), listing };
    const offered = { ...shown, groups: groups.list(account.id), ...given({ fault }) };
    return send(c, <PublishPage {...offered} />, fault === undefined ? 200 : 400);
  };
  app.get("/store/publish/:assistant", (c) => page(c, c.req.param("assistant")));

  app.post("/store/publish/:assistant", async (c) => {
    const id = c.req.param("assistant"), account = ownerOf(c, id);
    const form = Object.fromEntries(await c.req.formData()) as Record<string, string>;
    return await tried(async () => {
      const { from, ...draft } = publicationOf(form);
      await (from === undefined
        ? listings.publish(account.id, { assistantId: id, ...draft })
        : listings.release(account.id, id, { from, ...draft }));
      return c.redirect(`/store/l/${encodeURIComponent(id)}`, 303);
    }, (fault) => page(c, id, fault));
  });

  app.post("/store/publish/:assistant/withdraw", async (c) => {
    const id = c.req.param("assistant");
    await listings.withdraw(requireAccount(c).id, id);
    return c.redirect(`/store/publish/${encodeURIComponent(id)}`, 303);
  });
}

/** What a form asks for; the listings check it. */
function publicationOf({ from, visibility, group, notes, licence }: Record<string, string>) {
  return {
    visibility,
    notes: notes ?? "",
    ...given({
      from: from === undefined ? undefined : Number(from),
      group: visibility === "group" ? group : undefined,
      licence: licence?.trim() || undefined,
    }),
  };
}

/** To who may not see it, a listing is not there. */
function checkSeen(seen: boolean, id: string): void {
  if (!seen) throw new FlintError("not_found", `there is no listing "${id}"`);
}

function oneOf<T extends string>(value: string | undefined, all: readonly T[]): T | undefined {
  return all.find((each) => each === value);
}

function addressOf(path: string, query: Readonly<Record<string, string>> = {}): string {
  const search = String(new URLSearchParams(query));
  return search === "" ? path : `${path}?${search}`;
}
