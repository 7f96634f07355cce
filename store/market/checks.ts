/** What is looked for before something is published: keys and private documents, and what needs a look. */
import type { Assistant } from "@flint/plugins";
import { FlintError } from "@flint/core";

/** Something found in a manifest. */
export interface Finding {
  /** Such as instructions or starters[2]. */
  readonly field: string;
  /** What it is, and the mend. */
  readonly message: string;
}

/** Keys and tokens by the forms their makers gave them, so that scanners find them. */
const SECRETS: readonly (readonly [string, RegExp])[] = [
  ["a private key", /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/],
  ["an AWS access key", /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/],
  ["a GitHub token", /\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})/],
  ["a GitLab token", /\bglpat-[A-Za-z0-9_-]{20,}/],
  ["a Slack token", /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/],
  ["a Stripe key", /\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}/],
  ["a Google API key", /\bAIza[A-Za-z0-9_-]{35}/],
  ["an API key", /\bsk-(?:[a-z]+-)*[A-Za-z0-9_-]{20,}/],
  ["a key of Flint", /\bflint_[A-Za-z0-9_-]{43}/],
  ["a npm token", /\bnpm_[A-Za-z0-9]{36}\b/],
  ["a Hugging Face token", /\bhf_[A-Za-z0-9]{30,}/],
  ["a JSON web token", /\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}/],
  ["a password in an address", /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@]{1,100}:[^\s/@]{3,100}@/i],
];

/** A word that says what follows is secret, and what follows: of ASCII, without quotes, commas and semicolons. */
const NAMED =
  /(?:password|passwd|passphrase|secret|api[_ -]?key|access[_ -]?token|auth[_ -]?token|bearer|密码|密钥|口令)["'`]?\s{0,3}(?:[:=：]|is|为|是)?\s{0,3}["'`]?([!#-&(-+\--:<-_a-~]{8,200})/giu;
/** Bits a character above which a word is no word: hexadecimal keys have 3.5 and more, prose 3. */
const ENTROPY_MIN = 3.2;
/** The same where there are signs beside letters and digits, as words have none. */
const ENTROPY_MIN_SIGNS = 2.5;

/** Words that send a model or its user astray: a person should look before everyone sees it. */
const DOUBTFUL: readonly (readonly [string, RegExp])[] = [
  [
    "asks users for passwords or card numbers",
    /\b(?:ask|request|collect|get)\b[^.\n]{0,60}\b(?:password|credit card|card number|cvv|social security)/i,
  ],
  ["向用户索要密码或卡号", /(?:索要|询问|收集|获取)[^。\n]{0,30}(?:密码|银行卡|信用卡|身份证)/u],
  [
    "pretends to be an official service",
    /\b(?:you are|act as|pretend to be)\b[^.\n]{0,40}\b(?:official|authorized)\b[^.\n]{0,40}\b(?:support|representative|bank|government)/i,
  ],
  [
    "tells to hide or disobey rules",
    /\bignore (?:all |any )?(?:previous|prior|safety) (?:instructions|rules)|无视(?:之前|所有)的?(?:指令|规则)/iu,
  ],
];

/**
 * Refuses what must never leave: keys, tokens, passwords; documents that were not meant to be shared.
 * @throws FlintError bad_input
 */
export function refuseSecrets(manifest: Assistant, shared: readonly string[] = []): void {
  const found = [...secretsIn(manifest), ...documentsIn(manifest, shared)];
  if (found.length === 0) return;
  const told = found.slice(0, 3).map(({ field, message }) => `${field} ${message}`);
  throw new FlintError("bad_input", `this can't be published: ${told.join("; ")}`);
}

/** Keys, tokens and passwords. */
export function secretsIn(manifest: Assistant): Finding[] {
  return textsOf(manifest).flatMap(([field, text]) => {
    const what = SECRETS.find(([, form]) => form.test(text))?.[0] ?? namedIn(text);
    if (what === undefined) return [];
    return [{ field, message: `holds what looks like ${what}: take it out, and make a new one` }];
  });
}

/** What a person should look at before everyone may see it. */
export function doubtsAbout(manifest: Assistant): Finding[] {
  return textsOf(manifest).flatMap(([field, text]) =>
    DOUBTFUL.filter(([, form]) => form.test(text)).map(([message]) => ({ field, message }))
  );
}

function namedIn(text: string): string | undefined {
  for (const [, value] of text.matchAll(NAMED)) {
    const mixed = /\d/.test(value!) && /[a-z]/i.test(value!);
    const least = /[^\w]/.test(value!) ? ENTROPY_MIN_SIGNS : ENTROPY_MIN;
    if (mixed && entropyOf(value!) >= least) return "a password or a key";
  }
  return undefined;
}

/** Shannon's, bits a character. */
function entropyOf(text: string): number {
  const counts = Map.groupBy(text, (sign) => sign).values();
  return [...counts].reduce((sum, { length }) => {
    const share = length / text.length;
    return sum - share * Math.log2(share);
  }, 0);
}

function documentsIn({ knowledge }: Assistant, shared: readonly string[]): Finding[] {
  return knowledge.filter((id) => !shared.includes(id)).map((id) => ({
    field: "knowledge",
    message: `answers from "${id}", which is private: take it out, or name it in shareKnowledge`,
  }));
}

/** Every text of a manifest, by its field. What formats left in `extra` goes out as well. */
function textsOf(manifest: Assistant): [string, string][] {
  const { name, description, instructions, starters, tags, extra } = manifest;
  return [
    ...Object.entries({ name, description, instructions }),
    ...starters.map((text, i): [string, string] => [`starters[${i}]`, text]),
    ["tags", tags.join("\n")],
    ["extra", JSON.stringify(extra)],
  ];
}
