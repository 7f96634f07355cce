/** The parts of one Flint over one store of data: what its routes, its commands and its tests are given. */
import { join } from "node:path";
import type { Kv, ModelHouse } from "@flint/core";
import {
  Apis,
  type AskNeeds,
  type Assistants,
  BUILTIN_PLUGINS,
  createAssistants,
  Door,
  type Embedder,
  openBuilder,
  openConversations,
  openEmbedder,
  openLibrary,
  openMemory,
  openRegistry,
  openSecrets,
  openToolbox,
  pluginKinds,
  type Registry,
  STANDING_PLUGINS,
} from "@flint/plugins";
import type { StoreDeps } from "./app.ts";
import { type Boards, openBoards } from "./market/boards.ts";
import { openCatalog } from "./market/catalog.ts";
import { openInstalls } from "./market/installs.ts";
import { isPublic } from "./market/listing.ts";
import { type Listings, openListings } from "./market/listings.ts";
import { openPaid } from "./paid.ts";
import { openStripe } from "./money/stripe.ts";
import { openModeration } from "./market/moderation.ts";
import { openUsable } from "./market/usable.ts";
import { openReviews } from "./market/reviews.ts";
import type { UseOf } from "./market/use.ts";
import type { Accounts } from "./people/accounts.ts";
import { openPeople, type People } from "./people/people.ts";
import { openPublisherKeys } from "./share/keys.ts";
import { openSharing } from "./share/sharing.ts";

/** Those that come along: every account's assistants may use them. */
export const SHARED_PLUGINS = BUILTIN_PLUGINS.map(({ id }) => id);

/** What tools are made from. */
export interface ToolsNeeds {
  readonly kv: Kv;
  readonly registry: Registry;
  /** Where the key that seals secrets lies. */
  readonly folder: string;
  /** Hosts ("name" or "name:port") that plugins may reach although they are private. */
  readonly allowed?: readonly string[] | undefined;
  /** Who answers when an assistant is asked as a tool. */
  readonly ask: AskNeeds;
}

/** Opens plugins and all they need. `close` ends their processes. */
export function openTools({ kv, registry, folder, allowed = [], ask }: ToolsNeeds) {
  const web = new Door({ allowed });
  const secrets = openSecrets({ kv, keyFile: join(folder, "secrets.key") });
  const apis = new Apis({ kv, web, secrets });
  const types = pluginKinds({ egress: web, apis, secrets, registry, ask });
  const toolbox = openToolbox({ kv, types, builtin: STANDING_PLUGINS, secrets });
  const close = async () => {
    await toolbox.close();
    await web.close();
  };
  return { web, secrets, apis, toolbox, close };
}

/** What all parts are made from. */
export interface PartsNeeds extends Omit<ToolsNeeds, "ask" | "registry"> {
  readonly house: ModelHouse;
  /** Where MiniLM lies, if it does. */
  readonly minilm: string;
}

/** All parts. */
export interface Parts extends StoreDeps {
  /** Ends what they do; the house and the data are their owner's to close. */
  close(): Promise<void>;
}

/** Opens them. */
export function openParts({ kv, house, folder, minilm, allowed }: PartsNeeds): Parts {
  const registry = openRegistry(kv, { shared: SHARED_PLUGINS });
  const conversations = openConversations(kv), memory = openMemory(kv);
  const engine = () => house.engine();
  // The kinds come before the assistants that use them, and one kind asks the assistants.
  const prepare: Assistants["prepare"] = (...asked) => assistants.prepare(...asked);
  const enter: Assistants["enter"] = (...asked) => assistants.enter(...asked);
  const ask = { engine, assistants: { prepare, enter } };
  const { close, web, ...tools } = openTools({ kv, registry, folder, allowed, ask });
  const { toolbox } = tools;
  const embedder = openEmbedder(minilm);
  const needs = { memory, toolbox, embedder, engine };
  const library = openLibrary({ kv, embedder });
  const builder = openBuilder({ ...needs, registry, kv, tools: () => toolbox.list() });
  const people = openPeople(kv), market = openMarket(kv, registry, people, embedder);
  const usable = openUsable({ registry, ...people, ...market });
  const stripe = () => openStripe({ web, secrets: tools.secrets });
  const paid = openPaid({ kv, registry, stripe, ...people, ...market });
  const turnstile = paid.money.meter, talk = { conversations, library, turnstile };
  const assistants = createAssistants({ ...needs, registry: usable, ...talk });
  return {
    ...tools,
    ...{ house, registry, conversations, memory, embedder, library, builder, assistants },
    ...{ ...people, ...market, ...paid, usable },
    sharing: openSharing({
      kv,
      registry,
      library,
      toolbox,
      keys: openPublisherKeys(tools.secrets),
    }),
    reviews: openRated({ kv, ...people, ...market, ...paid }),
    async close() {
      await Promise.all([assistants.close(), builder.close(), market.catalog.close()]);
      await paid.money.meter.retry();
      embedder.close();
      await close();
    },
  };
}

/** Listings, and all that follows them. */
export function openMarket(kv: Kv, registry: Registry, people: People, embedder: Embedder) {
  const listings = openListings({ kv, registry, ...people }), boards = openBoards(kv);
  return {
    ...{ listings, boards, installs: openInstalls({ kv, listings, boards }) },
    moderation: openModeration({ kv, listings, ...people }),
    catalog: openCatalog({ kv, listings, boards, embedder }),
  };
}

interface RatedNeeds {
  readonly kv: Kv;
  readonly accounts: Accounts;
  readonly listings: Listings;
  readonly boards: Boards;
  readonly uses: UseOf;
}

/** Reviews of what is public, by whoever used it. */
function openRated({ kv, accounts, listings, boards, uses }: RatedNeeds) {
  return openReviews({
    ...{ kv, boards, use: uses },
    accountSince: (id) => new Date(accounts.get(id).createdAt),
    listing: (id) => {
      const found = listings.find(id);
      if (!found) return undefined;
      const { publisher, manifest: { category } } = found;
      return { publisher, category, isPublic: isPublic(found) };
    },
  });
}
