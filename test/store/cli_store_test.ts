/** `flint search` and `flint store`, as a process with its own permissions. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { openKv } from "@flint/core";
import { openRegistry } from "@flint/plugins";
import { openBoards } from "../../store/market/boards.ts";
import { openInstalls } from "../../store/market/installs.ts";
import { openListings } from "../../store/market/listings.ts";
import { openPeople } from "../../store/people/people.ts";
import { openSearch } from "../../store/search/search.ts";
import { documentOf } from "../../store/market/catalog.ts";
import { flint, temporary } from "./flint_process.ts";

Deno.test("cli: what is published is searched, shelved and ranked", async () => {
  await using folder = await temporary();
  const kv = openKv(join(folder.path, "app")), registry = openRegistry(kv);
  const listings = openListings({ kv, registry, ...openPeople(kv) }), search = openSearch(kv);
  const installs = openInstalls({ kv, listings, boards: openBoards(kv) });
  listings.onChange((transaction, { after }) => search.add(transaction, [documentOf(after)]));
  assert.equal(
    await registry.createAll(
      ["Poet", "Tutor"].map((name) => ({
        ...{ id: name.toLowerCase(), name, instructions: "Help.", category: "writing" },
      })),
    ),
    2,
  );
  for (const assistantId of ["poet", "tutor"]) {
    await listings.publish("owner", { assistantId, visibility: "everyone" });
  }
  await installs.install("owner", "poet");
  await kv.close();

  const found = await flint(folder.path, "search", "poets", "--category", "writing");
  assert.equal(found.stdout, "poet  writing  1 installs  Poet\n", found.stderr);
  const shelves = await flint(folder.path, "store");
  assert.match(shelves.stdout, /^writing +2$/m);
  const board = await flint(folder.path, "store", "installed");
  assert.match(board.stdout, /^1\. {2}1 {2}poet/);
  assert.equal((await flint(folder.path, "store", "tallest")).code, 2);
});
