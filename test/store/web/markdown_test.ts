import assert from "node:assert/strict";
import { highlight } from "../../../store/web/highlight.ts";
import { createMarkdown } from "../../../store/web/markdown.ts";
import { PAYLOADS } from "./payloads.ts";

const render = createMarkdown({ copy: "Copy", highlight });
/** Every tag a renderer of ours may write, with the attributes it may have. */
const OURS =
  /^<\/?(p|br|hr|em|strong|s|ul|ol|li|h[1-6]|blockquote|code|pre|span|figure|figcaption|button|div|table|thead|tbody|tr|th|td|a)( (class|type|tabindex|start|href|title|target|rel|data-copy-code)(="[^"<>]*")?)*>$/;

Deno.test("markdown: what people write to break a page stays text", () => {
  for (const payload of PAYLOADS) {
    const html = render(payload).join("");
    for (const tag of html.match(/<[^>]*>?/g) ?? []) {
      assert.match(tag, OURS, `${payload} -> ${tag}`);
    }
    const addresses = [...html.matchAll(/href="([^"]*)"/g)].map((found) => found[1]!);
    for (const address of addresses) {
      const { protocol } = new URL(address.replaceAll("&amp;", "&"), "http://here/");
      assert.match(protocol, /^(https?|mailto):$/, payload);
    }
  }
});

Deno.test("markdown: one block is one element, and earlier blocks do not change as text grows", () => {
  const text =
    "# Title\n\nSome *words*.\n\n- one\n- two\n\n```ts\nlet a = 1;\n```\n\n| a |\n|---|\n| b |\n";
  const whole = render(text);
  assert.equal(whole.length, 5);
  for (const block of whole) assert.match(block, /^<(\w+)[^]*<\/\1>\s*$/);
  const part = render(text.slice(0, text.indexOf("| a |")));
  assert.deepEqual(part, whole.slice(0, part.length));
});

Deno.test("markdown: code is coloured, named and can be copied; unknown languages stay plain", () => {
  const [known] = render("```ts\nlet a = 1;\n```");
  assert.match(known!, /<span>ts<\/span>.*data-copy-code>Copy<.*hljs-keyword">let</);
  const [unknown] = render("```klingon\nlet a;\n```");
  assert.match(unknown!, /<code class="hljs">let a;\n<\/code>/);
});

Deno.test("markdown: columns keep their alignment without inline style", () => {
  const [html] = render("| a | b |\n|--:|:-:|\n| 1 | 2 |");
  assert.match(html!, /<th class="right">a<\/th>\s*<th class="center">b/);
});

Deno.test("markdown: a picture is a link, so that reading asks no other host", () => {
  const [html] = render("![a cat](https://pics.example/cat.png)");
  assert.doesNotMatch(html!, /<img/);
  assert.match(html!, /<a href="https:\/\/pics\.example\/cat\.png"[^>]*>a cat<\/a>/);
});

Deno.test("markdown: endless nesting and endless text end", () => {
  assert.ok(render(">".repeat(10_000) + "x").join("").length < 50_000);
  assert.ok(render("a ".repeat(1_000_000)).join("").length < 500_000);
});
