/**
 * House rules as a deno lint plugin: core <- plugins <- store <- main, crossed only through
 * `@flint/<layer>`; some packages have one home; files and functions have a wall.
 */
import { dirname, relative, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname!, "..");
const LAYERS = ["core", "plugins", "store", "main.ts"]; // each may import those before it
const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 60;

/** Packages and the only places that may import them; `test/` is free. */
const HOMES: readonly (readonly [name: RegExp, places: RegExp])[] = [
  [/^lmdb$/, /^core\/(kv|flash\/store)\.ts$/],
  [/^@huggingface\/transformers$/, /^plugins\/knowledge\/embed(_worker)?\.ts$/],
  [/^zod$/, /^(plugins|store)\/|^main\.ts$/],
  [/^(@hono\/|hono(\/|$))/, /^store\//],
];

/** What is wrong with `file` importing `source`, if anything. Paths are relative to the root. */
function importFault(file: string, source: string): string | undefined {
  const from = LAYERS.indexOf(file.split("/")[0]!);
  if (from < 0) return undefined;
  const home = HOMES.find(([name]) => name.test(source))?.[1];
  if (home && !home.test(file)) return `${source} may only be imported by ${home.source}`;
  if (source.startsWith(".")) {
    const to = relative(ROOT, resolve(ROOT, dirname(file), source)).split("/")[0]!;
    if (LAYERS.includes(to) && to !== LAYERS[from]) return `cross layers by @flint/${to}`;
    return to === "test" ? "test/ is imported by tests alone" : undefined;
  }
  const to = LAYERS.indexOf(/^@flint\/(\w+)(?:\/errors)?$/.exec(source)?.[1] ?? "");
  if (to === from) return "within a layer, import by relative path";
  return to > from ? `${LAYERS[from]} must not import ${LAYERS[to]}` : undefined;
}

const imports: Deno.lint.Rule = {
  create(context) {
    const file = relative(ROOT, context.filename);
    const check = (node: Deno.lint.Node, source: Deno.lint.Node | null) => {
      if (source?.type !== "Literal" || typeof source.value !== "string") return;
      const message = importFault(file, source.value);
      if (message) context.report({ node, message });
    };
    return {
      ImportDeclaration: (node) => check(node, node.source),
      ExportNamedDeclaration: (node) => check(node, node.source),
      ExportAllDeclaration: (node) => check(node, node.source),
      ImportExpression: (node) => check(node, node.source),
    };
  },
};

const wall: Deno.lint.Rule = {
  create(context) {
    const { text } = context.sourceCode;
    const check = (node: Deno.lint.Node, what: string, max: number) => {
      const lines = text.slice(...node.range).split("\n").length;
      if (lines > max) context.report({ node, message: `${what} of ${lines} lines, wall ${max}` });
    };
    const fn = (node: Deno.lint.Node) => check(node, "function", FUNCTION_LINES_MAX);
    return {
      Program: (node) => check(node, "file", FILE_LINES_MAX),
      FunctionDeclaration: fn,
      FunctionExpression: fn,
      ArrowFunctionExpression: fn,
    };
  },
};

export default { name: "flint", rules: { imports, wall } } satisfies Deno.lint.Plugin;
