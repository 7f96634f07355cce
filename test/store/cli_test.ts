/** The command line as a program or a person meets it: run with the permissions of its own task. */
import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { parsePort, parseSize } from "../../store/cli/options.ts";
import { command, flint, temporary, withTiny } from "./flint_process.ts";

Deno.test("cli: sizes have a unit, ports are ports", () => {
  assert.equal(parseSize("560MB"), 560e6);
  assert.equal(parseSize("1.5 gb"), 1.5e9);
  assert.equal(parseSize("512MiB"), 512 * 2 ** 20);
  assert.throws(() => parseSize("560"), /Did you mean 560MB\?/);
  for (const bad of ["", "MB", "-1MB", "1e3MB", "0MB", "NaNGB", "99999999GB"]) {
    assert.throws(() => parseSize(bad), { code: "commander.invalidArgument" }, bad);
  }
  assert.equal(parsePort("0"), 0);
  for (const bad of ["65536", "-1", "http", "80.5", ""]) {
    assert.throws(() => parsePort(bad), /0 .*65535/);
  }
});

Deno.test("cli: every command explains itself", async () => {
  await using folder = await temporary();
  const commands = [
    "start",
    "chat",
    "build",
    "add",
    "export",
    "pull",
    "models",
    "import",
    "doctor",
    "bench",
  ];
  const helps = await Promise.all(commands.map((name) => flint(folder.path, name, "--help")));
  for (const [i, { code, stdout }] of helps.entries()) {
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`^Usage: flint ${commands[i]}`));
    assert.match(stdout, /--json/);
  }
});

Deno.test("cli: wrong use ends with 2 and names the mend", async () => {
  await using folder = await temporary();
  const cases = [
    [["fly"], /unknown command 'fly'/],
    [["start", "--memory", "560"], /Did you mean 560MB\?/],
    [["start", "--fidelity", "perfect"], /Allowed choices are exact, balanced, fast/],
    [["pull"], /missing required argument 'names'/],
    [["models", "--port", "1"], /unknown option '--port'/],
  ] as const;
  await Promise.all(cases.map(async ([args, message]) => {
    const { code, stdout, stderr } = await flint(folder.path, ...args);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, message);
  }));
});

Deno.test("cli: a failure ends with 1, in one line, without a stack unless asked", async () => {
  await using folder = await temporary();
  const plain = await flint(folder.path, "pull", "gpt-5");
  assert.equal(plain.code, 1);
  assert.match(plain.stderr, /^flint: no model "gpt-5" in the catalog: .*\n$/);
  const debug = await flint(folder.path, "pull", "gpt-5", "--debug");
  assert.equal(debug.code, 1);
  assert.match(debug.stderr, /at getEntry/);
  const file = join(folder.path, "no.gguf");
  await Deno.writeTextFile(file, "not a model");
  const broken = await flint(folder.path, "import", file);
  assert.equal(broken.code, 1);
  assert.equal(broken.stderr.trimEnd().split("\n").at(-1)!.startsWith("flint: "), true);
});

Deno.test("cli: a data folder that is not allowed is refused with the command that allows it", async () => {
  await using folder = await temporary();
  const elsewhere = join(folder.path, "../flint_cli_elsewhere");
  const { code, stderr } = await flint(folder.path, "pull", "minilm", "--data", elsewhere);
  assert.equal(code, 1);
  const again = `FLINT_ALLOW=--allow-write=${
    resolve(elsewhere)
  } deno task flint pull minilm --data`;
  assert(stderr.includes(again), stderr);
});

Deno.test("cli: an imported model is listed, examined and answers", async () => {
  await using folder = await withTiny();
  const models = await flint(folder.path, "models", "--json");
  const entries = models.stdout.trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(entries.find(({ name }) => name === "tiny").stage, "ready");
  assert.equal(entries.find(({ name }) => name === "minilm").stage, "absent");

  const doctor = JSON.parse((await flint(folder.path, "doctor", "--json")).stdout);
  assert(
    doctor.machine.disk.reads.every((read: { gigabytesPerSecond: number }) =>
      read.gigabytesPerSecond > 0
    ),
  );
  const { smallestBytes, streamedBytes } = doctor.models.find((m: { name: string }) =>
    m.name === "tiny"
  );
  assert(smallestBytes > 0);
  assert.equal(streamedBytes, 0);

  const args = ["chat", "spell-coach", "--model", "tiny", "--memory", "64MB", "--json"];
  const chat = await flint(folder.path, ...args, "--once", "teh");
  assert.equal(chat.code, 0, chat.stderr);
  const events = chat.stdout.trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(events.at(-1).type, "done");
  const said = events.filter(({ type }) => type === "token").map(({ text }) => text).join("");
  assert.equal(events.at(-1).message.content, said);
});

Deno.test("cli: from a pipe, each line is a message", async () => {
  await using folder = await withTiny();
  const args = ["chat", "spell-coach", "--model", "tiny", "--memory", "64MB", "--json"];
  const process = command(folder.path, args, "piped").spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode("one\n\ntwo\n"));
  await writer.close();
  const { code, stdout } = await process.output();
  assert.equal(code, 0);
  const done = new TextDecoder().decode(stdout).split("\n").filter((line) => /"done"/.test(line));
  assert.deepEqual(done.map((line) => JSON.parse(line).message.index), [1, 3]);
});

Deno.test("cli: start serves, refuses a taken port, and drains on SIGTERM", async () => {
  await using folder = await withTiny();
  const args = ["start", "--model", "tiny", "--memory", "64MB", "--json", "--port"];
  const server = command(folder.path, [...args, "0"]).spawn();
  const errors = new Response(server.stderr).text();
  const events = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let told = "";
  while (!told.includes('"ready"')) {
    told += (await events.read()).value ?? assert.fail(await errors);
  }
  const { url } = JSON.parse(told.split("\n")[0]!);
  const health = await fetch(`${url}/healthz`);
  assert.equal((await health.json()).model.serving, "tiny");

  const second = await flint(folder.path, ...args, new URL(url).port);
  assert.equal(second.code, 1);
  assert.match(second.stderr, /^flint: port \d+ is taken: stop what uses it/);

  server.kill("SIGTERM");
  while (!(await events.read()).done);
  assert.equal((await server.status).code, 0, await errors);
});

Deno.test("cli: build makes an assistant of piped lines, saves it, and chat finds it", async () => {
  await using folder = await withTiny();
  const args = ["build", "a maths tutor for my son", "--model", "tiny", "--memory", "64MB"];
  const process = command(folder.path, [...args, "--save"], "piped").spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode("call it Ada\nstricter\nundo that\n/try hello\n"));
  await writer.close();
  const { code, stdout, stderr } = await process.output();
  const told = new TextDecoder().decode(stdout);
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  assert.match(told, /category: education/);
  assert.match(told, /\+ Ada\nIt is called Ada now\./);
  assert.match(told, /I took the last change back\./);
  assert.match(told, /saved as ada, version 1/);
  const exported = await flint(folder.path, "export", "ada", "--as", "gpt");
  assert.equal(exported.code, 0, exported.stderr);
  assert.match(exported.stdout, /maths tutor/);
  assert.doesNotMatch(exported.stdout, /Be strict/);
});
