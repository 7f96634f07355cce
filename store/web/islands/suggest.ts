/// <reference lib="dom" />
/** Search of the store as one types; without it the form searches when it is sent. */
import type { Card } from "../../market/card.ts";
import { choose, chooseByArrow, chosenOf, optionOf, whenRested } from "./options.ts";

/** Listings that begin like the words. */
export async function suggest(query: string, limit: number): Promise<Card[]> {
  const response = await fetch(
    `/api/store/suggest?${new URLSearchParams({ q: query, limit: String(limit) })}`,
  );
  if (!response.ok) return [];
  return (await response.json() as { cards: Card[] }).cards;
}

const SHOWN = 7;

/** Wakes the store's search, if the page has one. */
export function startSuggest(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-suggest]");
  if (!form) return;
  const input = form.querySelector<HTMLInputElement>("input[name=q]")!;
  const list = form.querySelector<HTMLElement>("[role=listbox]")!;
  const show = (cards: readonly Card[]) => {
    list.replaceChildren(...cards.map(({ id, name, description }, index) => {
      const option = optionOf(list, name, index);
      const about = document.createElement("small");
      about.textContent = description;
      option.append(about);
      option.dataset.listing = id;
      return option;
    }));
    list.hidden = cards.length === 0;
    input.ariaExpanded = String(cards.length > 0);
    choose(input, list, null);
  };
  const ask = whenRested(async (isNewest) => {
    const query = input.value.trim();
    const cards = query === "" ? [] : await suggest(query, SHOWN);
    if (isNewest()) show(cards);
  });
  input.addEventListener("input", ask);
  input.addEventListener("blur", () => setTimeout(() => show([]), 200)); // a click comes first
  input.addEventListener("keydown", (event) => {
    if (chooseByArrow(event, input, list)) return;
    if (event.key === "Escape") show([]);
    const chosen = chosenOf(list);
    if (event.key !== "Enter" || !chosen) return;
    event.preventDefault();
    open(chosen);
  });
  list.addEventListener("click", ({ target }) => open((target as Element).closest("li")));
  const open = (option: Element | null) => {
    const id = (option as HTMLElement | null)?.dataset.listing;
    if (id) location.assign(`/store/l/${encodeURIComponent(id)}`);
  };
}
