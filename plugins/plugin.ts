/**
 * All that an author of a plugin needs beside zod: {@linkcode definePlugin} and {@linkcode tool}.
 *
 * ```ts
 * import { definePlugin, tool } from "@flint/plugin";
 * import { z } from "zod";
 *
 * export default definePlugin({
 *   name: "Dice",
 *   description: "Rolls dice.",
 *   tools: [
 *     tool({
 *       name: "roll",
 *       description: "Rolls n six-sided dice and returns each face.",
 *       input: z.object({ n: z.int().min(1).max(20) }),
 *       run: ({ n }) => Array.from({ length: n }, () => 1 + Math.floor(Math.random() * 6)),
 *     }),
 *   ],
 * });
 * ```
 *
 * The file runs in a process of its own that has no files, no network, no environment and no other
 * programs; it may import "@flint/plugin" and "zod", nothing else. What it reaches, it reaches by
 * the context of a call.
 * @module
 */
import type { ToolEffect } from "./tools/tool.ts";

export type { ToolEffect };

/** A whole plugin: a file's default export. */
export interface PluginDefinition {
  /** What people call it: at most 80 characters. */
  readonly name: string;
  /** What it does for whom: at most 1,000 characters. */
  readonly description: string;
  /** What it must be granted to work; shown to whoever installs it. Default: nothing. */
  readonly needs?: PluginNeeds;
  /** What assistants may call: 1 to 64 tools. */
  readonly tools: readonly ToolDefinition[];
}

/** What a plugin asks for. */
export interface PluginNeeds {
  /** Hosts that it fetches from, such as "api.example.com"; each with all its ports. */
  readonly hosts?: readonly string[];
  /** Names of secrets that it reads. */
  readonly secrets?: readonly string[];
}

/** What a zod object schema does: it gives values of one shape, or throws. */
export interface Schema<Values> {
  /** Checks what comes from outside. */
  parse(value: unknown): Values;
}

/** One function that a model may call. */
export interface ToolDefinition<Values = unknown> {
  /** 1 to 64 letters, digits, _ or -. */
  readonly name: string;
  /** For the model and for people, in English: what it does and when it serves. */
  readonly description: string;
  /** Shape of the values, a `z.object`; say with `.describe()` what each one means. */
  readonly input: Schema<Values>;
  /**
   * What a call does beyond this machine: "none" (it may not fetch), "reads" (it fetches by GET and
   * HEAD alone) or "writes" (any method; users are asked first). Default: "reads" where the plugin
   * needs hosts, else "none".
   */
  readonly effect?: ToolEffect;
  /**
   * Does it. Returns a text, or any value that JSON has; what it throws is told to the model.
   * Bounds: 10 s of processor time, 256 MB of memory, 200,000 characters of result.
   */
  run(values: Values, context: CallContext): unknown;
}

/** What a call may use. */
export interface CallContext {
  /** Fetches from a host that was granted: public addresses, 4 MiB, 30 s; redirects are followed. */
  fetch(url: string, init?: FetchInit): Promise<Response>;
  /** A secret that was granted. Rejects when there is none of that name. */
  secret(name: string): Promise<string>;
  /** Tells the user in a line what is happening. */
  progress(text: string): void;
  /** Aborts when nobody waits for the call any more; half a second later the process is ended. */
  readonly signal: AbortSignal;
}

/** What is sent by {@linkcode CallContext.fetch}. */
export interface FetchInit {
  /** Default: GET. */
  readonly method?: string;
  /** By name. */
  readonly headers?: Readonly<Record<string, string>>;
  /** At most 512 KiB. */
  readonly body?: string | Uint8Array;
}

/** Says that a file's default export is a plugin. */
export function definePlugin(plugin: PluginDefinition): PluginDefinition {
  return plugin;
}

/** Says that a value is a tool, so that `run` knows its values by `input`. */
export function tool<Values>(definition: ToolDefinition<Values>): ToolDefinition {
  return definition;
}
