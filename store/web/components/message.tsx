/** One turn of a conversation, and what an answer cost. */
import type { AnswerStats, LayerUse, Message } from "@flint/plugins";
import { raw } from "hono/html";
import { formatBytes, formatMs, formatRate, formatShare } from "../figures.ts";
import type { RenderBlocks } from "../markdown.ts";
import type { Titles } from "../progress.ts";
import type { Say } from "../strings.ts";
import { Avatar, type Face } from "./avatar.tsx";
import { IconButton } from "./button.tsx";
import { Icon } from "./icon.tsx";
import { Citations } from "./citations.tsx";
import { ToolCall } from "./tool_call.tsx";

interface MessageProps {
  readonly message: Message;
  /** Whether a branch of the conversation may begin here. Default: no. */
  readonly branches?: boolean;
  readonly say: Say;
}

/** What the reader said; shown as typed, never as markdown. */
export function Question({ message, branches, say }: MessageProps) {
  return (
    <li class="turn question" data-index={message.index}>
      <h2 class="unseen">{say("youSaid")}</h2>
      {branches && (
        <IconButton icon="pencil" size={15} label={say("editQuestion")} data-edit-question />
      )}
      <div class="bubble">{message.content}</div>
    </li>
  );
}

interface AnswerProps extends MessageProps {
  readonly face: Face;
  readonly titles: Titles;
  readonly render: RenderBlocks;
  /** Whether it is the newest turn, which alone may be answered again. */
  readonly last: boolean;
}

/** What the assistant said, with its figures below. */
export function Answer({ message, face, titles, render, last, branches, say }: AnswerProps) {
  const { content, end, stats } = message;
  return (
    <li class="turn answer" data-index={message.index} data-content={content}>
      <h2 class="unseen">{say("said", { name: face.name })}</h2>
      <Avatar {...face} size={32} />
      <div class="calls">
        {message.calls?.map((call) => (
          <ToolCall call={call} open={last && (end === undefined || end === "waiting")} say={say} />
        ))}
      </div>
      <div class="prose">{raw(render(content).join(""))}</div>
      <p class="waiting">{say("reading")}</p>
      {message.citations && <Citations citations={message.citations} content={content} say={say} />}
      {end && end !== "stop" && end !== "waiting" && <p class="note">{say(endNote[end])}</p>}
      <div class="answer-foot">
        <IconButton icon="copy" size={16} label={say("copyAnswer")} data-copy-answer />
        {last && (
          <IconButton icon="refresh-cw" size={16} label={say("regenerate")} data-regenerate />
        )}
        {branches && (
          <IconButton icon="git-branch" size={16} label={say("branchHere")} data-branch />
        )}
        {stats && <Stats stats={stats} titles={titles} say={say} />}
      </div>
    </li>
  );
}

/** What is said below an answer that did not come to its own end. */
const endNote = { cancelled: "stopped", length: "cutShort", failed: "brokeOff" } as const;

interface StatsProps {
  readonly stats: AnswerStats;
  readonly titles: Titles;
  readonly say: Say;
}

/** Speed and window figures; one line that opens into all of them. */
function Stats({ stats, titles, say }: StatsProps) {
  const rows = [
    [say("tokensPerSecond"), formatRate(stats.tokensPerSecond)],
    [say("firstToken"), formatMs(stats.firstTokenMs)],
    [say("hitRate"), formatShare(stats.hitRate)],
    [say("readPerToken"), formatBytes(stats.bytesReadPerToken)],
    [say("model"), titles[stats.model] ?? stats.model],
    [say("fidelity"), say(stats.fidelity)],
  ] as const;
  return (
    <details class="stats">
      <summary>
        <span>{say("tokensShort", { n: formatRate(stats.tokensPerSecond) })}</span>
        <span>{say("hitShort", { n: formatShare(stats.hitRate) })}</span>
        <Icon name="chevron-down" size={14} />
      </summary>
      <dl class="figures" aria-label={say("answerFigures")}>
        {rows.map(([name, value]) => (
          <div>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {stats.layers && <Layers layers={stats.layers} say={say} />}
    </details>
  );
}

/** What the model was shown, and what was cut to make it fit. */
function Layers({ layers, say }: { layers: readonly LayerUse[]; say: Say }) {
  return (
    <table class="layers-shown">
      <caption>{say("shownTitle")}</caption>
      <thead class="unseen">
        <tr>
          <th scope="col">{say("layer")}</th>
          <th scope="col">{say("layerTokens")}</th>
          <th scope="col">{say("layerCut")}</th>
        </tr>
      </thead>
      <tbody>
        {layers.map(({ layer, tokens, budget, shown, cut }) => (
          <tr class={cut > 0 ? "cut" : undefined}>
            <th scope="row">{say(layerName[layer])}</th>
            <td>{say("layerUse", { tokens: String(tokens), budget: String(budget) })}</td>
            <td>{cut > 0 && say("layerLeft", { cut: String(cut), all: String(shown + cut) })}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const layerName = {
  instructions: "layerInstructions",
  tools: "layerTools",
  rules: "layerRules",
  memory: "layerMemory",
  earlier: "layerEarlier",
  knowledge: "layerKnowledge",
  conversation: "layerConversation",
} as const satisfies Record<LayerUse["layer"], string>;

interface NoAnswerProps {
  /** Filled by the island with the reason, where it is known. */
  readonly text?: string;
  readonly say: Say;
}

/** Stands where an answer should, with the way to ask for it again. */
export function NoAnswer({ text, say }: NoAnswerProps) {
  return (
    <li class="turn no-answer" role="alert">
      <Icon name="triangle-alert" size={18} />
      <p data-reason>{text ?? say("failed")}</p>
      <button type="button" class="button quiet" data-regenerate>
        <Icon name="refresh-cw" size={15} />
        {say("retry")}
      </button>
    </li>
  );
}
