/// <reference lib="dom" />
/** Options below a box that one writes in: one is chosen by the arrows, the focus stays in the box. */

/** Marks one option as chosen, or none. */
export function choose(input: HTMLInputElement, list: Element, option: Element | null): void {
  for (const each of list.children) each.ariaSelected = String(each === option);
  input.setAttribute("aria-activedescendant", option?.id ?? "");
  option?.scrollIntoView({ block: "nearest" });
}

/** The chosen one. */
export const chosenOf = (list: Element): Element | null =>
  list.querySelector("[aria-selected=true]");

/** Chooses the next or former one where an arrow was pressed; whether one was. */
export function chooseByArrow(
  event: KeyboardEvent,
  input: HTMLInputElement,
  list: Element,
): boolean {
  const chosen = chosenOf(list);
  if (event.key === "ArrowDown") {
    choose(input, list, chosen?.nextElementSibling ?? list.firstElementChild);
  } else if (event.key === "ArrowUp") {
    choose(input, list, chosen?.previousElementSibling ?? list.lastElementChild);
  } else return false;
  event.preventDefault();
  return true;
}

/** An option of a list, with its place in it. */
export function optionOf(list: Element, name: string, index: number): HTMLElement {
  const option = document.createElement("li");
  option.id = `${list.id}-${index}`;
  option.role = "option";
  option.textContent = name;
  option.ariaSelected = "false";
  return option;
}

/** Asks when the keys have rested; answers that come after a newer question are dropped. */
export function whenRested(work: (isNewest: () => boolean) => Promise<void>): () => void {
  let asked = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  return () => {
    const mine = ++asked;
    clearTimeout(timer);
    timer = setTimeout(() => work(() => mine === asked).catch(() => {}), REST_MS);
  };
}

/** Shorter than a pause between words. */
const REST_MS = 120;
