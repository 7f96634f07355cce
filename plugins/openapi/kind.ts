/** Plugins of the kind `openapi`: an HTTP API's operations as tools. */
import { FlintError, type Kv } from "@flint/core";
import { randomBytes } from "node:crypto";
import { z } from "zod";
import { plainText } from "../plain_text.ts";
import type { Secrets } from "../secrets.ts";
import type { OpenPlugin, Plugin, PluginType } from "../tools/toolbox.ts";
import type { Web } from "../tools/web.ts";
import { findDocument } from "./find.ts";
import { OAuth } from "./oauth.ts";
import { DOCUMENT_BYTES_MAX, readApi } from "./reader.ts";
import { Reading } from "./reading.ts";
import { apiTools } from "./tools.ts";

/** What is set for an API. */
export const ApiConfig = z.strictObject({
  url: z.url().max(2000).optional().meta({
    description: "Where its document is, or where it came from",
  }),
  document: z.string().max(DOCUMENT_BYTES_MAX).optional().meta({
    description: "The document itself; read once and not kept in this form",
  }),
  reading: z.string().regex(/^[0-9a-f]{64}$/).optional().meta({
    description: "Which document was read; leave it as it is, or leave it out to read anew",
  }),
  server: z.url().max(2000).optional().meta({
    description: "Where the API answers, if not at the document's first server",
  }),
  variables: z.record(z.string().max(100), z.string().max(500)).optional().meta({
    description: "Values of variables in the server's address",
  }),
  operations: z.array(z.string().max(64)).max(2000).optional().meta({
    description: "Names of the operations that become tools; absent: all",
  }),
  scopes: z.array(plainText(1, 200)).max(100).optional().meta({
    description: "Scopes to ask for when signing in; absent: all that the document names",
  }),
}).meta({ id: "ApiConfig" });
export type ApiConfig = z.infer<typeof ApiConfig>;

/** A scheme of an API and what it still needs. */
export interface ApiAccess {
  readonly name: string;
  readonly scheme: Reading["schemes"][string];
  /** Name of its secret. */
  readonly secret: string;
  /** Whether the secret is there; for OAuth by code, whether someone signed in. */
  readonly ready: boolean;
}

/** What a person who set an API up may want to know. */
export interface ApiAbout {
  /** As the document has them: relative, or with variables in braces. */
  readonly servers: readonly string[];
  /** What was chosen in their place. */
  readonly server: string | undefined;
  readonly remarks: readonly string[];
}

/** APIs as plugins, and signing in to them. */
export class Apis {
  readonly #needs: ApiNeeds;
  readonly #oauth: OAuth;
  readonly type: PluginType;

  constructor(needs: ApiNeeds) {
    this.#needs = needs;
    this.#oauth = new OAuth(needs);
    this.type = {
      config: ApiConfig,
      admit: (config) => this.#admit(config),
      open: (plugin) => this.#open(plugin),
      forget: (plugin, instead) => this.#forget(plugin, instead),
    };
  }

  /** What the plugin's document says. */
  reading(plugin: Plugin): Reading {
    const { reading } = plugin.config as ApiConfig;
    const bytes = reading && this.#readings.borrow(reading);
    if (!bytes) {
      throw new FlintError("not_found", `the document of ${plugin.id} is gone: add it anew`);
    }
    return Reading.parse(JSON.parse(new TextDecoder().decode(bytes)));
  }

  /** The schemes of the plugin's API; plugins of other kinds have none. */
  access(plugin: Plugin): ApiAccess[] {
    if (plugin.type !== "openapi") return [];
    return Object.entries(this.reading(plugin).schemes).map(([name, scheme]) => {
      const secret = secretName(plugin.id, name);
      const stored = this.#needs.secrets.get(secret);
      const byUser = scheme.type === "oauth2" && scheme.flow === "code";
      return { name, scheme, secret, ready: !!(byUser ? stored?.accessToken : stored) };
    });
  }

  /** What the document told of itself, and where its API is called. Undefined for other kinds. */
  about(plugin: Plugin): ApiAbout | undefined {
    if (plugin.type !== "openapi") return undefined;
    const { servers, remarks } = this.reading(plugin);
    const { server } = plugin.config as ApiConfig;
    return { servers: servers.map(({ url }) => url), server, remarks };
  }

  /** Where to send the user to sign in; they come back to `redirect`. */
  async signIn(plugin: Plugin, scheme: string, redirect: string): Promise<string> {
    const found = this.access(plugin).find(({ name }) => name === scheme);
    if (found?.scheme.type !== "oauth2" || found.scheme.flow !== "code") {
      throw new FlintError("bad_input", `${plugin.id} has no sign-in "${scheme}"`);
    }
    const { scopes = found.scheme.scopes } = plugin.config as ApiConfig;
    return await this.#oauth.begin(found.secret, found.scheme, redirect, scopes);
  }

  /** Takes what the user came back with; resolves to the plugin's id. */
  async signedIn(came: URL): Promise<string> {
    return (await this.#oauth.finish(came)).split("/")[0]!;
  }

  get #readings() {
    return this.#needs.kv.blobs("api_readings");
  }

  /** Reads the document once: later changes of it, wherever it lies, change nothing here. */
  async #admit(value: Record<string, unknown>): Promise<Record<string, unknown>> {
    const config = value as ApiConfig;
    if (config.document === undefined && config.reading !== undefined) {
      if (this.#readings.borrow(config.reading)) return config;
    }
    const found = await findDocument(config, this.#needs.web);
    const bytes = new TextEncoder().encode(JSON.stringify(await readApi(found.text)));
    const reading = randomBytes(32).toString("hex"); // each plugin's own, to go with it
    await this.#readings.put(reading, bytes);
    const { document: _, ...kept } = config;
    return { ...kept, ...(found.url ? { url: found.url } : {}), reading };
  }

  #open(plugin: Plugin): Promise<OpenPlugin> {
    const { web, secrets } = this.#needs;
    const tools = apiTools({
      plugin: plugin.id,
      config: plugin.config as ApiConfig,
      reading: this.reading(plugin),
      web,
      shown: (name, scheme) => {
        const secret = secretName(plugin.id, name);
        if (scheme.type === "oauth2") return this.#oauth.current(secret, scheme);
        return Promise.resolve(secrets.get(secret));
      },
    });
    return Promise.resolve({ tools, close: () => Promise.resolve() });
  }

  async #forget(plugin: Plugin, instead?: Plugin): Promise<void> {
    const { reading } = plugin.config as ApiConfig;
    if (reading && reading !== instead?.config.reading) await this.#readings.remove(reading);
    if (instead) return;
    for (const { name } of this.#needs.secrets.list()) {
      if (name.startsWith(`${plugin.id}/`)) await this.#needs.secrets.remove(name);
    }
  }
}

/** What APIs are made from. */
export interface ApiNeeds {
  readonly kv: Kv;
  readonly web: Web;
  readonly secrets: Secrets;
  readonly now?: () => number;
}

/** Names from documents hold anything; keys of the store don't. */
const secretName = (plugin: string, scheme: string) =>
  `${plugin}/${encodeURIComponent(scheme).slice(0, 200)}`;
