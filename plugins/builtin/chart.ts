/** Charts: a Vega-Lite specification of given data, which pages draw. */
import { z } from "zod";
import type { Tool } from "../tools/tool.ts";
import { ownTool } from "./own_tool.ts";

const POINTS_MAX = 500;
const KINDS = ["bar", "line", "point", "area", "pie"] as const;

const Values = z.object({
  kind: z.enum(KINDS).describe(
    "bar to compare, line or area over time, point for pairs, pie for shares",
  ),
  title: z.string().max(200).default(""),
  x_title: z.string().max(100).default(""),
  y_title: z.string().max(100).default(""),
  data: z.array(z.strictObject({
    x: z.union([z.number(), z.string().max(200)]).describe("Label, date or number"),
    y: z.number(),
    series: z.string().max(100).optional().describe(
      "Which of several lines or colours it belongs to",
    ),
  })).min(1).max(POINTS_MAX),
});
type Values = z.output<typeof Values>;
type Point = Values["data"][number];

/** The tool. */
export const chartTool: Tool = ownTool({
  name: "draw_chart",
  description: "Draws a chart of numbers for the user: bars, lines, points, areas or a pie.",
  input: Values,
  run: (values) => ({
    content: [
      { type: "chart", spec: specOf(values) },
      {
        type: "text",
        text: `The user sees a ${values.kind} chart of ${values.data.length} values.`,
      },
    ],
  }),
});

/** The specification (Vega-Lite 6); width and height are the page's. */
function specOf(values: Values): Record<string, z.core.util.JSONType> {
  const { kind, title, data } = values;
  const series = data.some((point) => point.series !== undefined);
  const what = title || [values.y_title, values.x_title].filter(Boolean).join(" by ") || "chart";
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    ...(title ? { title } : {}),
    description: `${kind} chart: ${what}`,
    data: {
      values: data.map(({ x, y, series }) => series === undefined ? { x, y } : { x, y, series }),
    },
    ...(kind === "pie" ? pie(values) : plane(values, series)),
  };
}

function pie({ x_title, y_title }: Values) {
  return {
    mark: { type: "arc", tooltip: true },
    encoding: {
      theta: { field: "y", type: "quantitative", stack: true, title: y_title || null },
      color: { field: "x", type: "nominal", sort: null, title: x_title || null },
    },
  };
}

function plane({ kind, data, x_title, y_title }: Values, series: boolean) {
  const type = typeOf(data);
  const ordered = type === "nominal" ? { sort: null } : {}; // as given, not by alphabet
  return {
    mark: { type: kind, tooltip: true, ...(kind === "line" ? { point: true } : {}) },
    encoding: {
      x: {
        field: "x",
        type: kind === "bar" && type !== "nominal" ? "ordinal" : type,
        title: x_title || null,
        ...ordered,
      },
      y: { field: "y", type: "quantitative", title: y_title || null },
      ...(series ? { color: { field: "series", type: "nominal", sort: null, title: null } } : {}),
      ...(series && kind === "bar" ? { xOffset: { field: "series", sort: null } } : {}),
    },
  };
}

/** What the x values are: numbers, dates, or names. */
function typeOf(data: readonly Point[]): "quantitative" | "temporal" | "nominal" {
  if (data.every(({ x }) => typeof x === "number")) return "quantitative";
  const date = /^\d{4}-\d{2}(-\d{2}(T[\d:.]+Z?)?)?$/;
  return data.every(({ x }) => typeof x === "string" && date.test(x)) ? "temporal" : "nominal";
}
