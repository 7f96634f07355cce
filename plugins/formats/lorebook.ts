/**
 * A character card's lorebook at work: entries whose keys were said lately are shown to the model
 * as passages, those marked constant always. What lies in `extra` came from a file, so nothing of
 * it is trusted: keys that are patterns are not run, and all of it is bounded.
 */
import { z } from "zod";
import type { Passage } from "../layers.ts";
import type { Assistant } from "../schema.ts";
import { unfold } from "./card.ts";
import { at } from "./lens.ts";

/** Messages looked through for keys unless the book says. */
const SCAN_DEPTH = 4;
const SCAN_DEPTH_MAX = 50;
const ENTRIES_MAX = 1000;
/** More passages than a small model's context holds. */
const SHOWN_MAX = 16;

const keys = z.array(z.string().max(200)).max(100).catch([]);
const flag = z.boolean().catch(false);

/** One entry, as far as it is used. */
const Entry = z.object({
  keys,
  secondary_keys: keys,
  content: z.string().min(1).max(20_000),
  name: z.string().max(200).catch(""),
  enabled: z.boolean().catch(true),
  constant: flag,
  selective: flag,
  case_sensitive: flag,
  use_regex: flag,
  insertion_order: z.number().catch(100),
  priority: z.number().catch(0),
});
type Entry = z.infer<typeof Entry>;

/** The passages that the talk so far calls up, the weightiest first; undefined where there is no book. */
export function lorePassages(
  { extra }: Pick<Assistant, "extra">,
  history: readonly { readonly content: string }[],
): Passage[] | undefined {
  const character = at(extra, ["card", "data"]);
  const book = at(character, ["character_book"]);
  const entries = at(book, ["entries"]);
  if (!Array.isArray(entries)) return undefined;
  const depth = z.int().min(1).max(SCAN_DEPTH_MAX).catch(SCAN_DEPTH).parse(
    at(book, ["scan_depth"]),
  );
  const said = history.slice(-depth).map(({ content }) => content).join("\n");
  return entries.slice(0, ENTRIES_MAX)
    .flatMap((entry) => Entry.safeParse(entry).data ?? [])
    .filter((entry) => isCalled(entry, said))
    .sort((a, b) => b.priority - a.priority || a.insertion_order - b.insertion_order)
    .slice(0, SHOWN_MAX)
    .map(({ name, keys, content }) => ({
      title: name || keys[0] || "",
      text: unfold(content.replace(/^@@.*\n?/gmu, ""), character).trim(),
    }));
}

function isCalled(entry: Entry, said: string): boolean {
  const { enabled, constant, selective, use_regex: pattern, keys, secondary_keys } = entry;
  if (!enabled || pattern) return constant && enabled;
  const isSaid = (key: string) =>
    key.trim() !== "" &&
    (entry.case_sensitive
      ? said.includes(key.trim())
      : said.toLowerCase().includes(key.trim().toLowerCase()));
  if (constant) return true;
  return keys.some(isSaid) && (!selective || secondary_keys.some(isSaid));
}
