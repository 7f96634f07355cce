/** Formats both ways: real files, known examples, hostile ones. */
import assert from "node:assert/strict";
import { FlintError, openKv } from "@flint/core";
import { exportAssistant, importAssistant, openRegistry } from "@flint/plugins";
import { lorePassages } from "../../plugins/formats/lorebook.ts";
import { parseModelfile } from "../../plugins/formats/modelfile_syntax.ts";
import { sharedData } from "../shared_data.ts";
import { stored } from "./stored.ts";

const data = sharedData();

function lobeFiles(): string[] {
  if (!data) return [];
  try {
    const names = [...Deno.readDirSync(`${data}/lobe-agents`)].map(({ name }) => name);
    return names.filter((name) => name.endsWith(".json")).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

const files = lobeFiles();
Deno.test({
  name: `formats: each of ${files.length} real Lobe agents imports and exports as it was` +
    (files.length ? "" : " (skipped: FLINT_TEST_DATA has no lobe-agents)"),
  ignore: files.length === 0,
  async fn() {
    const folder = await Deno.makeTempDir();
    const kv = openKv(folder);
    const registry = openRegistry(kv);
    let sameLanguage = 0;
    for (const file of files) {
      const text = await Deno.readTextFile(`${data}/lobe-agents/${file}`);
      const { format, draft } = importAssistant(text, file);
      assert.equal(format, "lobe", file);
      const { id } = await registry.create(draft); // through the store, which might lose something
      const agent = registry.get(id);
      assert(agent.starters.length > 0 && agent.description !== "", file);
      const suffix = /\.(\w\w)-\w\w\.json$/.exec(file)?.[1] ?? "en";
      if (agent.language.startsWith(suffix)) sameLanguage++;
      assert.deepEqual(JSON.parse(exportAssistant(agent, "lobe")), JSON.parse(text), file);
    }
    // The rest are for learners and translators, whose questions are in another language.
    assert(sameLanguage > files.length * 0.95, `${sameLanguage} of ${files.length} languages`);
    await kv.close();
    await Deno.remove(folder, { recursive: true });
  },
});

const lobeAgent = {
  author: "someone",
  config: { systemRole: "Be {{kind}}.\n", openingMessage: "Hi", params: { temperature: 0.70 } },
  meta: {
    title: "Owl",
    description: "",
    tags: ["bird"],
    avatar: "https://x/owl.png",
    category: "office",
  },
};

Deno.test("formats: an edited field is exported as edited, all else as it came", () => {
  const agent = stored(importAssistant(JSON.stringify(lobeAgent), "x").draft);
  const edited = { ...agent, instructions: "Be strict.", avatar: "🦉" };
  assert.deepEqual(JSON.parse(exportAssistant(edited, "lobe")), {
    ...lobeAgent,
    config: { ...lobeAgent.config, systemRole: "Be strict." },
    meta: { ...lobeAgent.meta, avatar: "🦉" },
  });
});

Deno.test("formats: an agent of 90,000 characters comes and goes whole", () => {
  const long = { ...lobeAgent, config: { systemRole: "你好 be kind. ".repeat(6000) } };
  const agent = stored(importAssistant(JSON.stringify(long), "x").draft);
  assert.deepEqual(JSON.parse(exportAssistant(agent, "lobe")), long);
});

Deno.test("formats: an agent goes from one format into another", () => {
  const agent = stored(importAssistant(JSON.stringify(lobeAgent), "x").draft);
  const file = exportAssistant(agent, "modelfile");
  assert.match(file, /^FROM qwen2.5-coder:1.5b$/m);
  assert.match(file, /^SYSTEM Be \{\{kind\}\}\.$/m);
  assert.match(file, /^PARAMETER temperature 0.7$/m);
  const { name, category, tags } = importAssistant(file, "x").draft;
  assert.deepEqual({ name, category, tags }, {
    name: "Owl",
    category: "productivity",
    tags: ["bird"],
  });
});

const cardV3 = {
  spec: "chara_card_v3",
  spec_version: "3.0",
  data: {
    name: "Athena",
    description: "{{char}} is an owl who helps {{user}}.",
    personality: "wise",
    scenario: "",
    first_mes: "Hoo.",
    mes_example: "<START>\n{{user}}: Hi\n{{char}}: Hoo",
    creator_notes: "An owl to talk to",
    system_prompt: "",
    post_history_instructions: "Stay an owl.",
    alternate_greetings: ["Hoo?"],
    tags: ["owl"],
    creator: "me",
    character_version: "1",
    extensions: { depth_prompt: { depth: 4 } },
    group_only_greetings: [],
    character_book: {
      extensions: {},
      entries: [{
        keys: ["mouse"],
        content: "Food.",
        extensions: {},
        enabled: true,
        insertion_order: 1,
      }],
    },
  },
};

Deno.test("formats: a card's texts become instructions with its names in place", () => {
  const { draft } = importAssistant(JSON.stringify(cardV3), "x");
  assert.equal(
    draft.instructions,
    "Athena is an owl who helps the user.\n\nPersonality: wise\n\nExample dialogue:\n" +
      "<START>\nthe user: Hi\nAthena: Hoo\n\nStay an owl.",
  );
  assert.deepEqual([draft.name, draft.description, draft.tags], ["Athena", "An owl to talk to", [
    "owl",
  ]]);
  assert.deepEqual(JSON.parse(exportAssistant(stored(draft), "card")), cardV3);
});

Deno.test("formats: edited instructions replace a card's texts, its book stays", () => {
  const agent = stored(importAssistant(JSON.stringify(cardV3), "x").draft);
  const { data } = JSON.parse(
    exportAssistant({ ...agent, instructions: "You are a cat." }, "card"),
  );
  assert.deepEqual([data.description, data.personality, data.mes_example], [
    "You are a cat.",
    "",
    "",
  ]);
  assert.deepEqual(data.character_book, cardV3.data.character_book);
});

const MODELFILE = `# A pirate
from llama3.2
PARAMETER temperature 1
PARAMETER num_ctx 4096
parameter stop "<|end|>"
PARAMETER stop AI:
TEMPLATE """{{ if .System }}<|system|>
{{ .System }}{{ end }}"""
SYSTEM """
You are a pirate. Say "Arr".
  Always.
"""
MESSAGE user Hello
MESSAGE assistant """Arr!
Who be ye?"""
LICENSE "MIT"
`;

Deno.test("formats: a Modelfile becomes an assistant named by its file", () => {
  const { draft } = importAssistant(MODELFILE, "pirate");
  assert.equal(draft.name, "pirate");
  assert.equal(draft.instructions, 'You are a pirate. Say "Arr".\n  Always.');
  assert.deepEqual(draft.sampling, { temperature: 1 });
});

Deno.test("formats: a Modelfile's commands come back, each as often as it was", () => {
  const file = exportAssistant(stored(importAssistant(MODELFILE, "pirate").draft), "modelfile");
  const sorted = (text: string) =>
    parseModelfile(text).filter(({ value }) => !value.startsWith("flint ")).map((c) =>
      JSON.stringify(c)
    ).sort();
  assert.deepEqual(sorted(file), sorted(MODELFILE));
});

const refusals: [what: string, text: string, words: RegExp][] = [
  [
    "nothing",
    "",
    /no assistant in a format Flint knows \(card, lobe, openai, open-webui, gpt, modelfile, card-v1\)/,
  ],
  ["prose", "Dear assistant, be kind.", /no assistant in a format/],
  ["broken JSON", '{"config": ', /begins as JSON and is none/],
  ["a list", "[1]", /no assistant in a format/],
  [
    "a prototype key",
    '{"config":{"systemRole":"x","__proto__":{"a":1}},"meta":{}}',
    /"__proto__" is not allowed/,
  ],
  [
    "a bottomless nest",
    '{"config":' + "[".repeat(5000) + "]".repeat(5000) + "}",
    /nests deeper than 32/,
  ],
  ["a huge file", " ".repeat(1_000_001), /more than the 1000000 allowed/],
  ["a Lobe agent without a role", '{"config":{},"meta":{}}', /no usable config.systemRole/],
  [
    "endless instructions",
    JSON.stringify({ meta: {}, config: { systemRole: "x".repeat(100_001) } }),
    /systemRole/,
  ],
  [
    "an empty card",
    '{"spec":"chara_card_v2","data":{"name":"x"}}',
    /says nothing of its character/,
  ],
  [
    "an OpenAI assistant without instructions",
    '{"object":"assistant","instructions":null}',
    /no instructions/,
  ],
  ["a Modelfile without SYSTEM", "FROM llama3", /no SYSTEM/],
  ["a Modelfile with a prototype", "FROM a\nPARAMETER __proto__ 1", /"__proto__" is not allowed/],
  [
    "a Modelfile without an end",
    'FROM a\nSYSTEM """be\nkind',
    /line 2: the text that begins with """ has no end/,
  ],
  [
    "a Modelfile with an unknown command",
    "FROM a\nRUN rm -rf /",
    /line 2: "RUN rm -rf \/" is no command/,
  ],
  [
    "a huge lorebook",
    JSON.stringify({ ...cardV3, book: "x".repeat(300_000) }),
    /extra must be at most/,
  ],
];
for (const [what, text, words] of refusals) {
  Deno.test(`formats: ${what} is refused with its reason`, () => {
    assert.throws(
      () => importAssistant(text, "x"),
      (error) =>
        error instanceof FlintError && error.code === "bad_input" && words.test(error.message),
    );
  });
}

Deno.test("formats: an unknown format is refused with those there are", () => {
  assert.throws(
    () => exportAssistant(stored({ name: "x", instructions: "x" }), "docx"),
    /there are card, lobe/,
  );
});

Deno.test("formats: a card of the first edition imports and exports as it was", () => {
  const v1 = {
    name: "Owl",
    description: "{{char}} is an owl.",
    personality: "wise",
    scenario: "",
    first_mes: "Hoo.",
    mes_example: "",
    chat: "Owl - 2023",
  };
  const { format, draft } = importAssistant(JSON.stringify(v1), "x");
  assert.equal(format, "card-v1");
  assert.equal(draft.instructions, "Owl is an owl.\n\nPersonality: wise");
  assert.deepEqual(JSON.parse(exportAssistant(stored(draft), "card-v1")), v1);
});

const entry = (content: string, fields: Record<string, unknown> = {}) => ({
  keys: [],
  content,
  enabled: true,
  insertion_order: 1,
  extensions: {},
  ...fields,
});
const withBook = (entries: unknown, book: Record<string, unknown> = {}) => ({
  extra: { card: { data: { name: "Athena", character_book: { entries, ...book } } } },
});
const lore = (entries: unknown, said: string[], book?: Record<string, unknown>) =>
  lorePassages(withBook(entries, book), said.map((content) => ({ content })))
    ?.map(({ title, text }) => `${title}: ${text}`);

Deno.test("lorebook: entries whose keys were said are called up, constant ones always", () => {
  const entries = [
    entry("{{char}} owns an owl.", { keys: ["Owl"] }),
    entry("It is night.", { constant: true, name: "Time" }),
    entry("Both.", { keys: ["owl"], secondary_keys: ["moon"], selective: true }),
    entry("Off.", { keys: ["owl"], enabled: false }),
    entry("Exact.", { keys: ["OWL"], case_sensitive: true }),
    entry("@@depth 4\nWeighty.", { keys: ["owl"], priority: 9 }),
  ];
  assert.deepEqual(lore(entries, ["an owl!"]), [
    "owl: Weighty.",
    "Owl: Athena owns an owl.",
    "Time: It is night.",
  ]);
  assert.deepEqual(lore(entries, ["hello"]), ["Time: It is night."]);
  assert.equal(lore(entries, ["the moon and an owl"])!.includes("owl: Both."), true);
});

Deno.test("lorebook: only the last messages are looked through", () => {
  const entries = [entry("An owl.", { keys: ["owl"] })];
  const said = ["owl", "b", "c", "d", "e"];
  assert.deepEqual(lore(entries, said), []);
  assert.deepEqual(lore(entries, said, { scan_depth: 5 }), ["owl: An owl."]);
});

Deno.test("lorebook: what others wrote is bounded, and their patterns are not run", () => {
  const bomb = entry("x", { keys: ["(a+)+$"], use_regex: true });
  assert.deepEqual(lore([bomb, null, 7, { content: 1 }], ["a".repeat(50)]), []);
  assert.equal(lore("no list", ["a"]), undefined);
  assert.equal(lore(Array(5000).fill(entry("x", { constant: true })), ["a"])!.length, 16);
  assert.equal(lorePassages({ extra: {} }, []), undefined);
});
