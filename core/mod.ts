/** The core's face: tokens, tensors and bytes; what the layers above may import. */
export { type ErrorCode, FlintError } from "./errors.ts";
export { type EngineOptions, openEngine } from "./engine.ts";
export type { ModelCard } from "./flash/layout.ts";
export { type DiskSpeed, measureDisk } from "./flash/measure.ts";
export { openLibc } from "./libc.ts";
export { type KernelFlavor, kernelFlavor } from "./kernels/kernels.ts";
export type * from "./catalog/api.ts";
export { CATALOG, DEFAULT_MODEL, EMBEDDING_MODEL } from "./catalog/catalog.ts";
export { freeBytes } from "./catalog/disk.ts";
export { type Fit, fitOf } from "./catalog/fit.ts";
export type { Hub } from "./catalog/hub.ts";
export { openModels } from "./catalog/models.ts";
export { type BringOptions, nameOf, Shelf } from "./catalog/shelf.ts";
export type * from "./run/api.ts";
export { checkSchema } from "./text/grammar.ts";
export {
  type Blobs,
  checkLimit,
  type Collection,
  type Kv,
  type ListOptions,
  openKv,
  type Page,
  type Transaction,
} from "./kv.ts";
