/** Adding what runs or is reached by others' word: an MCP server, a file of TypeScript. First shown, then done. */
import type { Ready, Tool } from "@flint/plugins";
import { Button } from "./components/button.tsx";
import { Field } from "./components/field.tsx";
import { type Frame, Page } from "./layout.tsx";
import type { Say } from "./strings.ts";

/** Where the forms are sent. */
export const SERVER_PATH = "/plugins/new/page/server", FILE_PATH = "/plugins/new/page/file";

/** On `/plugins`: the forms to begin with. */
export function AddOthers({ say }: { say: Say }) {
  return (
    <>
      <section aria-labelledby="server-title">
        <h2 id="server-title">{say("addServer")}</h2>
        <form method="post" action={SERVER_PATH} class="plugin-form" id="add-server">
          <Field label={say("apiName")} name="name" maxlength={80} required />
          <Field label={say("serverUrl")} name="url" type="url" />
          <Field label={say("serverCommand")} name="command" maxlength={2000} />
          <label class="field">
            <span>{say("serverArguments")}</span>
            <textarea name="args" rows={3} spellcheck={false} />
          </label>
          <Button kind="primary" type="submit">{say("goOn")}</Button>
        </form>
      </section>
      <section aria-labelledby="file-title">
        <h2 id="file-title">{say("addFile")}</h2>
        <form
          method="post"
          action={FILE_PATH}
          enctype="multipart/form-data"
          class="plugin-form"
          id="add-file"
        >
          <label class="field">
            <span>{say("fileSource")}</span>
            <textarea name="source" rows={5} spellcheck={false} />
          </label>
          <label class="field">
            <span>{say("apiFile")}</span>
            <input type="file" name="file" accept=".ts,.mts" />
          </label>
          <Button kind="primary" type="submit">{say("goOn")}</Button>
        </form>
      </section>
    </>
  );
}

interface StepProps {
  readonly frame: Frame;
  readonly title: string;
  readonly hint: string;
  /** What was filled in before, and what was shown: sent along. */
  readonly carried: Readonly<Record<string, string>>;
  readonly action: string;
  readonly button: string;
  readonly children?: unknown;
}

/** One step: what it is about, and the button that goes on. */
function Step({ frame, title, hint, carried, action, button, children }: StepProps) {
  return (
    <Page frame={frame} title={`${title} · Flint`}>
      <main id="content" class="home plugins">
        <header>
          <h1>{title}</h1>
          <p class="hint">{hint}</p>
        </header>
        {children as never}
        <form method="post" action={action} class="plugin-form">
          {Object.entries(carried).map(([name, value]) => (
            <input type="hidden" name={name} value={value} />
          ))}
          <div class="row">
            <Button kind="primary" type="submit">{button}</Button>
            <a class="button quiet" href="/plugins">{frame.say("leave")}</a>
          </div>
        </form>
      </main>
    </Page>
  );
}

interface ServerProps {
  readonly frame: Frame;
  readonly carried: StepProps["carried"];
}

/** The command as it would be run. */
export function ConfirmStart({ frame, carried, starts }: ServerProps & { starts: string }) {
  const { say } = frame;
  return (
    <Step
      {...{ frame, carried: { ...carried, starts }, action: SERVER_PATH }}
      title={say("startTitle")}
      hint={say("startHint")}
      button={say("startIt")}
    >
      <pre class="shown" tabindex={0} aria-label={say("serverCommand")}>{starts}</pre>
    </Step>
  );
}

/** The tools that a server has, before any of them can be called. */
export function ApproveTools(
  { frame, carried, tools }: ServerProps & { tools: readonly Tool[] },
) {
  const { say } = frame;
  return (
    <Step
      {...{ frame, carried: { ...carried, approved: "yes" }, action: SERVER_PATH }}
      title={carried.name!}
      hint={say("approveHint")}
      button={say("add")}
    >
      <ToolList tools={tools} say={say} />
    </Step>
  );
}

/** What a file says that it needs; nothing is granted yet. */
export function ApproveFile({ frame, carried, ready }: ServerProps & { ready: Ready }) {
  const { say } = frame;
  const list = (names: readonly string[]) => names.join(", ") || say("noneOfThem");
  return (
    <Step
      {...{ frame, carried, action: FILE_PATH }}
      title={ready.name}
      hint={ready.description}
      button={say("installFile")}
    >
      <dl class="needs">
        <dt>{say("mayFetch")}</dt>
        <dd>{list(ready.hosts)}</dd>
        <dt>{say("mayReadSecrets")}</dt>
        <dd>{list(ready.secrets)}</dd>
        <dt>{say("mayElse")}</dt>
        <dd>{say("noneOfThem")}</dd>
      </dl>
      <ToolList tools={ready.tools} say={say} />
    </Step>
  );
}

function ToolList(
  { tools, say }: { tools: readonly Pick<Tool, "name" | "description" | "effect">[]; say: Say },
) {
  return (
    <section aria-labelledby="tools-title">
      <h2 id="tools-title">{say("toolsOf", { count: String(tools.length) })}</h2>
      <ul class="shown-tools">
        {tools.map(({ name, description, effect }) => (
          <li>
            <code>{name}</code> <small>{say(effect)}</small>
            <p class="hint">{description}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}
