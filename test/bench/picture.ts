/** The comparison as a picture: an SVG that reads on light and on dark pages. */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import type { Figures } from "./summary.ts";

/** Ours, ours with all weights in DRAM or native, and what they are compared with: fit for both. */
const COLORS = { Flint: "#2f9e8f", "in DRAM": "#8a8f98", others: "#d0803a" };

const STYLE = `<style>svg{color:#424a53;font:12px system-ui,sans-serif}
@media(prefers-color-scheme:dark){svg{color:#b6bdc6}}</style>`;

/** Bars of tokens a second, side by side for each case; the line in a bar is the spread. */
export function picture(figures: readonly Figures[], sides: readonly string[]): string {
  const { document } = parseHTML("<html><body></body></html>") as unknown as Required<
    Pick<Plot.PlotOptions, "document">
  >;
  const bars = figures.map(({ side, case: name, rate }) => ({
    ...rate,
    side,
    name,
    group: side.includes("in DRAM")
      ? "in DRAM"
      : /exact|balanced|fast/.test(side)
      ? "Flint"
      : "others",
  }));
  const cases = [...new Set(bars.map(({ name }) => name))];
  const svg = Plot.plot({
    document,
    width: 960,
    height: 60 + 22 * sides.length,
    marginLeft: 132,
    marginBottom: 44,
    x: { label: "tokens a second →", ticks: 5, grid: true },
    y: { domain: [...sides], label: null },
    fx: { domain: cases, label: null },
    color: { domain: Object.keys(COLORS), range: Object.values(COLORS) },
    marks: [
      Plot.barX(bars, { x: "median", y: "side", fx: "name", fill: "group", inset: 1 }),
      Plot.ruleY(bars, { x1: "least", x2: "most", y: "side", fx: "name" }),
      Plot.text(bars, {
        x: "most",
        y: "side",
        fx: "name",
        text: (bar: typeof bars[number]) => bar.median.toPrecision(2),
        textAnchor: "start",
        dx: 4,
      }),
      Plot.frame({ strokeOpacity: 0.15 }),
    ],
  });
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return svg.outerHTML.replace(/<style>.*?<\/style>/s, STYLE) + "\n";
}
