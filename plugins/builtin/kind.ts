/** The plugins that come with Flint: nothing but tools like anyone's, granted like anyone's. */
import { FlintError } from "@flint/core";
import { z } from "zod";
import { codePlugins, sha256Of } from "../code/kind.ts";
import type { Tool } from "../tools/tool.ts";
import type { OpenPlugin, Plugin, PluginType } from "../tools/toolbox.ts";
import type { Web } from "../tools/web.ts";
import { chartTool } from "./chart.ts";
import { clockTools } from "./clock.ts";
import { webPageTool } from "./web_page.ts";

/** What they are given. */
export interface BuiltinNeeds {
  readonly egress: Pick<Web, "send">;
}

/** How each is opened, by id. */
const OPEN: Readonly<Record<string, (needs: BuiltinNeeds) => Promise<OpenPlugin>>> = {
  calculator: (needs) => openFile("calculator", needs),
  json: (needs) => openFile("json", needs),
  clock: () => Promise.resolve({ tools: clockTools(), close: () => Promise.resolve() }),
  chart: () => Promise.resolve({ tools: [chartTool], close: () => Promise.resolve() }),
  web: (needs) => Promise.resolve(openWeb(needs)),
};

/** As the toolbox lists them. */
export const BUILTIN_PLUGINS: readonly Plugin[] = [
  ["calculator", "Calculator", "Calculates exactly and converts units."],
  ["clock", "Clock", "Tells the time in any zone and counts with dates."],
  ["web", "Web pages", "Reads the text of a page by its address."],
  ["json", "JSON", "Looks up, filters and sums what is in JSON."],
  ["chart", "Charts", "Draws bars, lines, points, areas and pies."],
].map(([id, name, description]) => ({
  ...{ id: id!, type: "builtin", name: name!, description: description! },
  config: {},
  addedAt: "2026-11-24T00:00:00.000Z",
}));

/** The kind. */
export function builtinPlugins(needs: BuiltinNeeds): PluginType {
  return {
    config: z.strictObject({}),
    open: ({ id }) => {
      if (Object.hasOwn(OPEN, id)) return OPEN[id]!(needs);
      throw new FlintError("bad_input", `"${id}" does not come with Flint: choose another type`);
    },
  };
}

/** A file beside this one, run as anyone's would be, with nothing granted. */
async function openFile(id: string, needs: BuiltinNeeds): Promise<OpenPlugin> {
  const source = await Deno.readTextFile(new URL(`./${id}.ts`, import.meta.url));
  const kind = codePlugins({ ...needs, bounds: { cpuMs: 3000 } });
  const config = kind.config.parse({ source, sha256: sha256Of(source) });
  return kind.open({ id, type: "code", name: id, description: "", config, addedAt: "" });
}

/** The process that makes pages readable is started with the first page. */
function openWeb(needs: BuiltinNeeds): OpenPlugin {
  let opening: Promise<OpenPlugin> | undefined;
  const readable = async (): Promise<Tool> => {
    opening ??= openFile("readable", needs);
    opening.catch(() => opening = undefined);
    return (await opening).tools[0]!;
  };
  return {
    tools: [webPageTool(needs.egress, readable)],
    close: async () => await (await opening?.catch(() => undefined))?.close(),
  };
}
