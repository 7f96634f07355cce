/// <reference lib="dom" />
/** Keeps the meter and the banner live from the core's events, while the page is looked at. */
import type { EngineReport, HouseStatus } from "@flint/core";
import { budgetBar, budgetParts, coreFigures, formatBytes } from "../figures.ts";
import { notice, type Titles } from "../progress.ts";
import type { Say } from "../strings.ts";
import { refresh } from "./refresh.ts";
import { toast } from "./toast.ts";

/** One event of /api/core/events. */
interface CoreEvent {
  readonly status: HouseStatus;
  readonly report: EngineReport | null;
}

/** Wakes both. A hidden tab lets its connection go: browsers keep only six to one server. */
export function startCore(say: Say): void {
  if (!document.getElementById("meter")) return; // a guest's page
  const meter = watchMeter(say), banner = watchBanner(say);
  let source: EventSource | undefined;
  const follow = () => {
    source?.close();
    source = document.hidden ? undefined : new EventSource("/api/core/events");
    source?.addEventListener("core", ({ data }) => {
      const event = JSON.parse(data) as CoreEvent;
      banner(event.status);
      if (event.report) meter(event.report);
    });
  };
  document.addEventListener("visibilitychange", follow);
  addEventListener("pagehide", () => source?.close());
  addEventListener("pageshow", ({ persisted }) => persisted && follow());
  follow();
}

/** Figures since the last token that came; the panel itself is the server's to draw. */
function watchMeter(say: Say): (report: EngineReport) => void {
  let last: EngineReport | undefined;
  return (report) => {
    const meter = document.getElementById("meter")!;
    if (meter.dataset.model !== report.model) {
      meter.dataset.model = report.model;
      refresh();
    }
    const { hitRate, readPerToken, ...steady } = coreFigures(report, last, say);
    const moved = last?.counters.tokens !== report.counters.tokens;
    const shown = moved ? { hitRate, readPerToken, ...steady } : steady;
    for (const [name, text] of Object.entries(shown)) {
      for (const place of meter.querySelectorAll(`[data-core=${name}]`)) place.textContent = text;
    }
    drawBudget(meter, report);
    // The page of the core is the server's to draw.
    if (moved && document.getElementById("core-report")) refresh().catch(() => {});
    if (moved) last = report;
  };
}

function drawBudget(meter: HTMLElement, { budget }: EngineReport): void {
  budgetBar(budget).forEach(({ x, width }, i) => {
    const part = budgetParts[i]!;
    for (const stretch of meter.querySelectorAll(`rect.part-${part}`)) {
      stretch.setAttribute("x", x.toFixed(2));
      stretch.setAttribute("width", width.toFixed(2));
    }
    const size = meter.querySelector(`[data-part=${part}]`);
    if (size) size.textContent = formatBytes(budget[part]);
  });
}

function watchBanner(say: Say): (status: HouseStatus) => void {
  const banner = document.getElementById("banner")!;
  const titles = JSON.parse(banner.dataset.titles!) as Titles;
  const part = (name: string) => banner.querySelector<HTMLElement>(`[data-banner=${name}]`)!;
  const bar = part("bar") as HTMLProgressElement;
  return (status) => {
    const shown = notice(status, titles, say);
    if (!shown) {
      if (!banner.hidden) {
        toast(say("modelReady", { model: titles[status.wanted] ?? status.wanted }));
      }
      banner.hidden = true;
      return;
    }
    banner.hidden = false;
    banner.classList.toggle("failed", shown.failed);
    part("text").textContent = shown.text;
    part("detail").textContent = shown.detail;
    bar.hidden = shown.bar === undefined;
    if (typeof shown.bar === "number") bar.value = shown.bar;
    else bar.removeAttribute("value");
  };
}
