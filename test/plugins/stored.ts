/** Assistants for tests that have no registry. */
import type { Assistant, AssistantDraft } from "@flint/plugins";
import { ASSISTANT_DEFAULTS } from "../../plugins/schema.ts";

/** A draft as the registry would store it. */
export function stored(draft: AssistantDraft): Assistant {
  const at = "2026-01-01T00:00:00.000Z";
  const given = Object.fromEntries(
    Object.entries(draft).filter(([, value]) => value !== undefined),
  );
  const base = { ...ASSISTANT_DEFAULTS, id: "x", version: 1, createdAt: at, updatedAt: at };
  return { ...base, ...given } as Assistant;
}
