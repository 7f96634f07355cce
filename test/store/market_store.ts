/** A market over a fresh store: accounts, listings, boards and installs, without a model. */
import { openKv } from "@flint/core";
import { openRegistry } from "@flint/plugins";
import { openBoards } from "../../store/market/boards.ts";
import { openInstalls } from "../../store/market/installs.ts";
import { openListings } from "../../store/market/listings.ts";
import { openModeration } from "../../store/market/moderation.ts";
import { openPeople } from "../../store/people/people.ts";

/** Opens it in a temporary folder; `await using` removes it. */
export async function openMarketStore({ now = () => new Date("2026-11-01T00:00:00Z") } = {}) {
  const folder = await Deno.makeTempDir({ prefix: "flint_market_" });
  const kv = openKv(folder);
  const registry = openRegistry(kv, { now });
  const people = openPeople(kv);
  const listings = openListings({ kv, registry, ...people, now }), boards = openBoards(kv);
  const installs = openInstalls({ kv, listings, boards, now });
  const moderation = openModeration({ kv, listings, ...people, now });
  await registry.create({
    id: "dice",
    name: "Dice",
    instructions: "Roll dice.",
    category: "games",
  });
  return {
    ...{ kv, registry, listings, boards, installs, moderation, ...people },
    async [Symbol.asyncDispose]() {
      await kv.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}
