/** Names into ids: what people read in an address and type after `flint chat`. */
import { SLUG_CHARS_MAX } from "./schema.ts";

/** Room for a number behind the name. */
const STEM_CHARS_MAX = SLUG_CHARS_MAX - 10;

/** Letters and digits of the name, of any script, in words joined by hyphens; "assistant" if it has none. */
export function slugOf(name: string): string {
  const words = name.normalize("NFKC").toLowerCase().normalize("NFC").split(/[^\p{L}\p{N}\p{M}]+/u)
    .map((word) => word.replace(/^\p{M}+/u, "")).filter((word) => word !== "");
  let slug = "";
  for (const word of words) {
    const longer = slug === "" ? firstUnits(word, STEM_CHARS_MAX) : `${slug}-${word}`;
    if (longer.length > STEM_CHARS_MAX) break;
    slug = longer;
  }
  return slug === "" ? "assistant" : slug;
}

/** A slug for `name` that is not taken: itself, or with a number. */
export function freeSlug(name: string, isTaken: (slug: string) => boolean): string {
  const stem = slugOf(name);
  if (!isTaken(stem)) return stem;
  for (let number = 2; number < 100; number++) {
    if (!isTaken(`${stem}-${number}`)) return `${stem}-${number}`;
  }
  // Hundreds of one name: counting on would read them all for each new one.
  return `${stem}-${crypto.randomUUID().slice(0, 8)}`;
}

/** At most `units` UTF-16 units from the front, never half a character. */
function firstUnits(text: string, units: number): string {
  let first = "";
  for (const character of text) {
    if (first.length + character.length > units) break;
    first += character;
  }
  return first;
}
