/// <reference lib="dom" />
/** A conversation on the page: asking, streaming the answer, stopping, asking again. */
import type { ChatEvent } from "@flint/plugins";
import type { Say } from "../strings.ts";
import { followEnd } from "./follow.ts";
import type { LiveAnswer } from "./live_answer.ts";
import { LiveCalls } from "./live_calls.ts";
import { refresh, refreshTurns } from "./refresh.ts";
import { askFor, reason, Refusal } from "./request.ts";

/** How often, and how many times, the server is asked whether it has kept an answer that was broken off. */
const KEEP_MS = 250, KEEP_TRIES = 12;

/** How a stream ended: why it broke off, if it did, and whether it was refused before it began. */
interface Outcome {
  readonly failure?: string;
  readonly refused?: boolean;
}

/** The turns of one conversation; one answer at a time. */
export class Talk {
  readonly #turns: HTMLElement;
  readonly #speech: HTMLElement;
  readonly #form: HTMLFormElement;
  readonly #address: string;
  readonly #say: Say;
  readonly #goToEnd: () => void;
  #stop = new AbortController();

  /**
   * `address` is the conversation's in the API; `form` its composer, marked busy while an answer
   * comes; `scroller` what its turns scroll in, if it isn't the page.
   */
  constructor(
    root: HTMLElement,
    form: HTMLFormElement,
    address: string,
    say: Say,
    scroller?: HTMLElement,
  ) {
    this.#turns = root.querySelector<HTMLElement>("#turns")!;
    this.#speech = root.querySelector<HTMLElement>("#speech")!;
    this.#form = form;
    this.#address = address;
    this.#say = say;
    const jump = root.querySelector<HTMLElement>("[data-jump]")!;
    this.#goToEnd = followEnd(this.#turns, jump, scroller);
    this.#goToEnd();
    requestIdleCallback(renderer); // there before the first answer is
    form.querySelector("[data-stop]")!.addEventListener("click", () => this.#stop.abort());
    this.#turns.addEventListener("click", (event) => {
      const wanted = (event.target as Element).closest<HTMLElement>(
        "[data-regenerate], [data-decide]",
      );
      if (!wanted || form.dataset.busy !== undefined) return;
      if (wanted.dataset.decide) this.decide(wanted, wanted.dataset.decide);
      else this.again();
    });
  }

  /** Says something and streams the answer. */
  ask(text: string): void {
    this.#turns.querySelector(".no-answer")?.remove();
    const question = blank("question");
    question.querySelector(".bubble")!.textContent = text;
    this.#turns.append(question);
    this.#answer("messages", { content: text });
  }

  /** Has the last question answered anew; one that the server never kept is sent once more. */
  again(): void {
    while (!this.#turns.lastElementChild!.matches(".question")) {
      this.#turns.lastElementChild!.remove();
    }
    const question = this.#turns.lastElementChild as HTMLElement;
    if (question.dataset.index !== undefined) {
      this.#answer("regenerate", {});
      return;
    }
    question.remove();
    this.ask(question.querySelector(".bubble")!.textContent!);
  }

  /** Decides about the call of the card that `button` is on, and streams the rest of its answer. */
  decide(button: HTMLElement, decision: string): void {
    const call = button.closest<HTMLElement>("[data-call]")!;
    const turn = call.closest<HTMLElement>(".turn")!;
    call.querySelector(".call-decision")!.remove();
    this.#answer(`approvals/${call.dataset.call}`, { decision }, turn);
  }

  /** After a reload the server may just be keeping the answer that the reload cut off. */
  lookAgain(): void {
    if (this.#turns.querySelector(".no-answer")) keep(true);
  }

  async #answer(verb: string, body: unknown, turn = blank("answer")): Promise<void> {
    this.#stop = new AbortController();
    turn.classList.add("live");
    if (!turn.isConnected) this.#turns.append(turn);
    this.#form.dataset.busy = "";
    this.#goToEnd();
    const { failure, refused } = await this.#stream(verb, body, turn);
    // The server keeps no question that it refuses to answer: the page does, until it is sent again.
    if (refused && verb === "messages") turn.remove();
    else await keep(this.#stop.signal.aborted || failure !== undefined);
    turn.classList.remove("live");
    if (failure) this.#showFailure(failure);
    delete this.#form.dataset.busy;
  }

  async #stream(verb: string, body: unknown, turn: HTMLElement): Promise<Outcome> {
    const { signal } = this.#stop;
    let live: LiveAnswer | undefined;
    try {
      const { LiveAnswer } = await renderer();
      live = new LiveAnswer(turn, this.#speech, this.#say);
      const calls = new LiveCalls(turn, this.#address, this.#say);
      const events = await askFor<ChatEvent>(`${this.#address}/${verb}`, body, signal);
      refresh().catch(() => {}); // the first question names the conversation
      for await (const event of events) {
        if (event.type === "token") live.add(event.text);
        calls.take(event);
        if (event.type === "error") return { failure: event.message };
      }
      return {};
    } catch (error) {
      if (signal.aborted) return {};
      return { failure: reason(error, this.#say), refused: error instanceof Refusal };
    } finally {
      live?.finish();
    }
  }

  /** Says at the end of the turns why there is no answer, or only a part of one. */
  #showFailure(failure: string): void {
    let note = this.#turns.querySelector<HTMLElement>(".no-answer");
    if (!note) {
      note = blank("no-answer");
      this.#turns.append(note);
    }
    note.querySelector("[data-reason]")!.textContent = failure;
  }
}

/** What draws answers: a bundle of its own, so that a page is awake before markdown is. */
function renderer(): Promise<typeof import("./live_answer.ts")> {
  return import(document.documentElement.dataset.answer!);
}

/** Takes over what the server has kept; after a break, waits a while for it to keep the answer. */
async function keep(broken: boolean): Promise<void> {
  for (let left = broken ? KEEP_TRIES : 0; left >= 0; left--) {
    const accept = (newest: Element | null) => left === 0 || Boolean(newest?.matches(".answer"));
    const kept = await refreshTurns(accept).catch(() => true); // unreachable: the page stays as it is
    if (kept) return;
    await new Promise((resolve) => setTimeout(resolve, KEEP_MS));
  }
}

/** A new turn from the page's own template. */
function blank(kind: "question" | "answer" | "no-answer"): HTMLElement {
  const template = document.querySelector<HTMLTemplateElement>("#blanks")!;
  const turn = template.content.querySelector(`.${kind}`)!.cloneNode(true) as HTMLElement;
  delete turn.dataset.index;
  return turn;
}
