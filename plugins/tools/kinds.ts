/** The kinds of plugins there are, each a file or folder beside this one. */
import { builtinPlugins } from "../builtin/kind.ts";
import { codePlugins } from "../code/kind.ts";
import type { Apis } from "../openapi/kind.ts";
import type { Secrets } from "../secrets.ts";
import type { PluginType } from "./toolbox.ts";
import type { Web } from "./web.ts";

/** What kinds of plugins are made from. */
export interface KindNeeds {
  /** The only way out to the web. */
  readonly egress: Web;
  readonly apis: Apis;
  readonly secrets: Secrets;
}

/** All kinds by the name that a plugin's `type` gives. */
export function pluginKinds(needs: KindNeeds): Record<string, PluginType> {
  return { openapi: needs.apis.type, code: codePlugins(needs), builtin: builtinPlugins(needs) };
}
