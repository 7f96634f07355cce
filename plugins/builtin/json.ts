/** Questions to JSON. Runs in a process of its own: an expression may go on for ever. */
import { definePlugin, tool } from "@flint/plugin";
import jsonata from "jsonata";
import { z } from "zod";

export default definePlugin({
  name: "JSON",
  description: "Looks up, filters and sums what is in JSON.",
  tools: [
    tool({
      name: "query_json",
      description:
        "Answers a JSONata expression over JSON: looks up, filters, counts, sums, sorts and reshapes.",
      input: z.object({
        json: z.string().max(200_000).describe("The JSON, as text"),
        query: z.string().min(1).max(4000).describe(
          'JSONata, such as "items[price > 10].name", "$sum(items.price)", "$count(items)"',
        ),
      }),
      run: async ({ json, query }) => {
        const found: unknown = await expression(query).evaluate(JSON.parse(json));
        return found === undefined ? "nothing matches" : found;
      },
    }),
  ],
});

function expression(query: string) {
  try {
    return jsonata(query);
  } catch (error) {
    const { message, position } = error as { message: string; position?: number };
    throw new Error(`the query is no JSONata: ${message} (at character ${position})`);
  }
}
