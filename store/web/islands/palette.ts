/// <reference lib="dom" />
/** The command palette: the page's own links and actions, and conversations by what was said in them. */
import type { Conversation } from "@flint/plugins";

/** Rests after the last key before the server is asked. */
const REST_MS = 120;
/** Links of the page shown at once, and conversations. */
const LINKS_MAX = 12, FOUND_MAX = 8;

/** Wakes it; returns what opens it. */
export function startPalette(): () => void {
  const dialog = document.querySelector<HTMLDialogElement>("#palette")!;
  const input = dialog.querySelector("input")!, list = dialog.querySelector("ul")!;
  const none = dialog.querySelector<HTMLElement>(".palette-none")!;
  let choices: Choice[] = [], asked = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const show = (found: readonly Choice[]) => {
    const words = input.value.trim().toLowerCase().split(/\s+/);
    const near = ({ name }: Choice) => words.every((word) => name.toLowerCase().includes(word));
    const shown = [...choices.filter(near).slice(0, LINKS_MAX), ...found];
    list.replaceChildren(...shown.map(optionOf));
    none.textContent = shown.length === 0 ? none.dataset.none! : "";
    choose(input, list, list.firstElementChild);
  };
  const search = async () => {
    const mine = ++asked, query = input.value.trim();
    const found = query === "" ? [] : await findConversations(query).catch(() => []);
    if (mine === asked) show(found);
  };
  input.addEventListener("input", () => {
    show([]);
    clearTimeout(timer);
    timer = setTimeout(search, REST_MS);
  });
  input.addEventListener("keydown", (event) => {
    const chosen = list.querySelector("[aria-selected=true]");
    if (event.key === "Enter" && !event.isComposing) open(chosen);
    else if (event.key === "ArrowDown") {
      choose(input, list, chosen?.nextElementSibling ?? list.firstElementChild);
    } else if (event.key === "ArrowUp") {
      choose(input, list, chosen?.previousElementSibling ?? list.lastElementChild);
    } else return;
    event.preventDefault();
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

function optionOf({ name, to }: Choice, index: number): HTMLElement {
  const option = document.createElement("li");
  option.id = `palette-${index}`;
  option.role = "option";
  option.textContent = name;
  option.ariaSelected = "false";
  pressed.set(option, to);
  return option;
}

function act(option: HTMLElement): void {
  const to = pressed.get(option)!;
  if (typeof to === "string") location.assign(to);
  else to.click();
}

function choose(input: HTMLInputElement, list: HTMLElement, option: Element | null): void {
  for (const each of list.children) each.ariaSelected = String(each === option);
  input.setAttribute("aria-activedescendant", option?.id ?? "");
  option?.scrollIntoView({ block: "nearest" });
}

/** What the sidebar leads to, and what the page's menus offer. */
function choicesOf(): Choice[] {
  const links = [...document.querySelectorAll<HTMLAnchorElement>("#sidebar a[href]")];
  const buttons = [
    ...document.querySelectorAll<HTMLElement>("#menu button, #menu a, [data-command]"),
  ];
  const named = [
    ...buttons.map((to) => ({ name: to.textContent!.trim(), to })),
    ...links.map((link) => ({ name: link.textContent!.trim(), to: link.pathname + link.search })),
  ];
  return [...new Map(named.map((choice) => [choice.name, choice])).values()];
}

async function findConversations(query: string): Promise<Choice[]> {
  const response = await fetch(`/api/conversations/search?${new URLSearchParams({ q: query })}`);
  if (!response.ok) return [];
  const { found } = await response.json() as { found: { conversation: Conversation }[] };
  return found.slice(0, FOUND_MAX)
    .map(({ conversation: { id, title } }) => ({ name: title, to: `/chat/${id}` }));
}
