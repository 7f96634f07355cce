/**
 * Token for token what llama.cpp says, on texts and on chats. Needs a model's GGUF and the peer's
 * packages (`deno install` in test/peer).
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { modelTest, modelText } from "../models.ts";
import { variedChats } from "../varied_chats.ts";
import { variedTexts } from "../varied_text.ts";

const peerFolder = path.join(import.meta.dirname!, "..", "peer");
const missing = fs.existsSync(path.join(peerFolder, "node_modules", "node-llama-cpp"))
  ? undefined
  : "no node_modules in test/peer";

/** llama.cpp's tokens of each text. */
async function askPeer(file: string, questions: readonly { text: string; special: boolean }[]) {
  const peer = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--config",
      path.join(peerFolder, "deno.json"),
      path.join(peerFolder, "tokenize.ts"),
      file,
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const asked = peer.stdin.getWriter();
  const [{ success, stdout }] = await Promise.all([
    peer.output(),
    asked.write(new TextEncoder().encode(JSON.stringify(questions))).then(() => asked.close()),
  ]);
  assert.ok(success, "the peer answers");
  return JSON.parse(new TextDecoder().decode(stdout)) as number[][];
}

for (const name of ["smollm2-135m", "qwen2.5-coder-1.5b"] as const) {
  const title = `tokenizer: 1,000 varied texts and 100 chats as llama.cpp has them, ${name}`;
  modelTest(name, title, async (file) => {
    const { text } = modelText(file);
    const texts = variedTexts(1, 1000);
    const questions = [
      ...texts.map((text) => ({ text, special: false })),
      // llama.cpp makes a control token of Qwen's word "</s>", by its name; Flint does not.
      ...texts.filter((text) => !text.includes("</s>")).map((text) => ({ text, special: true })),
    ];
    // In the others names of control tokens are text for Flint: llama.cpp's text cannot say that.
    const plain = variedChats(1, 300).filter((chat) => {
      const said = JSON.stringify(chat);
      return ![...text.tokenizer.controlTexts, "</s>"].some((name) => said.includes(name));
    });
    assert.ok(plain.length > 100);
    const chats = plain.map(({ messages, tools, open }) => text.chat(messages, { tools, open }));
    const rendered = chats.map((ids) => ({
      text: text.decode(ids, { special: true }),
      special: true,
    }));
    const expected = await askPeer(file, [...questions, ...rendered]);
    const ours = [
      ...questions.map(({ text: sample, special }) => text.encode(sample, { special })),
      ...chats,
    ];
    ours.forEach((ids, i) => assert.deepEqual(ids, expected[i], JSON.stringify(questions[i])));
  }, missing);
}
