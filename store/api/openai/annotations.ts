/** Answers from documents on /v1: held to their sources as on the page, and annotated with where they stand. */
import type { Citation, Ground } from "@flint/plugins";
import { z } from "@hono/zod-openapi";
import type { ChoiceEvent } from "./choices.ts";

/** As OpenAI's web search annotates; the address is a page of this server. */
export const Annotation = z.object({
  type: z.literal("url_citation"),
  url_citation: z.object({
    start_index: z.int(),
    end_index: z.int(),
    url: z.string(),
    title: z.string(),
  }),
}).openapi("Annotation");
type Annotation = z.infer<typeof Annotation>;

/** Answers of some choices, held to one ground; without one they are as they come. */
export class HeldChoices {
  readonly #held: ReturnType<Ground["hold"]>[];

  constructor(ground: Ground | undefined, count: number) {
    this.#held = ground ? Array.from({ length: count }, () => ground.hold()) : [];
  }

  /** The events with the words that may be shown. */
  async *events(all: AsyncIterable<ChoiceEvent>): AsyncGenerator<ChoiceEvent> {
    for await (const choice of all) {
      const { index, event } = choice;
      const held = this.#held[index];
      if (!held) yield choice;
      else if (event.type === "token") {
        yield { index, event: { ...event, text: held.say(event.text) } };
      } else {
        const rest = held.end();
        if (rest !== "") yield { index, event: { type: "token", id: -1, text: rest } };
        yield choice;
      }
    }
  }

  /** Where the sentences of a finished choice stand; undefined for one that was held to nothing. */
  annotations(index: number): Annotation[] | undefined {
    return this.#held[index]?.citations().flatMap(annotationOf);
  }
}

function annotationOf({ start, end, verdict, source }: Citation): Annotation[] {
  if (!source || (verdict !== "verbatim" && verdict !== "supported")) return [];
  const page = `/knowledge/${encodeURIComponent(source.base)}/documents/${source.document}`;
  return [{
    type: "url_citation",
    url_citation: {
      start_index: start,
      end_index: end,
      url: `${page}?start=${source.start}&end=${source.end}#cited`,
      title: source.title,
    },
  }];
}
