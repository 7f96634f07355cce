/** POST /v1/chat/completions: messages in, an assistant's answer out, whole or streamed. */
import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import type { GenerateRequest } from "@flint/core";
import type { Chosen } from "@flint/plugins";
import { jsonBody, openAiFailures } from "../describe.ts";
import { openAiError } from "../errors.ts";
import { eventStream, type Frame } from "../events.ts";
import { given } from "../given.ts";
import { requireAccount } from "../identity.ts";
import { HeldChoices } from "./annotations.ts";
import { ChatChunk, ChatCompletion } from "./answer.ts";
import { collect, type DoneEvent, finishReason, together, usageOf } from "./choices.ts";
import { type AnswerHead, DONE, headOf } from "./head.ts";
import { chatLogprobs } from "./logprobs.ts";
import { boundsOf, fitted, repeated, samplingOf, schemaOf } from "./sampling.ts";
import { ChatRequest } from "./schema.ts";
import type { Speaker, Speakers } from "./speaker.ts";
import { chosenTools, toolCallsOf, turnOf, withChoice } from "./tools.ts";

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
    const begins = request.messages.every(({ role }) => role !== "assistant");
    const entered = await speakers.enter(request.model, { begins, user: requireAccount(c).id });
    const head = headOf("chatcmpl", request.model, entered.engine);
    if (request.stream) {
      return await eventStream(c, {
        frames: (signal) => chunks(request, entered, head, signal),
        failed: (error) => ({ data: JSON.stringify(openAiError(error)) }),
      });
    }
    await using speaker = entered;
    const { signal } = c.req.raw;
    const chosen = await chosenTools(request, speaker, signal);
    if (chosen && chosen.calls.length > 0) return c.json(calling(head, chosen), 200);
    const n = request.n ?? 1;
    const { events, held } = await answers(request, speaker, signal);
    const choices = await collect(events, n);
    return c.json({
      ...head,
      object: "chat.completion" as const,
      choices: choices.map(({ text, tokens, done }, index) => ({
        index,
        message: {
          role: "assistant" as const,
          content: text,
          refusal: null,
          ...given({ annotations: held.annotations(index) }),
        },
        logprobs: chatLogprobs(tokens),
        finish_reason: finishReason(done),
      })),
      usage: usageOf(choices.map(({ done }) => withChoice(done, chosen)), n),
    }, 200);
  });
  return app;
}

async function answers(request: ChatRequest, speaker: Speaker, signal: AbortSignal) {
  const turn = await turnOf(request, speaker, signal);
  const asked = repeated(asEngine(request, turn.request, speaker), request.n ?? 1);
  const held = new HeldChoices(turn.ground, asked.length);
  const events = held.events(together(asked.map((one) => speaker.engine.generate(one, signal))));
  return { events, held };
}

/** An answer that is calls alone. */
function calling(head: AnswerHead, { calls, done }: Chosen) {
  const message = {
    role: "assistant" as const,
    content: null,
    refusal: null,
    tool_calls: toolCallsOf(calls),
  };
  return {
    ...head,
    object: "chat.completion" as const,
    choices: [{ index: 0, message, logprobs: null, finish_reason: "tool_calls" as const }],
    usage: usageOf([done], 1),
  };
}

function asEngine(request: ChatRequest, turn: GenerateRequest, speaker: Speaker): GenerateRequest {
  const asked = {
    ...turn,
    sampling: { ...turn.sampling, ...samplingOf(request, speaker.engine.text.vocabulary) },
    ...boundsOf(request),
    ...schemaOf(request),
    ...(request.logprobs ? { logprobs: request.top_logprobs ?? 0 } : {}),
  };
  return fitted(asked, speaker.engine);
}

/** Calls if some are wanted; else the role, text as it comes, why it ended; last the count, if asked for. */
async function* chunks(
  request: ChatRequest,
  entered: Speaker,
  head: AnswerHead,
  signal: AbortSignal,
): AsyncGenerator<Frame> {
  await using speaker = entered;
  const counted = request.stream_options?.include_usage === true;
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

  const chosen = await chosenTools(request, speaker, signal);
  const ends: DoneEvent[] = [];
  if (chosen && chosen.calls.length > 0) {
    ends[0] = chosen.done;
    const tool_calls = toolCallsOf(chosen.calls).map((call, index) => ({ index, ...call }));
    const delta = { role: "assistant" as const, content: null, tool_calls };
    yield chunk([{ index: 0, delta, logprobs: null, finish_reason: null }]);
    yield chunk([{ index: 0, delta: {}, logprobs: null, finish_reason: "tool_calls" }]);
  } else {
    const begun = new Set<number>();
    const { events, held } = await answers(request, speaker, signal);
    for await (const { index, event } of events) {
      const role = begun.has(index) ? {} : { role: "assistant" as const };
      begun.add(index);
      if (event.type === "done") {
        ends[index] = withChoice(event, chosen);
        const finish_reason = finishReason(event);
        const delta = { ...role, ...given({ annotations: held.annotations(index) }) };
        yield chunk([{ index, delta, logprobs: null, finish_reason }]);
      } else if (event.text || event.logprob) {
        const delta = { ...role, content: event.text };
        yield chunk([{ index, delta, logprobs: chatLogprobs([event]), finish_reason: null }]);
      }
    }
  }
  if (counted) yield chunk([], usageOf(ends, request.n ?? 1));
  yield DONE;
}
