/** The core's face: tokens, tensors and bytes; what the layers above may import. */
export { type ErrorCode, FlintError } from "./errors.ts";
export type { ModelCard } from "./flash/layout.ts";
export type * from "./catalog/api.ts";
export type * from "./run/api.ts";
export { type Collection, type Kv, openKv, type Page, type Transaction } from "./kv.ts";
