/** Finds an API's document: given as text, at an address, or where an ai-plugin.json says. */
import { FlintError } from "@flint/core/errors";
import { z } from "zod";
import type { Web } from "../tools/web.ts";
import { DOCUMENT_BYTES_MAX } from "./reader.ts";

/** The legacy manifest of ChatGPT plugins, as far as it matters. */
const AiPlugin = z.looseObject({
  schema_version: z.string(),
  api: z.looseObject({ type: z.literal("openapi"), url: z.string().max(2000) }),
});

/** A document and, if it came from the web, where from. */
export interface Found {
  readonly text: string;
  readonly url?: string;
}

/** @throws FlintError bad_input when there is none, and as `web` does */
export async function findDocument(
  { document, url }: { readonly document?: string | undefined; readonly url?: string | undefined },
  web: Web,
): Promise<Found> {
  if (document === undefined && url === undefined) {
    throw new FlintError("bad_input", "give the API's document, or the url where it is");
  }
  const found = document === undefined
    ? await fetched(url!, web)
    : { text: document, ...(url === undefined ? {} : { url }) };
  const place = leadsTo(found.text);
  if (place === undefined) return found;
  const next = URL.parse(place, found.url);
  if (!next) throw new FlintError("bad_input", `the manifest's api.url "${place}" leads nowhere`);
  return await fetched(next.href, web);
}

async function fetched(url: string, web: Web): Promise<Found> {
  const headers = { accept: "application/json, application/yaml, text/yaml, */*;q=0.5" };
  const answer = await web.send({ url, headers, bytesMax: DOCUMENT_BYTES_MAX });
  if (answer.status !== 200) {
    throw new FlintError("unavailable", `${new URL(url).host} answers ${answer.status}`);
  }
  return { text: new TextDecoder().decode(answer.body), url: answer.url };
}

/** The address in a legacy manifest; undefined where the text is none. */
function leadsTo(text: string): string | undefined {
  if (text.length > 100_000 || !text.includes('"schema_version"')) return undefined;
  try {
    return AiPlugin.safeParse(JSON.parse(text)).data?.api.url;
  } catch {
    return undefined; // YAML perhaps
  }
}
