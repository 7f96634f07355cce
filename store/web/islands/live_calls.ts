/// <reference lib="dom" />
/** Calls in a live answer: cards as the server draws them, what they are doing, what they ask. */
import type { ChatEvent } from "@flint/plugins";
import type { Say } from "../strings.ts";
import { refreshCalls } from "./refresh.ts";
import { reason, send } from "./request.ts";
import { toast } from "./toast.ts";

type Question = Extract<ChatEvent, { type: "question" }>;
interface Property {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
}

/** The calls of one turn. `address` is the conversation's in the API. */
export class LiveCalls {
  readonly #turn: HTMLElement;
  readonly #address: string;
  readonly #say: Say;
  #drawn: Promise<void> = Promise.resolve();

  constructor(turn: HTMLElement, address: string, say: Say) {
    this.#turn = turn;
    this.#address = address;
    this.#say = say;
  }

  /** Shows what an event tells of calls; others are none of its business. */
  take(event: ChatEvent): void {
    if (event.type === "missing") {
      toast(this.#say("callMissing", { names: event.plugins.join(", ") }));
    }
    if (event.type === "tool_call" || event.type === "tool_result" || event.type === "approval") {
      // One after another: an older page must not come last.
      this.#drawn = this.#drawn.then(() => refreshCalls(this.#turn)).catch(() => {});
    }
    if (event.type === "progress" || event.type === "question") {
      this.#drawn = this.#drawn.then(() => this.#fill(event));
    }
  }

  #fill(event: Question | Extract<ChatEvent, { type: "progress" }>): void {
    const card = this.#turn.querySelector(`[data-call="${event.call}"]`);
    const line = card?.querySelector("[data-progress]");
    if (event.type === "progress" && line) line.textContent = event.text;
    if (event.type === "question") card?.append(this.#form(event));
  }

  /** A form of a flat schema, as MCP's elicitation has them. */
  #form({ question, text, schema }: Question): HTMLFormElement {
    const form = document.createElement("form");
    form.className = "call-question";
    const words = document.createElement("p");
    words.textContent = text;
    const { properties = {}, required = [] } = schema as {
      properties?: Record<string, Property>;
      required?: string[];
    };
    const fields = Object.entries(properties)
      .map(([name, property]) => field(name, property, required.includes(name)));
    const buttons = document.createElement("div");
    const give = button(this.#say("callGive"), "primary", "submit");
    const refuse = button(this.#say("callRefuse"), "danger", "button");
    buttons.append(give, refuse);
    form.append(words, ...fields, buttons);
    const answer = (values: unknown) =>
      send("POST", `${this.#address}/questions/${question}`, { values })
        .then(() => form.remove(), (error) => toast(reason(error, this.#say)));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      answer(valuesOf(form, properties));
    });
    refuse.addEventListener("click", () => answer(null));
    return form;
  }
}

function field(name: string, property: Property, required: boolean): HTMLElement {
  const label = document.createElement("label");
  label.className = "field";
  const words = document.createElement("span");
  words.textContent = property.title ?? name;
  const box = property.enum ? document.createElement("select") : document.createElement("input");
  if (box instanceof HTMLSelectElement) {
    for (const value of property.enum!) box.append(new Option(String(value)));
  } else {
    const isNumber = property.type === "number" || property.type === "integer";
    box.type = property.type === "boolean" ? "checkbox" : isNumber ? "number" : "text";
    if (isNumber) box.step = property.type === "integer" ? "1" : "any";
  }
  box.name = name;
  box.required = required && property.type !== "boolean";
  if (property.description) box.title = property.description;
  label.append(words, box);
  return label;
}

function button(words: string, kind: string, type: "submit" | "button"): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = type;
  made.className = `button ${kind}`;
  made.textContent = words;
  return made;
}

/** What was filled in; the server gives each its type. */
function valuesOf(form: HTMLFormElement, properties: Record<string, Property>) {
  const values: Record<string, unknown> = {};
  for (const [name, { type }] of Object.entries(properties)) {
    const box = form.elements.namedItem(name) as HTMLInputElement | HTMLSelectElement;
    if (box instanceof HTMLInputElement && type === "boolean") values[name] = box.checked;
    else if (box.value !== "") values[name] = box.value;
  }
  return values;
}
