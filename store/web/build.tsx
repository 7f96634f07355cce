/** `/build/{session}`: the talk beside the draft it makes, as a form and as a chat to try. */
import {
  ASSISTANT_DEFAULTS,
  type BuilderSession,
  type BuilderTurn,
  type Manifest,
  type Message,
  type Plugin,
  SAID_CHARS_MAX,
} from "@flint/plugins";
import { Avatar, type Face } from "./components/avatar.tsx";
import { Button, IconButton } from "./components/button.tsx";
import { Composer, Dock } from "./components/composer.tsx";
import { Diff, fieldName } from "./components/diff.tsx";
import { DraftForm } from "./components/draft_form.tsx";
import { Empty } from "./components/empty.tsx";
import { Icon, Mark } from "./components/icon.tsx";
import { Blanks, Turns } from "./chat.tsx";
import { type Frame, Page } from "./layout.tsx";
import type { RenderBlocks } from "./markdown.ts";

interface BuildProps {
  readonly frame: Frame;
  readonly session: BuilderSession;
  readonly turns: readonly BuilderTurn[];
  /** What was said to the draft. */
  readonly messages: readonly Message[];
  readonly plugins: readonly Plugin[];
  readonly render: RenderBlocks;
}

/** The parts of the page; narrow screens show one at a time. */
const PANES = { talk: "paneTalk", form: "paneForm", preview: "panePreview" } as const;

/** The page. All of it is drawn from what the server keeps, so that a reload loses nothing. */
export function Build(props: BuildProps) {
  const { frame, session } = props;
  const { say } = frame;
  const name = session.draft?.name ?? say("newAssistant");
  return (
    <Page
      frame={frame}
      title={`${name} · Flint`}
      header={<Title {...props} />}
      tools={<Actions {...props} />}
    >
      <main id="content" class="build" data-island="build" data-session={session.id}>
        <h1 class="unseen">{say("buildTitle")}</h1>
        <div class="panes" role="radiogroup" aria-label={say("panes")}>
          {(Object.keys(PANES) as (keyof typeof PANES)[]).map((pane) => (
            <label class={`pane-${pane}`}>
              <input
                type="radio"
                name="pane"
                id={`pane-${pane}`}
                value={pane}
                checked={pane === "talk"}
              />
              {say(PANES[pane])}
            </label>
          ))}
        </div>
        <Talk {...props} />
        <section class="pane form" aria-label={say("paneForm")}>
          <p id="form-hint" class="form-hint" data-region>
            {say(session.draft ? "formHint" : "noDraftHint")}
          </p>
          <Form {...props} />
        </section>
        <PreviewPane {...props} />
      </main>
    </Page>
  );
}

function faceOf({ session: { id, assistantId, draft }, frame: { say } }: BuildProps): Face {
  return {
    id: assistantId ?? id,
    name: draft?.name ?? say("newAssistant"),
    avatar: draft?.avatar ?? "svg:",
  };
}

function Title(props: BuildProps) {
  const { session, frame: { say } } = props;
  const face = faceOf(props);
  return (
    <div id="build-title" class="build-title" data-region>
      <Avatar {...face} size={26} />
      <strong>{face.name}</strong>
      {session.draft && (
        <small class={session.saved ? "saved" : undefined}>
          {say(session.saved ? "savedState" : "unsavedState")}
        </small>
      )}
    </div>
  );
}

function Actions({ session, frame: { say } }: BuildProps) {
  const { canUndo, canRedo, saved, draft, assistantId } = session;
  return (
    <div id="build-actions" class="build-actions" data-region>
      <IconButton
        id="undo"
        icon="undo-2"
        label={say("undo")}
        data-step="undo"
        disabled={!canUndo}
      />
      <IconButton
        id="redo"
        icon="redo-2"
        label={say("redo")}
        data-step="redo"
        disabled={!canRedo}
      />
      {saved && <a class="button quiet" href={`/a/${assistantId}`}>{say("openAssistant")}</a>}
      <Button id="save" kind="primary" data-save disabled={!draft || saved}>{say("save")}</Button>
    </div>
  );
}

function Talk(props: BuildProps) {
  const { turns, session, frame: { say } } = props;
  return (
    <section class="pane talk" aria-label={say("paneTalk")}>
      <ol id="build-turns" class="turns">
        {turns.length === 0 && (
          <li class="turn">
            <p class="build-hello">{say(session.draft ? "changeHello" : "wishHello")}</p>
          </li>
        )}
        {turns.map((turn, i) => <Turn turn={turn} last={i === turns.length - 1} {...props} />)}
      </ol>
      <Dock say={say}>
        <Composer
          id="wish"
          name=""
          ask={say(session.draft ? "changeAsk" : "wishAsk")}
          maxlength={SAID_CHARS_MAX}
          say={say}
        />
      </Dock>
      <template id="build-blanks">
        <li class="turn question">
          <h2 class="unseen">{say("youSaid")}</h2>
          <div class="bubble" />
        </li>
        <li class="turn build-reply live">
          <Mark size={26} />
          <div>
            <p class="build-working">{say("working")}</p>
            <ul class="settled" aria-live="polite" />
          </div>
        </li>
      </template>
    </section>
  );
}

/** One thing said or done, and what came of it. */
function Turn({ turn, last, frame, session }: BuildProps & { turn: BuilderTurn; last: boolean }) {
  const { say } = frame;
  const { said, operation, changes, reply, question } = turn;
  return (
    <>
      {said !== "" && (
        <li class="turn question">
          <h2 class="unseen">{say("youSaid")}</h2>
          <div class="bubble">{said}</div>
        </li>
      )}
      <li class="turn build-reply" data-index={turn.index}>
        <Mark size={26} />
        <div>
          <p>{reply}</p>
          {operation.kind === "create"
            ? (
              <p class="made">
                {changes.map(({ field }) => <span>{fieldName(field, say)}</span>)}
              </p>
            )
            : changes.length > 0 && <Diff changes={changes} say={say} />}
          {question && question.text !== reply && <p class="asked">{question.text}</p>}
          {last && changes.length > 0 && operation.kind !== "create" &&
            operation.kind !== "undo" && session.canUndo && (
            <button type="button" class="button quiet small" data-step="undo">
              <Icon name="undo-2" size={14} />
              {say("undo")}
            </button>
          )}
        </div>
      </li>
    </>
  );
}

function Form(props: BuildProps) {
  const { session: { draft }, plugins, frame } = props;
  return (
    <DraftForm
      draft={draft ?? NOTHING}
      there={draft !== null}
      id={faceOf(props).id}
      plugins={plugins}
      titles={frame.titles}
      chinese={frame.language === "zh"}
      say={frame.say}
    />
  );
}

/** What the form shows before the first wish. */
const NOTHING: Manifest = { ...ASSISTANT_DEFAULTS, name: "", instructions: "", avatar: "svg:" };

function PreviewPane(props: BuildProps) {
  const { session, messages, render, frame } = props;
  const { say } = frame;
  const face = faceOf(props);
  const shown = { frame, face, removed: false, messages, render };
  return (
    <section class="pane preview" aria-label={say("panePreview")}>
      <div id="preview-head" class="preview-head" data-region>
        {isStale(props) && (
          <p class="stale">
            {say("draftChanged")}
            <button type="button" class="button quiet small" data-compare>
              {say("askAgain")}
            </button>
          </p>
        )}
        {messages.length > 0 && (
          <button type="button" class="button quiet small" data-clear>
            <Icon name="rotate-ccw" size={14} />
            {say("startOver")}
          </button>
        )}
        {messages.length === 0 && session.draft && <Hello {...props} />}
        {!session.draft && (
          <Empty icon="message-circle" title={say("noPreview")} hint={say("noPreviewHint")} />
        )}
      </div>
      <Turns {...shown} />
      <Dock say={say}>
        <Composer name={face.name} say={say} />
      </Dock>
      <Blanks {...shown} />
      <div id="speech" class="unseen" role="log" aria-live="polite" />
    </section>
  );
}

/** Whether the draft is another than the one that answered last. */
function isStale({ messages, turns }: BuildProps): boolean {
  const answered = messages.findLast(({ role }) => role === "assistant");
  const changed = turns.findLast(({ changes }) => changes.length > 0);
  return answered !== undefined && changed !== undefined && changed.createdAt > answered.createdAt;
}

function Hello(props: BuildProps) {
  const { draft } = props.session;
  const face = faceOf(props);
  return (
    <div class="hello">
      <Avatar {...face} size={64} />
      <h2>{face.name}</h2>
      <p>{draft!.description}</p>
      <ul class="starters">
        {draft!.starters.map((line) => (
          <li>
            <button type="button" data-starter={line}>{line}</button>
          </li>
        ))}
      </ul>
    </div>
  );
}
