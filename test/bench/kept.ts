/** What a long run has found so far, in a file, so that it can go on where it was stopped. */
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readFileSync, truncateSync } from "node:fs";

/** Findings by key, one a line; without a file, only as long as the run. */
export class Kept<Finding> {
  readonly #file: string | undefined;
  readonly #known: Map<string, Finding>;

  constructor(file: string | undefined) {
    this.#file = file;
    const text = file !== undefined && existsSync(file) ? readFileSync(file, "utf8") : "";
    // A killed run may leave half a line: what it was about is found again.
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    if (whole !== text) truncateSync(file!, new TextEncoder().encode(whole).length);
    const lines = whole.split("\n").filter((line) => line !== "");
    this.#known = new Map(lines.map((line) => JSON.parse(line)));
  }

  get(key: string): Finding | undefined {
    return this.#known.get(key);
  }

  set(key: string, finding: Finding): void {
    this.#known.set(key, finding);
    if (this.#file !== undefined) {
      appendFileSync(this.#file, `${JSON.stringify([key, finding])}\n`);
    }
  }
}

/** A key for what depends on all of these. */
export function keyOf(...causes: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(causes)).digest("base64url").slice(0, 22);
}
