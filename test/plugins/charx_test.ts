/** CharX files: the card is read; zips that are something else, or too much, are refused. */
import assert from "node:assert/strict";
import { Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from "@zip.js/zip.js";
import { FlintError } from "@flint/core";
import { importPackage } from "@flint/plugins";

const card = {
  spec: "chara_card_v3",
  spec_version: "3.0",
  data: { name: "Athena", description: "{{char}} is wise.", assets: [{ uri: "embeded://a.png" }] },
};
const text = (value: string) => new TextEncoder().encode(value);

async function zip(members: Record<string, Uint8Array>, options = {}): Promise<Uint8Array> {
  const writer = new ZipWriter(new Uint8ArrayWriter(), { useWebWorkers: false, ...options });
  for (const [name, bytes] of Object.entries(members)) {
    await writer.add(name, new Uint8ArrayReader(bytes));
  }
  return await writer.close();
}

const whole = await zip({
  "assets/a.png": new Uint8Array(10),
  "card.json": text(JSON.stringify(card)),
});

Deno.test("charx: the card in it is read", async () => {
  const [imported] = await importPackage(whole, "athena.charx");
  assert.equal(imported!.format, "charx");
  assert.equal(imported!.draft.instructions, "Athena is wise.");
});

Deno.test("charx: other files are read as before", async () => {
  const [imported] = await importPackage(text(JSON.stringify(card)), "athena.json");
  assert.equal(imported!.format, "card");
});

const bomb = await zip({ "card.json": new Uint8Array(60_000_000) });
const liar = bomb.slice();
/** The sizes in a zip's directory are the packer's word: here 100 bytes. */
new DataView(liar.buffer).setUint32(directoryOf(liar) + 24, 100, true);
const damaged = whole.slice();
damaged[new TextDecoder("latin1").decode(whole).indexOf("card.json") + 30]! ^= 255;
const locked = await zip({ "card.json": text("{}") }, { password: "x" });
const many = await zip(
  Object.fromEntries(Array.from({ length: 2001 }, (_, i) => [`${i}`, new Uint8Array()])),
);

const refusals: [what: string, file: Uint8Array, words: RegExp][] = [
  ["a zip bomb", bomb, /unpacks to more than 4000000 bytes/],
  ["a zip bomb that says it is small", liar, /unpacks to more|damaged/],
  ["a zip without a card", await zip({ "a.txt": text("x") }), /has no card\.json/],
  ["a card that is no JSON", await zip({ "card.json": text("{") }), /begins as JSON and is none/],
  [
    "a card with a prototype's key",
    await zip({ "card.json": text(`{"spec":"chara_card_v3","data":{"__proto__":{"a":1}}}`) }),
    /"__proto__" is not allowed/,
  ],
  [
    "a card with a script in its name",
    await zip({ "card.json": text(JSON.stringify(named("<script>alert(1)</script>"))) }),
    /name has markup in it/,
  ],
  ["a zip that was cut off", whole.slice(0, -40), /damaged/],
  ["a zip with a wrong byte", damaged, /damaged|begins as JSON|UTF-8/],
  ["a locked zip", locked, /is encrypted/],
  ["a zip of too many files", many, /more than 2000 files/],
];
for (const [what, file, words] of refusals) {
  Deno.test(`charx: ${what} is refused with its reason`, async () => {
    await assert.rejects(
      importPackage(file, "x.charx"),
      (error) =>
        error instanceof FlintError && error.code === "bad_input" && words.test(error.message),
    );
  });
}

function named(name: string) {
  return { ...card, data: { ...card.data, name } };
}

/** Where the directory's first entry begins. */
function directoryOf(file: Uint8Array): number {
  const signature = [0x50, 0x4b, 1, 2];
  return file.findIndex((_, i) => signature.every((byte, j) => file[i + j] === byte));
}
