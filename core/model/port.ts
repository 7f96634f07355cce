/** A worker's side of its message channel, typed without the worker library. */
import { FlintError } from "../errors.ts";
import type { TraceRow } from "../flash/trace.ts";

/** What a core thread sends back to the one that started it. */
export type WorkerReport =
  | { readonly type: "loaded" }
  | { readonly type: "ended" }
  | { readonly type: "trace"; readonly row: TraceRow }
  | { readonly type: "fault"; readonly message: string };

/** The parts of a dedicated worker's scope that our threads use. */
export interface WorkerPort<Task> {
  onmessage: ((event: MessageEvent<Task>) => void) | null;
  postMessage(report: WorkerReport): void;
  close(): void;
}

/** What a thread died of, in words. */
export function faultOf(error: unknown): string {
  return error instanceof FlintError ? error.message : String(error);
}

/** The scope of the worker we run in. */
export function workerPort<Task>(): WorkerPort<Task> {
  return globalThis as unknown as WorkerPort<Task>;
}
