/**
 * Bundles the islands into app.js, what draws a streamed answer into answer.js, the highlighter
 * into code.js, what draws charts into chart.js and the service worker into worker.js. They are
 * checked in: a start needs no bundler and
 * no network, and a test bundles again and compares. Run by `deno task islands`.
 */
const here = import.meta.dirname!;

/** The files that are built: what from, what to. */
export const bundles = {
  "islands/app.ts": "app.js",
  "islands/live_answer.ts": "answer.js",
  "islands/code.ts": "code.js",
  "islands/chart.ts": "chart.js",
  "islands/worker.ts": "worker.js",
} as const;

/** Bundles all into `folder`. */
export async function build(folder: string): Promise<void> {
  for (const [source, target] of Object.entries(bundles)) {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["bundle", "--quiet", "--platform", "browser", "--minify"],
        ...["--output", `${folder}/${target}`, `${here}/${source}`],
      ],
    }).output();
    if (!success) throw new Error(`${source}: ${new TextDecoder().decode(stderr)}`);
  }
}

if (import.meta.main) await build(here);
