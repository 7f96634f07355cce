/** Names that every client accepts as a tool's, of ids in any script. */
import { createHash } from "node:crypto";

/** As OpenAI's and Anthropic's interfaces have it. */
const NAME_CHARS_MAX = 64;
const HASH_CHARS = 10;

/** The name itself, or as much of it as is accepted and a part of its hash: always the same, and unlike others'. */
export function wireName(name: string): string {
  if (/^[a-zA-Z0-9_-]+$/.test(name) && name.length <= NAME_CHARS_MAX) return name;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, HASH_CHARS);
  const plain = name.replace(/[^a-zA-Z0-9_-]+/g, "_").slice(0, NAME_CHARS_MAX - HASH_CHARS - 1);
  return `${plain}_${hash}`;
}
