/** `/knowledge`: collections of documents, what they hold, and a document at the place that a citation names. */
import type { KnowledgeBase, KnowledgeDocument } from "@flint/plugins";
import type { Child } from "hono/jsx";
import { Button, IconButton } from "./components/button.tsx";
import { Empty } from "./components/empty.tsx";
import { Field } from "./components/field.tsx";
import { type Frame, Page } from "./layout.tsx";

/** How adding one file ended. */
export interface Outcome {
  readonly name: string;
  /** Why it failed; undefined: it is there. */
  readonly failure: string | undefined;
}

/** A passage that a search on the page found. */
export interface FoundPassage {
  readonly name: string;
  readonly place: string;
  readonly text: string;
  readonly href: string;
}

function Room({ frame, title, children }: { frame: Frame; title: string; children?: Child }) {
  return (
    <Page frame={frame} title={`${title} · Flint`}>
      <main id="content" class="home knowledge">{children}</main>
    </Page>
  );
}

/** All collections, and a form for another. */
export function Collections(
  { frame, bases }: { frame: Frame; bases: readonly (KnowledgeBase & { documents: number })[] },
) {
  const { say } = frame;
  return (
    <Room frame={frame} title={say("knowledge")}>
      <section>
        <h1>{say("knowledge")}</h1>
        <p class="hint">{say("knowledgeHint")}</p>
        <ul class="rows">
          {bases.map(({ id, name, documents }) => (
            <li>
              <a href={`/knowledge/${id}`}>{name}</a>
              <span>{say("documentsCount", { count: String(documents) })}</span>
            </li>
          ))}
        </ul>
      </section>
      <form class="upload" method="post" action="/knowledge">
        <Field label={say("collectionName")} name="name" maxlength={80} required />
        <Button kind="primary" type="submit">{say("createCollection")}</Button>
      </form>
    </Room>
  );
}

interface CollectionProps {
  readonly frame: Frame;
  readonly base: KnowledgeBase;
  readonly documents: readonly KnowledgeDocument[];
  readonly accept: string;
  /** Of files that were just sent. */
  readonly outcomes?: readonly Outcome[];
  readonly query?: string | undefined;
  readonly found?: readonly FoundPassage[];
}

/** One collection: its documents, forms to add to it and to search it. */
export function CollectionPage(props: CollectionProps) {
  const { frame, base, documents, accept, outcomes = [] } = props;
  const { say } = frame;
  const here = `/knowledge/${base.id}`;
  return (
    <Room frame={frame} title={base.name}>
      <section>
        <h1>{base.name}</h1>
        {outcomes.map(({ name, failure }) => (
          <p class={failure ? "outcome failed" : "outcome"} role="status">
            {failure ?? say("fileAdded", { name })}
          </p>
        ))}
        {documents.length === 0
          ? <Empty icon="library" title={say("noDocuments")} hint={say("noDocumentsHint")} />
          : (
            <ul class="rows">
              {documents.map((one) => <DocumentRow frame={frame} here={here} document={one} />)}
            </ul>
          )}
      </section>
      <form class="upload" method="post" action={`${here}/files`} enctype="multipart/form-data">
        <label class="field">
          <span>{say("addFiles")}</span>
          <input type="file" name="files" multiple accept={accept} required />
        </label>
        <Button kind="primary" type="submit">{say("add")}</Button>
      </form>
      <Search {...props} />
      <form method="post" action={`${here}/remove`}>
        <Button kind="danger" type="submit">{say("removeCollection")}</Button>
      </form>
    </Room>
  );
}

function DocumentRow(
  { frame: { say }, here, document }: { frame: Frame; here: string; document: KnowledgeDocument },
) {
  const { id, name, passages, embedded } = document;
  return (
    <li>
      <a href={`${here}/documents/${id}`}>{name}</a>
      <span>
        {say("passagesCount", { count: String(passages) })}
        {embedded ? "" : ` · ${say("byWordsAlone")}`}
      </span>
      <form method="post" action={`${here}/documents/${id}/remove`}>
        <IconButton
          icon="trash"
          type="submit"
          label={say("removeDocument", { name })}
          size={16}
        />
      </form>
    </li>
  );
}

function Search({ frame: { say }, base, query, found = [] }: CollectionProps) {
  return (
    <section>
      <form class="upload" method="get" action={`/knowledge/${base.id}`} role="search">
        <Field
          label={say("searchDocuments")}
          name="q"
          value={query ?? ""}
          maxlength={500}
          required
        />
        <Button type="submit">{say("search")}</Button>
      </form>
      {query && found.length === 0 && <p class="hint">{say("nothingFound")}</p>}
      <ol class="passages">
        {found.map(({ name, place, text, href }) => (
          <li>
            <a href={href}>{name}</a>
            <span>{place}</span>
            <p>{text}</p>
          </li>
        ))}
      </ol>
    </section>
  );
}

interface DocumentProps {
  readonly frame: Frame;
  readonly base: KnowledgeBase;
  readonly document: KnowledgeDocument;
  /** Before, in and behind the place that was asked for. */
  readonly parts: readonly [string, string, string];
}

/** A document's text, the cited place marked. */
export function DocumentPage({ frame, base, document, parts }: DocumentProps) {
  const [before, cited, behind] = parts;
  return (
    <Room frame={frame} title={document.title}>
      <article>
        <p class="hint">
          <a href={`/knowledge/${base.id}`}>{base.name}</a>
        </p>
        <h1>{document.title}</h1>
        <div class="document-text">
          {before}
          {cited && <mark id="cited">{cited}</mark>}
          {behind}
        </div>
      </article>
    </Room>
  );
}
