/** The plugins that come along, against answers known from elsewhere. */
import assert from "node:assert/strict";
import { Ajv } from "ajv";
import { compile, type TopLevelSpec } from "vega-lite";
import { openKv } from "@flint/core";
import {
  BUILTIN_PLUGINS,
  callTool,
  openSecrets,
  openToolbox,
  type ToolResult,
} from "@flint/plugins";
import { builtinPlugins } from "../../../plugins/builtin/kind.ts";
import { clockTools } from "../../../plugins/builtin/clock.ts";
import { Egress } from "../../../plugins/tools/egress.ts";
import { textOf } from "../code/opened.ts";

const context = () => ({
  assistant: "owl",
  user: "owner",
  depth: 0,
  signal: new AbortController().signal,
});

/** A built-in plugin, opened; `await using` closes it. */
async function open(id: string, egress = new Egress()) {
  const plugin = BUILTIN_PLUGINS.find((plugin) => plugin.id === id)!;
  const opened = await builtinPlugins({ egress }).open(plugin);
  const call = (name: string, values: unknown): Promise<ToolResult> =>
    callTool(opened.tools.find((tool) => tool.name === name)!, values, context());
  return { call, [Symbol.asyncDispose]: () => opened.close() };
}

/** Checked with Python's fractions, decimal (50 digits) and math. */
const SUMS: readonly (readonly [expression: string, answer: string | RegExp])[] = [
  ["0.1 + 0.2", "0.3"],
  ["1/3 + 1/6", "0.5"],
  ["1/3", "1/3 ≈ 0.33333333333333333333"],
  ["-2/3", "-2/3 ≈ -0.66666666666666666667"],
  ["15% of 80", "12"],
  ["2^100", "1267650600228229401496703205376"],
  ["(12.5 + 7) × 3", "58.5"],
  ["19.99 * 3", "59.97"],
  ["1e-7 * 3", "0.0000003"],
  ["sqrt(2)", "1.4142135623730950488"],
  ["30!", "265252859812191058636308480000000"],
  ["10 mod 3", "1"],
  ["1000000 * 1.05^10", "1628894.62677744140625"],
  ["exp(1)", "2.7182818284590452354"],
  ["log10(1000)", "3"],
  ["123456789 * 987654321", "121932631112635269"],
  ["5 km + 300 m", "5.3 km"],
  ["sin(pi / 6)", /^0\.5$|^0\.4999999999999999/],
];

Deno.test("calculator: sums are exact, what has no end is near", async () => {
  await using calculator = await open("calculator");
  for (const [expression, answer] of SUMS) {
    const text = textOf(await calculator.call("calculate", { expression }));
    if (typeof answer === "string") assert.equal(text, answer, expression);
    else assert.match(text, answer, expression);
  }
  for (const expression of ["1 +", "nonsense(3)", "1 / 0 +", "f(x) = x"]) {
    const refused = await calculator.call("calculate", { expression });
    assert.ok(refused.failed, `${expression}: ${textOf(refused)}`);
  }
});

/** By the international definitions of the units (BIPM, NIST SP 811). */
const UNITS: readonly (readonly [value: string, from: string, to: string, answer: string])[] = [
  ["1", "mile", "km", "1.609344"],
  ["100", "degF", "degC", "37.777777777777777778"],
  ["-40", "celsius", "fahrenheit", "-40"],
  ["1", "lb", "kg", "0.45359237"],
  ["1", "inch", "cm", "2.54"],
  ["1", "GiB", "B", "1073741824"],
  ["90", "km/h", "m/s", "25"],
  ["1", "acre", "m^2", "4046.8564224"],
  ["1", "atm", "Pa", "101325"],
  ["1", "kWh", "J", "3600000"],
  ["60", "mph", "km/h", "96.56064"],
  ["1", "week", "hours", "168"],
  ["1", "gallon", "L", "3.785411784"],
  ["1", "psi", "Pa", "6894.7572931683613367"],
  ["760", "torr", "atm", "1"],
  ["2", "kcal", "J", "8368"],
  ["10", "knots", "km/h", "18.52"],
  ["1", "light year", "km", "9460730472580.8"],
];

Deno.test("calculator: units are converted by their definitions", async () => {
  await using calculator = await open("calculator");
  for (const [value, from, to, answer] of UNITS) {
    const said = textOf(await calculator.call("convert_units", { value, from, to }));
    assert.equal(said, `${value} ${from} = ${answer} ${to}`);
  }
  const refused = await calculator.call("convert_units", { value: "1", from: "kg", to: "m" });
  assert.ok(refused.failed);
});

Deno.test("json: expressions find, filter and sum", async () => {
  await using json = await open("json");
  const data = JSON.stringify({ items: [{ n: "tea", p: 3 }, { n: "cup", p: 12.5 }] });
  const query = async (text: string) =>
    textOf(await json.call("query_json", { json: data, query: text }));
  const value = (value: unknown) => JSON.stringify({ type: "json", value });
  assert.equal(await query("$sum(items.p)"), value(15.5));
  assert.equal(await query("items[p > 10].n"), "cup");
  assert.equal(await query("items.n"), value(["tea", "cup"]));
  assert.equal(await query("$count(items)"), value(2));
  assert.equal(await query("nowhere"), "nothing matches");
  assert.match(await query("items["), /no JSONata/);
  const endless = "( $f := function($n) { $f($n + 1) }; $f(1) )";
  assert.match(await query(endless), /computed for longer|stack|memory/i);
  assert.equal(await query("$count(items)"), value(2));
});

Deno.test("clock: zones, sums and differences", async () => {
  const now = () => Temporal.Instant.from("2026-03-01T12:00:00Z");
  const tools = clockTools(now);
  const ask = async (name: string, values: unknown) =>
    textOf(await callTool(tools.find((tool) => tool.name === name)!, values, context()));
  assert.equal(await ask("current_time", {}), "2026-03-01T12:00+00:00, Sunday, UTC");
  const kathmandu = await ask("current_time", { time_zone: "Asia/Kathmandu" });
  assert.equal(kathmandu, "2026-03-01T17:45+05:45, Sunday, Asia/Kathmandu");
  // New York puts its clocks forward on 8 March 2026, Berlin on 29 March: five hours apart meanwhile.
  const times = { from_zone: "America/New_York", to_zone: "Europe/Berlin" };
  assert.match(
    await ask("convert_time", { time: "2026-03-10T09:00", ...times }),
    /^2026-03-10T14:00/,
  );
  assert.match(
    await ask("convert_time", { time: "2026-04-10T09:00", ...times }),
    /^2026-04-10T15:00/,
  );
  assert.equal(await ask("add_to_date", { date: "2024-01-31", months: 1 }), "2024-02-29, Thursday");
  assert.equal(await ask("add_to_date", { date: "2026-03-01", days: -1 }), "2026-02-28, Saturday");
  const later = await ask("add_to_date", { date: "2026-12-31T23:30", minutes: 45 });
  assert.equal(later, "2027-01-01T00:15:00, Friday".replace(":00,", ","));
  const difference = await ask("date_difference", { from: "2000-02-29", to: "2026-03-01" });
  assert.deepEqual(JSON.parse(difference).value, {
    ...{ days: 9497, hours: 0, minutes: 0 },
    calendar: { years: 26, months: 0, days: 1 },
  });
  assert.match(await ask("current_time", { time_zone: "Moon/Sea" }), /no date or time zone/);
  assert.match(await ask("add_to_date", { date: "2026-02-30", days: 1 }), /no date/);
});

const PAGE = `<!doctype html><html><head><title>On owls</title><meta charset="gbk"></head><body>
  <nav><a href="/a">Home</a><a href="/b">Shop</a></nav><script>alert("run")</script>
  <article><h1>On owls</h1>${
  "<p>Owls hunt at night, and they turn their heads far around.</p>".repeat(12)
}
  <ul><li>barn owl</li><li>猫头鹰</li></ul></article><footer>Buy our socks</footer></body></html>`;

Deno.test("web: a page is its readable text, in parts where it is long", async () => {
  const pages: Record<string, [body: string | Uint8Array<ArrayBuffer>, type: string]> = {
    "/owls": [PAGE, "text/html; charset=utf-8"],
    "/piece": ["<p>no more than this</p>", "text/html"],
    "/plain": ["x".repeat(30_000), "text/plain"],
    "/gbk": [new Uint8Array([0xc4, 0xe3, 0xba, 0xc3]), "text/plain; charset=gbk"],
    "/picture": ["", "image/png"],
  };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const [body, type] = pages[new URL(request.url).pathname] ?? [];
    return body === undefined
      ? new Response("", { status: 404 })
      : new Response(body, { headers: { "content-type": type! } });
  });
  const origin = `http://127.0.0.1:${server.addr.port}`;
  try {
    await using web = await open("web", new Egress({ allowed: ["127.0.0.1"] }));
    const read = async (path: string, from = 0) =>
      textOf(await web.call("read_page", { url: origin + path, from }));
    const owls = await read("/owls");
    assert.match(owls, /^# On owls/);
    assert.match(owls, /turn their heads/);
    assert.match(owls, /- 猫头鹰/);
    assert.doesNotMatch(owls, /alert|socks|Shop/);
    assert.equal(await read("/piece"), "no more than this");
    assert.match(await read("/plain"), /12000 of 30000 characters; for more call with from: 12000/);
    assert.equal((await read("/plain", 24_000)).length, 6000);
    assert.equal(await read("/gbk"), "你好");
    assert.match(await read("/picture"), /image\/png: only/);
    assert.match(await read("/nowhere"), /answers 404/);
    await using shut = await open("web");
    assert.match(
      textOf(await shut.call("read_page", { url: `${origin}/owls` })),
      /denied|public|this machine/,
    );
  } finally {
    await server.shutdown();
  }
});

Deno.test("chart: every kind is a specification that Vega-Lite's own schema allows", async () => {
  const path = new URL(
    "../../../node_modules/vega-lite/build/vega-lite-schema.json",
    import.meta.url,
  );
  const schema = JSON.parse(await Deno.readTextFile(path));
  const ajv = new Ajv({ strict: false, logger: false, validateFormats: false });
  const valid = ajv.compile(schema);
  await using chart = await open("chart");
  const data = [["Mon", 3], ["Tue", 5], ["Wed", 2]].map(([x, y]) => ({ x, y }));
  const dated = [["2026-01", 1], ["2026-02", 4]].map(([x, y]) => ({ x, y, series: "a" }));
  const pairs = [[1, 2], [2, 4.5]].map(([x, y]) => ({ x, y }));
  for (const kind of ["bar", "line", "point", "area", "pie"]) {
    for (const points of [data, dated, pairs]) {
      const { content } = await chart.call("draw_chart", { kind, title: "T", data: points });
      assert.ok(content[0]?.type === "chart");
      assert.ok(valid(content[0].spec), `${kind}: ${ajv.errorsText(valid.errors)}`);
      assert.ok(compile(content[0].spec as unknown as TopLevelSpec).spec.marks!.length > 0);
    }
  }
  assert.ok(!valid({ ...{ mark: "barr", data: { values: [] } } }));
  await assert.rejects(chart.call("draw_chart", { kind: "bar", data: [] }), /fewer than 1/);
});

Deno.test("built in: plugins are there without being added, and stay as they are", async () => {
  const folder = await Deno.makeTempDir({ prefix: "flint_builtin_" });
  const kv = openKv(folder);
  const types = { builtin: builtinPlugins({ egress: new Egress() }) };
  const toolbox = openToolbox({
    kv,
    types,
    builtin: BUILTIN_PLUGINS,
    secrets: openSecrets({ kv, keyFile: `${folder}/secrets.key` }),
  });
  try {
    const { tools, missing } = await toolbox.granted(
      BUILTIN_PLUGINS.map(({ id }) => ({ plugin: id })),
    );
    assert.deepEqual(missing, []);
    assert.deepEqual(tools.map(({ name, ask }) => `${name} ${ask}`), [
      "calculate never",
      "convert_units never",
      "current_time never",
      "convert_time never",
      "add_to_date never",
      "date_difference never",
      "read_page once",
      "query_json never",
      "draw_chart never",
    ]);
    await assert.rejects(toolbox.remove("clock"), /built in/);
    await assert.rejects(toolbox.add({ id: "mine", type: "builtin", name: "M" }), /does not come/);
  } finally {
    await toolbox.close();
    await kv.close();
    await Deno.remove(folder, { recursive: true });
  }
});
