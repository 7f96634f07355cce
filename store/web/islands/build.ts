/// <reference lib="dom" />
/** The builder's page: the talk, the form that fills and is filled in, the chat with the draft. */
import type { BuilderEvent } from "@flint/plugins";
import type { Say } from "../strings.ts";
import { startComposer } from "./composer.ts";
import { patchOf, showField } from "./draft.ts";
import { followEnd } from "./follow.ts";
import { refresh } from "./refresh.ts";
import { askFor, reason, send } from "./request.ts";
import { Talk } from "./talk.ts";
import { toast } from "./toast.ts";

const SESSIONS = "/api/builder/sessions";
const pending = (session: string) => `wish:${session}`;

/** Wakes what leads to the builder: the wish on /build, and buttons that change an assistant. */
export function startBuildLinks(say: Say): void {
  const start = document.querySelector<HTMLElement>("[data-island=build-start]");
  const begin = async (body: unknown, wish?: string) => {
    try {
      const { id } = await (await send("POST", SESSIONS, body)).json();
      if (wish !== undefined) sessionStorage.setItem(pending(id), wish);
      location.assign(`/build/${id}`);
    } catch (error) {
      toast(reason(error, say));
    }
  };
  if (start) startComposer(start.querySelector("form")!, (wish) => begin({}, wish));
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-edit], [data-starter]");
    if (button?.dataset.edit) begin({ assistantId: button.dataset.edit });
    else if (button && start?.contains(button)) {
      event.preventDefault();
      begin({}, button.dataset.starter);
    }
  });
}

/** Wakes the page of one session. */
export function startBuild(root: HTMLElement, say: Say): void {
  const { session } = root.dataset;
  const address = `${SESSIONS}/${session}`;
  const hearing = new Hearing(root, address, say);
  startPreview(root, address, say);
  startForm(root, address, say);
  root.ownerDocument.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-step], [data-save]");
    if (!button) return;
    const verb = button.dataset.step ?? "save";
    act(() => send("POST", `${address}/${verb}`), say).then((done) => {
      if (done && verb === "save") toast(say("savedToast"));
    });
  });
  const wish = sessionStorage.getItem(pending(session!));
  sessionStorage.removeItem(pending(session!));
  if (wish !== null) hearing.hear(wish);
}

/** Does something on the server and shows what came of it. Whether it was done. */
async function act(request: () => Promise<unknown>, say: Say): Promise<boolean> {
  try {
    await request();
    return true;
  } catch (error) {
    toast(reason(error, say));
    return false;
  } finally {
    await refresh().catch(() => {}); // unreachable: the page stays as it is
  }
}

/** The talk: a message is shown at once, what is settled as it comes, the rest by the server. */
class Hearing {
  readonly #turns: HTMLElement;
  readonly #form: HTMLFormElement;
  readonly #address: string;
  readonly #say: Say;
  readonly #goToEnd: () => void;
  #stop = new AbortController();

  constructor(root: HTMLElement, address: string, say: Say) {
    const pane = root.querySelector<HTMLElement>(".pane.talk")!;
    this.#turns = pane.querySelector<HTMLElement>("#build-turns")!;
    this.#form = pane.querySelector("form")!;
    this.#address = address;
    this.#say = say;
    this.#goToEnd = followEnd(this.#turns, pane.querySelector<HTMLElement>("[data-jump]")!, pane);
    this.#goToEnd();
    startComposer(this.#form, (text) => this.hear(text));
    this.#form.querySelector("[data-stop]")!.addEventListener("click", () => this.#stop.abort());
  }

  async hear(text: string): Promise<void> {
    this.#stop = new AbortController();
    this.#form.dataset.busy = "";
    const { question, reply } = blanks();
    question.querySelector(".bubble")!.textContent = text;
    this.#turns.append(question, reply);
    this.#goToEnd();
    await this.#read(text, reply.querySelector(".settled")!);
    await refresh().catch(() => {});
    delete this.#form.dataset.busy;
  }

  async #read(text: string, settled: Element): Promise<void> {
    const { signal } = this.#stop;
    try {
      const events = await askFor<BuilderEvent>(`${this.#address}/messages`, { text }, signal);
      for await (const event of events) {
        if (event.type === "error") toast(event.message);
        if (event.type !== "field") continue;
        const item = document.createElement("li");
        item.textContent = showField(event.field, event.value) ?? event.field;
        settled.append(item);
      }
    } catch (error) {
      if (!signal.aborted) toast(reason(error, this.#say));
    }
  }
}

function blanks(): { question: HTMLElement; reply: HTMLElement } {
  const { content } = document.querySelector<HTMLTemplateElement>("#build-blanks")!;
  const fragment = content.cloneNode(true) as DocumentFragment;
  const [question, reply] = [...fragment.children] as HTMLElement[];
  return { question: question!, reply: reply! };
}

/** Sends each field as it is changed. */
function startForm(root: HTMLElement, address: string, say: Say): void {
  root.addEventListener("change", (event) => {
    const control = event.target as HTMLInputElement;
    if (control.form?.id !== "draft") return;
    const patch = patchOf(control.form, control.name);
    act(() => send("PATCH", `${address}/draft`, patch), say);
  });
  root.querySelector("#draft")!.addEventListener("submit", (event) => {
    event.preventDefault();
    (document.activeElement as HTMLElement).blur(); // Enter sends the field it was pressed in
  });
}

/** The chat with the draft. The answer from before a change stays in sight beside the one after it. */
function startPreview(root: HTMLElement, address: string, say: Say): void {
  const pane = root.querySelector<HTMLElement>(".pane.preview")!;
  const form = pane.querySelector<HTMLFormElement>("#composer")!;
  const talk = new Talk(pane, form, `${address}/preview`, say, pane);
  startComposer(form, (text) => talk.ask(text), { focus: false });
  pane.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>(
      "[data-starter], [data-clear], [data-compare]",
    );
    if (!button) return;
    if (button.dataset.starter) talk.ask(button.dataset.starter);
    else if (button.matches("[data-compare]")) compare(pane, talk, say);
    else act(() => send("DELETE", `${address}/preview`), say).then(() => location.reload());
  });
}

function compare(pane: HTMLElement, talk: Talk, say: Say): void {
  const before = pane.querySelector(".answer:last-of-type .prose")!.cloneNode(true) as HTMLElement;
  const aside = document.createElement("details");
  aside.className = "before-change";
  aside.open = true;
  const title = document.createElement("summary");
  title.textContent = say("beforeChange");
  aside.append(title, before);
  pane.querySelector(".before-change")?.remove();
  pane.querySelector("#turns")!.after(aside);
  pane.querySelector(".stale")?.remove();
  talk.again();
}
