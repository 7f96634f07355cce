/// <reference lib="dom" />
/** The pages of an assistant's versions and memory: restoring, remembering, forgetting. */
import type { Say } from "../strings.ts";
import { refresh } from "./refresh.ts";
import { reason, send } from "./request.ts";
import { toast } from "./toast.ts";

/** Wakes both, wherever they are. */
export function startAuthor(say: Say): void {
  const attempt = (work: Promise<void>) => work.catch((error) => toast(reason(error, say)));
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-restore], [data-forget]");
    if (button?.dataset.restore) attempt(restore(button));
    else if (button) attempt(forget(button));
  });
  document.addEventListener("change", (event) => {
    const box = event.target as HTMLInputElement;
    if (box.matches("[data-memory]")) attempt(turn(box));
  });
  document.addEventListener("submit", (event) => {
    const form = (event.target as Element).closest<HTMLFormElement>("form[data-fact]");
    if (!form) return;
    event.preventDefault();
    attempt(remember(form, say));
  });
}

async function restore(button: HTMLElement): Promise<void> {
  const { restore: version, from } = button.dataset;
  const address = `${assistantOf(button)}/versions/${version}/restore`;
  await send("POST", address, undefined, { "If-Match": `"${from}"` });
  location.assign(location.pathname);
}

async function turn(box: HTMLInputElement): Promise<void> {
  await send("PATCH", `${assistantOf(box)}/memory`, { enabled: box.checked });
  await refresh();
}

async function remember(form: HTMLFormElement, say: Say): Promise<void> {
  const { fact } = form.dataset;
  const input = form.querySelector("input")!;
  const address = `${assistantOf(form)}/memory/facts`;
  await send(fact ? "PATCH" : "POST", fact ? `${address}/${fact}` : address, { text: input.value });
  input.blur(); // what is written in is left alone
  if (fact) toast(say("savedState"));
  await refresh();
  if (!fact) document.getElementById("new-fact")?.focus();
}

/** One fact, or with none named all of them. */
async function forget(button: HTMLElement): Promise<void> {
  const { forget: fact } = button.dataset;
  const memory = `${assistantOf(button)}/memory`;
  await send("DELETE", fact ? `${memory}/facts/${fact}` : memory);
  await refresh();
}

function assistantOf(element: HTMLElement): string {
  const { assistant } = element.closest<HTMLElement>("[data-assistant]")!.dataset;
  return `/api/assistants/${assistant}`;
}
