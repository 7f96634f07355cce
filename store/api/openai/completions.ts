/** POST /v1/completions: plain text goes on; no template, no instructions. */
import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { type Engine, FlintError, type GenerateRequest } from "@flint/core";
import { jsonBody, openAiFailures } from "../describe.ts";
import { openAiError } from "../errors.ts";
import { eventStream, type Frame } from "../events.ts";
import { requireAccount } from "../identity.ts";
import { Completion, CompletionChunk } from "./answer.ts";
import { collect, type DoneEvent, finishReason, together, usageOf } from "./choices.ts";
import { type AnswerHead, DONE, headOf } from "./head.ts";
import { textLogprobs } from "./logprobs.ts";
import { boundsOf, fitted, repeated, samplingOf } from "./sampling.ts";
import { CompletionRequest } from "./schema.ts";
import type { Speaker, Speakers } from "./speaker.ts";

/** OpenAI's default here; chat has none. */
const MAX_TOKENS_DEFAULT = 16;

const route = createRoute({
  method: "post",
  path: "/completions",
  tags: ["OpenAI"],
  summary: "Continue a text",
  request: { body: jsonBody(CompletionRequest) },
  responses: {
    200: {
      description: "The continuation; a stream that ends with `[DONE]` if `stream` is true",
      content: {
        "application/json": { schema: Completion },
        "text/event-stream": { schema: CompletionChunk },
      },
    },
    ...openAiFailures,
  },
});

/** Plain completions; choices are numbered prompt by prompt. */
export function createCompletions({ speakers }: { speakers: Speakers }): OpenAPIHono {
  const app = new OpenAPIHono();
  app.openapi(route, async (c) => {
    const request = c.req.valid("json");
    const entered = await speakers.enter(request.model, {
      begins: true,
      user: requireAccount(c).id,
    });
    const head = headOf("cmpl", request.model, entered.engine);
    if (request.stream) {
      return await eventStream(c, {
        frames: (signal) => chunks(entered, head, request, signal),
        failed: (error) => ({ data: JSON.stringify(openAiError(error)) }),
      });
    }
    await using speaker = entered;
    const n = request.n ?? 1, asked = askedOf(request, speaker.engine);
    const choices = await collect(answers(asked, speaker.engine, c.req.raw.signal), asked.length);
    return c.json({
      ...head,
      object: "text_completion" as const,
      choices: choices.map(({ text, tokens, done }, index) => ({
        index,
        text,
        logprobs: textLogprobs(tokens, 0),
        finish_reason: finishReason(done),
      })),
      usage: usageOf(choices.map((choice) => choice.done), n),
    }, 200);
  });
  return app;
}

/** One request for each choice of each prompt. */
function askedOf(request: CompletionRequest, engine: Engine): GenerateRequest[] {
  return promptsOf(request.prompt, engine)
    .flatMap((prompt) => repeated(asEngine(request, prompt, engine), request.n ?? 1));
}

const answers = (asked: readonly GenerateRequest[], engine: Engine, signal: AbortSignal) =>
  together(asked.map((one) => engine.generate(one, signal)));

function asEngine(
  request: CompletionRequest,
  prompt: readonly number[],
  engine: Engine,
): GenerateRequest {
  const asked = {
    prompt,
    sampling: samplingOf(request, engine.text.vocabulary),
    maxTokens: MAX_TOKENS_DEFAULT,
    ...boundsOf(request),
    ...(request.logprobs == null ? {} : { logprobs: request.logprobs }),
  };
  return fitted(asked, engine);
}

/** One list of token ids per prompt, however they were sent. */
function promptsOf(prompt: CompletionRequest["prompt"], { text }: Engine): number[][] {
  // Who sends a raw prompt writes the template himself, control tokens included.
  const encode = (prompt: string) => text.encode(prompt, { special: true, begin: true });
  if (typeof prompt === "string") return [encode(prompt)];
  const prompts = typeof prompt[0] === "number" ? [prompt as number[]] : prompt;
  return (prompts as (string | number[])[]).map((one, index) => {
    if (typeof one === "string") return encode(one);
    const unknown = one.find((id) => id >= text.vocabulary);
    if (unknown === undefined) return one;
    throw new FlintError(
      "bad_input",
      `prompt ${index} holds token ${unknown}; this model's ids end at ${text.vocabulary - 1}`,
    );
  });
}

async function* chunks(
  entered: Speaker,
  head: AnswerHead,
  request: CompletionRequest,
  signal: AbortSignal,
): AsyncGenerator<Frame> {
  await using speaker = entered;
  const { n, stream_options: options } = request, { engine } = speaker;
  const events = answers(askedOf(request, engine), engine, signal);
  const counted = options?.include_usage === true;
  const chunk = (choices: CompletionChunk["choices"], usage: CompletionChunk["usage"] = null) => ({
    data: JSON.stringify(
      {
        ...head,
        object: "text_completion",
        choices,
        ...(counted ? { usage } : {}),
      } satisfies CompletionChunk,
    ),
  });

  const ends: DoneEvent[] = [];
  const written: number[] = []; // characters so far, per choice
  for await (const { index, event } of events) {
    if (event.type === "done") {
      ends[index] = event;
      yield chunk([{ index, text: "", logprobs: null, finish_reason: finishReason(event) }]);
    } else if (event.text || event.logprob) {
      const logprobs = textLogprobs([event], written[index] ?? 0);
      written[index] = (written[index] ?? 0) + event.text.length;
      yield chunk([{ index, text: event.text, logprobs, finish_reason: null }]);
    }
  }
  if (counted) yield chunk([], usageOf(ends, n ?? 1));
  yield DONE;
}
