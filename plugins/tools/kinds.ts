/** The kinds of plugins there are, each a file or folder beside this one. */
import { BUILTIN_PLUGINS, builtinPlugins } from "../builtin/kind.ts";
import { codePlugins } from "../code/kind.ts";
import type { Apis } from "../openapi/kind.ts";
import type { Secrets } from "../secrets.ts";
import { colleagueKind, type ColleagueNeeds, COLLEAGUES } from "./colleagues.ts";
import { mcpKind } from "./mcp/kind.ts";
import type { Plugin, PluginType } from "./toolbox.ts";
import type { Web } from "./web.ts";

/** What kinds of plugins are made from. */
export interface KindNeeds extends ColleagueNeeds {
  /** The only way out to the web. */
  readonly egress: Web;
  readonly apis: Apis;
  readonly secrets: Secrets;
}

/** All kinds by the name that a plugin's `type` gives. */
export function pluginKinds(needs: KindNeeds): Record<string, PluginType> {
  return {
    assistants: colleagueKind(needs),
    builtin: builtinPlugins(needs),
    code: codePlugins(needs),
    mcp: mcpKind({ web: needs.egress, secrets: needs.secrets }),
    openapi: needs.apis.type,
  };
}

/** Plugins that are there without being added. */
export const STANDING_PLUGINS: readonly Plugin[] = [...BUILTIN_PLUGINS, COLLEAGUES];
