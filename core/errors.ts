/** The one error Flint throws on purpose, its codes, and the assertion for our own bugs. */

/** What kind of expected failure happened; faces (HTTP, CLI) map it to a status or an exit code. */
export type ErrorCode =
  | "bad_input" // the caller's value is wrong; the message names the field and the mend
  | "bad_model" // a model file is corrupt, hostile or of an unsupported kind
  | "over_budget" // memory, disk or context limit; the message names the smallest that would do
  | "not_found"
  | "conflict" // the thing changed or exists already
  | "denied"
  | "unpaid" // it has a price that is not paid; the message names it and the mend
  | "busy" // a queue is full; try again later
  | "cancelled"
  | "unavailable"; // a source, peer or capability of this machine is missing

/** The only error Flint throws on purpose; everything else is a bug. */
export class FlintError extends Error {
  override readonly name = "FlintError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Stops on a broken invariant of ours. Never used for outside data. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}
