/** `/store` and what leads through it: search, boards, collections. */
import { CATEGORIES, LANGUAGE_TAGS, languageName } from "@flint/plugins";
import type { Child } from "hono/jsx";
import { type Board, BOARDS } from "../market/boards.ts";
import type { Card, ListingCollection, RankedCard, Shelves } from "../market/card.ts";
import { type Period, PERIODS } from "../market/scores.ts";
import { Button } from "./components/button.tsx";
import { Empty } from "./components/empty.tsx";
import { Icon } from "./components/icon.tsx";
import { categoryTitle, CollectionLinks, Places, Shelf } from "./components/shelf.tsx";
import { formatCount } from "./figures.ts";
import { type Frame, Page } from "./layout.tsx";
import type { StringKey } from "./strings.ts";

/** What boards are called. */
export const boardName = {
  installed: "boardInstalled",
  used: "boardUsed",
  rated: "boardRated",
  trending: "boardTrending",
} as const satisfies Record<Board, StringKey>;

const periodName = {
  all: "periodAll",
  month: "periodMonth",
  week: "periodWeek",
} as const satisfies Record<Period, StringKey>;

interface RoomProps {
  readonly frame: Frame;
  readonly title: string;
  readonly children?: Child;
}

/** A page of the store. */
export function StoreRoom({ frame, title, children }: RoomProps) {
  return (
    <Page frame={frame} title={`${title} · Flint`}>
      <main id="content" class="home store">{children}</main>
    </Page>
  );
}

interface FrontProps {
  readonly frame: Frame;
  readonly shelves: Shelves;
  readonly featured: { readonly title: string; readonly cards: readonly Card[] } | undefined;
  readonly boards: readonly { readonly board: Board; readonly places: readonly RankedCard[] }[];
  readonly fresh: readonly Card[];
  readonly collections: readonly ListingCollection[];
}

/** `/store` */
export function Front({ frame, shelves, featured, boards, fresh, collections }: FrontProps) {
  const { say } = frame;
  const count = formatCount(shelves.listings);
  return (
    <StoreRoom frame={frame} title={say("store")}>
      <header class="store-head">
        <h1>{say("storeTitle")}</h1>
        <p class="hint">{say("storeHint", { count })}</p>
        <StoreSearch frame={frame} query="" />
        <CategoryLinks frame={frame} shelves={shelves} />
      </header>
      {shelves.listings === 0 && (
        <Empty icon="store" title={say("storeEmpty")} hint={say("storeEmptyHint")} />
      )}
      {featured && featured.cards.length > 0 && (
        <section aria-labelledby="featured-title">
          <h2 id="featured-title">{featured.title}</h2>
          <Shelf frame={frame} cards={featured.cards} />
        </section>
      )}
      <div class="boards">
        {boards.filter(({ places }) => places.length > 0).map(({ board, places }) => (
          <section aria-labelledby={`board-${board}`}>
            <h2 id={`board-${board}`}>
              <a href={`/store/boards/${board}`}>{say(boardName[board])}</a>
            </h2>
            <Places frame={frame} places={places} />
          </section>
        ))}
      </div>
      {fresh.length > 0 && (
        <section aria-labelledby="fresh-title">
          <h2 id="fresh-title">
            <a href="/store/search">{say("whatIsNew")}</a>
          </h2>
          <Shelf frame={frame} cards={fresh} />
        </section>
      )}
      {collections.length > 0 && (
        <section aria-labelledby="collections-title">
          <h2 id="collections-title">{say("collections")}</h2>
          <CollectionLinks collections={collections} />
        </section>
      )}
    </StoreRoom>
  );
}

/** A plain form; islands/suggest.ts shows what is found while one types. */
export function StoreSearch({ frame: { say }, query }: { frame: Frame; query: string }) {
  return (
    <form
      class="store-search"
      role="search"
      aria-label={say("searchStore")}
      action="/store/search"
      data-suggest
    >
      <Icon name="search" />
      <input
        type="search"
        name="q"
        value={query}
        maxlength={300}
        role="combobox"
        aria-expanded="false"
        aria-controls="suggestions"
        aria-autocomplete="list"
        aria-label={say("searchStore")}
        placeholder={say("searchStore")}
        autocomplete="off"
      />
      <Button kind="primary" type="submit">{say("search")}</Button>
      <ul id="suggestions" role="listbox" aria-label={say("suggested")} hidden />
    </form>
  );
}

function CategoryLinks({ frame, shelves }: { frame: Frame; shelves: Shelves }) {
  const { say, language } = frame;
  return (
    <nav aria-label={say("categories")}>
      <ul class="chips">
        {shelves.categories.filter(({ count }) => count > 0).map(({ category, count }) => (
          <li>
            <a href={`/store/search?category=${category}`}>
              {categoryTitle(category, language)}
              <small>{formatCount(count)}</small>
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

interface SearchProps {
  readonly frame: Frame;
  readonly query: string;
  readonly category: string | undefined;
  readonly within: string | undefined;
  readonly cards: readonly Card[];
  /** Address of the following page. */
  readonly next: string | undefined;
}

/** `/store/search` */
export function StoreFound({ frame, query, category, within, cards, next }: SearchProps) {
  const { say, language } = frame;
  const title = query === "" ? say("whatIsNew") : say("foundListings", { query });
  return (
    <StoreRoom frame={frame} title={title}>
      <header class="store-head">
        <h1>{title}</h1>
        <StoreSearch frame={frame} query={query} />
        <form class="store-filters" action="/store/search">
          <input type="hidden" name="q" value={query} />
          <CategoryChoice frame={frame} chosen={category} />
          <Choice
            name="language"
            label={say("language")}
            any={say("anyLanguage")}
            chosen={within}
            options={LANGUAGE_TAGS.map((each) => [each, languageName(each, language)])}
          />
          <Button type="submit">{say("narrow")}</Button>
        </form>
      </header>
      {cards.length === 0 ? <p class="hint">{say("nothingFound")}</p> : (
        <section aria-label={title}>
          <h2 class="unseen">{say("assistants")}</h2>
          <Shelf frame={frame} cards={cards} />
        </section>
      )}
      {next && <a class="button quiet more" href={next}>{say("more")}</a>}
    </StoreRoom>
  );
}

interface CategoryChoiceProps {
  readonly frame: Frame;
  readonly chosen: string | undefined;
}

function CategoryChoice({ frame: { say, language }, chosen }: CategoryChoiceProps) {
  return (
    <Choice
      name="category"
      label={say("fieldCategory")}
      any={say("anyCategory")}
      chosen={chosen}
      options={CATEGORIES.map((each) => [each, categoryTitle(each, language)])}
    />
  );
}

interface ChoiceProps {
  readonly name: string;
  readonly label: string;
  /** What no choice is called; without it there must be one. */
  readonly any?: string;
  readonly chosen: string | undefined;
  readonly options: readonly (readonly [value: string, name: string])[];
}

function Choice({ name, label, any, chosen, options }: ChoiceProps) {
  return (
    <label>
      <span class="unseen">{label}</span>
      <select name={name}>
        {any && <option value="">{any}</option>}
        {options.map(([value, shown]) => (
          <option value={value} selected={value === chosen}>{shown}</option>
        ))}
      </select>
    </label>
  );
}

interface BoardProps {
  readonly frame: Frame;
  readonly board: Board;
  readonly category: string | undefined;
  readonly period: Period;
  readonly places: readonly RankedCard[];
}

/** `/store/boards/{board}` */
export function BoardPage({ frame, board, category, period, places }: BoardProps) {
  const { say } = frame;
  return (
    <StoreRoom frame={frame} title={say(boardName[board])}>
      <header class="store-head">
        <h1>{say(boardName[board])}</h1>
        <ul class="chips">
          {BOARDS.map((each) => (
            <li>
              <a href={`/store/boards/${each}`} aria-current={each === board ? "page" : undefined}>
                {say(boardName[each])}
              </a>
            </li>
          ))}
        </ul>
        <form class="store-filters" action={`/store/boards/${board}`}>
          <CategoryChoice frame={frame} chosen={category} />
          {hasPeriods(board) && (
            <Choice
              name="period"
              label={say("period")}
              chosen={period}
              options={PERIODS.map((each) => [each, say(periodName[each])])}
            />
          )}
          <Button type="submit">{say("show")}</Button>
        </form>
      </header>
      {places.length === 0
        ? <p class="hint">{say("nothingHere")}</p>
        : <Places frame={frame} places={places} />}
    </StoreRoom>
  );
}

/** Boards of counts are kept by period; the others know only now. */
export const hasPeriods = (board: Board): boolean => board === "installed" || board === "used";

interface CollectionProps {
  readonly frame: Frame;
  readonly collection: ListingCollection;
  readonly cards: readonly Card[];
}

/** `/store/c/{collection}` */
export function StoreCollection({ frame, collection, cards }: CollectionProps) {
  const { title, description } = collection;
  return (
    <StoreRoom frame={frame} title={title}>
      <header class="store-head">
        <h1>{title}</h1>
        <p class="hint">{description}</p>
      </header>
      <section aria-label={title}>
        <h2 class="unseen">{frame.say("assistants")}</h2>
        <Shelf frame={frame} cards={cards} />
      </section>
    </StoreRoom>
  );
}
