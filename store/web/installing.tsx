/** What makes Flint an app of its own on a desktop or phone: its manifest, and a page while it is not running. */
import type { Hono } from "hono";
import type { AssetAddresses } from "./assets.ts";
import { Empty } from "./components/empty.tsx";
import type { Drawing } from "./drawing.tsx";
import { Head } from "./layout.tsx";

/** Adds the routes. */
export function addInstalling(app: Hono, { frame, send }: Drawing, assets: AssetAddresses): void {
  app.get("/manifest.webmanifest", (c) => {
    const { say, language } = frame(c);
    const manifest = {
      ...{ name: "Flint", short_name: "Flint", description: say("tagline"), lang: language },
      ...{ id: "/", start_url: "/", scope: "/", display: "standalone" },
      ...{ background_color: "#fefdfc", theme_color: "#fefdfc" },
      icons: [
        { src: assets.icon, sizes: "any", type: "image/svg+xml" },
        { src: assets.tile, sizes: "512x512", type: "image/png", purpose: "any maskable" },
      ],
      shortcuts: [{ name: say("newChat"), url: "/" }, { name: say("buildLink"), url: "/build" }],
    };
    return c.body(JSON.stringify(manifest), 200, { "Content-Type": "application/manifest+json" });
  });

  app.get("/offline", (c) => {
    const shell = frame(c), { say, language, theme } = shell;
    return send(
      c,
      <html lang={language} data-theme={theme}>
        <Head title="Flint" frame={shell} />
        <body>
          <main id="content" class="home">
            <Empty icon="cloud-off" title={say("offline")} hint={say("offlineHint")}>
              <a class="button primary" href="/">{say("retry")}</a>
            </Empty>
          </main>
        </body>
      </html>,
    );
  });
}
