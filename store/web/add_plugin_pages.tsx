/** The steps by which an MCP server or a file of TypeScript becomes a plugin, each a plain form. */
import { describeCode, given, sha256Of, slugOf, type Toolbox } from "@flint/plugins";
import type { Context, Hono } from "hono";
import { ApproveFile, ApproveTools, ConfirmStart, FILE_PATH, SERVER_PATH } from "./add_plugin.tsx";
import type { Drawing } from "./drawing.tsx";

/** What the steps need. */
interface AddingDeps {
  readonly toolbox: Toolbox;
  /** Does it; what Flint refuses is told on the list of plugins. */
  readonly attempt: (c: Context, work: () => Promise<Response>) => Promise<Response>;
}

/** Adds the routes. */
export function addAddingPages(app: Hono, { toolbox, attempt }: AddingDeps, draw: Drawing): void {
  app.post(SERVER_PATH, async (c) => {
    const form = await c.req.formData();
    return await attempt(c, () => serverStep(c, form, toolbox, draw));
  });
  app.post(FILE_PATH, async (c) => {
    const form = await c.req.formData();
    return await attempt(c, () => fileStep(c, form, toolbox, draw));
  });
}

/** Shows the command, then the tools, then adds: as far as the form has confirmed. */
async function serverStep(
  c: Context,
  form: FormData,
  toolbox: Toolbox,
  { frame, send }: Drawing,
): Promise<Response> {
  const { name = "", url, command, args = "", starts, approved } = textsOf(form);
  const config = url === undefined ? { command, args: linesOf(args) } : { url };
  const draft = { id: slugOf(name), type: "mcp", name, config };
  const carried = given({ name, url, command, args, starts });
  const wanted = toolbox.starts("mcp", config);
  if (wanted !== undefined && starts === undefined) {
    return await send(c, <ConfirmStart frame={frame(c)} carried={carried} starts={wanted} />);
  }
  if (approved === undefined) {
    const tools = await toolbox.look(draft, starts);
    return await send(c, <ApproveTools frame={frame(c)} carried={carried} tools={tools} />);
  }
  await toolbox.add(draft, starts);
  return c.redirect(`/plugins/${draft.id}`, 303);
}

/** Shows what a file needs, then installs it with that and no more. */
async function fileStep(
  c: Context,
  form: FormData,
  toolbox: Toolbox,
  { frame, send }: Drawing,
): Promise<Response> {
  const file = form.get("file");
  const texts = textsOf(form);
  const brought = file instanceof File && file.size > 0 ? await file.text() : texts.source ?? "";
  const source = brought.replaceAll("\r\n", "\n"); // forms send their lines so
  const { name = "", description = "", hosts = "", secrets = "", sha256 } = texts;
  if (sha256 === undefined) {
    const ready = await describeCode(source);
    const shown = { name: ready.name, description: ready.description };
    const needs = { hosts: ready.hosts.join("\n"), secrets: ready.secrets.join("\n") };
    const carried = { source, sha256: sha256Of(source), ...shown, ...needs };
    return await send(c, <ApproveFile frame={frame(c)} carried={carried} ready={ready} />);
  }
  const config = { source, sha256, hosts: linesOf(hosts), secrets: linesOf(secrets) };
  const id = slugOf(name);
  await toolbox.add({ id, type: "code", name, description, config });
  return c.redirect(`/plugins/${id}`, 303);
}

/** What was written into a form's fields. */
export function textsOf(form: FormData): Record<string, string | undefined> {
  const texts = [...form].flatMap(([name, value]) =>
    typeof value === "string" && value.trim() !== "" ? [[name, value.trim()]] : []
  );
  return Object.fromEntries(texts);
}

const linesOf = (text: string): string[] =>
  text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== "");
