/** Tells that the wanted model is still on its way and who answers meanwhile. */
import type { HouseStatus } from "@flint/core";
import { notice, type Titles } from "../progress.ts";
import type { Say } from "../strings.ts";

interface BannerProps {
  readonly status: HouseStatus;
  readonly titles: Titles;
  readonly say: Say;
}

/** Hidden once the wanted model answers; islands/banner.ts keeps it live. */
export function Banner({ status, titles, say }: BannerProps) {
  const shown = notice(status, titles, say);
  return (
    <section
      id="banner"
      aria-label={say("modelState")}
      class={`banner ${shown?.failed ? "failed" : ""}`}
      hidden={!shown}
      data-titles={JSON.stringify(titles)}
    >
      <p>
        <strong data-banner="text">{shown?.text}</strong>
        <span data-banner="detail">{shown?.detail}</span>
      </p>
      <progress
        data-banner="bar"
        max="1"
        value={typeof shown?.bar === "number" ? shown.bar : undefined}
        hidden={shown?.bar === undefined}
      >
        {shown?.text}
      </progress>
    </section>
  );
}
