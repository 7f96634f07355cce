/** POST /v1/chat/completions: messages in, an assistant's answer out, whole or streamed. */
import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import type { GenerateRequest } from "@flint/core";
import { jsonBody, openAiFailures } from "../describe.ts";
import { openAiError } from "../errors.ts";
import { eventStream, type Frame } from "../events.ts";
import { ChatChunk, ChatCompletion } from "./answer.ts";
import {
  type ChoiceEvent,
  collect,
  type DoneEvent,
  finishReason,
  together,
  usageOf,
} from "./choices.ts";
import { type AnswerHead, DONE, headOf } from "./head.ts";
import { chatLogprobs } from "./logprobs.ts";
import { engineMessages } from "./messages.ts";
import { boundsOf, fitted, repeated, samplingOf, schemaOf } from "./sampling.ts";
import { ChatRequest } from "./schema.ts";
import type { Speaker, Speakers } from "./speaker.ts";

const route = createRoute({
  method: "post",
  path: "/chat/completions",
  tags: ["OpenAI"],
  summary: "Answer a chat",
  request: { body: jsonBody(ChatRequest) },
  responses: {
    200: {
      description: "The answer; a stream of chunks that ends with `[DONE]` if `stream` is true",
      content: {
        "application/json": { schema: ChatCompletion },
        "text/event-stream": { schema: ChatChunk },
      },
    },
    ...openAiFailures,
  },
});

/** Chat completions by assistants or by the bare model. */
export function createChat({ speakers }: { speakers: Speakers }): OpenAPIHono {
  const app = new OpenAPIHono();
  app.openapi(route, async (c) => {
    const request = c.req.valid("json");
    const speaker = speakers.get(request.model);
    const head = headOf("chatcmpl", request.model, speaker.engine);
    const n = request.n ?? 1;
    const asked = repeated(asEngine(request, speaker), n);
    const answers = (signal: AbortSignal) =>
      together(asked.map((one) => speaker.engine.generate(one, signal)));

    if (request.stream) {
      return await eventStream(c, {
        frames: (signal) => chunks(answers(signal), head, request),
        failed: (error) => ({ data: JSON.stringify(openAiError(error)) }),
      });
    }
    const choices = await collect(answers(c.req.raw.signal), n);
    return c.json({
      ...head,
      object: "chat.completion" as const,
      choices: choices.map(({ text, tokens, done }, index) => ({
        index,
        message: { role: "assistant" as const, content: text, refusal: null },
        logprobs: chatLogprobs(tokens),
        finish_reason: finishReason(done),
      })),
      usage: usageOf(choices.map((choice) => choice.done), n),
    }, 200);
  });
  return app;
}

function asEngine(request: ChatRequest, speaker: Speaker): GenerateRequest {
  const turn = speaker.turn(engineMessages(request.messages));
  const asked = {
    ...turn,
    sampling: { ...turn.sampling, ...samplingOf(request, speaker.engine.text.vocabulary) },
    ...boundsOf(request),
    ...schemaOf(request),
    ...(request.logprobs ? { logprobs: request.top_logprobs ?? 0 } : {}),
  };
  return fitted(asked, speaker.engine);
}

/** The role first, then text as it comes, then why it ended; last the count, if asked for. */
async function* chunks(
  events: AsyncIterable<ChoiceEvent>,
  head: AnswerHead,
  { n, stream_options: options }: ChatRequest,
): AsyncGenerator<Frame> {
  const counted = options?.include_usage === true;
  const chunk = (choices: ChatChunk["choices"], usage: ChatChunk["usage"] = null): Frame => ({
    data: JSON.stringify(
      {
        ...head,
        object: "chat.completion.chunk",
        choices,
        ...(counted ? { usage } : {}),
      } satisfies ChatChunk,
    ),
  });

  const begun = new Set<number>();
  const ends: DoneEvent[] = [];
  for await (const { index, event } of events) {
    const role = begun.has(index) ? {} : { role: "assistant" as const };
    begun.add(index);
    if (event.type === "done") {
      ends[index] = event;
      const finish_reason = finishReason(event);
      yield chunk([{ index, delta: role, logprobs: null, finish_reason }]);
    } else if (event.text || event.logprob) {
      const delta = { ...role, content: event.text };
      yield chunk([{ index, delta, logprobs: chatLogprobs([event]), finish_reason: null }]);
    }
  }
  if (counted) yield chunk([], usageOf(ends, n ?? 1));
  yield DONE;
}
