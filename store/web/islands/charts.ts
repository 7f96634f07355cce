/// <reference lib="dom" />
/** Charts in answers: what draws them is fetched when the first one appears. */
import type { Say } from "../strings.ts";

type Drawing = typeof import("./chart.ts");

const UNDRAWN = "figure[data-chart]:not([data-drawn])";

/** Draws the charts that are there, and those that come. */
export function startCharts(say: Say): void {
  drawAll(say);
  const turns = document.getElementById("turns");
  if (turns) {
    new MutationObserver(() => drawAll(say)).observe(turns, { childList: true, subtree: true });
  }
}

async function drawAll(say: Say): Promise<void> {
  const figures = [...document.querySelectorAll<HTMLElement>(UNDRAWN)];
  if (figures.length === 0) return;
  for (const figure of figures) figure.dataset.drawn = "";
  const { draw } = await import(document.documentElement.dataset.charts!) as Drawing;
  const words = { table: say("chartTable"), failed: say("chartFailed") };
  for (const figure of figures) await draw(figure, words);
}
