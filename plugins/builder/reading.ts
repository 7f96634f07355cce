/** What a message about a draft means, by rules alone, in English or Chinese. Pure. */
import type { Manifest } from "../schema.ts";
import type { Operation } from "./operation.ts";
import { readChinese } from "./read_chinese.ts";
import { readEnglish } from "./read_english.ts";

/** The operation that the rules see; undefined where they see none. */
export function readRules(message: string, draft: Manifest): Operation | undefined {
  return /\p{Script=Han}/u.test(message)
    ? readChinese(message, draft)
    : readEnglish(message, draft);
}
