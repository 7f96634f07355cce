/** What the pages say of a model on its way; runs on both sides of the wire. */
import type { HouseStatus } from "@flint/core";
import { formatBytes, formatShare } from "./figures.ts";
import type { Say } from "./strings.ts";

/** Model names as the catalog titles them. */
export type Titles = Readonly<Record<string, string>>;

/** The banner: its words and its bar. */
export interface Notice {
  readonly text: string;
  readonly detail: string;
  /** How full the bar is, 0..1; "endless" where nobody knows; undefined for no bar. */
  readonly bar: number | "endless" | undefined;
  readonly failed: boolean;
}

/** The banner for a status, or undefined when the wanted model answers and nothing is to be told. */
export function notice(status: HouseStatus, titles: Titles, say: Say): Notice | undefined {
  const { stage, done, total, unit, note = "" } = status.progress;
  const titleOf = (name: string) => titles[name] ?? name;
  if (stage === "ready" && status.serving === status.wanted) {
    return note === "" ? undefined : { text: note, detail: "", bar: undefined, failed: false };
  }
  const model = titleOf(status.progress.model);
  const meanwhile = status.serving
    ? say("meanwhile", { serving: titleOf(status.serving) })
    : say("nobodyYet");
  if (stage === "failed") {
    const text = say("modelFailed", { model });
    return { text, detail: join(" ", note, meanwhile), bar: undefined, failed: true };
  }
  const doing = stage === "ready" ? "" : say(stage, { model });
  const known = total > 0 && stage !== "opening";
  const share = Math.min(1, done / total);
  const size = unit === "bytes" ? `${formatBytes(done)} / ${formatBytes(total)}` : "";
  return {
    text: known ? join(" · ", doing, formatShare(share), size) : doing,
    detail: join(" ", meanwhile, note),
    bar: known ? share : "endless",
    failed: false,
  };
}

function join(between: string, ...parts: string[]): string {
  return parts.filter((part) => part !== "").join(between);
}
