/** The files a page needs besides its HTML, read once and served by content hash from memory. */
import { type Handler, Hono } from "hono";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";

type Bytes = Uint8Array<ArrayBuffer>;

/** Parts of the one stylesheet, in the order they are joined. */
const STYLES = [
  "tokens",
  "base",
  "shell",
  "components",
  "home",
  "chat",
  "prose",
  "window",
  "plugins",
  "build",
  "knowledge",
  "store",
];
const FONT = "@fontsource-variable/geist/files/geist-latin-wght-normal.woff2";

/** Where pages find each file. */
export type AssetAddresses = Record<keyof typeof TYPES, string>;

const TYPES = {
  app: "text/javascript; charset=utf-8",
  answer: "text/javascript; charset=utf-8",
  code: "text/javascript; charset=utf-8",
  chart: "text/javascript; charset=utf-8",
  style: "text/css; charset=utf-8",
  font: "font/woff2",
  icon: "image/svg+xml",
  tile: "image/png",
} as const;

/** Reads the files; serves them at the addresses it gives, which change with their content. */
export function loadAssets(): { addresses: AssetAddresses; routes: Hono } {
  const font = read(import.meta.resolve(FONT));
  const style = STYLES.map((name) => new TextDecoder().decode(read(`./style/${name}.css`)));
  const files: Record<keyof AssetAddresses, Bytes> = {
    app: read("./app.js"),
    answer: read("./answer.js"),
    code: read("./code.js"),
    chart: read("./chart.js"),
    style: encode(style.join("").replace("/assets/font", addressOf("font", font))),
    font,
    icon: read("./icon.svg"),
    tile: read("./tile.png"),
  };
  const routes = new Hono();
  const addresses = (Object.keys(TYPES) as (keyof typeof TYPES)[]).map((name) => {
    const address = addressOf(name, files[name]);
    routes.get(address, serve(TYPES[name], files[name]));
    return [name, address];
  });
  // A service worker lives at one address, above all pages.
  const worker = read("./worker.js");
  routes.get(
    "/worker.js",
    (c) => c.body(worker, 200, { "Content-Type": TYPES.app, "Cache-Control": "no-cache" }),
  );
  return { addresses: Object.fromEntries(addresses), routes };
}

/** Compressed once, not for each reader; fonts and PNG are compressed by themselves. */
function serve(type: string, bytes: Bytes): Handler {
  const zipped = /^(?:font|image\/png)/.test(type) ? undefined : new Uint8Array(gzipSync(bytes));
  const headers = {
    "Content-Type": type,
    "Cache-Control": "public, max-age=31536000, immutable",
    "Vary": "Accept-Encoding",
  };
  return (c) =>
    zipped && c.req.header("accept-encoding")?.includes("gzip")
      ? c.body(zipped, 200, { ...headers, "Content-Encoding": "gzip" })
      : c.body(bytes, 200, headers);
}

function read(file: string): Bytes {
  return Deno.readFileSync(new URL(file, import.meta.url));
}

function encode(text: string): Bytes {
  return new TextEncoder().encode(text);
}

function addressOf(name: string, bytes: Bytes): string {
  return `/assets/${name}-${createHash("sha256").update(bytes).digest("hex").slice(0, 12)}`;
}
