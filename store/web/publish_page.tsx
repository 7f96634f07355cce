/** `/store/publish/{assistant}`: what is offered, to whom, and what would make it better. */
import type { Assistant } from "@flint/plugins";
import { type Listing, VISIBILITIES } from "../market/listing.ts";
import type { Group } from "../people/groups.ts";
import { Button } from "./components/button.tsx";
import { Fault } from "./components/fault.tsx";
import { Field } from "./components/field.tsx";
import { Icon } from "./components/icon.tsx";
import type { Frame } from "./layout.tsx";
import { stateName } from "./listing_page.tsx";
import { StoreRoom } from "./store_front.tsx";
import type { Say, StringKey } from "./strings.ts";

interface PublishProps {
  readonly frame: Frame;
  readonly assistant: Assistant;
  /** As it is offered already. */
  readonly listing: Listing | undefined;
  readonly groups: readonly Group[];
  /** Why it was refused. */
  readonly fault?: string;
}

const seenBy = {
  private: "seesPrivate",
  link: "seesLink",
  group: "seesGroup",
  everyone: "seesEveryone",
} as const satisfies Record<(typeof VISIBILITIES)[number], StringKey>;

/** The page. */
export function PublishPage({ frame, assistant, listing, groups, fault }: PublishProps) {
  const { say } = frame;
  const { id, name } = assistant;
  return (
    <StoreRoom frame={frame} title={say("publishTitle", { name })}>
      <header class="store-head">
        <h1>{say("publishTitle", { name })}</h1>
        <p class="hint">{say("publishHint")}</p>
        {listing && (
          <p>
            <a href={`/store/l/${id}`}>{say(stateName[listing.state])}</a> {listing.reason}
          </p>
        )}
      </header>
      <Checks assistant={assistant} say={say} />
      <Fault text={fault} />
      <form method="post" action={`/store/publish/${id}`} class="plugin-form">
        {listing && <input type="hidden" name="from" value={String(listing.release)} />}
        <Readers listing={listing} groups={groups} say={say} />
        <label class="field">
          <span>{say("releaseNotes")}</span>
          <textarea name="notes" rows={4} maxlength={2000} />
        </label>
        <Field label={say("licence")} name="licence" maxlength={80} value={listing?.licence} />
        <Button kind="primary" type="submit">
          {listing ? say("publishAgain", { n: String(listing.release + 1) }) : say("publishNow")}
        </Button>
      </form>
      {listing && listing.state !== "withdrawn" && (
        <form method="post" action={`/store/publish/${id}/withdraw`}>
          <Button kind="danger" type="submit">{say("withdraw")}</Button>
        </form>
      )}
    </StoreRoom>
  );
}

type ReadersProps = Pick<PublishProps, "listing" | "groups"> & { readonly say: Say };

/** Who may see it; a group where there is one. */
function Readers({ listing, groups, say }: ReadersProps) {
  const offered = VISIBILITIES.filter((each) => each !== "group" || groups.length > 0);
  return (
    <>
      <fieldset class="choices">
        <legend>{say("whoSees")}</legend>
        {offered.map((each) => (
          <label>
            <input
              type="radio"
              name="visibility"
              value={each}
              checked={each === (listing?.visibility ?? "everyone")}
            />
            {say(seenBy[each])}
          </label>
        ))}
      </fieldset>
      {groups.length > 0 && (
        <label class="field">
          <span>{say("group")}</span>
          <select name="group">
            {groups.map((group) => (
              <option value={group.id} selected={group.id === listing?.group}>
                {group.name}
              </option>
            ))}
          </select>
        </label>
      )}
    </>
  );
}

/** What readers will miss, field by field; none of it keeps anybody from publishing. */
function Checks({ assistant, say }: { assistant: Assistant; say: Say }) {
  const { description, starters, category, tags, knowledge } = assistant;
  const checks: [StringKey, boolean][] = [
    ["checkDescription", description.length >= DESCRIPTION_CHARS_GOOD],
    ["checkStarters", starters.length > 0],
    ["checkCategory", category !== "other"],
    ["checkTags", tags.length > 0],
    ["checkKnowledge", knowledge.length === 0],
  ];
  return (
    <section aria-labelledby="checks-title">
      <h2 id="checks-title">{say("checksTitle")}</h2>
      <ul class="checks">
        {checks.map(([key, good]) => (
          <li class={good ? "good" : "weak"}>
            <Icon name={good ? "circle-check" : "circle-alert"} size={16} />
            {say(key)}
            <small>{say(good ? "checkGood" : "checkWeak")}</small>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Half a line: less says nothing to who hasn't tried it. */
const DESCRIPTION_CHARS_GOOD = 20;
