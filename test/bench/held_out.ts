/** Texts of five kinds that calibration has not seen, for judging quality. */
import fs from "node:fs";
import path from "node:path";
import type { TextFace } from "../../core/run/api.ts";
import { sharedData } from "../shared_data.ts";
import { HANDBOOK } from "./handbook.ts";

/** One kind of text, as tokens. */
export interface HeldOut {
  readonly kind: "manual" | "api" | "code" | "chinese" | "chat";
  readonly tokens: readonly number[];
}

/** Up to `count` tokens of each kind; kinds whose source is not on this machine are left out. */
export function heldOutTexts(text: TextFace, count: number): HeldOut[] {
  const plain = (kind: HeldOut["kind"], words: string): HeldOut => (
    { kind, tokens: text.encode(words, { begin: true }).slice(0, count) }
  );
  const code = fs.readFileSync(path.join(import.meta.dirname!, "../../core/text/bpe.ts"), "utf8");
  const texts = [plain("manual", HANDBOOK), plain("code", code)];
  const data = sharedData();
  if (!data) return texts;
  const read = (file: string) => fs.readFileSync(path.join(data, file), "utf8");
  const agent = (name: string): Agent => JSON.parse(read(`lobe-agents/${name}.json`));
  const { examples } = agent("academic-revision-specialist");
  return [
    ...texts,
    plain("api", read("openapi/oai-uspto.yaml")),
    plain("chinese", agent("big-daddy.zh-CN").config.systemRole),
    { kind: "chat", tokens: text.chat(examples, { open: false }).slice(0, count) },
  ];
}

interface Agent {
  readonly config: { readonly systemRole: string };
  readonly examples: { readonly role: "user" | "assistant"; readonly content: string }[];
}
