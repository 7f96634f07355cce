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

/** TypeScript and Python. */
const CODE = ["../../core/text/bpe.ts", "../peer/llama_mmap_side.py"];
/** Agents whose instructions are long and Chinese; agents whose examples are, in both languages. */
const CHINESE = ["big-daddy.zh-CN", "paper-understanding.zh-CN", "book-summary-expert-philo.zh-CN"];
const CHATS = ["academic-revision-specialist", "python-genius", "front-end-interviewer.zh-CN"];

/** Up to `count` tokens of each kind; kinds whose source is not on this machine are left out. */
export function heldOutTexts(text: TextFace, count: number): HeldOut[] {
  const some = (kind: HeldOut["kind"], texts: readonly (readonly number[])[]): HeldOut[] =>
    texts.map((tokens) => ({ kind, tokens: tokens.slice(0, Math.ceil(count / texts.length)) }));
  const plain = (words: string) => text.encode(words, { begin: true });
  const own = (file: string) => fs.readFileSync(path.join(import.meta.dirname!, file), "utf8");
  const texts = [
    ...some("manual", [plain(HANDBOOK)]),
    ...some("code", CODE.map((file) => plain(own(file)))),
  ];
  const data = sharedData();
  if (!data) return texts;
  const read = (file: string) => fs.readFileSync(path.join(data, file), "utf8");
  const agent = (name: string): Agent => JSON.parse(read(`lobe-agents/${name}.json`));
  const chat = (name: string) => text.chat(agent(name).examples, { open: false });
  return [
    ...texts,
    ...some("api", [plain(read("openapi/oai-uspto.yaml"))]),
    ...some("chinese", CHINESE.map((name) => plain(agent(name).config.systemRole))),
    ...some("chat", CHATS.map(chat)),
  ];
}

interface Agent {
  readonly config: { readonly systemRole: string };
  readonly examples: { readonly role: "user" | "assistant"; readonly content: string }[];
}
