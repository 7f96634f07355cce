/// <reference lib="dom" />
/** Copy buttons, of code blocks, whole answers and links, wherever and whenever they appear. */
import type { Say } from "../strings.ts";
import { toast } from "./toast.ts";

/** How long a button says that it copied. */
const DONE_MS = 1600;

/** Wakes every copy button the page has or will have. */
export function startCopy(say: Say): void {
  document.addEventListener("click", async (event) => {
    const button = (event.target as Element).closest<HTMLElement>(
      "[data-copy-code], [data-copy-answer], [data-copy-link]",
    );
    if (!button) return;
    await navigator.clipboard.writeText(textFor(button));
    if (button.matches("[data-copy-code]")) {
      button.textContent = say("copied");
      setTimeout(() => button.textContent = say("copy"), DONE_MS);
    } else {
      toast(say("copied"));
    }
  });
}

function textFor(button: HTMLElement): string {
  if (button.dataset.copyLink) return new URL(button.dataset.copyLink, location.href).href;
  return button.matches("[data-copy-code]")
    ? button.closest("figure")!.querySelector("code")!.textContent!
    : button.closest<HTMLElement>(".answer")!.dataset.content!;
}
