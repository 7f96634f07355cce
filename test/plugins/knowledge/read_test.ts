/** Files of every kind become text; hostile ones end well. */
import assert from "node:assert/strict";
import { FlintError } from "@flint/core";
import { readKnowledgeFile as readFile } from "@flint/plugins";
import { docxOf, pdfOf, zipOf } from "./written_files.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const refused = (words: RegExp) => (error: unknown) =>
  error instanceof FlintError && error.code === "bad_input" && words.test(error.message);

Deno.test("read: headings and paragraphs come out of every format alike", async () => {
  const wanted = [["Tides", true], ["High water is at noon.", false]];
  const files = {
    "a.md": bytesOf("# Tides\n\nHigh water is\nat noon.\n"),
    "a.html": bytesOf("<h1>Tides</h1><p>High water is <b>at noon</b>.</p>"),
    "a.docx": await docxOf(["# Tides", "High water is at noon."]),
  };
  for (const [name, bytes] of Object.entries(files)) {
    const { blocks } = await readFile(name, bytes);
    const read = blocks.map(({ text, level }) => [text, level !== undefined]);
    assert.deepEqual(read, wanted, name);
  }
});

Deno.test("read: a PDF has pages, larger type is a heading, lines become paragraphs", async () => {
  const { blocks } = await readFile(
    "a.pdf",
    pdfOf([
      ["# Tides", "High water is at", "noon on Monday.", "", "Low water at six."],
      ["Bring a lamp."],
    ]),
  );
  assert.deepEqual(blocks.map(({ text, page }) => [text, page]), [
    ["Tides", 1],
    ["High water is at noon on Monday.", 1],
    ["Low water at six.", 1],
    ["Bring a lamp.", 2],
  ]);
  assert(blocks[0]!.level !== undefined && blocks[1]!.level === undefined);
});

Deno.test("read: rows of tables carry their columns' names", async () => {
  const row = "item: saw; price: 4";
  const files = {
    "a.csv": "item,price\nsaw,4\n",
    "a.tsv": "item\tprice\nsaw\t4\n",
    "a.json": '[{"item":"saw","price":4}]',
    "a.md": "| item | price |\n| - | - |\n| saw | 4 |\n",
  };
  for (const [name, text] of Object.entries(files)) {
    const { blocks } = await readFile(name, bytesOf(text));
    assert.deepEqual(blocks.map(({ text }) => text), [row], name);
  }
});

Deno.test("read: a page's scripts, styles and menus are not read, and do not run", async () => {
  const page = `<html><head><title>Lamp</title><script>globalThis.ran = 1</script></head><body>
    <nav>Home Shop</nav><p onclick="x()">The lamp burns oil.</p><style>p { color: red }</style>
    <script>document.body.innerHTML = "gone"</script><iframe src="x"></iframe></body></html>`;
  const { title, blocks } = await readFile("a.html", bytesOf(page));
  assert.equal(title, "Lamp");
  assert.deepEqual(blocks, [{ text: "The lamp burns oil." }]);
});

Deno.test("read: five hundred pages are read, each with its number", async () => {
  const pages = Array.from({ length: 500 }, (_, i) => [`Page ${i + 1} tells of ship ${i + 1}.`]);
  const { blocks } = await readFile("long.pdf", pdfOf(pages));
  assert.equal(blocks.length, 500);
  assert.deepEqual(blocks[416], { text: "Page 417 tells of ship 417.", page: 417 });
});

Deno.test("read: what can't be read is refused with its reason", async () => {
  const bomb = await zipOf({ "word/document.xml": "0".repeat(100 << 20) });
  const files: [string, Uint8Array<ArrayBuffer>, RegExp][] = [
    ["none.pdf", new Uint8Array(0), /is empty/],
    ["blank.pdf", pdfOf([[]]), /has no text/],
    ["locked.pdf", pdfOf([["secret"]], { encrypted: true }), /encrypted/],
    ["broken.pdf", bytesOf("%PDF-1.7 nonsense"), /no PDF/],
    ["bomb.docx", bomb, /unpacks to more/],
    ["no.docx", bytesOf("PK nothing"), /no docx/],
    ["a.json", bytesOf("{"), /not JSON/],
    ["deep.json", bytesOf("[".repeat(100) + "]".repeat(100)), /nests deeper/],
    ["a.txt", new Uint8Array([0xff, 0xfe, 0x00]), /UTF-8/],
    ["a.exe", bytesOf("MZ"), /known are/],
  ];
  assert(bomb.length < 1 << 20, `the bomb is small: ${bomb.length}`);
  for (const [name, bytes, words] of files) {
    await assert.rejects(readFile(name, bytes), refused(words), name);
  }
});

Deno.test("read: reading can be stopped", async () => {
  const pages = Array.from({ length: 300 }, () => ["word ".repeat(15)]);
  const stop = AbortSignal.abort();
  await assert.rejects(
    readFile("a.pdf", pdfOf(pages), stop),
    (error) => error instanceof FlintError && error.code === "cancelled",
  );
});
