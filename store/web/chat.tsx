/** A conversation, from the first look at an assistant to the last answer. */
import type { Assistant, Conversation, Message, Summary } from "@flint/plugins";
import { Avatar, type Face } from "./components/avatar.tsx";
import { Button, IconButton } from "./components/button.tsx";
import { Composer, Dock } from "./components/composer.tsx";
import { ConversationMenu } from "./components/conversation_menu.tsx";
import { Dialog } from "./components/dialog.tsx";
import { Icon } from "./components/icon.tsx";
import { Answer, NoAnswer, Question } from "./components/message.tsx";
import { Starters } from "./home.tsx";
import { type Frame, Page } from "./layout.tsx";
import type { RenderBlocks } from "./markdown.ts";
import type { Say } from "./strings.ts";

interface NewChatProps {
  readonly frame: Frame;
  readonly assistant: Assistant;
  /** Words for the composer, from a starter's link. */
  readonly ask: string | undefined;
}

/** `/a/{assistant}`: nothing said yet. */
export function NewChat({ frame, assistant, ask }: NewChatProps) {
  const { say } = frame;
  return (
    <Page
      frame={frame}
      title={`${assistant.name} · Flint`}
      tools={<AssistantMenu assistant={assistant} say={say} />}
    >
      <main id="content" class="chat fresh" data-island="chat" data-assistant={assistant.id}>
        <div class="hello">
          <Avatar {...assistant} size={72} />
          <h1>{assistant.name}</h1>
          <p>{assistant.description}</p>
          <Starters assistant={assistant} />
        </div>
        <Composer name={assistant.name} text={ask ?? ""} say={say} />
      </main>
    </Page>
  );
}

interface ChatProps {
  readonly frame: Frame;
  readonly face: Face;
  /** Whether the assistant is no longer there to answer. */
  readonly removed: boolean;
  readonly conversation: Conversation;
  /** What it branched from, if that is still there. */
  readonly source: Conversation | undefined;
  readonly messages: readonly Message[];
  readonly summary: Summary | undefined;
  readonly render: RenderBlocks;
}

/** What the turns of a talk are drawn from. */
interface TurnsProps extends Pick<ChatProps, "frame" | "face" | "removed" | "messages" | "render"> {
  /** Whether branches may begin at them. Default: no. */
  readonly branches?: boolean;
}

/** `/chat/{conversation}` */
export function Chat(props: ChatProps) {
  const { frame, face, removed, conversation } = props;
  const { say } = frame;
  const title = conversation.title || say("untitled");
  const branched = props.source && (
    <a class="branched" href={`/chat/${props.source.id}`}>
      <Icon name="git-branch" size={15} />
      {say("branchedFrom", { title: props.source.title })}
    </a>
  );
  return (
    <Page
      frame={frame}
      title={`${title} · Flint`}
      header={<Title face={face} title={title} />}
      tools={
        <ConversationMenu frame={frame} conversation={conversation} title={title} asks={!removed} />
      }
    >
      <main
        id="content"
        class="chat"
        data-island="chat"
        data-assistant={face.id}
        data-conversation={conversation.id}
      >
        <h1 class="unseen">{title}</h1>
        {branched}
        <Notes {...props} />
        <Turns {...props} branches={!removed} />
        <Dock say={say}>
          {removed
            ? <p class="note">{say("assistantGone", { name: face.name })}</p>
            : <Composer name={face.name} say={say} />}
        </Dock>
        <div class="end" />
        <Blanks {...props} />
        <div id="speech" class="unseen" role="log" aria-live="polite" />
      </main>
    </Page>
  );
}

function Title({ face, title }: { face: Face; title: string }) {
  return (
    <>
      <Avatar {...face} size={26} />
      <a href={`/a/${face.id}`}>{face.name}</a>
      <span id="title" data-region>{title}</span>
    </>
  );
}

/** What the model is told of the oldest turns, for its reader to check. */
function Notes({ frame: { say }, summary }: ChatProps) {
  return (
    <div id="notes" data-region>
      {summary && (
        <details class="notes">
          <summary>
            <Icon name="scroll-text" size={15} />
            {say("notesTitle", { n: String(summary.until) })}
          </summary>
          <p>{say(summary.by === "model" ? "notesByModel" : "notesByExtract")}</p>
          <pre>{summary.text}</pre>
        </details>
      )}
    </div>
  );
}

/** The list is brought up to date turn by turn by islands/refresh.ts. */
export function Turns({ frame, face, removed, messages, render, branches = false }: TurnsProps) {
  const { say, titles } = frame;
  return (
    <ol id="turns" class="turns">
      {messages.map((message, i) =>
        message.role === "user"
          ? <Question message={message} branches={branches} say={say} />
          : (
            <Answer
              message={message}
              face={face}
              titles={titles}
              render={render}
              last={!removed && i === messages.length - 1}
              branches={branches}
              say={say}
            />
          )
      )}
      {!removed && messages.at(-1)?.role === "user" && <NoAnswer say={say} />}
    </ol>
  );
}

/** Turns the island fills in, drawn by the same components as the kept ones. */
export function Blanks({ frame: { say, titles }, face, render }: TurnsProps) {
  const blank = { index: 0, content: "", createdAt: "" };
  return (
    <template id="blanks">
      <Question message={{ ...blank, role: "user" }} say={say} />
      <Answer
        message={{ ...blank, role: "assistant" }}
        face={face}
        titles={titles}
        render={render}
        last={false}
        say={say}
      />
      <NoAnswer say={say} />
    </template>
  );
}

/** What there is to do with an assistant beside chatting. */
function AssistantMenu({ assistant: { id, name }, say }: { assistant: Assistant; say: Say }) {
  const formats = ["card", "png", "gpt", "lobe", "modelfile", "open-webui"];
  return (
    <>
      <IconButton icon="ellipsis" label={say("assistantMenu")} popovertarget="menu" />
      <div id="menu" popover="auto" class="panel menu">
        <Button data-edit={id}>
          <Icon name="pencil" size={16} />
          {say("editAssistant")}
        </Button>
        <a class="button" href={`/store/publish/${id}`}>
          <Icon name="store" size={16} />
          {say("publish")}
        </a>
        <a class="button" href={`/a/${id}/versions`}>
          <Icon name="clock" size={16} />
          {say("versions")}
        </a>
        <a class="button" href={`/a/${id}/memory`}>
          <Icon name="brain" size={16} />
          {say("memoryPage")}
        </a>
        <details>
          <summary class="button">
            <Icon name="download" size={16} />
            {say("exportAs")}
          </summary>
          {formats.map((format) => (
            <a class="button" href={`/api/assistants/${id}/export?as=${format}`} download>
              {format}
            </a>
          ))}
        </details>
        <Button kind="danger" data-dialog="delete-assistant">
          <Icon name="trash" size={16} />
          {say("delete")}
        </Button>
      </div>
      <Dialog
        id="delete-assistant"
        title={say("deleteAssistantTitle", { name })}
        action="delete-assistant"
        confirm={say("delete")}
        danger
        say={say}
      >
        <p>{say("deleteAssistantHint")}</p>
      </Dialog>
    </>
  );
}
