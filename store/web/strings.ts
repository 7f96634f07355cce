/** Every sentence the pages say, room by room; `{name}` is filled in by `say`. */
import { authorStrings } from "./author_strings.ts";
import { chatStrings } from "./chat_strings.ts";
import { coreStrings } from "./core_strings.ts";
import { knowledgeStrings } from "./knowledge_strings.ts";
import { peopleStrings } from "./people_strings.ts";
import { pluginStrings } from "./plugin_strings.ts";
import { shellStrings } from "./shell_strings.ts";
import { storeStrings } from "./store_strings.ts";

/** Languages the pages speak, in the order of the columns of `table`. */
export const languages = ["en", "zh"] as const;
/** One of the languages the pages speak. */
export type Language = typeof languages[number];

/** All sentences: English, then Chinese. */
export const table = {
  ...authorStrings,
  ...chatStrings,
  ...coreStrings,
  ...knowledgeStrings,
  ...peopleStrings,
  ...pluginStrings,
  ...shellStrings,
  ...storeStrings,
} as const satisfies Record<string, readonly [string, string]>;

/** Names one sentence. */
export type StringKey = keyof typeof table;
/** Says a sentence in the language it was made for. */
export type Say = (key: StringKey, values?: Readonly<Record<string, string>>) => string;

/** Gives the speaker of one language. */
export function speak(language: Language): Say {
  const column = languages.indexOf(language) as 0 | 1;
  return (key, values = {}) =>
    table[key][column].replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}
