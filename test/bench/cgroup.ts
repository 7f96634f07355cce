/** Runs a command under a hard memory cap (cgroup v1 or v2), so that a budget is proved, not claimed. */
import { assert } from "../../core/errors.ts";

/** What a capped run did. Bytes. */
export interface CappedRun {
  readonly code: number;
  readonly killed: boolean;
  readonly peakBytes: number;
  readonly stdout: string;
  readonly stderr: string;
}

const V1 = "/sys/fs/cgroup/memory";
const V2 = "/sys/fs/cgroup";

const V1_FILES = { limit: "memory.limit_in_bytes", peak: "memory.max_usage_in_bytes" };
const V2_FILES = { limit: "memory.max", peak: "memory.peak" };

/** Where groups can be made here; undefined without the right to make them. */
export function cgroupRoot(): string | undefined {
  for (const root of [V1, V2]) {
    const probe = `${root}/flint-probe-${Deno.pid}`;
    try {
      Deno.mkdirSync(probe);
      const files = root === V1 ? V1_FILES : V2_FILES;
      Deno.statSync(`${probe}/${files.limit}`);
      Deno.removeSync(probe);
      return root;
    } catch {
      try {
        Deno.removeSync(probe);
      } catch { /* it was never made */ }
    }
  }
}

let made = 0;

/**
 * Runs `command` in a new group limited to `capBytes` (page cache included); undefined = no cap,
 * the peak is measured all the same.
 */
export async function runCapped(
  command: readonly string[],
  options: { capBytes?: number; cwd?: string; env?: Record<string, string>; signal?: AbortSignal } =
    {},
): Promise<CappedRun> {
  const root = cgroupRoot();
  assert(root, "memory cgroups are writable here");
  const files = root === V1 ? V1_FILES : V2_FILES;
  const group = `${root}/flint-${Deno.pid}-${made++}`;
  Deno.mkdirSync(group);
  try {
    if (options.capBytes) {
      Deno.writeTextFileSync(`${group}/${files.limit}`, String(options.capBytes));
    }
    const child = new Deno.Command("sh", {
      args: ["-c", `echo $$ > ${group}/cgroup.procs && exec "$@"`, "sh", ...command],
      stdout: "piped",
      stderr: "piped",
      ...(options.cwd ? { cwd: options.cwd } : {}),
      ...(options.env ? { env: options.env } : {}),
      ...(options.signal ? { signal: options.signal } : {}),
    });
    const { code, signal, stdout, stderr } = await child.output();
    const text = new TextDecoder();
    return {
      code,
      killed: signal === "SIGKILL" || code === 137,
      peakBytes: Number(Deno.readTextFileSync(`${group}/${files.peak}`)),
      stdout: text.decode(stdout),
      stderr: text.decode(stderr),
    };
  } finally {
    await removeGroup(group);
  }
}

/** A group can be removed once its last process is reaped. */
async function removeGroup(group: string): Promise<void> {
  for (let attempt = 0; attempt < 50; attempt++) {
    try {
      Deno.removeSync(group);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
