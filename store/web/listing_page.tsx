/** `/store/l/{listing}`: what it is, what it may do, why it stands where it does; and its builder's page. */
import { languageName } from "@flint/plugins";
import type { Card, Ranks } from "../market/card.ts";
import type { Install } from "../market/installs.ts";
import type { Listing, Release } from "../market/listing.ts";
import { Avatar } from "./components/avatar.tsx";
import { Button } from "./components/button.tsx";
import { Icon } from "./components/icon.tsx";
import { categoryTitle, Shelf, Stars } from "./components/shelf.tsx";
import { formatCount } from "./figures.ts";
import type { Frame } from "./layout.tsx";
import { boardName, StoreRoom } from "./store_front.tsx";
import type { Say, StringKey } from "./strings.ts";

interface ListingProps {
  readonly frame: Frame;
  readonly listing: Listing;
  /** Undefined for what is not public. */
  readonly card: Card | undefined;
  readonly ranks: Ranks | undefined;
  readonly releases: readonly Release[];
  readonly similar: readonly Card[];
  readonly publisherName: string;
  readonly install: Install | undefined;
  /** Whether whoever looks may install it. */
  readonly signedIn: boolean;
}

/** What the state of a listing is called. */
export const stateName = {
  pending: "statePending",
  listed: "stateListed",
  refused: "stateRefused",
  withdrawn: "stateWithdrawn",
  removed: "stateRemoved",
} as const satisfies Record<Listing["state"], StringKey>;

/** The page. */
export function ListingPage(props: ListingProps) {
  const { frame, listing, card, ranks, similar } = props;
  const { manifest, state, reason } = listing;
  const { say } = frame;
  return (
    <StoreRoom frame={frame} title={manifest.name}>
      <header class="listing-head">
        <Avatar {...manifest} size={88} />
        <div>
          <h1>{manifest.name}</h1>
          <p>
            <a href={`/store/b/${listing.publisher}`}>
              {say("by", { name: props.publisherName })}
            </a>
          </p>
          <p class="listing-figures">
            {card && <Stars card={card} say={say} />}
            {card && <span>{say("installsCount", { n: formatCount(card.installs) })}</span>}
            {card && <span>{say("usesCount", { n: formatCount(card.uses) })}</span>}
          </p>
        </div>
        <Actions {...props} />
      </header>
      {state !== "listed" && <p class="note" role="status">{say(stateName[state])} {reason}</p>}
      <p class="listing-description">{manifest.description}</p>
      <Beginnings listing={listing} say={say} />
      <Permissions listing={listing} say={say} />
      {ranks && ranks.boards.length > 0 && <Why ranks={ranks} say={say} />}
      <Releases {...props} />
      <Details {...props} />
      {similar.length > 0 && (
        <section aria-labelledby="similar-title">
          <h2 id="similar-title">{say("similarTitle")}</h2>
          <Shelf frame={frame} cards={similar} />
        </section>
      )}
    </StoreRoom>
  );
}

function Actions({ frame: { say }, listing, install, signedIn }: ListingProps) {
  const { id, release, state } = listing;
  const here = `/store/l/${id}`;
  const isOld = install !== undefined && install.release < release;
  const verb = isOld ? say("update", { n: String(release) }) : say("install");
  return (
    <div class="listing-actions">
      {state === "listed" && (!install || isOld) && (
        <form method="post" action={`${here}/install`}>
          <Button kind="primary" type="submit">
            <Icon name="download" size={16} />
            {verb}
          </Button>
        </form>
      )}
      {signedIn && state === "listed" && (
        <a class="button quiet" href={`/a/${id}`}>{say("tryFirst")}</a>
      )}
      {install && (
        <form method="post" action={`${here}/uninstall`}>
          <Button type="submit">{say("uninstall")}</Button>
        </form>
      )}
      <Button data-copy-link={here}>
        <Icon name="link" size={16} />
        {say("copyLink")}
      </Button>
    </div>
  );
}

function Beginnings({ listing: { id, manifest }, say }: { listing: Listing; say: Say }) {
  if (manifest.starters.length === 0) return null;
  return (
    <section aria-labelledby="starters-title">
      <h2 id="starters-title">{say("startersTitle")}</h2>
      <ul class="chips starters-list">
        {manifest.starters.map((line) => (
          <li>
            <a href={`/a/${id}?${new URLSearchParams({ ask: line })}`}>{line}</a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Permissions({ listing: { manifest }, say }: { listing: Listing; say: Say }) {
  const { tools, knowledge } = manifest;
  return (
    <section aria-labelledby="permissions-title">
      <h2 id="permissions-title">{say("permissions")}</h2>
      <ul class="permissions">
        {tools.map(({ plugin }) => (
          <li>
            <Icon name="plug" size={16} />
            {say("mayUse", { name: plugin })}
          </li>
        ))}
        {knowledge.map((name) => (
          <li>
            <Icon name="library" size={16} />
            {say("mayRead", { name })}
          </li>
        ))}
        {tools.length + knowledge.length === 0 && (
          <li>
            <Icon name="shield-check" size={16} />
            {say("noPermissions")}
          </li>
        )}
      </ul>
    </section>
  );
}

function Why({ ranks, say }: { ranks: Ranks; say: Say }) {
  const figure = (value: number) => value.toLocaleString("en", { maximumFractionDigits: 2 });
  return (
    <details class="why">
      <summary>
        <Icon name="chart-no-axes-column" size={16} />
        {say("whyHere")}
      </summary>
      <p class="hint">{say("whyHint")}</p>
      <div class="table-box" tabindex={0} role="group" aria-label={say("whyHere")}>
        <table>
          <thead>
            <tr>
              <th scope="col">{say("board")}</th>
              <th scope="col">{say("rank")}</th>
              <th scope="col">{say("score")}</th>
              <th scope="col">{say("madeOf")}</th>
            </tr>
          </thead>
          <tbody>
            {ranks.boards.map(({ board, rank, score, inputs, formula }) => (
              <tr>
                <th scope="row">{say(boardName[board])}</th>
                <td>{rank ?? say("beyond")}</td>
                <td>{figure(score)}</td>
                <td>
                  {formula}
                  <small>
                    {Object.entries(inputs).map(([name, value]) => `${name} ${figure(value)}`)
                      .join(", ")}
                  </small>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function Releases({ frame: { say }, listing, releases }: ListingProps) {
  return (
    <section aria-labelledby="releases-title">
      <h2 id="releases-title">{say("releases")}</h2>
      <ol class="releases">
        {[listing, ...releases].map(({ release, notes, updatedAt }) => (
          <li>
            <h3>
              {say("releaseNumber", { n: String(release) })}
              <time datetime={updatedAt}>{updatedAt.slice(0, 10)}</time>
            </h3>
            <p>{notes || say("noNotes")}</p>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Details({ frame: { say, language }, listing }: ListingProps) {
  const { manifest, licence, forkOf, updatedAt } = listing;
  const rows = [
    [say("fieldCategory"), categoryTitle(manifest.category, language)],
    [say("fieldLanguage"), languageName(manifest.language, language)],
    [say("fieldTags"), manifest.tags.join(", ")],
    [say("licence"), licence ?? ""],
    [say("updatedOn"), updatedAt.slice(0, 10)],
  ] as const;
  return (
    <section aria-labelledby="details-title">
      <h2 id="details-title">{say("details")}</h2>
      <dl class="figures listing-details">
        {rows.filter(([, value]) => value !== "").map(([name, value]) => (
          <div>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        {forkOf && (
          <div>
            <dt>{say("forkedFrom")}</dt>
            <dd>
              <a href={`/store/l/${forkOf.listing}`}>{forkOf.listing}</a>
            </dd>
          </div>
        )}
      </dl>
    </section>
  );
}

interface BuilderProps {
  readonly frame: Frame;
  readonly name: string;
  /** When the account was made, if it is one of this store. */
  readonly since: string | undefined;
  readonly cards: readonly Card[];
  readonly next: string | undefined;
}

/** `/store/b/{publisher}` */
export function BuilderPage({ frame, name, since, cards, next }: BuilderProps) {
  const { say } = frame;
  return (
    <StoreRoom frame={frame} title={name}>
      <header class="store-head">
        <h1>{name}</h1>
        {since && <p class="hint">{say("memberSince", { date: since.slice(0, 10) })}</p>}
      </header>
      <section aria-label={name}>
        <h2 class="unseen">{say("assistants")}</h2>
        {cards.length === 0
          ? <p class="hint">{say("nothingHere")}</p>
          : <Shelf frame={frame} cards={cards} />}
      </section>
      {next && <a class="button quiet more" href={next}>{say("more")}</a>}
    </StoreRoom>
  );
}
