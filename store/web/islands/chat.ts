/// <reference lib="dom" />
/** Wakes the composer of a page; on a conversation's page, the talk too. */
import type { Say } from "../strings.ts";
import { pending, startBranches } from "./branch.ts";
import { startComposer } from "./composer.ts";
import { reason, send } from "./request.ts";
import { Talk } from "./talk.ts";
import { toast } from "./toast.ts";

/** `root` is the part of a page that holds a composer. */
export function startChat(root: HTMLElement, say: Say): void {
  const form = root.querySelector<HTMLFormElement>("#composer");
  if (!form) return; // the assistant was removed: there is only reading
  const { assistant, conversation } = root.dataset;
  if (conversation) startBranches(root, conversation, say);
  const ask = conversation
    ? openTalk(root, form, conversation, say)
    : (text: string) => begin(assistant!, text, say);
  startComposer(form, ask);
  root.addEventListener("click", (event) => {
    const starter = (event.target as Element).closest<HTMLElement>("[data-starter]");
    if (!starter) return;
    event.preventDefault();
    ask(starter.dataset.starter!);
  });
}

/** Opens a conversation with the assistant and carries the first message over to its page. */
async function begin(assistantId: string, text: string, say: Say): Promise<void> {
  try {
    const { id } = await (await send("POST", "/api/conversations", { assistantId })).json();
    sessionStorage.setItem(pending(id), text);
    location.assign(`/chat/${id}`);
  } catch (error) {
    toast(reason(error, say));
  }
}

/** Asks what was carried over, or looks again for an answer that was cut off by a reload. */
function openTalk(root: HTMLElement, form: HTMLFormElement, conversation: string, say: Say) {
  const talk = new Talk(root, form, `/api/conversations/${conversation}`, say);
  const first = sessionStorage.getItem(pending(conversation));
  sessionStorage.removeItem(pending(conversation));
  if (first !== null) talk.ask(first);
  else talk.lookAgain();
  return (text: string) => talk.ask(text);
}
