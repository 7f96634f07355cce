/** The pages' routes: what is asked for, gathered and drawn on the server. */
import { FlintError } from "@flint/core";
import type { Library, Registry } from "@flint/plugins";
import { type Context, Hono } from "hono";
import { setCookie } from "hono/cookie";
import { languageDetector } from "hono/language";
import { guardPages } from "../api/belongings.ts";
import { given } from "../api/given.ts";
import { requireAccount } from "../api/identity.ts";
import type { Listings } from "../market/listings.ts";
import { loadAssets } from "./assets.ts";
import { addAuthorPages, type AuthorDeps } from "./author_pages.tsx";
import { Chat, NewChat } from "./chat.tsx";
import { Empty } from "./components/empty.tsx";
import { createDrawing, type Drawing, type DrawingDeps } from "./drawing.tsx";
import { highlight } from "./highlight.ts";
import { Found, History, Home } from "./home.tsx";
import { Page } from "./layout.tsx";
import { addInstalling } from "./installing.tsx";
import { addKnowledgePages } from "./knowledge_pages.tsx";
import { createMarkdown } from "./markdown.ts";
import { themes } from "./sidebar.tsx";
import { addSignIn } from "./sign_in.tsx";
import { addStorePages, type StorePagesDeps } from "./store_pages.tsx";
import { there } from "../there.ts";
import { addPeoplePages, type PeoplePagesDeps } from "./people_pages.tsx";
import { addPluginPages, type PluginPagesDeps } from "./plugin_pages.tsx";
import { addWalletPages, type WalletPagesDeps } from "./wallet_pages.tsx";
import { Window } from "./window.tsx";
import { languages, type StringKey } from "./strings.ts";

/** What the pages show. */
export interface PagesDeps
  extends
    AuthorDeps,
    DrawingDeps,
    PeoplePagesDeps,
    PluginPagesDeps,
    StorePagesDeps,
    WalletPagesDeps {
  readonly registry: Registry;
  readonly listings: Listings;
  readonly library: Library;
  /** Takes one line per failure of ours. */
  readonly log: (line: string) => void;
}

/** Conversations on a page of all. */
const LISTED = 50;
/** Longest text a starter's link may put into the composer. */
const ASK_MAX = 2000;
/** Longest search for conversations. */
const QUERY_MAX = 200;
/** How long a choice of theme or language is kept, seconds: as long as browsers allow. */
const CHOICE_AGE_S = 400 * 24 * 60 * 60;

/** The pages' app, and the page for an address that leads nowhere. */
export interface Pages {
  readonly routes: Hono;
  readonly notFound: (c: Context) => Response | Promise<Response>;
}

/** Reads the assets and builds the pages. */
export function createPages(deps: PagesDeps): Pages {
  const { addresses, routes } = loadAssets();
  const drawing = createDrawing(deps, addresses), { frame, send } = drawing;
  const app = new Hono();
  app.onError((error, c) => drawFailure(c, deps, drawing, error));
  app.route("/", routes);
  app.use(languageDetector({
    order: ["cookie", "header"],
    supportedLanguages: [...languages],
    fallbackLanguage: "en",
    caches: false,
  }));

  guardPages(app, deps);

  app.get("/", (c) => send(c, <Home frame={frame(c)} />));

  app.get("/a/:assistant", (c) => {
    const assistant = deps.usable.get(c.req.param("assistant"), requireAccount(c).id);
    const ask = c.req.query("ask")?.slice(0, ASK_MAX);
    return send(c, <NewChat frame={frame(c)} assistant={assistant} ask={ask} />);
  });

  app.get("/chat/:conversation", (c) => send(c, chatPage(c, deps, drawing)));

  app.get("/conversations", (c) => {
    const { id: account } = requireAccount(c);
    const query = c.req.query("q")?.trim().slice(0, QUERY_MAX);
    if (query) {
      const found = deps.conversations.find(query, account);
      return send(c, <Found frame={frame(c)} query={query} found={found} />);
    }
    const cursor = c.req.query("cursor");
    const list = deps.conversations.list({ account, limit: LISTED, ...given({ cursor }) });
    return send(c, <History frame={frame(c)} list={list} />);
  });

  app.get("/core", (c) => c.redirect("/core/window", 308));
  app.get("/core/window", (c) => send(c, <Window frame={frame(c)} />));

  addAuthorPages(app, deps, drawing);
  addKnowledgePages(app, deps.library, drawing);
  addPluginPages(app, deps, drawing);
  addStorePages(app, deps, drawing);
  addSignIn(app, deps, drawing);
  addWalletPages(app, deps, drawing);
  addPeoplePages(app, deps, drawing);

  addInstalling(app, drawing, addresses);

  app.post("/settings", async (c) => {
    const form = await c.req.formData();
    keepChoice(c, "theme", form.get("theme"), Object.keys(themes));
    keepChoice(c, "language", form.get("language"), languages);
    return c.redirect(ownPath(form.get("back")), 303);
  });

  const missing = new FlintError("not_found", "there is no such page");
  return { routes: app, notFound: (c) => drawFailure(c, deps, drawing, missing) };
}

function chatPage(c: Context, deps: PagesDeps, drawing: Drawing) {
  const conversation = deps.conversations.get(c.req.param("conversation")!);
  const { assistantId } = conversation;
  const frame = drawing.frame(c);
  const assistant = there(() => deps.usable.get(assistantId, conversation.account));
  return (
    <Chat
      frame={frame}
      face={assistant ?? { id: assistantId, name: assistantId, avatar: "svg:" }}
      removed={!assistant}
      conversation={conversation}
      source={conversation.branchOf &&
        there(() => deps.conversations.get(conversation.branchOf!.id))}
      messages={deps.conversations.messages(conversation.id)}
      summary={deps.conversations.summary(conversation.id)}
      render={createMarkdown({ copy: frame.say("copy"), highlight })}
    />
  );
}

/** Remembers a choice if it is one there is. */
function keepChoice(c: Context, name: string, value: unknown, allowed: readonly string[]): void {
  if (typeof value !== "string" || !allowed.includes(value)) return;
  setCookie(c, name, value, { path: "/", sameSite: "Lax", httpOnly: true, maxAge: CHOICE_AGE_S });
}

/** The path if it leads to a page of ours; a form must not send its reader to another site. */
function ownPath(path: unknown): string {
  return typeof path === "string" && /^\/(?![/\\])/.test(path) ? path : "/";
}

/** A page that says what went wrong, in the shell like any other. */
function drawFailure(c: Context, deps: PagesDeps, drawing: Drawing, error: Error) {
  const missing = error instanceof FlintError && ["not_found", "bad_input"].includes(error.code);
  if (!missing) deps.log(`${c.get("requestId")} ${error.stack}`);
  const [title, hint]: StringKey[] = missing
    ? ["notFound", "notFoundHint"]
    : ["broken", "brokenHint"];
  const frame = drawing.frame(c);
  const { say } = frame;
  return drawing.send(
    c,
    <Page frame={frame} title={`${say(title!)} · Flint`}>
      <main id="content" class="home">
        <Empty icon={missing ? "map-pin-off" : "cloud-off"} title={say(title!)} hint={say(hint!)}>
          <a class="button primary" href="/">{say("home")}</a>
        </Empty>
      </main>
    </Page>,
    missing ? 404 : 500,
  );
}
