/** `flint account` and `flint key`: who is let in, by links and by keys; for the machine's owner. */
import { type Command, Option } from "commander";
import { given, OWNER } from "@flint/plugins";
import { SCOPES } from "../people/keys.ts";
import type { People } from "../people/people.ts";
import { withMarket } from "./market.ts";
import { type CommonOptions, withCommon } from "./options.ts";
import { print } from "./terminal.ts";

interface KeyOptions extends CommonOptions {
  readonly account: string;
  readonly scope?: readonly string[];
}

/** Adds `flint account`. */
export function addAccount(program: Command, dataDir: string, args: readonly string[]): void {
  const account = program.command("account").description("who may use this Flint");
  const command = (usage: string) => withCommon(account.command(usage), dataDir);
  command("list").description("list accounts").action((options: CommonOptions) =>
    withMarket(options, args, ({ accounts }) => {
      for (const one of accounts.list({ limit: 100 }).accounts) {
        print(options.json ? JSON.stringify(one) : `${one.id}  (${one.name}, ${one.role})`);
      }
    })
  );
  command("new").description("let somebody in; print a link that signs them in once")
    .argument("<id>", "name in addresses").argument("[name]", "what people call them")
    .action((id: string, name: string | undefined, options: CommonOptions) =>
      withMarket(options, args, async (people) => {
        await people.accounts.make({ id, ...given({ name }) });
        await printLink(people, id, options);
      })
    );
  command("link").description("print a link that signs an account in, once")
    .argument("[id]", "whose", OWNER)
    .action((id: string, options: CommonOptions) =>
      withMarket(options, args, (people) => printLink(people, id, options))
    );
}

/** Adds `flint key`. */
export function addKey(program: Command, dataDir: string, args: readonly string[]): void {
  const key = program.command("key").description("API keys of programs");
  const command = (usage: string) =>
    withCommon(key.command(usage), dataDir).option("--account <id>", "whose", OWNER);
  command("new").description("make a key; it is printed this once")
    .argument("<name>", "what it is for")
    .addOption(
      new Option("--scope <scopes...>", "what it is good for").choices(SCOPES).default(["chat"]),
    )
    .action((name: string, { account, scope, ...options }: KeyOptions) =>
      withMarket(options, args, async ({ accounts, keys }) => {
        const { id } = accounts.get(account);
        const draft = { name, ...given({ scopes: scope }) };
        const { key, secret } = await keys.make(id, draft, OWNER);
        print(options.json ? JSON.stringify({ ...key, secret }) : secret);
      })
    );
  command("list").description("list keys, without what opens").action((options: KeyOptions) =>
    withMarket(options, args, ({ keys }) => {
      for (const one of keys.list(options.account)) {
        const line = `${one.id}  ${one.name} (${one.scopes.join(", ")}; used ${
          one.usedAt ?? "never"
        })`;
        print(options.json ? JSON.stringify(one) : line);
      }
    })
  );
  command("revoke").description("revoke a key").argument("<id>", "as `flint key list` tells it")
    .action((id: string, options: KeyOptions) =>
      withMarket(options, args, ({ keys }) => keys.revoke(options.account, id, OWNER))
    );
}

async function printLink(
  { accounts, sessions, audit }: People,
  id: string,
  { json }: CommonOptions,
) {
  const link = await sessions.link(accounts.get(id).id);
  await audit.log({ actor: OWNER, act: "account.link_made", subject: id });
  const path = `/sign-in?link=${link}`;
  print(json ? JSON.stringify({ account: id, path }) : `open ${path} at this Flint's address`);
}
