/** Cards in PNGs, and PNGs made to harm. */
import assert from "node:assert/strict";
import { crc32, deflateSync } from "node:zlib";
import fc from "fast-check";
import { FlintError } from "@flint/core";
import { exportFile, FILE_BYTES_MAX, importFile } from "@flint/plugins";
import { drawPng } from "../../plugins/formats/png.ts";
import { stored } from "./stored.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const latin = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));
const concat = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

const cardV3 = {
  spec: "chara_card_v3",
  spec_version: "3.0",
  data: {
    name: "雅典娜 Athena",
    description: "{{char}} is an owl 🦉.",
    personality: "",
    scenario: "",
    first_mes: "Hoo.",
    mes_example: "",
    creator_notes: "",
    tags: [],
    extensions: {},
    group_only_greetings: [],
    character_book: {
      extensions: {},
      entries: [{ keys: ["鼠", "mouse"], content: "Food.", enabled: true, insertion_order: 1 }],
    },
  },
};
const json = JSON.stringify(cardV3);
const base64 = bytes(json).toBase64();

function chunk(type: string, data: Uint8Array, crc?: number, length = data.length): Uint8Array {
  const named = concat(latin(type), data);
  const frame = new DataView(new ArrayBuffer(8));
  frame.setUint32(0, length);
  frame.setUint32(4, crc ?? crc32(named));
  return concat(new Uint8Array(frame.buffer, 0, 4), named, new Uint8Array(frame.buffer, 4, 4));
}

const SIGNATURE = latin("\x89PNG\r\n\x1a\n");
const head = chunk("IHDR", latin("\0\0\0\x01\0\0\0\x01\x08\0\0\0\0"));
const pixels = chunk("IDAT", deflateSync(latin("\0\x80")));
const end = chunk("IEND", new Uint8Array());
const png = (...texts: Uint8Array[]) => concat(SIGNATURE, head, ...texts, pixels, end);
const text = (keyword: string, value: string) => chunk("tEXt", latin(`${keyword}\0${value}`));
const zipped = (keyword: string, value: Uint8Array) =>
  chunk("zTXt", concat(latin(`${keyword}\0\0`), deflateSync(value)));
const international = (keyword: string, value: Uint8Array, compressed = false) =>
  chunk(
    "iTXt",
    concat(
      latin(`${keyword}\0${compressed ? "\x01" : "\0"}\0en\0Karte\0`),
      compressed ? deflateSync(value) : value,
    ),
  );

const places: Record<string, Uint8Array> = {
  "tEXt chara": text("chara", base64),
  "tEXt ccv3": text("ccv3", base64),
  "zTXt chara": zipped("chara", latin(base64)),
  "iTXt ccv3": international("ccv3", latin(base64)),
  "packed iTXt with bare JSON": international("chara", bytes(json), true),
};
for (const [place, card] of Object.entries(places)) {
  Deno.test(`png: a card in ${place} is read, and comes back with its book`, () => {
    const [imported] = importFile(png(text("Software", "x"), card), "owl.png");
    assert.equal(imported!.format, "png");
    assert.equal(imported!.draft.name, "雅典娜 Athena");
    const file = exportFile(stored(imported!.draft), "card").bytes;
    assert.deepEqual(JSON.parse(new TextDecoder().decode(file)), cardV3);
    const again = importFile(exportFile(stored(imported!.draft), "png").bytes, "x.png");
    assert.deepEqual(again[0]!.draft, imported!.draft);
  });
}

Deno.test("png: of two cards the V3 one is read, wherever it stands", () => {
  const v2 = { ...cardV3, spec: "chara_card_v2", data: { ...cardV3.data, name: "Old" } };
  const old = text("chara", bytes(JSON.stringify(v2)).toBase64());
  for (const file of [png(old, places["tEXt ccv3"]!), png(places["tEXt ccv3"]!, old)]) {
    assert.equal(importFile(file, "x")[0]!.draft.name, "雅典娜 Athena");
  }
});

Deno.test("png: a given picture keeps its chunks and loses its old card", () => {
  const owl = stored({ name: "Owl", instructions: "Be wise." });
  const note = text("Comment", "drawn by hand");
  const { bytes: file } = exportFile(owl, "png", png(places["tEXt ccv3"]!, note));
  assert.equal(importFile(file, "x")[0]!.draft.name, "Owl");
  const whole = new TextDecoder("latin1").decode(file);
  assert(whole.includes("drawn by hand") && whole.includes("IDAT") && !whole.includes("ccv3"));
});

const cut = places["tEXt chara"]!;
const refusals: [what: string, file: Uint8Array, words: RegExp][] = [
  ["a picture without a card", png(), /without a character card/],
  [
    "a wrong checksum",
    png(chunk("tEXt", latin(`chara\0${base64}`), 1)),
    /tEXt chunk has a wrong CRC/,
  ],
  [
    "a chunk longer than the file",
    png(chunk("tEXt", latin("chara\0x"), 0, 0x7fffffff)),
    /2147483647 bytes/,
  ],
  ["a length of 4 GB", png(chunk("tEXt", latin("chara\0x"), 0, 0xffffffff)), /4294967295 bytes/],
  ["a file cut off", concat(SIGNATURE, head, cut.subarray(0, 40)), /bytes, \d+ are left/],
  ["no end", concat(SIGNATURE, head, cut), /ends before its IEND/],
  ["nothing but a signature", SIGNATURE, /ends before its IEND/],
  ["no head", concat(SIGNATURE, cut, end), /IHDR is not its first chunk/],
  ["two heads", concat(SIGNATURE, head, head, end), /IHDR is not its first chunk, once/],
  [
    "a zip bomb in zTXt",
    png(zipped("chara", new Uint8Array(50_000_000))),
    /unpacks to more than 4000000/,
  ],
  [
    "a zip bomb in iTXt",
    png(international("ccv3", new Uint8Array(50_000_000), true)),
    /unpacks to more/,
  ],
  ["a packed text that is none", png(chunk("zTXt", latin("chara\0\0rubbish"))), /does not unpack/],
  ["an unknown compression", png(chunk("zTXt", latin("chara\0\x07x"))), /in an unknown way/],
  [
    "an iTXt without its parts",
    png(chunk("iTXt", latin("chara\0\0\0en"))),
    /iTXt chunk "chara" is cut off/,
  ],
  ["broken UTF-8", png(international("chara", latin("{\xff\xfe"))), /not UTF-8/],
  ["a text without keyword", png(chunk("tEXt", latin("x".repeat(200)))), /no keyword/],
  ["rubbish instead of base64", png(text("chara", "!!!")), /not base64/],
  ["another document", png(text("chara", bytes('{"a":1}').toBase64())), /no assistant in a format/],
  ["a prototype key", png(text("chara", '{"__proto__":{}}')), /"__proto__" is not allowed/],
  [
    "20,000 chunks",
    png(...Array(20_000).fill(chunk("tIME", new Uint8Array(0)))),
    /more than 16384 chunks/,
  ],
];
for (const [what, file, words] of refusals) {
  Deno.test(`png: ${what} is refused with its reason`, () => {
    assert.throws(
      () => importFile(file, "x.png"),
      (error) =>
        error instanceof FlintError && error.code === "bad_input" && words.test(error.message),
    );
  });
}

Deno.test("png: a text chunk beyond the limit is refused by name", () => {
  const huge = new Uint8Array(4_000_010).fill(65);
  huge.set(latin("chara\0"));
  const named = new Uint8Array(huge.length + 4);
  named.set(latin("tEXt"));
  named.set(huge, 4);
  const frame = new DataView(new ArrayBuffer(8));
  frame.setUint32(0, huge.length);
  frame.setUint32(4, crc32(named));
  const file = new Uint8Array(named.length + 200);
  let at = 0;
  const parts = [SIGNATURE, head, new Uint8Array(frame.buffer, 0, 4), named];
  for (const part of [...parts, new Uint8Array(frame.buffer, 4, 4), end]) {
    file.set(part, at);
    at += part.length;
  }
  assert.throws(() => importFile(file, "x"), /"chara" has 4000010 bytes, at most 4000000/);
});

Deno.test("png: 1,000 damaged cards are read or refused, never a bug", () => {
  const whole = png(text("Software", "x"), places["packed iTXt with bare JSON"]!, cut);
  const edits = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), {
    minLength: 1,
    maxLength: 4,
  });
  let refused = 0;
  fc.assert(
    fc.property(edits, fc.option(fc.nat(whole.length)), (places, length) => {
      const file = whole.slice(0, length ?? undefined);
      for (const [at, byte] of places) if (at < file.length) file[at] = byte;
      try {
        importFile(file, "x");
      } catch (error) {
        assert(error instanceof FlintError && error.code === "bad_input", String(error));
        refused++;
      }
    }),
    { numRuns: 1000, seed: 6 },
  );
  assert(refused > 900, `${refused} were refused`);
});

Deno.test("files: too large, not text, a list that is empty, too long or wrong inside", () => {
  const refuse = (file: Uint8Array, words: RegExp) =>
    assert.throws(
      () => importFile(file, "x"),
      (error) => error instanceof FlintError && words.test(error.message),
    );
  refuse(new Uint8Array(FILE_BYTES_MAX + 1), /more than the 16777216 allowed/);
  refuse(latin("FROM a\xff\xfe"), /neither UTF-8 text nor a PNG/);
  refuse(bytes("[]"), /has 0 items: 1 to 500/);
  refuse(bytes(`[${Array(501).fill(1)}]`), /has 501 items/);
  refuse(bytes('[{"name":"a","instructions":"x"},{"b":1}]'), /^item 2: this is no assistant/);
  refuse(bytes("[" + "[".repeat(9000) + "]".repeat(9000) + "]"), /nests deeper/);
});

Deno.test("files: a list of Open WebUI models becomes as many assistants", () => {
  const model = (name: string) => ({ id: name, name, params: { system: "Be." }, meta: {} });
  const imported = importFile(bytes(JSON.stringify([model("a"), model("b")])), "export.json");
  assert.deepEqual(imported.map(({ format, draft }) => [format, draft.name]), [
    ["open-webui", "a"],
    ["open-webui", "b"],
  ]);
});

for (const name of ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "javascript:x"]) {
  Deno.test(`files: ${name} is no name`, () => {
    assert.throws(
      () => importFile(bytes(JSON.stringify({ name, instructions: "x" })), "x"),
      /name has markup in it/,
    );
  });
}

Deno.test("png: the drawn picture differs by assistant and is a few kilobytes", () => {
  assert.notDeepEqual(drawPng("owl"), drawPng("cat"));
  assert(drawPng("owl").length < 20_000, `${drawPng("owl").length} bytes`);
});
