/** `flint mcp`: assistants and their tools over standard input and output, for desktop clients. */
import process from "node:process";
import type { Command } from "commander";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { createCallables, createMcpServer, ParkedCalls } from "@flint/plugins";
import { openFlint } from "../serve.ts";
import { houseOptions, type ModelOptions, withCommon, withHosts, withModel } from "./options.ts";
import type { HostOptions } from "./options.ts";
import { needWrite } from "./permission.ts";
import { Stop } from "./stop.ts";
import { remark } from "./terminal.ts";

/** Adds the command. */
export function addMcp(program: Command, dataDir: string, args: readonly string[]): void {
  withHosts(withModel(withCommon(program.command("mcp"), dataDir)))
    .description("offer assistants and their tools to an MCP client, over stdin and stdout")
    .argument("[assistant]", "offer this one alone, its tools under their own names")
    .action(async (assistant: string | undefined, options: ModelOptions & HostOptions) => {
      await needWrite(options.data, args);
      await serve(assistant, options);
    });
}

/** Until the client closes its end, or a signal comes. */
async function serve(
  assistant: string | undefined,
  options: ModelOptions & HostOptions,
): Promise<void> {
  using stop = new Stop();
  const flint = await openFlint({ ...houseOptions(options), allowedHosts: options.allowHost });
  const callables = createCallables({ ...flint, engine: () => flint.house.engine() });
  const parked = new ParkedCalls();
  try {
    if (assistant !== undefined) flint.registry.get(assistant);
    const offer = { callables, parked, ...(assistant === undefined ? {} : { assistant }) };
    const ended = new Promise((resolve) => process.stdin.once("end", resolve));
    const server = serveStdio(() => createMcpServer(offer), {
      onerror: ({ message }) => remark(message),
    });
    await Promise.race([ended, stop.asked]);
    await server.close();
  } finally {
    parked.close();
    await flint.close();
  }
}
