/** Listings as cards and as places on a board. */
import { categoryName } from "@flint/plugins";
import type { Card, ListingCollection, RankedCard } from "../../market/card.ts";
import { formatCount } from "../figures.ts";
import type { Frame } from "../layout.tsx";
import type { Language, Say } from "../strings.ts";
import { Avatar } from "./avatar.tsx";
import { Icon } from "./icon.tsx";

interface ShelfProps {
  readonly frame: Frame;
  readonly cards: readonly Card[];
}

/** Cards side by side. */
export function Shelf({ frame, cards }: ShelfProps) {
  const { say, language } = frame;
  return (
    <ul class="cards">
      {cards.map((card) => (
        <li class="card listing-card">
          <Avatar id={card.id} avatar={card.avatar} size={44} />
          <h3>
            <a href={`/store/l/${card.id}`}>{card.name}</a>
          </h3>
          <p>{card.description}</p>
          <div class="card-foot">
            <span>{categoryTitle(card.category, language)}</span>
            <Stars card={card} say={say} />
          </div>
        </li>
      ))}
    </ul>
  );
}

/** Places one under the other, with what each is ranked by. */
export function Places({ frame, places }: { frame: Frame; places: readonly RankedCard[] }) {
  const { say } = frame;
  return (
    <ol class="places">
      {places.map(({ rank, card }) => (
        <li>
          <span class="place-rank">{rank}</span>
          <Avatar id={card.id} avatar={card.avatar} size={36} />
          <div>
            <a href={`/store/l/${card.id}`}>{card.name}</a>
            <p>{card.description}</p>
          </div>
          <small>
            {say("installsCount", { n: formatCount(card.installs) })}
            <Stars card={card} say={say} />
          </small>
        </li>
      ))}
    </ol>
  );
}

/** Collections, each leading to its page. */
export function CollectionLinks({ collections }: { collections: readonly ListingCollection[] }) {
  return (
    <ul class="chips">
      {collections.map(({ id, title }) => (
        <li>
          <a href={`/store/c/${id}`}>{title}</a>
        </li>
      ))}
    </ul>
  );
}

/** A category as a word that stands alone: with a capital, where the language has them. */
export function categoryTitle(category: Card["category"], language: Language): string {
  const name = categoryName(category, language === "zh");
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** The mean of its ratings, if there are any. */
export function Stars({ card: { stars, ratings }, say }: { card: Card; say: Say }) {
  if (stars === undefined) return null;
  const label = say("starsOf", { stars: stars.toFixed(1), n: formatCount(ratings) });
  return (
    <span class="stars" role="img" aria-label={label} title={label}>
      <Icon name="star" size={13} />
      {stars.toFixed(1)}
    </span>
  );
}
