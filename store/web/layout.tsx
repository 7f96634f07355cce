/** The shell around every page: sidebar, header, banner, room for the page. */
import type { EngineReport, HouseStatus } from "@flint/core";
import type { Assistant, Conversation, Shelves } from "@flint/plugins";
import type { Child } from "hono/jsx";
import type { AssetAddresses } from "./assets.ts";
import { Banner } from "./components/banner.tsx";
import { IconButton } from "./components/button.tsx";
import { Mark } from "./components/icon.tsx";
import { Meter } from "./components/meter.tsx";
import { Palette, Shortcuts } from "./components/palette.tsx";
import type { Titles } from "./progress.ts";
import { Sidebar, type Theme } from "./sidebar.tsx";
import type { Language, Say } from "./strings.ts";

/** What the shell shows on every page, gathered once per request. */
export interface Frame {
  readonly say: Say;
  readonly language: Language;
  readonly theme: Theme;
  /** Path of the page, for marking the current link. */
  readonly path: string;
  readonly now: number;
  readonly assets: AssetAddresses;
  /** Guests see no more than the store. */
  readonly signedIn: boolean;
  /** Whether the machine's owner reads it. */
  readonly owner: boolean;
  readonly assistants: readonly Assistant[];
  /** Newest first; those without a word yet are left out, and those on shelves. */
  readonly conversations: readonly Conversation[];
  readonly shelves: Shelves;
  /** Whether there are more of them. */
  readonly more: boolean;
  readonly status: HouseStatus;
  /** undefined while no engine is open. */
  readonly report: EngineReport | undefined;
  readonly titles: Titles;
}

interface PageProps {
  readonly frame: Frame;
  readonly title: string;
  /** What stands in the header between the menu button and the meter. */
  readonly header?: Child;
  /** Buttons after the meter. */
  readonly tools?: Child;
  readonly children?: Child;
}

/** A whole document. */
export function Page({ frame, title, header, tools, children }: PageProps) {
  const { say, assets, report, titles } = frame;
  return (
    <html
      lang={frame.language}
      data-theme={frame.theme}
      data-answer={assets.answer}
      data-code={assets.code}
      data-charts={assets.chart}
    >
      <Head title={title} frame={frame} />
      <body>
        <a class="skip" href="#content">{say("skipToContent")}</a>
        <Sidebar frame={frame} />
        <div class="room">
          <header class="top">
            <IconButton
              icon="menu"
              label={say("openSidebar")}
              class="narrow-only"
              popovertarget="sidebar"
            />
            <div class="top-title">
              {header ?? (
                <a class="brand narrow-only" href="/">
                  <Mark size={24} />
                  Flint
                </a>
              )}
            </div>
            {frame.signedIn && (
              <Meter
                report={report}
                title={report ? titles[report.model] ?? report.model : ""}
                say={say}
              />
            )}
            {tools}
          </header>
          <Banner status={frame.status} titles={titles} say={say} />
          {children}
        </div>
        <Palette say={say} />
        <Shortcuts say={say} />
        <div id="toasts" class="toasts" role="status" aria-live="polite" />
      </body>
    </html>
  );
}

type HeadFrame = Pick<Frame, "assets" | "say" | "theme">;

/** The document's head. */
export function Head(
  { title, frame: { assets, say, theme } }: { title: string; frame: HeadFrame },
) {
  const when = (scheme: Theme) =>
    theme === "system" ? `(prefers-color-scheme: ${scheme})` : undefined;
  return (
    <head>
      <meta charset="utf-8" />
      <meta
        name="viewport"
        content="width=device-width, initial-scale=1, interactive-widget=resizes-content"
      />
      {theme !== "dark" && <meta name="theme-color" content="#fefdfc" media={when("light")} />}
      {theme !== "light" && <meta name="theme-color" content="#171513" media={when("dark")} />}
      <title>{title}</title>
      <meta name="description" content={say("tagline")} />
      <link rel="preload" href={assets.font} as="font" type="font/woff2" crossorigin="" />
      <link rel="stylesheet" href={assets.style} />
      <link rel="icon" href={assets.icon} type="image/svg+xml" />
      <link rel="manifest" href="/manifest.webmanifest" />
      <link rel="apple-touch-icon" href={assets.tile} />
      <script type="module" src={assets.app} />
    </head>
  );
}
