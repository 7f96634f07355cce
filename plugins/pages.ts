/** Collections read in pages: one as others ask for it, or one after another to the end. */
import { checkLimit, type Collection, type ListOptions, type Page } from "@flint/core";
import { given } from "./given.ts";

/** Which page of a list. */
export interface ListPart {
  /** 1..100, default 50. */
  readonly limit?: number | undefined;
  /** `next` of the page before. */
  readonly cursor?: string | undefined;
}

const LIMIT = 50;
const LIMIT_MAX = 100;
/** Entries read at a time where all are wanted. */
const ENTRIES_AT_ONCE = 1000;

/** One page of `range`. @throws FlintError bad_input for a wrong limit or cursor */
export function pageOf<T>(
  collection: Collection<T>,
  { limit = LIMIT, cursor }: ListPart,
  range: Omit<ListOptions, "limit" | "cursor"> = {},
): Page<T> {
  checkLimit(limit, LIMIT_MAX);
  return collection.list({ ...range, limit, ...given({ cursor }) });
}

/** Every entry of `range`, however many there are. What is read may be removed on the way. */
export function* entriesOf<T>(
  collection: Collection<T>,
  range: Omit<ListOptions, "limit" | "cursor">,
): Generator<Page<T>["entries"][number]> {
  let cursor: string | undefined;
  do {
    const page: Page<T> = collection.list({
      ...range,
      limit: ENTRIES_AT_ONCE,
      ...given({ cursor }),
    });
    yield* page.entries;
    cursor = page.next;
  } while (cursor !== undefined);
}
