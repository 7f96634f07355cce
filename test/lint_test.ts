/** The house rules report what they must and nothing else. */
import assert from "node:assert/strict";
import { resolve } from "node:path";
import plugin from "./lint.ts";

/** Messages for `source` as if it were the file at `path` in the project. */
function lint(path: string, source: string): string[] {
  const file = resolve(import.meta.dirname!, "..", path);
  return Deno.lint.runPlugin(plugin, file, source).map((found) => found.message);
}

Deno.test("lint: layers import only to their left, and only through the face", () => {
  const fault = (path: string, source: string) => lint(path, `import "${source}";`)[0];
  assert.equal(fault("core/engine.ts", "@flint/plugins"), "core must not import plugins");
  assert.equal(fault("plugins/registry.ts", "@flint/store"), "plugins must not import store");
  assert.equal(fault("store/api/chat.ts", "../../core/engine.ts"), "cross layers by @flint/core");
  assert.equal(fault("main.ts", "./store/serve.ts"), "cross layers by @flint/store");
  assert.equal(fault("core/engine.ts", "@flint/core"), "within a layer, import by relative path");
  assert.equal(fault("core/engine.ts", "../test/random.ts"), "test/ is imported by tests alone");
  for (
    const [path, source] of [
      ["store/api/chat.ts", "@flint/core"],
      ["store/api/chat.ts", "../schema.ts"],
      ["main.ts", "@flint/store"],
      ["test/core/kv_test.ts", "../../core/kv.ts"],
      ["core/engine.ts", "node:path"],
    ] as const
  ) assert.equal(fault(path, source), undefined);
});

Deno.test("lint: every form of import is seen", () => {
  const path = "core/engine.ts";
  assert.equal(lint(path, `export * from "@flint/store";`).length, 1);
  assert.equal(lint(path, `export { createStore } from "@flint/store";`).length, 1);
  assert.equal(lint(path, `const store = await import("@flint/store");`).length, 1);
  assert.equal(lint(path, `import type { Store } from "@flint/store";`).length, 1);
});

Deno.test("lint: some packages have one home", () => {
  const fault = (path: string, source: string) => lint(path, `import "${source}";`)[0] ?? "";
  assert.match(fault("core/engine.ts", "lmdb"), /lmdb may only be imported by .*kv/);
  assert.match(fault("plugins/registry.ts", "@huggingface/transformers"), /only be imported by/);
  assert.match(fault("core/engine.ts", "zod"), /only be imported by/);
  assert.match(fault("plugins/registry.ts", "hono/jsx"), /only be imported by/);
  assert.equal(fault("core/kv.ts", "lmdb"), "");
  assert.equal(fault("store/web/page.tsx", "hono/jsx"), "");
});

Deno.test("lint: files and functions have a wall", () => {
  const body = (lines: number) => "  f();\n".repeat(lines);
  assert.deepEqual(lint("core/a.ts", `function g() {\n${body(59)}}`), [
    "function of 61 lines, wall 60",
  ]);
  assert.deepEqual(lint("core/a.ts", `const g = () => {\n${body(59)}};`), [
    "function of 61 lines, wall 60",
  ]);
  assert.deepEqual(lint("core/a.ts", `function g() {\n${body(58)}}`), []);
  assert.deepEqual(lint("core/a.ts", "f();\n".repeat(400) + "f();"), [
    "file of 401 lines, wall 400",
  ]);
});
