/** What there is to do with a conversation beside talking. */
import { type Conversation, MESSAGE_CHARS_MAX } from "@flint/plugins";
import type { Frame } from "../layout.tsx";
import type { Say } from "../strings.ts";
import { Button, IconButton } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { Field } from "./field.tsx";
import { Icon } from "./icon.tsx";

interface MenuProps {
  readonly frame: Frame;
  readonly conversation: Conversation;
  readonly title: string;
  /** Whether its assistant is there to be asked. */
  readonly asks: boolean;
}

/** The menu and the dialogs that it opens; islands/dialogs.ts and branch.ts act. */
export function ConversationMenu({ frame, conversation, title, asks }: MenuProps) {
  const { say } = frame;
  const { id, pinned } = conversation;
  return (
    <>
      <IconButton icon="ellipsis" label={say("conversationMenu")} popovertarget="menu" />
      <div id="menu" popover="auto" class="panel menu">
        <Button id="pin" data-region data-pin={String(!pinned)}>
          <Icon name={pinned ? "pin-off" : "pin"} size={16} />
          {say(pinned ? "unpin" : "pin")}
        </Button>
        <Button data-dialog="folder">
          <Icon name="folder" size={16} />
          {say("toFolder")}
        </Button>
        {(["markdown", "json"] as const).map((format) => (
          <a class="button" href={`/api/conversations/${id}/export?as=${format}`} download>
            <Icon name="download" size={16} />
            {say("exportAs")} · {format}
          </a>
        ))}
        <Button data-dialog="rename">
          <Icon name="pencil" size={16} />
          {say("rename")}
        </Button>
        <Button kind="danger" data-dialog="delete">
          <Icon name="trash" size={16} />
          {say("delete")}
        </Button>
      </div>
      <Dialogs frame={frame} conversation={conversation} title={title} asks={asks} />
    </>
  );
}

function Dialogs({ frame: { say, shelves }, conversation: { folder }, title, asks }: MenuProps) {
  return (
    <>
      <Dialog
        id="rename"
        title={say("renameTitle")}
        action="rename"
        confirm={say("save")}
        say={say}
      >
        <Field label={say("title")} name="title" value={title} maxlength={120} required />
      </Dialog>
      <Dialog
        id="folder"
        title={say("toFolder")}
        action="folder"
        confirm={say("save")}
        say={say}
      >
        <Field label={say("folder")} name="folder" value={folder} maxlength={40} list="folders" />
        <datalist id="folders">
          {shelves.folders.map(({ name }) => <option value={name} />)}
        </datalist>
        <p>{say("folderHint")}</p>
      </Dialog>
      {asks && <EditQuestion say={say} />}
      <Dialog
        id="delete"
        title={say("deleteTitle")}
        action="delete"
        confirm={say("delete")}
        danger
        say={say}
      >
        <p>{say("deleteHint", { title })}</p>
      </Dialog>
    </>
  );
}

function EditQuestion({ say }: { say: Say }) {
  return (
    <Dialog
      id="edit-question"
      title={say("editQuestionTitle")}
      action="edit-question"
      confirm={say("send")}
      say={say}
    >
      <label class="field">
        <span class="unseen">{say("message")}</span>
        <textarea name="text" rows={5} maxlength={MESSAGE_CHARS_MAX} required />
      </label>
      <p>{say("editQuestionHint")}</p>
    </Dialog>
  );
}
