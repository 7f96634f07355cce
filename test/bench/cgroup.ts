/** Runs a command under a hard memory cap (cgroup v1 or v2), so that a budget is proved, not claimed. */
import { assert } from "../../core/errors.ts";

/** What a group used so far. Bytes. */
export interface GroupUse {
  readonly peakBytes: number;
  /** Most page cache that was seen, looking twice a second. */
  readonly cacheBytes: number;
  /** Times the cap killed a process. */
  readonly kills: number;
}

/** What a capped run did. */
export interface CappedRun extends GroupUse {
  readonly code: number;
  readonly killed: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run it. */
export interface CapOptions {
  /** Page cache included; undefined = no cap, the peak is measured all the same. */
  readonly capBytes?: number | undefined;
  readonly env?: Record<string, string>;
  readonly stdin?: "piped" | "null";
  readonly stderr?: "piped" | "inherit";
}

const V1 = "/sys/fs/cgroup/memory";
const V2 = "/sys/fs/cgroup";
const LOOK_MS = 500;

const V1_FILES = {
  limit: "memory.limit_in_bytes",
  peak: "memory.max_usage_in_bytes",
  cache: /^total_cache (\d+)/m,
  events: "memory.oom_control",
};
const V2_FILES = {
  limit: "memory.max",
  peak: "memory.peak",
  cache: /^file (\d+)/m,
  events: "memory.events",
};

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

/** A process in a memory group of its own. */
export class CappedProcess {
  readonly child: Deno.ChildProcess;
  readonly #group: string;
  readonly #files: typeof V1_FILES;
  readonly #looking: ReturnType<typeof setInterval>;
  #cacheBytes = 0;

  /** Starts `command` in a new group. */
  constructor(command: readonly string[], options: CapOptions = {}) {
    const root = cgroupRoot();
    assert(root, "memory cgroups are writable here");
    this.#files = root === V1 ? V1_FILES : V2_FILES;
    this.#group = `${root}/flint-${Deno.pid}-${made++}`;
    Deno.mkdirSync(this.#group);
    if (options.capBytes) {
      Deno.writeTextFileSync(`${this.#group}/${this.#files.limit}`, String(options.capBytes));
    }
    this.child = new Deno.Command("sh", {
      args: ["-c", `echo $$ > ${this.#group}/cgroup.procs && exec "$@"`, "sh", ...command],
      stdin: options.stdin ?? "null",
      stdout: "piped",
      stderr: options.stderr ?? "piped",
      ...(options.env ? { env: options.env } : {}),
    }).spawn();
    this.#looking = setInterval(() => this.#look(), LOOK_MS);
  }

  #read(file: string): string {
    return Deno.readTextFileSync(`${this.#group}/${file}`);
  }

  #look(): void {
    const cache = Number(this.#files.cache.exec(this.#read("memory.stat"))?.[1] ?? 0);
    this.#cacheBytes = Math.max(this.#cacheBytes, cache);
  }

  /** What it used so far. */
  use(): GroupUse {
    this.#look();
    return {
      peakBytes: Number(this.#read(this.#files.peak)),
      cacheBytes: this.#cacheBytes,
      kills: Number(/^oom_kill (\d+)/m.exec(this.#read(this.#files.events))?.[1] ?? 0),
    };
  }

  /** Waits for its end; gives what it used, and removes the group. */
  async ended(): Promise<GroupUse & { code: number; killed: boolean }> {
    const { code, signal } = await this.child.status;
    clearInterval(this.#looking);
    const use = this.use();
    await removeGroup(this.#group);
    return { ...use, code, killed: signal === "SIGKILL" || code === 137 };
  }
}

/** Runs `command` in a new group to its end. */
export async function runCapped(
  command: readonly string[],
  options: CapOptions = {},
): Promise<CappedRun> {
  const run = new CappedProcess(command, options);
  const [stdout, stderr, end] = await Promise.all([
    new Response(run.child.stdout).text(),
    new Response(run.child.stderr).text(),
    run.ended(),
  ]);
  return { ...end, stdout, stderr };
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
