/** The kinds of plugins there are, each a file or folder beside this one, and the plugins that come along. */
import type { Apis } from "../openapi/kind.ts";
import type { Plugin, PluginType } from "./toolbox.ts";
import type { Web } from "./web.ts";

/** What kinds of plugins are made from. */
export interface KindNeeds {
  /** The only way out to the web. */
  readonly egress: Web;
  readonly apis: Apis;
}

/** All kinds by the name that a plugin's `type` gives. */
export function pluginKinds({ apis }: KindNeeds): Record<string, PluginType> {
  return { openapi: apis.type };
}

/** Plugins that are there without being added. */
export const BUILTIN_PLUGINS: readonly Plugin[] = [];
