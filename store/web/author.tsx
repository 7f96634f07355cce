/** An assistant's own pages beside the chat: its versions, and what it remembers about its reader. */
import type { Assistant, FieldChange, Remembered, VersionEntry } from "@flint/plugins";
import { FACTS_MAX } from "@flint/plugins";
import { Avatar } from "./components/avatar.tsx";
import { Button, IconButton } from "./components/button.tsx";
import { Diff, fieldName } from "./components/diff.tsx";
import { type Frame, Page } from "./layout.tsx";

interface VersionsProps {
  readonly frame: Frame;
  readonly assistant: Assistant;
  readonly entries: readonly VersionEntry[];
  /** Cursor of the older ones. */
  readonly next: string | undefined;
  /** What differs between two versions, if two are compared. */
  readonly compared: {
    readonly from: number;
    readonly to: number;
    readonly changes: readonly FieldChange[];
  } | undefined;
}

/** `/a/{assistant}/versions`: who changed what and when; any two compared, any one restored. */
export function Versions(props: VersionsProps) {
  const { frame, assistant, entries, next, compared } = props;
  const { say } = frame;
  return (
    <AuthorPage frame={frame} assistant={assistant} title={say("versions")}>
      {compared && (
        <section class="compared" aria-labelledby="compared-title">
          <h2 id="compared-title">
            {say("comparedTitle", { from: String(compared.from), to: String(compared.to) })}
          </h2>
          {compared.changes.length > 0
            ? <Diff changes={compared.changes} say={say} />
            : <p>{say("noDifference")}</p>}
        </section>
      )}
      <ol class="versions" data-assistant={assistant.id}>
        {entries.map((entry) => <Version {...props} entry={entry} />)}
      </ol>
      {next && (
        <a class="button quiet" href={`?${new URLSearchParams({ cursor: next })}`}>
          {say("older")}
        </a>
      )}
    </AuthorPage>
  );
}

function Version({ frame, assistant, entry }: VersionsProps & { entry: VersionEntry }) {
  const { say, language } = frame;
  const { version, author, updatedAt, changed } = entry;
  const present = version === assistant.version;
  return (
    <li>
      <div>
        <strong>{say("versionNumber", { n: String(version) })}</strong>
        {present && <small class="present">{say("presentVersion")}</small>}
        <p>
          <time datetime={updatedAt}>{new Date(updatedAt).toLocaleString(language)}</time>
          {` · ${author === "owner" ? say("you") : author}`}
        </p>
        {changed.length > 0 && (
          <p class="made">{changed.map((field) => <span>{fieldName(field, say)}</span>)}</p>
        )}
      </div>
      <div class="version-buttons">
        {version > 1 && (
          <a class="button quiet" href={`?from=${version - 1}&to=${version}`}>
            {say("whatChanged")}
          </a>
        )}
        {!present && (
          <a class="button quiet" href={`?from=${version}&to=${assistant.version}`}>
            {say("compareNow")}
          </a>
        )}
        {!present && (
          <Button data-restore={version} data-from={assistant.version}>{say("restore")}</Button>
        )}
      </div>
    </li>
  );
}

interface MemoryProps {
  readonly frame: Frame;
  readonly assistant: Assistant;
  readonly remembered: Remembered;
}

/** `/a/{assistant}/memory`: off until its reader turns it on; every fact theirs to change. */
export function MemoryPage({ frame, assistant, remembered: { enabled, facts } }: MemoryProps) {
  const { say } = frame;
  return (
    <AuthorPage frame={frame} assistant={assistant} title={say("memoryPage")}>
      <div id="memory" class="facts" data-region data-assistant={assistant.id}>
        <p>{say("memoryHint", { name: assistant.name })}</p>
        <label class="switch">
          <input id="memory-on" type="checkbox" role="switch" checked={enabled} data-memory />
          {say("memoryOn", { name: assistant.name })}
        </label>
        {facts.length === 0 && <p class="note">{say("noFacts")}</p>}
        <ul>
          {facts.map(({ id, text }) => (
            <li>
              <form data-fact={id}>
                <input name="text" value={text} maxlength={300} aria-label={say("fact")} required />
                <Button type="submit">{say("save")}</Button>
                <IconButton
                  icon="trash"
                  label={say("forgetFact", { fact: text })}
                  data-forget={id}
                />
              </form>
            </li>
          ))}
        </ul>
        {enabled && facts.length < FACTS_MAX && (
          <form data-fact="">
            <input
              id="new-fact"
              name="text"
              maxlength={300}
              aria-label={say("newFact")}
              placeholder={say("newFactExample")}
              required
            />
            <Button kind="primary" type="submit">{say("addFact")}</Button>
          </form>
        )}
        {(enabled || facts.length > 0) && (
          <Button kind="danger" data-forget="">{say("forgetAll")}</Button>
        )}
      </div>
    </AuthorPage>
  );
}

interface AuthorPageProps {
  readonly frame: Frame;
  readonly assistant: Assistant;
  readonly title: string;
  // deno-lint-ignore no-explicit-any -- hono's Child, as in every page
  readonly children?: any;
}

function AuthorPage({ frame, assistant, title, children }: AuthorPageProps) {
  return (
    <Page
      frame={frame}
      title={`${assistant.name}: ${title} · Flint`}
      header={
        <>
          <Avatar {...assistant} size={26} />
          <a href={`/a/${assistant.id}`}>{assistant.name}</a>
          <span>{title}</span>
        </>
      }
    >
      <main id="content" class="home author">
        <h1>{title}</h1>
        {children}
      </main>
    </Page>
  );
}
