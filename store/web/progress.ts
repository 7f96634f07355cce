/** What the pages say of a model on its way; runs on both sides of the wire. */
import type { HouseStatus } from "@flint/core";
import { formatBytes, formatShare } from "./figures.ts";
import type { Say } from "./strings.ts";

/** Model names as the catalog titles them. */
export type Titles = Readonly<Record<string, string>>;

/** The banner's words and how full its bar is. */
export interface Notice {
  readonly text: string;
  readonly detail: string;
  /** 0..1, or undefined where nobody knows. */
  readonly share: number | undefined;
  readonly failed: boolean;
}

/** The banner for a status, or undefined when the wanted model answers and nothing is to be told. */
export function notice(status: HouseStatus, titles: Titles, say: Say): Notice | undefined {
  const { stage, done, total, unit, note } = status.progress;
  if (stage === "ready" && status.serving === status.wanted) return undefined;
  const title = (name: string) => titles[name] ?? name;
  const model = title(status.progress.model);
  const meanwhile = status.serving
    ? say("meanwhile", { serving: title(status.serving) })
    : say("nobodyYet");
  if (stage === "failed") {
    const text = say("modelFailed", { model });
    return {
      text,
      detail: [note, meanwhile].filter(Boolean).join(" "),
      share: undefined,
      failed: true,
    };
  }
  const share = total > 0 ? Math.min(1, done / total) : undefined;
  const amount = share === undefined || stage === "opening"
    ? ""
    : unit === "bytes"
    ? `${formatShare(share)} · ${formatBytes(done)} / ${formatBytes(total)}`
    : formatShare(share);
  const doing = stage === "ready" ? "" : say(stage, { model });
  return {
    text: [doing, amount].filter(Boolean).join(" · "),
    detail: [meanwhile, note].filter(Boolean).join(" "),
    share: stage === "opening" ? undefined : share,
    failed: false,
  };
}
