/** The files a page needs besides its HTML, read once and served by content hash from memory. */
import { Hono } from "hono";
import { compress } from "hono/compress";
import { createHash } from "node:crypto";

/** Parts of the one stylesheet, in the order they are joined. */
const STYLES = ["tokens", "base", "shell", "components", "home", "chat", "prose"];
const FONT = "@fontsource-variable/geist/files/geist-latin-wght-normal.woff2";

/** Where pages find each file. */
export type AssetAddresses = Record<"app" | "code" | "style" | "font" | "icon", string>;

interface Asset {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Reads the files; serves them at the addresses it gives, which change with their content. */
export function loadAssets(): { addresses: AssetAddresses; routes: Hono } {
  const font = read(import.meta.resolve(FONT));
  const style = STYLES.map((name) => new TextDecoder().decode(read(`./style/${name}.css`))).join(
    "",
  );
  const assets: Record<keyof AssetAddresses, Asset> = {
    app: { type: "text/javascript", bytes: read("./app.js") },
    code: { type: "text/javascript", bytes: read("./code.js") },
    style: {
      type: "text/css",
      bytes: new TextEncoder().encode(style.replace("/assets/font", addressOf("font", font))),
    },
    font: { type: "font/woff2", bytes: font },
    icon: { type: "image/svg+xml", bytes: read("./icon.svg") },
  };
  const routes = new Hono();
  routes.use("/assets/*", compress());
  const addresses = Object.entries(assets).map(([name, { type, bytes }]) => {
    const address = addressOf(name, bytes);
    routes.get(address, (c) =>
      c.body(bytes, 200, {
        "Content-Type": type.startsWith("text") ? `${type}; charset=utf-8` : type,
        "Cache-Control": "public, max-age=31536000, immutable",
      }));
    return [name, address];
  });
  return { addresses: Object.fromEntries(addresses), routes };
}

function read(file: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(new URL(file, import.meta.url));
}

function addressOf(name: string, bytes: Uint8Array): string {
  return `/assets/${name}-${createHash("sha256").update(bytes).digest("hex").slice(0, 12)}`;
}
