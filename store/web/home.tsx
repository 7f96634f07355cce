/** The first page: ask at once, choose an assistant, or go on where you left off. */
import type { Assistant, Conversation, FoundConversation } from "@flint/plugins";
import { Avatar } from "./components/avatar.tsx";
import { Composer } from "./components/composer.tsx";
import { Empty } from "./components/empty.tsx";
import { Icon } from "./components/icon.tsx";
import { type Frame, Page } from "./layout.tsx";

/** Conversations offered to be continued. */
const RECENT = 3;

/** `/` */
export function Home({ frame }: { frame: Frame }) {
  const { say, assistants, language } = frame;
  const first = assistants.find((each) => each.language.startsWith(language)) ?? assistants[0];
  return (
    <Page frame={frame} title="Flint">
      <main id="content" class="home">
        {first
          ? (
            <>
              <section class="hero" data-island="chat" data-assistant={first.id}>
                <h1>{say("greeting")}</h1>
                <Composer name={first.name} say={say} />
                <Starters assistant={first} />
              </section>
              <Cards frame={frame} />
              <Recent frame={frame} />
            </>
          )
          : (
            <Empty icon="sparkles" title={say("noAssistants")} hint={say("noAssistantsHint")}>
              <a class="button primary" href="/build">{say("buildLink")}</a>
            </Empty>
          )}
        <p class="local-note">
          <Icon name="hard-drive" size={15} />
          {say("localNote")}
        </p>
      </main>
    </Page>
  );
}

/** Opening lines an assistant offers; plain links that fill the composer, sent at once by the island. */
export function Starters({ assistant }: { assistant: Assistant }) {
  return (
    <ul class="starters">
      {assistant.starters.map((line) => (
        <li>
          <a href={`/a/${assistant.id}?${new URLSearchParams({ ask: line })}`} data-starter={line}>
            {line}
          </a>
        </li>
      ))}
    </ul>
  );
}

function Cards({ frame: { say, assistants } }: { frame: Frame }) {
  return (
    <section aria-labelledby="cards-title">
      <h2 id="cards-title">{say("chooseAssistant")}</h2>
      <ul class="cards">
        {assistants.map((assistant) => (
          <li class="card">
            <Avatar {...assistant} size={44} />
            <h3>
              <a href={`/a/${assistant.id}`}>{assistant.name}</a>
            </h3>
            <p>{assistant.description}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Recent({ frame }: { frame: Frame }) {
  const { say, conversations } = frame;
  if (conversations.length === 0) return null;
  return (
    <section aria-labelledby="recent-title">
      <h2 id="recent-title">{say("continueTitle")}</h2>
      <List frame={frame} conversations={conversations.slice(0, RECENT)} />
    </section>
  );
}

interface ListProps {
  readonly frame: Frame;
  readonly conversations: readonly Conversation[];
}

function List({ frame: { assistants }, conversations }: ListProps) {
  const nameOf = (id: string) => assistants.find((each) => each.id === id)?.name ?? id;
  return (
    <ul class="recent">
      {conversations.map(({ id, title, assistantId }) => (
        <li>
          <a href={`/chat/${id}`}>
            <Icon name="message-circle" />
            <span>{title}</span>
            <small>{nameOf(assistantId)}</small>
          </a>
        </li>
      ))}
    </ul>
  );
}

interface FoundProps {
  readonly frame: Frame;
  readonly query: string;
  readonly found: readonly FoundConversation[];
}

/** `/conversations?q=`: those that hold all the words, with the message that does. */
export function Found({ frame, query, found }: FoundProps) {
  const { say } = frame;
  const title = say("foundFor", { query });
  return (
    <Page frame={frame} title={`${title} · Flint`}>
      <main id="content" class="home">
        <section class="history">
          <h1>{title}</h1>
          {found.length === 0 && <p class="hint">{say("noneFound")}</p>}
          <ul class="recent found">
            {found.map(({ conversation: { id, title }, message }) => (
              <li>
                <a href={`/chat/${id}`}>
                  <Icon name="message-circle" />
                  <span>
                    {title}
                    {message && <small>{excerptOf(message.content, query)}</small>}
                  </span>
                </a>
              </li>
            ))}
          </ul>
        </section>
      </main>
    </Page>
  );
}

/** Characters shown of a message that was found: some before the first word of the search, more behind. */
const BEFORE_CHARS = 40, EXCERPT_CHARS = 160;

function excerptOf(content: string, query: string): string {
  const word = query.toLowerCase().split(/\s+/)[0]!;
  const start = Math.max(0, content.toLowerCase().indexOf(word) - BEFORE_CHARS);
  const excerpt = content.slice(start, start + EXCERPT_CHARS);
  return `${start > 0 ? "…" : ""}${excerpt}${start + EXCERPT_CHARS < content.length ? "…" : ""}`;
}

interface HistoryProps {
  readonly frame: Frame;
  readonly list: { readonly conversations: readonly Conversation[]; readonly next?: string };
}

/** `/conversations`: all of them, a page at a time. */
export function History({ frame, list: { conversations, next } }: HistoryProps) {
  const { say } = frame;
  return (
    <Page frame={frame} title={`${say("allConversations")} · Flint`}>
      <main id="content" class="home">
        <section class="history">
          <h1>{say("allConversations")}</h1>
          <List frame={frame} conversations={conversations.filter((each) => each.messages > 0)} />
          {next && (
            <a
              class="button quiet"
              href={`/conversations?${new URLSearchParams({ cursor: next })}`}
            >
              {say("older")}
            </a>
          )}
        </section>
      </main>
    </Page>
  );
}
