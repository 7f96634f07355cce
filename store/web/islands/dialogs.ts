/// <reference lib="dom" />
/** What is done with the conversation on the page: renamed, pinned, laid into a folder, deleted. */
import type { Say } from "../strings.ts";
import { refresh } from "./refresh.ts";
import { reason, send } from "./request.ts";
import { toast } from "./toast.ts";

/** Wakes the dialogs, their openers and their forms. */
export function startDialogs(say: Say): void {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>(
      "[data-dialog], [data-close], [data-pin]",
    );
    if (button?.dataset.pin) {
      pin(button.dataset.pin === "true").catch((error) => toast(reason(error, say)));
      return;
    }
    if (button?.dataset.dialog) {
      document.querySelector<HTMLElement>("#menu")?.hidePopover();
      document.querySelector<HTMLDialogElement>(`dialog#${button.dataset.dialog}`)!.showModal();
    } else {
      button?.closest("dialog")?.close();
    }
  });
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    const act = actions[form.dataset.action ?? ""];
    if (!act) return;
    act(form).catch((error) => toast(reason(error, say)));
  });
}

const actions: Record<string, (form: HTMLFormElement) => Promise<void>> = {
  async rename(form) {
    await send("PATCH", address(), { title: new FormData(form).get("title") });
    await refresh();
  },
  async folder(form) {
    const folder = String(new FormData(form).get("folder")).trim();
    await send("PATCH", address(), { folder: folder === "" ? null : folder });
    await refresh();
  },
  async delete() {
    await send("DELETE", address());
    location.assign("/");
  },
  async "delete-assistant"() {
    const { assistant } = document.querySelector<HTMLElement>("#content")!.dataset;
    await send("DELETE", `/api/assistants/${assistant}`, undefined, { "If-Match": "*" });
    location.assign("/");
  },
};

async function pin(pinned: boolean): Promise<void> {
  document.querySelector<HTMLElement>("#menu")?.hidePopover();
  await send("PATCH", address(), { pinned });
  await refresh();
}

function address(): string {
  const { conversation } = document.querySelector<HTMLElement>("#content")!.dataset;
  return `/api/conversations/${conversation}`;
}
