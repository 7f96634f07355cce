/// <reference lib="dom" />
/** The command palette: the page's own links and actions, conversations by what was said, listings by name. */
import type { Conversation } from "@flint/plugins";
import { choose, chooseByArrow, chosenOf, optionOf, whenRested } from "./options.ts";
import { suggest } from "./suggest.ts";

/** Links of the page shown at once, and conversations. */
const LINKS_MAX = 12, FOUND_MAX = 6;

/** Wakes it; returns what opens it. */
export function startPalette(): () => void {
  const dialog = document.querySelector<HTMLDialogElement>("#palette")!;
  const input = dialog.querySelector("input")!, list = dialog.querySelector("ul")!;
  const none = dialog.querySelector<HTMLElement>(".palette-none")!;
  let choices: Choice[] = [];

  const show = (found: readonly Choice[]) => {
    const words = input.value.trim().toLowerCase().split(/\s+/);
    const near = ({ name }: Choice) => words.every((word) => name.toLowerCase().includes(word));
    const shown = [...choices.filter(near).slice(0, LINKS_MAX), ...found];
    list.replaceChildren(...shown.map(({ name, to }, index) => {
      const option = optionOf(list, name, index);
      pressed.set(option, to);
      return option;
    }));
    none.textContent = shown.length === 0 ? none.dataset.none! : "";
    choose(input, list, list.firstElementChild);
  };
  const search = whenRested(async (isNewest) => {
    const query = input.value.trim();
    const found = query === ""
      ? []
      : await Promise.all([findConversations(query), listings(query)]);
    if (isNewest()) show(found.flat());
  });
  input.addEventListener("input", () => {
    show([]);
    search();
  });
  input.addEventListener("keydown", (event) => {
    if (chooseByArrow(event, input, list) || event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    open(chosenOf(list));
  });
  list.addEventListener("click", ({ target }) => open((target as Element).closest("li")));
  const open = (option: Element | null) => {
    if (!option) return;
    dialog.close();
    act(option as HTMLElement);
  };
  return () => {
    choices = choicesOf();
    input.value = "";
    dialog.showModal();
    show([]);
  };
}

/** Where to go (a path), or what to press (an element of the page). */
interface Choice {
  readonly name: string;
  readonly to: string | HTMLElement;
}

const pressed = new WeakMap<Element, Choice["to"]>();

function act(option: HTMLElement): void {
  const to = pressed.get(option)!;
  if (typeof to === "string") location.assign(to);
  else to.click();
}

/** What the sidebar leads to, and what the page's menus offer. */
function choicesOf(): Choice[] {
  const links = [...document.querySelectorAll<HTMLAnchorElement>("#sidebar a[href]")];
  const buttons = [
    ...document.querySelectorAll<HTMLElement>("#menu button, #menu a, [data-command]"),
  ];
  const named = [
    ...buttons.map((to) => ({ name: to.textContent!.trim(), to })),
    ...links.map((link) => ({ name: wordsOf(link), to: link.pathname + link.search })),
  ];
  return [...new Map(named.map((choice) => [choice.name, choice])).values()];
}

/** What a link says, without the emoji that its avatar may be. */
const wordsOf = (link: Element): string =>
  (link.querySelector(":scope > span") ?? link).textContent!.trim();

async function listings(query: string): Promise<Choice[]> {
  const cards = await suggest(query, FOUND_MAX);
  return cards.map(({ id, name }) => ({ name, to: `/store/l/${encodeURIComponent(id)}` }));
}

async function findConversations(query: string): Promise<Choice[]> {
  const response = await fetch(`/api/conversations/search?${new URLSearchParams({ q: query })}`);
  if (!response.ok) return [];
  const { found } = await response.json() as { found: { conversation: Conversation }[] };
  return found.slice(0, FOUND_MAX)
    .map(({ conversation: { id, title } }) => ({ name: title, to: `/chat/${id}` }));
}
