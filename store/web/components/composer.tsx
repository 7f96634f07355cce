/** Where the reader writes: one box that grows, one button that sends and then stops. */
import { MESSAGE_CHARS_MAX } from "@flint/plugins";
import type { Child } from "hono/jsx";
import type { Say } from "../strings.ts";
import { IconButton } from "./button.tsx";
import { Icon } from "./icon.tsx";

interface ComposerProps {
  /** Who is asked. */
  readonly name: string;
  /** Where it isn't the page's only one. */
  readonly id?: string;
  /** What is asked for, where it isn't a question to an assistant. */
  readonly ask?: string;
  readonly text?: string;
  readonly maxlength?: number;
  readonly say: Say;
}

/** Keeps what it holds at the bottom of the turns, and leads back down to it. */
export function Dock({ say, children }: { say: Say; children?: Child }) {
  return (
    <div class="composer-dock">
      <IconButton icon="arrow-down" label={say("jump")} class="jump" data-jump hidden />
      {children}
    </div>
  );
}

/** The form that islands/chat.ts drives. */
export function Composer({
  name,
  id = "composer",
  text,
  maxlength = MESSAGE_CHARS_MAX,
  say,
  ask = say("ask", { name }),
}: ComposerProps) {
  return (
    <form class="composer" id={id} autocomplete="off">
      <textarea
        name="content"
        rows={1}
        maxlength={maxlength}
        placeholder={ask}
        aria-label={ask}
        aria-describedby={`${id}-keys`}
        enterkeyhint="send"
        required
      >
        {text}
      </textarea>
      <button type="submit" class="send" aria-label={say("send")} title={say("send")}>
        <Icon name="arrow-up" size={20} />
      </button>
      <button
        type="button"
        class="send stop"
        data-stop
        aria-label={say("stop")}
        title={say("stop")}
      >
        <Icon name="square" size={14} />
      </button>
      <noscript>
        <p class="note">{say("needsScript")}</p>
      </noscript>
      <p class="composer-keys" id={`${id}-keys`}>{say("keys")}</p>
    </form>
  );
}
