/** `flint search` and `flint store`: the public catalogue at a terminal. */
import { Argument, type Command, Option } from "commander";
import { CATEGORIES } from "@flint/plugins";
import { type Board, BOARDS } from "../market/boards.ts";
import type { Card } from "../market/card.ts";
import type { Catalog } from "../market/catalog.ts";
import { type Period, PERIODS } from "../market/scores.ts";
import { withMarket } from "./market.ts";
import { type CommonOptions, withCommon } from "./options.ts";
import { print, table } from "./terminal.ts";

interface SearchOptions extends CommonOptions {
  readonly category?: string;
  readonly language?: string;
  readonly tag?: string[];
}

interface BoardOptions extends CommonOptions {
  readonly category?: string;
  readonly period: Period;
}

const category = () => new Option("--category <name>", "one shelf alone").choices(CATEGORIES);

/** Adds `flint search`. */
export function addSearch(program: Command, dataDir: string, args: readonly string[]): void {
  withCommon(program.command("search"), dataDir)
    .description("find assistants that are published here")
    .argument("[words...]", "what to look for; without any, the newest")
    .addOption(category())
    .option("--language <tag>", "such as en or zh, which finds zh-CN, too")
    .option("--tag <tag...>", "tags that it must have")
    .action(async (words: string[], options: SearchOptions) => {
      const { category, language, tag: tags } = options;
      const query = { text: words.join(" "), category, language, tags };
      await withMarket(options, args, async ({ catalog }) => {
        show((await catalog.search(query)).cards, options, lineOf);
      });
    });
}

/** Adds `flint store`. */
export function addStore(program: Command, dataDir: string, args: readonly string[]): void {
  withCommon(program.command("store"), dataDir)
    .description("list the store's shelves, or read one of its boards")
    .addArgument(new Argument("[board]", "what ranks them").choices(BOARDS))
    .addOption(category())
    .addOption(
      new Option("--period <span>", "of installs and use").choices(PERIODS).default("all"),
    )
    .action((board: string | undefined, options: BoardOptions) =>
      withMarket(options, args, ({ catalog }) => browse(catalog, board, options))
    );
}

function browse(catalog: Catalog, board: string | undefined, options: BoardOptions): void {
  if (board === undefined) {
    const { categories } = catalog.shelves();
    show(categories, options, ({ category, count }) => [category, `${count}`]);
    return;
  }
  const { category, period } = options;
  const places = catalog.board({ board: board as Board, period, ...category && { category } });
  show(places, options, ({ rank, score, card }) => [
    `${rank}.`,
    score.toFixed(board === "rated" ? 2 : 0),
    ...lineOf(card),
  ]);
}

function lineOf({ id, name, category, installs }: Card): string[] {
  return [id, category, `${installs} installs`, name];
}

function show<T>(values: readonly T[], { json }: CommonOptions, line: (value: T) => string[]) {
  if (json) values.forEach((value) => print(JSON.stringify(value)));
  else table(values.map(line)).forEach(print);
}
