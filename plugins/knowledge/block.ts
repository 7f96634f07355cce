/** What a reader makes of a file: its text in order, with what is a heading and on which page it stood. */
import { z } from "zod";

/** Characters of one document's text: a novel of 1,500 pages has some 3 million. */
export const DOCUMENT_CHARS_MAX = 8_000_000;
/** Pieces of one document; a table of 200,000 rows. */
export const BLOCKS_MAX = 200_000;

/** A heading, a paragraph, or a row of a table, whose cells are told with their column's name. */
export const Block = z.strictObject({
  text: z.string().min(1).max(DOCUMENT_CHARS_MAX),
  /** Of headings: 1 is the document's title. */
  level: z.int().min(1).max(6).optional(),
  /** From 1, where the file has pages. */
  page: z.int().min(1).optional(),
});
export type Block = z.infer<typeof Block>;

/** All of a document, as a reader leaves it. */
export const Reading = z.strictObject({
  title: z.string().max(500),
  blocks: z.array(Block).max(BLOCKS_MAX),
});
export type Reading = z.infer<typeof Reading>;

/** A row that makes sense alone: "size: 7 cm; price: 4". Empty cells are left out. */
export function rowText(names: readonly string[], cells: readonly string[]): string {
  return cells.map((cell, i) => ({ name: names[i]?.trim() ?? "", cell: cell.trim() }))
    .filter(({ cell }) => cell !== "")
    .map(({ name, cell }) => name === "" ? cell : `${name}: ${cell}`)
    .join("; ");
}

/** One line, spaces single. */
export function tidyLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** Why a file can't be read, in words for its owner. Readers know nothing of the core, whose natives their thread can't load. */
export class Unreadable extends Error {}
