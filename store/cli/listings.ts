/** `flint publish`, `withdraw`, `install`, `fork`, `report`, `review`: the store from a terminal. */
import { basename } from "node:path";
import { type Command, Option } from "commander";
import { FlintError } from "@flint/core";
import { given, importPackage, OWNER } from "@flint/plugins";
import { type Listing, VISIBILITIES } from "../market/listing.ts";
import { maySee } from "../market/visible.ts";
import { FILE_NAMES, read } from "./assistants.ts";
import { filesIn } from "./folder.ts";
import { type Market, withMarket } from "./market.ts";
import { type CommonOptions, parsePath, withCommon } from "./options.ts";
import { print, remark } from "./terminal.ts";

interface MarketOptions extends CommonOptions {
  readonly account: string;
}

interface PublishOptions extends MarketOptions {
  readonly to: Listing["visibility"];
  readonly group?: string;
  readonly notes?: string;
  readonly licence?: string;
}

/** Adds `flint publish`. */
export function addPublish(program: Command, dataDir: string, args: readonly string[]): void {
  withAccount(program.command("publish"), dataDir)
    .description("offer an assistant of yours, an update of it, or all of a folder of files")
    .argument("<place>", "id of the assistant, or a folder of character cards, agents and the like")
    .addOption(new Option("--to <whom>", "who sees it").choices(VISIBILITIES).default("everyone"))
    .option("--group <id>", "whose members see it, with --to group")
    .option("--notes <text>", "what is new")
    .option("--licence <name>", "such as CC-BY-4.0")
    .action((place: string, options: PublishOptions) =>
      withMarket(options, args, async (market) => {
        const folder = parsePath(place);
        const isFolder = await Deno.stat(folder).then((stat) => stat.isDirectory, () => false);
        if (isFolder) return await publishFolder(market, folder, options);
        show(await publishOne(market, place, options), options);
      })
    );
}

/** Adds `flint withdraw`, `install`, `uninstall`, `fork` and `report`. */
export function addListings(program: Command, dataDir: string, args: readonly string[]): void {
  const command = (
    name: string,
    description: string,
    act: (market: Market, id: string, options: MarketOptions) => Promise<void>,
  ) =>
    withAccount(program.command(name), dataDir).description(description)
      .argument("<listing>", "its id")
      .action((id: string, options: MarketOptions) =>
        withMarket(options, args, (market) => act(market, id, options))
      );
  command("withdraw", "take a listing back", async ({ listings }, id, options) => {
    show(await listings.withdraw(options.account, id), options);
  });
  command("install", "install a listing, or its update", async (market, id, { account, json }) => {
    const made = await market.installs.install(account, seen(market, account, id).id);
    print(json ? JSON.stringify(made) : `${id}: release ${made.release} is installed`);
  });
  command("uninstall", "remove what was installed", async ({ installs }, id, { account }) => {
    if (await installs.uninstall(account, id)) return;
    throw new FlintError("not_found", `"${id}" is not installed`);
  });
  command("fork", "make an assistant of your own from a listing", async (market, id, options) => {
    const made = await market.listings.fork(options.account, seen(market, options.account, id).id);
    print(options.json ? JSON.stringify({ id: made.id }) : made.id);
  });
  withAccount(program.command("report"), dataDir)
    .description("tell the owner what is wrong with a listing")
    .argument("<listing>", "its id").argument("<reason>", "what is wrong")
    .action((id: string, reason: string, options: MarketOptions) =>
      withMarket(
        options,
        args,
        (market) =>
          market.moderation.report(options.account, seen(market, options.account, id).id, {
            reason,
          }),
      )
    );
}

/** Adds `flint review`. */
export function addReview(program: Command, dataDir: string, args: readonly string[]): void {
  const review = program.command("review").description("what rules held back, reports, appeals");
  const command = (usage: string) => withCommon(review.command(usage), dataDir);
  command("list").description("list what is to be looked at").action((options: CommonOptions) =>
    withMarket(options, args, ({ moderation }) => {
      for (const one of moderation.cases({ limit: 100 }).cases) {
        const line = `${one.listing}  ${one.kind}: ${one.reason} (${one.reports} reports)`;
        print(options.json ? JSON.stringify(one) : line);
      }
    })
  );
  for (const verdict of ["list", "refuse", "remove"] as const) {
    command(verdict === "list" ? "accept" : verdict)
      .description(`${verdict} a listing`)
      .argument("<listing>", "its id").argument("<reason>", "why; its publisher reads it")
      .action((id: string, reason: string, options: CommonOptions) =>
        withMarket(options, args, async ({ moderation, listings }) => {
          const { release } = listings.get(id);
          show(await moderation.judge(OWNER, id, { verdict, reason, release }), options);
        })
      );
  }
}

function withAccount(command: Command, dataDir: string): Command {
  return withCommon(command, dataDir).option("--account <id>", "who does it", OWNER);
}

async function publishOne(
  { listings, accounts }: Market,
  assistantId: string,
  { account, to, group, notes, licence }: PublishOptions,
): Promise<Listing> {
  const { id } = accounts.get(account);
  const draft = { visibility: to, ...given({ group, notes, licence }) };
  const before = listings.find(assistantId);
  return before
    ? await listings.release(id, assistantId, { ...draft, from: before.release })
    : await listings.publish(id, { ...draft, assistantId });
}

/** What fails is told and the rest goes on. */
async function publishFolder(market: Market, folder: string, options: PublishOptions) {
  let done = 0, failed = 0;
  for (const file of await filesIn(folder, FILE_NAMES)) {
    try {
      for (const { draft } of await importPackage(await read(file), basename(file))) {
        const { id } = await market.registry.create(draft, options.account);
        show(await publishOne(market, id, options), options);
        done++;
      }
    } catch (error) {
      if (!(error instanceof FlintError)) throw error;
      remark(`${file}: ${error.message}`);
      failed++;
    }
  }
  remark(`${done} published, ${failed} files refused`);
  if (failed > 0) throw new FlintError("bad_input", `${failed} files were refused: see above`);
}

function seen({ listings, accounts, groups }: Market, account: string, id: string): Listing {
  const listing = listings.find(id);
  if (listing && maySee(listing, accounts.get(account), groups)) return listing;
  throw new FlintError("not_found", `there is no listing "${id}"`);
}

function show({ id, state, release, reason }: Listing, { json }: CommonOptions): void {
  const why = reason ? `: ${reason}` : "";
  print(
    json
      ? JSON.stringify({ id, state, release, ...given({ reason }) })
      : `${id}  ${state}, release ${release}${why}`,
  );
}
