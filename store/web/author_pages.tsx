/** Routes of the pages on which assistants are made, compared and looked into. */
import {
  type Builder,
  diffManifest,
  type Memory,
  type Registry,
  type Toolbox,
} from "@flint/plugins";
import type { Context, Hono } from "hono";
import { requireAccount } from "../api/identity.ts";
import type { Usable } from "../market/usable.ts";
import { MemoryPage, Versions } from "./author.tsx";
import { Build } from "./build.tsx";
import { BuildStart } from "./build_start.tsx";
import type { Drawing } from "./drawing.tsx";
import { highlight } from "./highlight.ts";
import { createMarkdown } from "./markdown.ts";

/** What these pages show. */
export interface AuthorDeps {
  readonly builder: Builder;
  readonly registry: Registry;
  readonly usable: Usable;
  readonly memory: Memory;
  readonly toolbox: Toolbox;
}

/** Drafts offered to be continued. */
const DRAFTS = 6;
/** Sessions looked through for them: some have no draft yet. */
const SESSIONS = 30;

/** Adds them. */
export function addAuthorPages(
  app: Hono,
  { builder, registry, usable, memory, toolbox }: AuthorDeps,
  { frame, send }: Drawing,
): void {
  app.get("/build", (c) => {
    const sessions = builder.list(SESSIONS, requireAccount(c).id).filter((
      { draft, turns, saved },
    ) => draft && turns > 0 && !saved);
    return send(c, <BuildStart frame={frame(c)} sessions={sessions.slice(0, DRAFTS)} />);
  });

  app.get("/build/:session", (c) => {
    const id = c.req.param("session");
    const session = builder.get(id);
    const shell = frame(c);
    return send(
      c,
      <Build
        frame={shell}
        session={session}
        turns={builder.turns(id)}
        messages={session.draft ? builder.preview.messages(id) : []}
        plugins={toolbox.list()}
        render={createMarkdown({ copy: shell.say("copy"), highlight })}
      />,
    );
  });

  app.get("/a/:assistant/versions", (c) => {
    const assistant = registry.get(c.req.param("assistant"));
    const { entries, next } = registry.versions(assistant.id, c.req.query("cursor"));
    return send(
      c,
      <Versions
        frame={frame(c)}
        assistant={assistant}
        entries={entries}
        next={next}
        compared={comparedIn(c, registry, assistant.id)}
      />,
    );
  });

  app.get("/a/:assistant/memory", (c) => {
    const { id: user } = requireAccount(c);
    const assistant = usable.get(c.req.param("assistant"), user);
    const remembered = memory.get({ assistant: assistant.id, user });
    return send(
      c,
      <MemoryPage frame={frame(c)} assistant={assistant} remembered={remembered} />,
    );
  });
}

/** What differs between the two versions that the query names, if it does. */
function comparedIn(c: Context, registry: Registry, id: string) {
  const [from, to] = [versionIn(c, "from"), versionIn(c, "to")];
  if (!from || !to) return undefined;
  const changes = diffManifest(registry.getVersion(id, from), registry.getVersion(id, to));
  return { from, to, changes };
}

/** A version's number in the query; undefined where there is none. */
function versionIn(c: Context, name: string): number | undefined {
  const value = c.req.query(name);
  return value && /^\d{1,9}$/.test(value) ? Number(value) : undefined;
}
