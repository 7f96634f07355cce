/**
 * The bench's command line.
 *
 *   deno task bench core [--quick] [--rounds N] [--seconds N] [--sides A,B [--further]]
 *                        [--model NAME] [--json FILE] [--markdown FILE] [--svg FILE]
 *   deno task bench soak [--minutes N] [--model NAME] [--json FILE]
 *   deno task bench quality [--tokens N] [--sides A,B] [--model NAME] [--json FILE] [--cache FILE]
 *   deno task bench openapi
 *   deno task bench tools [--model NAME] [--half tuning|test]
 *   deno task bench builder [--model NAME] [--half tuning|test] [--drafts N] [--asked N]
 *                           [--cache FILE]
 *   deno task bench sparse [--rounds N] [--model sparse|experts]   a synthetic model with true zeros, and one
 *                           with experts, at half their size
 *   deno task bench knowledge [--words]   10,000 passages: ingest, disk, questions
 *   deno task bench retrieval    recall and nDCG of words, meaning and both on the tests' questions
 *   deno task bench policies [--model NAME]   who should stay in DRAM, on recorded traces
 *   deno task bench foresight    which experts a layer will need, guessed before attention
 *   deno task bench ledger [--events N] [--kills N]   money under SIGKILL
 *   deno task bench ring [--seed N]   what rings of accounts do to ranks
 *   deno task bench search [--documents N] [--peers] [--half tuning|test]   the store's search, at
 *                           its size or at that of all that was built (3000000)
 *   deno task bench peers     builds the llama.cpp that maps its weights, once
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { modelFile, type TestModel } from "../models.ts";
import { cgroupRoot } from "./cgroup.ts";
import { benchBuilder } from "./builder_bench.ts";
import { benchCore } from "./core_bench.ts";
import { benchOpenApi } from "./openapi_bench.ts";
import { buildPeers } from "./peers.ts";
import { benchExperts } from "./experts.ts";
import { benchForesight } from "./foresight.ts";
import { benchLedger } from "./ledger_bench.ts";
import { benchKnowledge } from "./knowledge_bench.ts";
import { benchPolicies } from "./policies.ts";
import { benchQuality } from "./quality.ts";
import { benchRing, STORE_SIZE } from "./ring_bench.ts";
import { benchRetrieval } from "./retrieval.ts";
import { benchSearch } from "./search_bench.ts";
import { benchSparse } from "./sparse.ts";
import { soak } from "./soak.ts";
import { benchTools } from "./tools_bench.ts";

/** Where models lie that only the bench uses. */
const FOLDER = join(import.meta.dirname!, "..", "..", ".flint", "bench");

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    rounds: { type: "string" },
    seconds: { type: "string" },
    tokens: { type: "string", default: "640" },
    minutes: { type: "string", default: "60" },
    sides: { type: "string", default: "" },
    further: { type: "boolean", default: false },
    model: { type: "string" },
    json: { type: "string" },
    markdown: { type: "string" },
    svg: { type: "string" },
    half: { type: "string", default: "tuning" },
    drafts: { type: "string", default: "6" },
    asked: { type: "string", default: "12" },
    cache: { type: "string" },
    events: { type: "string", default: "1000000" },
    kills: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    documents: { type: "string", default: "91100" },
    peers: { type: "boolean", default: false },
    passages: { type: "string", default: "10000" },
    words: { type: "boolean", default: false },
  },
});

/** `--quick` fits two minutes: the small model, once, without the long text. */
const { quick, json, svg } = values;
const model = (values.model ?? (quick ? "smollm2-135m" : "qwen2.5-coder-1.5b")) as TestModel;
const sides = values.sides.split(",").filter((name) => name !== "");
if (positionals[0] === "quality") {
  const { cache } = values;
  await benchQuality({ model, tokens: Number(values.tokens), sides, folder: FOLDER, json, cache });
} else if (positionals[0] === "peers") await buildPeers(modelFile(model));
else if (positionals[0] === "openapi") await benchOpenApi();
else if (positionals[0] === "tools") {
  await benchTools(model, values.half === "test" ? "test" : "tuning");
} else if (positionals[0] === "knowledge") {
  await benchKnowledge({ passages: Number(values.passages), words: values.words });
} else if (positionals[0] === "retrieval") await benchRetrieval();
else if (positionals[0] === "foresight") benchForesight();
else if (positionals[0] === "ring") {
  await benchRing(FOLDER, { size: STORE_SIZE, accounts: 1000, seed: Number(values.seed) });
} else if (positionals[0] === "ledger") {
  await benchLedger(FOLDER, {
    events: Number(values.events),
    kills: Number(values.kills),
    seed: 1,
  });
} else if (positionals[0] === "search") {
  await benchSearch(FOLDER, {
    documents: Number(values.documents),
    peers: values.peers,
    seed: values.half === "test" ? 2 : 1,
  });
} else if (positionals[0] === "builder") {
  await benchBuilder({
    model: values.model as TestModel | undefined, // none: rules and likeness alone
    half: values.half === "test" ? "test" : "tuning",
    drafts: Number(values.drafts),
    asked: Number(values.asked),
    cache: values.cache,
  });
} else if (!cgroupRoot()) {
  throw new Error("memory cgroups are not writable here: root may, on Linux");
} else if (positionals[0] === "policies") {
  await benchPolicies(
    FOLDER,
    values.model ? [values.model] : ["sparse", "experts", "smollm2-135m"],
  );
} else if (positionals[0] === "sparse") {
  const rounds = Number(values.rounds ?? 6);
  if (values.model !== "experts") await benchSparse(FOLDER, rounds);
  if (values.model !== "sparse") await benchExperts(FOLDER, rounds);
} else if (positionals[0] === "soak") await soak({ model, minutes: Number(values.minutes), json });
else {
  await benchCore({
    ...{ model, json, svg, markdown: values.markdown },
    pace: {
      rounds: Number(values.rounds ?? (quick ? 1 : 3)),
      maxTokens: quick ? 16 : 64,
      seconds: Number(values.seconds ?? (quick ? 1 : 5)),
      retrieval: !quick,
    },
    sides,
    further: sides.length === 0 || values.further,
  });
}
