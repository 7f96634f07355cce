/// <reference lib="dom" />
/** Entry of the charts' own bundle, loaded when one first appears: draws specifications as pictures. */
import { loader, parse, View } from "vega";
import { expressionInterpreter } from "vega-interpreter";
import { compile, type TopLevelSpec } from "vega-lite";

/** Rows of the table beside a chart. */
const ROWS_MAX = 500;
/** Size of the plot, pixels; beside it are its axes, for which a figure must have room. */
const WIDTH_MIN = 160, WIDTH_MAX = 560, HEIGHT = 240, AXES = 90;

/** What a figure is filled with. */
export interface Words {
  /** Summary of the table. */
  readonly table: string;
  /** In place of a chart that cannot be drawn. */
  readonly failed: string;
}

/**
 * Fills a figure with its chart: as a picture, which runs nothing and loads nothing, and as a table for
 * who does not see it. Expressions are interpreted, for the page's policy forbids to compile them.
 */
export async function draw(figure: HTMLElement, words: Words): Promise<void> {
  try {
    const spec = JSON.parse(figure.dataset.chart!) as TopLevelSpec & Described;
    const image = document.createElement("img");
    image.src = `data:image/svg+xml,${encodeURIComponent(await svgOf(spec, figure.clientWidth))}`;
    image.alt = spec.description ?? textOf(spec.title);
    figure.replaceChildren(image, ...tableOf(spec, words));
  } catch {
    figure.textContent = words.failed;
  }
}

interface Described {
  readonly description?: string;
  readonly title?: unknown;
  readonly data?: { readonly values?: unknown };
}

async function svgOf(spec: TopLevelSpec, room: number): Promise<string> {
  const colour = getComputedStyle(document.documentElement).color;
  const words = { labelColor: colour, titleColor: colour, labelFontSize: 12, titleFontSize: 12 };
  // The same lines in light and dark.
  const lines = { gridColor: colour, gridOpacity: 0.15, domainColor: colour, tickColor: colour };
  const config = {
    ...{
      background: "transparent",
      view: { stroke: "transparent" },
      axis: { ...words, ...lines, labelOverlap: true },
      legend: words,
    },
    ...{ title: { color: colour }, font: "system-ui, sans-serif" },
  };
  const width = Math.min(WIDTH_MAX, Math.max(WIDTH_MIN, room - AXES));
  const sized = { width, height: HEIGHT, ...spec } as TopLevelSpec;
  const compiled = compile(sized, { config, logger: silent }).spec;
  const view = new View(parse(compiled, undefined, { ast: true }), {
    expr: expressionInterpreter,
    loader: nothing,
    renderer: "none",
  });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

/** A chart has its data with it: what names others is drawn without. */
const nothing = {
  ...loader(),
  load: () => Promise.reject(new Error("charts load nothing")),
  sanitize: () => Promise.reject(new Error("charts lead nowhere")),
};

const quiet = () => silent;
const silent = { level: () => 0, error: quiet, warn: quiet, info: quiet, debug: quiet } as never;

function tableOf({ data }: Described, words: Words): HTMLElement[] {
  const rows = Array.isArray(data?.values) ? data.values.slice(0, ROWS_MAX) : [];
  const names = [...new Set(rows.flatMap((row) => Object.keys(row as object)))];
  if (names.length === 0) return [];
  const table = document.createElement("table");
  const head = table.createTHead().insertRow();
  for (const name of names) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = name;
    head.append(cell);
  }
  const body = table.createTBody();
  for (const row of rows as Record<string, unknown>[]) {
    const line = body.insertRow();
    for (const name of names) line.insertCell().textContent = String(row[name] ?? "");
  }
  const details = document.createElement("details");
  const summary = document.createElement("summary");
  summary.textContent = words.table;
  details.append(summary, table);
  return [details];
}

function textOf(title: unknown): string {
  return typeof title === "string" ? title : "";
}
