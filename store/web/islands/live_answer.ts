/// <reference lib="dom" />
/** An answer while it is spoken: markdown drawn block by block, read aloud a paragraph at a time. */
import DOMPurify from "dompurify";
import { createMarkdown, type Highlight, type RenderBlocks } from "../markdown.ts";
import type { Say } from "../strings.ts";

/** One streamed answer. Only blocks that changed are drawn again, so a selection survives. */
export class LiveAnswer {
  readonly #prose: HTMLElement;
  readonly #speech: HTMLElement;
  readonly #say: Say;
  #render: RenderBlocks;
  #text = "";
  #blocks: string[] = [];
  #spoken = 0;
  #frame = 0;
  #colours = false;

  /** `turn` is an empty answer; `speech` a polite live region. */
  constructor(turn: HTMLElement, speech: HTMLElement, say: Say) {
    this.#prose = turn.querySelector<HTMLElement>(".prose")!;
    this.#speech = speech;
    this.#say = say;
    this.#render = createMarkdown({ copy: say("copy") });
    speech.replaceChildren();
  }

  /** Adds words; they are drawn with the next frame. */
  add(text: string): void {
    this.#text += text;
    if (!this.#colours && this.#text.includes("```")) this.#loadColours();
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  /** Draws and speaks what is left. */
  finish(): void {
    cancelAnimationFrame(this.#frame);
    this.#draw();
    this.#speak(this.#blocks.length);
  }

  #draw(): void {
    this.#frame = 0;
    const blocks = this.#render(this.#text);
    blocks.forEach((html, i) => {
      if (html === this.#blocks[i]) return;
      const block = clean(html);
      const old = this.#prose.children[i];
      if (old) old.replaceWith(block);
      else this.#prose.append(block);
    });
    while (this.#prose.children.length > blocks.length) this.#prose.lastElementChild!.remove();
    this.#blocks = blocks;
    this.#speak(blocks.length - 1);
  }

  /** Speaks blocks up to `end`, each once it can change no more. */
  #speak(end: number): void {
    for (; this.#spoken < end; this.#spoken++) {
      const words = document.createElement("p");
      words.textContent = this.#prose.children[this.#spoken]?.textContent ?? "";
      this.#speech.append(words);
    }
  }

  /** Fetches the highlighter the first time code appears, then draws again with it. */
  async #loadColours(): Promise<void> {
    this.#colours = true;
    const module = await import(document.documentElement.dataset.code!) as { highlight: Highlight };
    this.#render = createMarkdown({ copy: this.#say("copy"), highlight: module.highlight });
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }
}

/** The one element of a block, through DOMPurify: a second wall behind a renderer that allows no HTML. */
function clean(html: string): Element {
  const fragment = DOMPurify.sanitize(html, { RETURN_DOM_FRAGMENT: true, ADD_ATTR: ["target"] });
  return fragment.firstElementChild ?? document.createElement("p");
}
