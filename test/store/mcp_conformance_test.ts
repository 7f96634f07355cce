/**
 * The official conformance suite against /mcp/{assistant}, over the real server: an assistant has the
 * tools that the suite calls from an MCP server of ours, so both sides are tried at once.
 */
import assert from "node:assert/strict";
import { openLiveStore } from "./live_store.ts";

const SUITE = new URL(
  "./dist/index.js",
  import.meta.resolve("@modelcontextprotocol/conformance/package.json"),
).pathname;
const TOOLS = new URL("./conformance_tools.ts", import.meta.url).pathname;

/** What fails, and why. All other scenarios of all revisions must pass, and these must not. */
const FAILING: Readonly<Record<string, readonly string[]>> = {
  "Flint keeps no log for clients": ["logging-set-level", "tools-call-with-logging"],
  "tools answer no sound, and resources as text": [
    "tools-call-audio",
    "tools-call-embedded-resource",
    "tools-call-mixed-content",
  ],
  "Flint never asks for its client's model or folders": [
    "tools-call-sampling",
    "input-required-result-basic-sampling",
    "input-required-result-basic-list-roots",
    "input-required-result-multiple-input-requests",
    "input-required-result-capability-check",
    "server-stateless", // 2 of 28 checks want a tool that needs the client's model
  ],
  "a question goes on only with its state": ["input-required-result-basic-elicitation"],
  "manifests are not subscribed to": ["resources-subscribe", "resources-unsubscribe"],
  "the suite wants resources of its own, and a prompt that asks": [
    "resources-read-text",
    "resources-read-binary",
    "resources-templates-read",
    "prompts-get-embedded-resource",
    "input-required-result-non-tool-request",
  ],
  "no tool takes arguments from headers": ["http-custom-header-server-validation"],
  "the extension for tasks is not offered": [
    "tasks-lifecycle",
    "tasks-capability-negotiation",
    "tasks-wire-fields",
    "tasks-request-state-removal",
    "tasks-mrtr-input",
    "tasks-request-headers",
    "tasks-dispatch-and-envelope",
    "tasks-required-task-error",
    "tasks-mrtr-composition",
  ],
};

Deno.test("conformance: every scenario of the official suite passes, but for those whose reason is named", async () => {
  await using store = await openLiveStore();
  const folder = await Deno.makeTempDir();
  const args = ["run", "--quiet", "--allow-all", TOOLS];
  const config = { command: "deno", args };
  const starts = store.toolbox.starts("mcp", config);
  await store.toolbox.add({ id: "suite", type: "mcp", name: "Suite", config }, starts);
  await store.registry.create({
    name: "Tried",
    instructions: "Be tried.",
    tools: [{ plugin: "suite" }],
  });
  const { stdout } = await new Deno.Command("deno", {
    args: [
      ...["run", "--quiet", "--allow-all", SUITE, "server", "--url", `${store.origin}/mcp/tried`],
      ...["--suite", "all", "--output-dir", folder],
    ],
    env: { NO_COLOR: "1" },
  }).output();
  await Deno.remove(folder, { recursive: true });
  const lines = new TextDecoder().decode(stdout).split("\n");
  const results = lines.flatMap((line) => {
    const [, mark, name] = /^([✓✗]) ([\w/-]+): \d+ passed/.exec(line) ?? [];
    return name === undefined ? [] : [{ name, passed: mark === "✓" }];
  });
  assert.ok(results.length > 50, `the suite ran: ${lines.slice(-20).join("\n")}`);
  const failed = results.filter(({ passed }) => !passed).map(({ name }) => name);
  assert.deepEqual(failed.toSorted(), Object.values(FAILING).flat().toSorted());
});
