/** `flint secrets`: keys and tokens of plugins: named, set, removed, sealed anew; never shown. */
import type { Command } from "commander";
import { FlintError } from "@flint/core";
import { parse, SecretParts } from "@flint/plugins";
import { type CommonOptions, type HostOptions, withCommon, withHosts } from "./options.ts";
import { withTools } from "./plugins.ts";
import { print } from "./terminal.ts";

type SecretOptions = CommonOptions & HostOptions;

/** Longest secret that is read. */
const INPUT_BYTES_MAX = 64 << 10;

/** Adds the commands. */
export function addSecrets(program: Command, dataDir: string, args: readonly string[]): void {
  const secrets = program.command("secrets").description("keys and tokens of plugins");
  const command = (usage: string) => withHosts(withCommon(secrets.command(usage), dataDir));
  command("list").description("list their names; values are never shown")
    .action((options: SecretOptions) =>
      withTools(options, args, ({ secrets }) => {
        for (const { name, parts, changedAt } of secrets.list()) {
          const line = `${name}  (${parts.join(", ")}; ${changedAt})`;
          print(options.json ? JSON.stringify({ name, parts, changedAt }) : line);
        }
        return Promise.resolve();
      })
    );
  command("set").description('set one from JSON on standard input, such as {"token": "..."}')
    .argument("<name>", "plugin/scheme, as `flint plugin` and the plugin's page name them")
    .action((name: string, options: SecretOptions) =>
      withTools(options, args, async ({ secrets }) => {
        await secrets.put(name, parse(SecretParts, await readJson()));
      })
    );
  command("remove").description("remove one")
    .argument("<name>", "its name")
    .action((name: string, options: SecretOptions) =>
      withTools(options, args, async ({ secrets }) => {
        if (await secrets.remove(name)) return;
        throw new FlintError("not_found", `there is no secret "${name}"`);
      })
    );
  command("rotate").description("make a new key and seal all under it")
    .action((options: SecretOptions) =>
      withTools(options, args, async ({ secrets }) => {
        const count = await secrets.rotate();
        print(
          options.json
            ? JSON.stringify({ rotated: count })
            : `${count} secrets are sealed under a new key`,
        );
      })
    );
}

/** From standard input, for what stands in a command line is seen by others and remembered. */
async function readJson(): Promise<unknown> {
  const bytes: Uint8Array[] = [];
  let size = 0;
  for await (const piece of Deno.stdin.readable) {
    size += piece.length;
    if (size > INPUT_BYTES_MAX) throw new FlintError("bad_input", "that is too long for a secret");
    bytes.push(piece);
  }
  try {
    return JSON.parse(await new Blob(bytes as BlobPart[]).text());
  } catch {
    throw new FlintError("bad_input", 'give JSON on standard input, such as {"token": "..."}');
  }
}
