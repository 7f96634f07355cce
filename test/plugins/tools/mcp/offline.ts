/** What MCP plugins need where nothing may be sent and nothing is secret. */
import type { McpNeeds } from "../../../../plugins/tools/mcp/kind.ts";

const refused = () => Promise.reject(new Error("nothing may be sent"));

/** Whoever reaches for the web fails the test. */
export const OFFLINE: McpNeeds = {
  web: { send: refused, stream: refused },
  secrets: { get: () => undefined, remove: refused },
};
