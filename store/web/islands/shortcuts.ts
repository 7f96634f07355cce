/// <reference lib="dom" />
/** Listens for the keyboard shortcuts of ../keys.ts; Command stands for Ctrl where there is one. */
import { type Shortcut, shortcuts } from "../keys.ts";

/** Wakes them. */
export function startShortcuts(openPalette: () => void): void {
  const actions: Record<Shortcut, () => void> = {
    palette: openPalette,
    newChat: () => location.assign("/"),
    ask: () => document.querySelector<HTMLElement>(".composer textarea")?.focus(),
    copy: () => [...document.querySelectorAll<HTMLElement>("[data-copy-answer]")].at(-1)?.click(),
    help: () => document.querySelector<HTMLDialogElement>("#shortcuts")!.showModal(),
  };
  document.addEventListener("keydown", (event) => {
    const pressed = (Object.keys(shortcuts) as Shortcut[]).find((name) => isPressed(event, name));
    if (!pressed || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    actions[pressed]();
  });
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-command]");
    if (button) actions[button.dataset.command as Shortcut]();
  });
}

function isPressed(event: KeyboardEvent, name: Shortcut): boolean {
  const keys: readonly string[] = shortcuts[name].keys;
  return (event.ctrlKey || event.metaKey) === keys.includes("Ctrl") &&
    event.shiftKey === keys.includes("Shift") && !event.altKey &&
    event.key.toLowerCase() === keys.at(-1)!.toLowerCase();
}
