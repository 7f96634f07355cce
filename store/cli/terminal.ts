/** Lines, words and tables for people at a terminal; answers on stdout, all else on stderr. */

const encoder = new TextEncoder();

/** Prints one line to stdout. */
export function print(line: string): void {
  write(Deno.stdout, `${line}\n`);
}

/** Prints one line to stderr: what a program reading stdout does not want. */
export function remark(line: string): void {
  write(Deno.stderr, `${line}\n`);
}

/** Writes text or bytes as they are, without a line's end. */
export function write(
  target: { writeSync(bytes: Uint8Array): number },
  content: string | Uint8Array,
): void {
  const bytes = typeof content === "string" ? encoder.encode(content) : content;
  for (let at = 0; at < bytes.length;) at += target.writeSync(bytes.subarray(at));
}

/** "1.12 GB", "98 MB", "3.4 kB": three digits, decimal units as disks are sold. */
export function formatBytes(bytes: number): string {
  for (const [unit, size] of [["GB", 1e9], ["MB", 1e6], ["kB", 1e3]] as const) {
    if (bytes >= size) return `${(bytes / size).toPrecision(3).replace(/\.0+$/, "")} ${unit}`;
  }
  return `${bytes} B`;
}

/** Rows with their columns aligned; the last column is left as it is. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const width = (column: number) => Math.max(...rows.map((row) => (row[column] ?? "").length));
  return rows.map((row) =>
    row.map((cell, i) => i < row.length - 1 ? cell.padEnd(width(i)) : cell).join("  ")
  );
}
