/** The model core from outside: which models there are, which one answers, what it spends. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { setTimeout as delay } from "node:timers/promises";
import type { Engine, HouseStatus as Status, ModelHouse } from "@flint/core";
import { events, json, problems } from "./describe.ts";
import { problem } from "./errors.ts";
import { eventStream, type Frame } from "./events.ts";
import { CoreEvent, EngineReport, HouseStatus, ModelEntry } from "./schema.ts";

/** Pause between two events for a watching page. */
const EVENT_INTERVAL_MS = 1000;

const tags = ["Core"];

const models = createRoute({
  method: "get",
  path: "/models",
  tags,
  summary: "List models and their stages",
  responses: { 200: json(z.array(ModelEntry), "Every model of the catalog and every import") },
});

const status = createRoute({
  method: "get",
  path: "/status",
  tags,
  summary: "Tell which model is wanted and which answers",
  responses: { 200: json(HouseStatus, "Status") },
});

const report = createRoute({
  method: "get",
  path: "/core",
  tags,
  summary: "Report budget, window and load",
  responses: { 200: json(EngineReport, "Live figures"), ...problems },
});

const watch = createRoute({
  method: "get",
  path: "/core/events",
  tags,
  summary: "Watch status and report",
  responses: { 200: events(CoreEvent, "An event `core` each second until the reader leaves") },
});

/** What the core routes need. `stopping` ends the endless streams when the server stops. */
export interface CoreDeps {
  readonly house: ModelHouse;
  readonly stopping: AbortSignal;
}

/** Routes that tell of the core; none changes it. */
export function createCore({ house, stopping }: CoreDeps): OpenAPIHono {
  const app = new OpenAPIHono();
  app.openapi(models, (c) => c.json(house.list(), 200));
  app.openapi(status, (c) => c.json(house.status(), 200));
  app.openapi(report, (c) => c.json(house.engine().report(), 200));
  app.openapi(watch, (c) =>
    eventStream(c, {
      frames: (signal) => ticks(house, signal),
      failed: (error) => ({ event: "error", data: JSON.stringify(problem(error, c.req.path)) }),
      until: stopping,
    }));
  return app;
}

async function* ticks(house: ModelHouse, signal: AbortSignal): AsyncGenerator<Frame> {
  while (!signal.aborted) {
    const state = house.status();
    const event = { status: state, report: serving(house, state)?.report() ?? null };
    yield { event: "core", data: JSON.stringify(event) };
    await delay(EVENT_INTERVAL_MS, undefined, { signal }).catch(() => {}); // aborted: the loop ends
  }
}

const serving = (house: ModelHouse, { serving }: Status): Engine | undefined =>
  serving === undefined ? undefined : house.engine();
