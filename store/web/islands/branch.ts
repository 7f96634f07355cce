/// <reference lib="dom" />
/** Branches of a conversation: from an answer on, or with a question asked differently. */
import type { Say } from "../strings.ts";
import { reason, send } from "./request.ts";
import { toast } from "./toast.ts";

/** Where a message waits for the page of the conversation it is for. */
export const pending = (conversation: string) => `ask:${conversation}`;

/** Wakes the buttons of the turns in `root`, a conversation's page. */
export function startBranches(root: HTMLElement, conversation: string, say: Say): void {
  const dialog = document.querySelector<HTMLDialogElement>("#edit-question")!;
  const box = dialog.querySelector("textarea")!;
  let edited = 0;
  const branch = async (messages: number, text?: string) => {
    try {
      const address = `/api/conversations/${conversation}/branch`;
      const { id } = await (await send("POST", address, { messages })).json();
      if (text) sessionStorage.setItem(pending(id), text);
      location.assign(`/chat/${id}`);
    } catch (error) {
      toast(reason(error, say));
    }
  };
  root.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>(
      "[data-edit-question], [data-branch]",
    );
    const turn = button?.closest<HTMLElement>(".turn");
    if (!button || !turn) return;
    const index = Number(turn.dataset.index);
    if (button.matches("[data-branch]")) return branch(index + 1);
    edited = index;
    box.value = turn.querySelector(".bubble")!.textContent!;
    dialog.showModal();
  });
  dialog.querySelector("form")!.addEventListener("submit", () => {
    const text = box.value.trim();
    if (text) branch(edited, text);
  });
}
