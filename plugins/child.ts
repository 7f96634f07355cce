/** Ends child processes. */

/** Sends a signal, unless the process has ended by itself. */
export function endChild(child: Deno.ChildProcess, signal: Deno.Signal = "SIGKILL"): void {
  try {
    child.kill(signal);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // Deno's way to say that it has ended
  }
}
