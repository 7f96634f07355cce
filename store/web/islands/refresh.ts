/// <reference lib="dom" />
/**
 * The server is the truth: after a change the page is fetched again, and what differs is taken
 * over: elements with `data-region` and an id as a whole, lists item by item. So a turn looks the
 * same whether it was streamed, refreshed or loaded.
 */

/** Lists taken over item by item. */
const LISTS = ["build-turns"];

/** Brings everything but the turns up to date. */
export async function refresh(): Promise<void> {
  takeRegions(await fetchPage());
}

/** Brings all up to date, the turns only if `accept` is content with the newest. Returns whether it was. */
export async function refreshTurns(accept: (newest: Element | null) => boolean): Promise<boolean> {
  const fresh = await fetchPage();
  const kept = fresh.getElementById("turns")!;
  if (!accept(kept.lastElementChild)) return false;
  takeRegions(fresh);
  takeTurns(document.getElementById("turns")!, [...kept.children]);
  return true;
}

/** Brings the calls of the newest answer up to date in its live turn; cards that ask are left alone. */
export async function refreshCalls(turn: HTMLElement): Promise<void> {
  const fresh = (await fetchPage()).querySelector("#turns > .answer:last-child .calls");
  const calls = turn.querySelector(".calls");
  if (!fresh || !calls) return;
  [...fresh.children].forEach((card, i) => {
    const old = calls.children[i];
    if (!old) calls.append(document.adoptNode(card));
    else if (isReplaced(old, card)) old.replaceWith(document.adoptNode(card));
  });
}

/** A card that asks stays until its call is over. */
const isReplaced = (old: Element, card: Element): boolean =>
  old.className !== card.className || (!old.querySelector("form") && !old.isEqualNode(card));

async function fetchPage(): Promise<Document> {
  const response = await fetch(location.pathname, { headers: { Accept: "text/html" } });
  if (!response.ok) throw new Error(`${location.pathname} answered ${response.status}`);
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

function takeRegions(fresh: Document): void {
  document.title = fresh.title;
  for (const region of [...fresh.querySelectorAll("[data-region]")]) {
    const old = document.getElementById(region.id);
    if (old && !region.isEqualNode(old)) takeRegion(old, region);
  }
  for (const id of LISTS) {
    const list = fresh.getElementById(id);
    if (list) takeTurns(document.getElementById(id)!, [...list.children]);
  }
}

/** What its reader is answering or writing in stays as it is; a button that was pressed keeps the focus. */
function takeRegion(old: Element, region: Element): void {
  if (old.matches("dialog[open]")) return;
  const focus = old.contains(document.activeElement) ? document.activeElement! : undefined;
  if (focus?.matches("input:not([type=radio], [type=checkbox]), textarea")) return;
  for (const { id } of old.querySelectorAll("details[open][id]")) {
    region.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
  }
  old.replaceWith(document.adoptNode(region));
  if (focus?.id) document.getElementById(focus.id)?.focus();
}

/** Takes the kept turns over, one by one, so that unchanged ones keep selection and focus. */
function takeTurns(turns: Element, kept: readonly Element[]): void {
  kept.forEach((turn, i) => {
    const old = turns.children[i];
    if (!old) turns.append(document.adoptNode(turn));
    else if (!old.isEqualNode(turn)) old.replaceWith(document.adoptNode(turn));
  });
  while (turns.children.length > kept.length) turns.lastElementChild!.remove();
}
