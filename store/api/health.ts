/** Whether the process lives (/healthz) and whether anything can answer (/readyz). */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { ModelHouse } from "@flint/core";
import { json, problems } from "./describe.ts";
import { HouseStatus } from "./schema.ts";

const Health = z.object({ status: z.literal("ok"), model: HouseStatus }).openapi("Health");

const healthz = createRoute({
  method: "get",
  path: "/healthz",
  tags: ["Server"],
  summary: "Is the server alive",
  responses: { 200: json(Health, "Alive; `model` says how far the model is") },
});

const readyz = createRoute({
  method: "get",
  path: "/readyz",
  tags: ["Server"],
  summary: "Can the server answer",
  responses: { 200: json(Health, "A model answers"), ...problems },
});

/** Probes for people and process managers. */
export function createHealth({ house }: { house: ModelHouse }): OpenAPIHono {
  const app = new OpenAPIHono();
  app.openapi(healthz, (c) => c.json({ status: "ok" as const, model: house.status() }, 200));
  app.openapi(readyz, (c) => {
    house.engine(); // throws "unavailable", with what is going on
    return c.json({ status: "ok" as const, model: house.status() }, 200);
  });
  return app;
}
