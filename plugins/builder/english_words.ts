/** English words that rules look for, and values without what surrounds them. Pure. */

/** Courtesies behind an order. */
export const TAIL = /[\s,]*\b(?:please|thanks|thank you|instead|if you can|for now)\b[.!]*$/iu;

/** Ways of saying "remove". */
export const DROP =
  "(?:drop|remove|delete|get rid of|take (?:away|out|off)|lose|scrap|cut|erase|ditch|kill|throw (?:out|away)|forget|omit|skip|strike|(?:do not|don't) (?:need|want|like)|no need for|without|clear)";

/** Names of conversation starters. */
export const STARTER =
  "(?:(?:conversation )?(?:starters?|openers?)|opening (?:lines?|messages?|questions?|prompts?)|first messages?|(?:suggested|sample|example) (?:questions?|messages?|prompts?))";

/** Names of tools. */
export const TOOL = "(?:tools?|plug-?ins?|extensions?|connectors?|integrations?)";

/** What stands between a thing and its new value. */
export const BECOME = "(?:with|to|into|by|as|is|be|becomes?|say|says|read|reads|for|:)";

/** A name without quotes, full stop or courtesies. */
export function clean(value: string): string {
  return value.replace(TAIL, "").replace(/^["“'«]+|["”'».,;!]+$/gu, "").trim();
}
