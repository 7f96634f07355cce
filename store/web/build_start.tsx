/** `/build`: say what an assistant is to do, go on with a draft, or change an assistant. */
import type { BuilderSession } from "@flint/plugins";
import { SAID_CHARS_MAX } from "@flint/plugins";
import { Avatar } from "./components/avatar.tsx";
import { Composer } from "./components/composer.tsx";
import { type Frame, Page } from "./layout.tsx";

interface BuildStartProps {
  readonly frame: Frame;
  /** Those with a draft that is not saved, the latest first. */
  readonly sessions: readonly BuilderSession[];
}

/** The way in. */
export function BuildStart({ frame, sessions }: BuildStartProps) {
  const { say, assistants } = frame;
  return (
    <Page frame={frame} title={`${say("buildTitle")} · Flint`}>
      <main id="content" class="home">
        <section class="hero" data-island="build-start">
          <h1>{say("buildTitle")}</h1>
          <p class="hero-hint">{say("buildHint")}</p>
          <Composer name="" ask={say("wishAsk")} maxlength={SAID_CHARS_MAX} say={say} />
          <ul class="starters wishes">
            {(["wish1", "wish2", "wish3"] as const).map((wish) => (
              <li>
                <a href="/build" data-starter={say(wish)}>{say(wish)}</a>
              </li>
            ))}
          </ul>
        </section>
        {sessions.length > 0 && <Drafts frame={frame} sessions={sessions} />}
        {assistants.length > 0 && (
          <section aria-labelledby="edit-title">
            <h2 id="edit-title">{say("changeOne")}</h2>
            <ul class="cards">
              {assistants.map((assistant) => (
                <li class="card">
                  <Avatar {...assistant} size={36} />
                  <h3>
                    <button type="button" data-edit={assistant.id}>{assistant.name}</button>
                  </h3>
                  <p>{assistant.description}</p>
                </li>
              ))}
            </ul>
          </section>
        )}
      </main>
    </Page>
  );
}

function Drafts({ frame: { say }, sessions }: BuildStartProps) {
  return (
    <section aria-labelledby="drafts-title">
      <h2 id="drafts-title">{say("drafts")}</h2>
      <ul class="recent">
        {sessions.map(({ id, draft, assistantId }) => (
          <li>
            <a href={`/build/${id}`}>
              <Avatar id={assistantId ?? id} avatar={draft!.avatar} size={24} />
              <span>{draft!.name}</span>
              <small>{say("unsavedState")}</small>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
