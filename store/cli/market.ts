/** Opens the store for one command: accounts, listings and all that follows them, but no model. */
import { join } from "node:path";
import { openKv } from "@flint/core";
import { openEmbedder, openRegistry } from "@flint/plugins";
import { openMarket, SHARED_PLUGINS } from "../parts.ts";
import { openPeople } from "../people/people.ts";
import type { CommonOptions } from "./options.ts";
import { needWrite } from "./permission.ts";

/** What a command is given. */
export type Market = ReturnType<typeof openAll>;

/** Opens it, and closes it after `use`; Flint may run beside it. */
export async function withMarket(
  { data }: CommonOptions,
  args: readonly string[],
  use: (market: Market) => Promise<void> | void,
): Promise<void> {
  await needWrite(data, args);
  const market = openAll(data);
  try {
    await market.accounts.found();
    await market.registry.seed();
    await use(market);
  } finally {
    await market.close();
  }
}

/** Whatever a command changes, boards, search and moderation follow, as they do where Flint runs. */
function openAll(data: string) {
  const kv = openKv(join(data, "app")), people = openPeople(kv);
  const registry = openRegistry(kv, { shared: SHARED_PLUGINS });
  const embedder = openEmbedder(join(data, "models", "minilm"));
  const market = openMarket(kv, registry, people, embedder);
  const close = async () => {
    await market.catalog.close();
    embedder.close();
    await kv.close();
  };
  return { kv, registry, ...people, ...market, close };
}
