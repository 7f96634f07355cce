/** Plain text, CSV and JSON into blocks: formats that need no walls, for their reading is linear. */
import { parse as parseCsv } from "csv-parse/sync";
import { type Block, BLOCKS_MAX, type Reading, rowText, tidyLine, Unreadable } from "../block.ts";

const DEPTH_MAX = 32;

/** Paragraphs are parted by empty lines; a line alone that is short and ends openly is a heading. */
export function readText(text: string): Reading {
  const blocks = text.replaceAll("\r\n", "\n").split(/\n[ \t]*\n/)
    .map((paragraph) => paragraph.trim())
    .filter((paragraph) => paragraph !== "")
    .map((paragraph): Block =>
      isHeading(paragraph) ? { text: paragraph, level: 2 } : {
        text: paragraph,
      }
    );
  return { title: "", blocks };
}

function isHeading(paragraph: string): boolean {
  return paragraph.length <= 80 && !paragraph.includes("\n") &&
    !/[.!?:;,。！？：；，]$/.test(paragraph);
}

/** Each row with the names of its columns, which are the first row. */
export function readCsv(text: string): Reading {
  let rows: string[][];
  try {
    rows = parseCsv(text, {
      bom: true,
      delimiter: delimiterOf(text),
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      to: BLOCKS_MAX,
    });
  } catch (cause) {
    const why = (cause as Error).message;
    throw new Unreadable(`the table can't be read: ${why}`, { cause });
  }
  const [names = [], ...body] = rows;
  return { title: "", blocks: blocksOf(body.map((cells) => rowText(names, cells))) };
}

/** The one of tab, semicolon and comma that the first line has most of. */
function delimiterOf(text: string): string {
  const line = text.slice(0, 10_000).split("\n", 1)[0]!;
  const count = (sign: string) => line.split(sign).length;
  return [",", ";", "\t"].reduce((best, sign) => count(sign) > count(best) ? sign : best);
}

/** Each object that holds plain values becomes a row; what holds others is told as a heading. */
export function readJson(text: string): Reading {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const why = (cause as Error).message;
    throw new Unreadable(`the file is not JSON: ${why}`, { cause });
  }
  const blocks: Block[] = [];
  walk(value, "", 1, blocks);
  return { title: "", blocks };
}

function walk(value: unknown, name: string, depth: number, blocks: Block[]): void {
  if (depth > DEPTH_MAX) {
    throw new Unreadable(`the JSON nests deeper than ${DEPTH_MAX} levels`);
  }
  if (blocks.length >= BLOCKS_MAX || value === null || value === undefined) return;
  if (typeof value !== "object") {
    blocks.push(...blocksOf([rowText([name], [String(value)])]));
    return;
  }
  const parts = Object.entries(value);
  const plain = parts.filter(([, part]) => typeof part !== "object");
  if (Array.isArray(value)) {
    for (const part of value) walk(part, name, depth + 1, blocks);
    return;
  }
  blocks.push(...blocksOf([
    rowText(plain.map(([key]) => key), plain.map(([, part]) => String(part))),
  ]));
  for (const [key, part] of parts) {
    if (typeof part !== "object" || part === null) continue;
    blocks.push({ text: tidyLine(key).slice(0, 200) || "-", level: Math.min(6, depth + 1) });
    walk(part, key, depth + 1, blocks);
  }
}

function blocksOf(texts: readonly string[]): Block[] {
  return texts.map(tidyLine).filter((text) => text !== "").map((text) => ({ text }));
}
