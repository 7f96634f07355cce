/** How every page is drawn: what the shell around it shows, and the document it becomes. */
import type { Engine, ModelHouse } from "@flint/core";
import type { ConversationList, Conversations } from "@flint/plugins";
import type { Context } from "hono";
import { getCookie } from "hono/cookie";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Usable } from "../market/usable.ts";
import type { AssetAddresses } from "./assets.ts";
import type { Frame } from "./layout.tsx";
import { type Theme, themes } from "./sidebar.tsx";
import { type Language, speak } from "./strings.ts";

/** What pages are given to draw themselves with. */
export interface Drawing {
  /** What the shell shows, gathered for one request. */
  frame(c: Context): Frame;
  /** A page as a whole document. Default status: 200. */
  send(
    c: Context,
    page: unknown,
    status?: ContentfulStatusCode,
  ): Response | Promise<Response>;
}

/** What the shell tells of. */
export interface DrawingDeps {
  readonly house: ModelHouse;
  readonly usable: Usable;
  readonly conversations: Conversations;
}

/** Assistants and conversations listed in the sidebar. */
const LISTED = 50;

/** Makes it. */
export function createDrawing(deps: DrawingDeps, assets: AssetAddresses): Drawing {
  return {
    frame: (c) => frameOf(c, deps, assets),
    // JSX has no word for the doctype.
    send: (c, page, status = 200) => c.html(`<!doctype html>${page}`, status),
  };
}

function frameOf(
  c: Context,
  { house, usable, conversations }: DrawingDeps,
  assets: AssetAddresses,
): Frame {
  const language = (c.get("language") ?? "en") as Language;
  const theme = getCookie(c, "theme") ?? "system";
  const status = house.status();
  const account = c.get("account");
  const recent: ConversationList = account
    ? conversations.list({ account: account.id, limit: LISTED })
    : { conversations: [] };
  const engine: Engine | undefined = status.serving === undefined ? undefined : house.engine();
  return {
    say: speak(language),
    language,
    theme: Object.hasOwn(themes, theme) ? theme as Theme : "system",
    path: c.req.path,
    now: Date.now(),
    assets,
    signedIn: account !== undefined,
    owner: account?.role === "owner",
    assistants: account ? usable.list(account.id, LISTED) : [],
    conversations: recent.conversations.filter(({ messages, pinned, folder }) =>
      messages > 0 && !pinned && folder === undefined
    ),
    shelves: account ? conversations.shelves(account.id) : { pinned: [], folders: [] },
    more: recent.next !== undefined,
    status,
    report: engine?.report(),
    titles: Object.fromEntries(house.list().map(({ name, title }) => [name, title])),
  };
}
