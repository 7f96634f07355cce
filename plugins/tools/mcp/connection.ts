/**
 * A connection to an MCP server: made when it is needed, made anew when it broke, not tried again
 * too soon after it failed. What the server asks of the user goes to the call under way.
 */
import { Client, type Transport } from "@modelcontextprotocol/client";
import { FlintError } from "@flint/core";
import { firstWords } from "../../plain_text.ts";
import type { ToolContext } from "../tool.ts";

/** What a connection is made from. */
export interface ConnectionNeeds {
  /** Whose it is, for messages. */
  readonly name: string;
  /** A new transport for each attempt. */
  readonly transport: () => Transport;
  /** What a server that does not answer said otherwise; may be empty. */
  readonly said?: () => string;
  /** Told once a connection stands, and when a list of the server's has changed. */
  readonly changed: (client: Client) => Promise<void>;
}

/** How long a server may take to greet, and how long to find out that it speaks only the older protocol. */
const GREET_MS = 30_000, PROBE_MS = 5000;
/** After a failed attempt the next one waits this long, twice as long each time. */
const REST_MS = 1000, REST_MS_MAX = 60_000;
/** Changes of lists are gathered for this long: a server may announce thousands. */
const GATHER_MS = 500;
const QUESTION_CHARS_MAX = 1000, SCHEMA_CHARS_MAX = 16_000;
/** Pages of one list. */
const PAGES_MAX = 16;

/** Keeps one server reachable. */
export class McpConnection {
  readonly #needs: ConnectionNeeds;
  readonly #calls = new Set<ToolContext>();
  /** Those of #calls whose user is thinking. */
  readonly #asking = new Set<ToolContext>();
  #client: Promise<Client> | undefined;
  readonly #ending = new Set<Promise<void>>();
  #failures = 0;
  #restUntil = 0;
  #lastWhy = "";

  constructor(needs: ConnectionNeeds) {
    this.#needs = needs;
  }

  /** Runs `work` with a standing connection. @throws FlintError unavailable where there is none, or what the server answered */
  async use<T>(work: (client: Client) => Promise<T>, context?: ToolContext): Promise<T> {
    const client = await this.#standing();
    if (context) this.#calls.add(context);
    try {
      return await work(client);
    } catch (error) {
      if (isGone(error)) this.#forget(client);
      throw this.#explained(error);
    } finally {
      if (context) this.#calls.delete(context);
    }
  }

  /** Ends the connection, and those that broke and are still ending. */
  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    this.#client = undefined;
    await client?.close();
    await Promise.all(this.#ending);
  }

  #standing(): Promise<Client> {
    if (this.#client) return this.#client;
    const attempt = this.#attempt();
    this.#client = attempt;
    attempt.catch(() => {
      if (this.#client === attempt) this.#client = undefined;
    });
    return attempt;
  }

  async #attempt(): Promise<Client> {
    const rest = this.#restUntil - performance.now();
    try {
      if (rest > 0) throw new FlintError("unavailable", this.#lastWhy);
      const client = await this.#greeted();
      this.#failures = 0;
      return client;
    } catch (error) {
      const known = this.#explained(error);
      if (rest > 0) throw known;
      const pause = Math.min(REST_MS * 2 ** this.#failures++, REST_MS_MAX);
      this.#restUntil = performance.now() + pause;
      this.#lastWhy = known.message;
      throw known;
    }
  }

  /** Greets in the newest protocol; a program that ends at words it does not know gets the older one. */
  async #greeted(): Promise<Client> {
    const client = this.#create();
    const transport = this.#needs.transport();
    try {
      await client.connect(transport, { timeout: GREET_MS });
    } catch (error) {
      await transport.close();
      if (error instanceof FlintError || transport.hasPerRequestStream) throw error;
      await client.connect(this.#needs.transport(), {
        timeout: GREET_MS,
        prior: { kind: "legacy" },
      });
    }
    client.onclose = () => this.#forget(client);
    try {
      await this.#needs.changed(client);
    } catch (error) {
      await client.close();
      throw error;
    }
    return client;
  }

  #create(): Client {
    // Of this connection alone: an announcement may be gathered until after the end of it.
    const onChanged = () => void this.#needs.changed(client).catch(() => {});
    const changes = { autoRefresh: false, debounceMs: GATHER_MS, onChanged };
    const client: Client = new Client({ name: "flint", version: "1" }, {
      capabilities: { elicitation: { form: {} } },
      versionNegotiation: { mode: "auto", probe: { timeoutMs: PROBE_MS } },
      listChanged: { tools: changes, resources: changes, prompts: changes },
      listMaxPages: PAGES_MAX,
      // Answers are bounded by us; a validator would compile whatever schema the server sends.
      jsonSchemaValidator: {
        getValidator: () => (data) => ({
          valid: true,
          data: data as never,
          errorMessage: undefined,
        }),
      },
    });
    client.setRequestHandler("elicitation/create", async ({ params }) => {
      if (params.mode === "url") return { action: "decline" };
      const { message, requestedSchema } = params;
      const content = await this.#ask(message, requestedSchema);
      if (!content) return { action: content === undefined ? "cancel" : "decline" };
      return { action: "accept", content: content as Record<string, string | number | boolean> };
    });
    return client;
  }

  /**
   * Asks the user of the call under way that has no question open yet. With several such calls it
   * can't be told whose question it is. undefined: nobody to ask; null: they refused
   */
  async #ask(message: string, schema: object) {
    const candidates = [...this.#calls].filter((call) => call.ask && !this.#asking.has(call));
    const [call] = candidates;
    const isLong = JSON.stringify(schema).length > SCHEMA_CHARS_MAX;
    if (!call || candidates.length > 1 || isLong) return undefined;
    this.#asking.add(call);
    try {
      const question = `${this.#needs.name} asks: ${firstWords(message, QUESTION_CHARS_MAX)}`;
      return await call.ask!(question, schema) ?? null;
    } finally {
      this.#asking.delete(call);
    }
  }

  #forget(client: Client): void {
    const current = this.#client;
    current?.then((now) => {
      if (now === client && this.#client === current) this.#client = undefined;
    }, () => {});
    const ending = client.close().catch(() => {}) // it is gone either way
      .finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }

  #explained(error: unknown): FlintError {
    if (error instanceof FlintError) return error;
    const { name, said } = this.#needs;
    const words = said?.() ?? "";
    const why = firstWords((error as Error).message, 300);
    const heard = words === "" ? "" : ` (it said: ${firstWords(words, 300)})`;
    return new FlintError("unavailable", `${name}: ${why}${heard}`, { cause: error });
  }
}

/** Failures after which a connection is of no use: it closed, or the server no longer knows the session (404; some say 400). */
function isGone(error: unknown): boolean {
  const { code, status } = error as { code?: unknown; status?: unknown };
  return code === "CONNECTION_CLOSED" || code === "NOT_CONNECTED" || code === "SEND_FAILED" ||
    status === 400 || status === 404;
}
