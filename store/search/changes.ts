/** Documents into an index and out of it, within a transaction of the caller's. */
import { FlintError, type Transaction } from "@flint/core";
import { impactsOf, type SearchDocument } from "./document.ts";
import { PAGE_POSTINGS, type Postings, unpackPage } from "./postings.ts";
import { DOCUMENTS_MAX, type IndexSlot } from "./slot.ts";
import { hashesOf } from "./typo.ts";

/** A term's new postings, until they are written. */
interface Gathered extends Postings {
  readonly number: number;
  readonly isNew: boolean;
}

/**
 * Adds documents, in place of those that have their ids; each id once. All postings are gathered in
 * memory (some 1 KB a document), then written in the order of their keys, each page once.
 */
export function addDocuments(
  slot: IndexSlot,
  transaction: Transaction,
  documents: Iterable<SearchDocument>,
): void {
  const terms = new Map<string, Gathered>(), counts = slot.counts();
  for (const document of documents) {
    if (removeFrom(slot, transaction, document.id)) counts.documents--;
    if (counts.nextDocument > DOCUMENTS_MAX) {
      throw new FlintError("over_budget", "the search has seen 67 million changes: rebuild it");
    }
    const number = counts.nextDocument++, own: number[] = [];
    counts.documents++;
    for (const [term, impact] of impactsOf(document)) {
      let gathered = terms.get(term);
      if (!gathered) {
        const known = slot.term(term);
        const number = known ?? counts.nextTerm++;
        gathered = { number, isNew: known === undefined, documents: [], impacts: [] };
        terms.set(term, gathered);
      }
      gathered.documents.push(number);
      gathered.impacts.push(impact);
      own.push(gathered.number);
    }
    const { id, category, language, tags } = document;
    slot.saveDocument(transaction, number, {
      ...{ id, category, language, tags },
      terms: own.sort((a, b) => a - b),
    });
  }
  saveNewTerms(slot, transaction, terms);
  const byNumber = [...terms.values()].sort((a, b) => a.number - b.number);
  for (const gathered of byNumber) append(slot, transaction, gathered);
  slot.saveCounts(transaction, counts);
}

/** Takes a document out; returns whether it was there. */
export function removeDocument(slot: IndexSlot, transaction: Transaction, id: string): boolean {
  if (!removeFrom(slot, transaction, id)) return false;
  const counts = slot.counts();
  slot.saveCounts(transaction, { ...counts, documents: counts.documents - 1 });
  return true;
}

function saveNewTerms(
  slot: IndexSlot,
  transaction: Transaction,
  terms: ReadonlyMap<string, Gathered>,
): void {
  const added = [...terms].filter(([, { isNew }]) => isNew).map(([term]) => term).sort();
  const typos = new Map<number, string[]>();
  for (const term of added) {
    slot.saveTerm(transaction, term, terms.get(term)!.number);
    for (const hash of hashesOf(term.replace(/^=/, ""))) {
      const near = typos.get(hash);
      if (near) near.push(term);
      else typos.set(hash, [term]);
    }
  }
  for (const [hash, near] of [...typos].sort(([a], [b]) => a - b)) {
    slot.saveTypos(transaction, hash, [...slot.typosOf(hash), ...near]);
  }
}

/** Behind what the term has: documents' numbers only grow. */
function append(slot: IndexSlot, transaction: Transaction, gathered: Gathered): void {
  const { number, documents, impacts } = gathered;
  const entry = slot.entry(number) ?? { count: 0, pages: [] };
  entry.count += documents.length;
  for (let from = 0; from < documents.length;) {
    let page = entry.pages.at(-1);
    if (!page || page.count >= PAGE_POSTINGS) {
      page = { base: documents[from]!, last: 0, max: 0, count: 0 };
      entry.pages.push(page);
    }
    const to = Math.min(documents.length, from + PAGE_POSTINGS - page.count);
    const before = page.count > 0 ? unpackPage(slot.page(number, page.base)) : undefined;
    const added = impacts.slice(from, to);
    const postings = {
      documents: [...before?.documents ?? [], ...documents.slice(from, to)],
      impacts: [...before?.impacts ?? [], ...added],
    };
    slot.savePage(transaction, number, page.base, postings);
    page.count = postings.documents.length;
    page.last = documents[to - 1]!;
    page.max = added.reduce((max, impact) => Math.max(max, impact), page.max);
    from = to;
  }
  slot.saveEntry(transaction, number, entry);
}

function removeFrom(slot: IndexSlot, transaction: Transaction, id: string): boolean {
  const number = slot.numberOf(id);
  if (number === undefined) return false;
  for (const term of slot.document(number)!.terms) removePosting(slot, transaction, term, number);
  slot.dropDocument(transaction, number, id);
  return true;
}

/** A term that is in no document keeps its number, with nothing under it. */
function removePosting(slot: IndexSlot, transaction: Transaction, term: number, document: number) {
  const entry = slot.entry(term)!;
  const at = entry.pages.findLastIndex(({ base }) => base <= document);
  const page = entry.pages[at]!;
  const postings = unpackPage(slot.page(term, page.base));
  const place = postings.documents.indexOf(document);
  postings.documents.splice(place, 1);
  postings.impacts.splice(place, 1);
  entry.count--;
  page.count--;
  if (page.count > 0) slot.savePage(transaction, term, page.base, postings);
  else {
    slot.dropPage(transaction, term, page.base);
    entry.pages.splice(at, 1);
  }
  slot.saveEntry(transaction, term, entry);
}
