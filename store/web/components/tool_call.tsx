/** One call of a tool: what was asked of it, what it answered, and the reader's leave where it needs some. */
import { isWaiting, type ToolContent, type ToolUse } from "@flint/plugins";
import type { Say, StringKey } from "../strings.ts";
import { Button } from "./button.tsx";
import { Icon, type IconName } from "./icon.tsx";

interface ToolCallProps {
  readonly call: ToolUse;
  /** Whether a decision about it still counts: nobody said anything since. */
  readonly open: boolean;
  readonly say: Say;
}

/** How a call stands: its icon, its words. */
const STATES: Readonly<Record<string, readonly [IconName, StringKey]>> = {
  waiting: ["shield-question-mark", "callWaits"],
  running: ["wrench", "callRuns"],
  done: ["check", "callDone"],
  failed: ["triangle-alert", "callFailed"],
  denied: ["ban", "callDenied"],
  expired: ["ban", "callExpired"],
};

/** Answers longer than this are folded away. */
const OPEN_CHARS_MAX = 400;
/** Characters of a result that a page shows; the API has all of them. */
const SHOWN_CHARS_MAX = 20_000;

/** A card in an answer. Everything from a tool is shown as text. */
export function ToolCall({ call, open, say }: ToolCallProps) {
  const state = stateOf(call, open);
  const [icon, words] = STATES[state]!;
  const values = JSON.stringify(call.arguments, null, 2);
  return (
    <section class={`call call-${state}`} id={call.id} data-call={call.id} aria-label={call.name}>
      <header>
        <Icon name={icon} size={16} />
        <strong>{call.name}</strong>
        <span class="call-plugin">{call.plugin}</span>
        <span class="call-state">{say(words)}</span>
      </header>
      {values !== "{}" && (
        <details open={state === "waiting"}>
          <summary>{say("callArguments")}</summary>
          <pre tabindex={0}>{values}</pre>
        </details>
      )}
      {state === "waiting" && <Decision call={call} say={say} />}
      <p class="call-progress" data-progress role="status" />
      {call.result && <Result content={call.result.content} say={say} />}
    </section>
  );
}

function stateOf(call: ToolUse, open: boolean): string {
  if (call.result) return call.result.failed ? "failed" : "done";
  if (call.decision === "deny") return "denied";
  if (call.decision === "expired" || (isWaiting(call) && !open)) return "expired";
  return isWaiting(call) ? "waiting" : "running";
}

/** Buttons that the island answers; they are buttons, so keys and touch work. */
function Decision({ call, say }: { call: ToolUse; say: Say }) {
  return (
    <div class="call-decision" role="group" aria-label={say("callMayIt", { name: call.name })}>
      <p>{say("callMayIt", { name: call.name })}</p>
      <div>
        <Button kind="primary" data-decide="allow">{say("callAllow")}</Button>
        {call.ask === "once" && (
          <Button data-decide="allow_conversation">{say("callAllowAll")}</Button>
        )}
        <Button kind="danger" data-decide="deny">{say("callDeny")}</Button>
      </div>
    </div>
  );
}

function Result({ content, say }: { content: readonly ToolContent[]; say: Say }) {
  const texts = content.filter(({ type }) => type === "text" || type === "json").map(textOf);
  const shown = texts.join("\n").slice(0, SHOWN_CHARS_MAX);
  return (
    <>
      {content.map((piece) => <Picture piece={piece} say={say} />)}
      {shown !== "" && (
        <details open={shown.length <= OPEN_CHARS_MAX}>
          <summary>{say("callResult")}</summary>
          <pre tabindex={0}>{shown}</pre>
        </details>
      )}
    </>
  );
}

/** Images are the page's own data; an SVG in an <img> runs no script and loads nothing. */
function Picture({ piece, say }: { piece: ToolContent; say: Say }) {
  if (piece.type === "image") {
    const source = `data:${piece.mimeType};base64,${piece.data}`;
    return <img class="call-image" src={source} alt={say("callImage")} />;
  }
  if (piece.type !== "chart") return null;
  return <figure class="call-chart" data-chart={JSON.stringify(piece.spec)} />;
}

function textOf(piece: ToolContent): string {
  if (piece.type === "json") return JSON.stringify(piece.value, null, 2);
  return piece.type === "text" ? piece.text : "";
}
