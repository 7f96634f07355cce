/** Plugins of one file from the command line, from the first draft to a call. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { command, temporary } from "./flint_process.ts";

/** Runs Flint in `folder`, which it may write to. */
async function flint(folder: string, ...args: string[]) {
  const { code, stdout, stderr } = await command(folder, args, "null", { INIT_CWD: folder })
    .output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

Deno.test("cli: a plugin is written, checked, installed when agreed to, and called", async () => {
  await using folder = await temporary();
  const run = (...args: string[]) => flint(folder.path, "plugin", ...args);
  const made = await run("new", "dice");
  assert.equal(made.stdout, "flint plugin check dice.ts\n", made.stderr);
  assert.match((await run("new", "dice")).stderr, /is there already/);
  const checked = await run("check", "dice.ts");
  assert.equal(checked.code, 0, checked.stderr);
  assert.match(checked.stdout, /may fetch from: nowhere[^]*roll_dice {2}\(none\) Rolls n dice/);
  const unsaid = await run("add", "dice.ts");
  assert.match(unsaid.stderr, /nobody is here to agree/);
  const added = await run("add", "dice.ts", "--yes");
  assert.match(added.stdout, /\ndice {2}\(1 tools\)\n$/, added.stderr);
  const rolled = await run("try", "dice", "roll_dice", '{"n": 3, "sides": 2}');
  const { value } = JSON.parse(rolled.stdout);
  assert.ok(value.length === 3 && value.every((face: number) => face === 1 || face === 2));
});

Deno.test("cli: what does not fit is told before anything is installed", async () => {
  await using folder = await temporary();
  const check = async (source: string) => {
    await Deno.writeTextFile(join(folder.path, "a.ts"), source);
    const { code, stderr } = await flint(folder.path, "plugin", "check", "a.ts");
    assert.equal(code, 1);
    return stderr;
  };
  assert.match(await check('import os from "node:os";\nexport default os;'), /imports "node:os"/);
  const example = (run: string) =>
    `import { definePlugin, tool } from "@flint/plugin";
    import { z } from "zod";
    export default definePlugin({ name: "A", description: "a", tools: [tool({
      name: "a", description: "a", input: z.object({ n: z.int() }), run: ${run} })] });`;
  assert.match(await check(example("({ m }) => m")), /types do not fit:[^]*'m'/);
});
