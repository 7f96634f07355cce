/** `/plugins`: what tools come from: all of them, one of them, one call by hand. */
import type { ApiAbout, ApiAccess, Plugin, Tool, ToolResult } from "@flint/plugins";
import { SCHEME_PARTS } from "@flint/plugins";
import { AddOthers } from "./add_plugin.tsx";
import { Button } from "./components/button.tsx";
import { Fault } from "./components/fault.tsx";
import { Field } from "./components/field.tsx";
import { Icon } from "./components/icon.tsx";
import { type Frame, Page } from "./layout.tsx";
import type { Say } from "./strings.ts";
import { ValueField } from "./value_field.tsx";

/** Tools listed of one plugin; the others are found by the API. */
const LISTED = 500;

interface ListProps {
  readonly frame: Frame;
  readonly plugins: readonly Plugin[];
  /** Why the last addition was refused. */
  readonly fault?: string;
}

/** `/plugins` */
export function Plugins({ frame, plugins, fault }: ListProps) {
  const { say } = frame;
  return (
    <Page frame={frame} title={`${say("plugins")} · Flint`}>
      <main id="content" class="home plugins">
        <header>
          <h1>{say("plugins")}</h1>
          <p class="hint">{say("pluginsHint")}</p>
        </header>
        {plugins.length > 0 && (
          <ul class="recent">
            {plugins.map(({ id, name, description, type }) => (
              <li>
                <a href={`/plugins/${id}`}>
                  <Icon name="plug" />
                  <span>{name}</span>
                  <small>{description || type}</small>
                </a>
              </li>
            ))}
          </ul>
        )}
        <Fault text={fault} />
        <section aria-labelledby="add-title">
          <h2 id="add-title">{say("addApi")}</h2>
          <form
            method="post"
            action="/plugins"
            enctype="multipart/form-data"
            class="plugin-form"
            id="add-api"
          >
            <Field label={say("apiName")} name="name" maxlength={80} required />
            <Field label={say("apiUrl")} name="url" type="url" />
            <label class="field">
              <span>{say("apiText")}</span>
              <textarea name="document" rows={5} spellcheck={false} />
            </label>
            <label class="field">
              <span>{say("apiFile")}</span>
              <input type="file" name="file" accept=".json,.yaml,.yml" />
            </label>
            <Field label={say("apiServer")} name="server" type="url" />
            <Button kind="primary" type="submit">{say("add")}</Button>
          </form>
        </section>
        <AddOthers say={say} />
      </main>
    </Page>
  );
}

interface PluginProps {
  readonly frame: Frame;
  readonly plugin: Plugin;
  readonly tools: readonly Tool[];
  /** For APIs. */
  readonly about: ApiAbout | undefined;
  readonly access: readonly ApiAccess[];
  /** Where an API sends those who signed in. */
  readonly back: string;
  readonly fault?: string;
}

/** `/plugins/{id}` */
export function OnePlugin(props: PluginProps) {
  const { frame, plugin, tools, about, access, back, fault } = props;
  const { say } = frame;
  return (
    <Page frame={frame} title={`${plugin.name} · Flint`}>
      <main id="content" class="home plugins">
        <header>
          <h1>{plugin.name}</h1>
          <p class="hint">{plugin.description || plugin.type}</p>
        </header>
        <Fault text={fault} />
        {about && <About plugin={plugin} about={about} say={say} />}
        {access.length > 0 && (
          <section aria-labelledby="access-title">
            <h2 id="access-title">{say("access")}</h2>
            {access.map((one) => <Access plugin={plugin} access={one} back={back} say={say} />)}
          </section>
        )}
        <section aria-labelledby="tools-title">
          <h2 id="tools-title">{say("toolsOf", { count: String(tools.length) })}</h2>
          <ul class="recent tools">
            {tools.slice(0, LISTED).map(({ name, description, effect }) => (
              <li>
                <a href={`/plugins/${plugin.id}/tools/${name}`}>
                  <span>
                    <code>{name}</code>
                    <small>{description}</small>
                  </span>
                  <small>{say(effect)}</small>
                </a>
              </li>
            ))}
          </ul>
        </section>
        {plugin.type !== "builtin" && (
          <form method="post" action={`/plugins/${plugin.id}/page/remove`}>
            <Button kind="danger" type="submit">{say("removePlugin")}</Button>
          </form>
        )}
      </main>
    </Page>
  );
}

interface AboutProps {
  readonly plugin: Plugin;
  readonly about: ApiAbout;
  readonly say: Say;
}

/** Where the API answers, theirs to change, and what of its document was not taken over. */
function About({ plugin, about: { servers, server, remarks }, say }: AboutProps) {
  return (
    <>
      <form method="post" action={`/plugins/${plugin.id}/page/server`} class="plugin-form">
        <Field
          label={say("serverOf")}
          name="server"
          type="url"
          value={server}
          placeholder={servers[0]}
          list="servers"
        />
        <datalist id="servers">{servers.map((url) => <option value={url} />)}</datalist>
        <Button type="submit">{say("save")}</Button>
      </form>
      {remarks.length > 0 && (
        <details class="access">
          <summary>{say("remarks", { count: String(remarks.length) })}</summary>
          <ul class="hint">{remarks.map((remark) => <li>{remark}</li>)}</ul>
        </details>
      )}
    </>
  );
}

interface AccessProps {
  readonly plugin: Plugin;
  readonly access: ApiAccess;
  readonly back: string;
  readonly say: Say;
}

/** One scheme: whether it is set, and a form that sets it. What was set is never shown. */
function Access({ plugin, access: { name, scheme, ready }, back, say }: AccessProps) {
  const address = `/plugins/${plugin.id}/access/${encodeURIComponent(name)}`;
  const byUser = scheme.type === "oauth2" && scheme.flow === "code";
  return (
    <details class="access" open={!ready}>
      <summary>
        <code>{name}</code>
        <small>{`${scheme.type} · ${say(ready ? "accessReady" : "accessMissing")}`}</small>
      </summary>
      <form method="post" action={address} class="plugin-form">
        {SCHEME_PARTS[scheme.type]!.map((part) => (
          <Field label={part} name={part} type={/user|Id$/.test(part) ? "text" : "password"} />
        ))}
        <div class="row">
          <Button kind="primary" type="submit">{say("save")}</Button>
          {byUser && (
            <a
              class="button quiet"
              href={`/api/plugins/${plugin.id}/access/${encodeURIComponent(name)}/sign-in`}
            >
              {say("signIn")}
            </a>
          )}
        </div>
        {byUser && <p class="hint">{say("signInHint", { back })}</p>}
      </form>
    </details>
  );
}

interface TryProps {
  readonly frame: Frame;
  readonly plugin: Plugin;
  readonly tool: Tool;
  /** What was filled in, by argument. */
  readonly filled: Readonly<Record<string, string>>;
  readonly tried?: { readonly request?: string | undefined; readonly result: ToolResult };
  readonly fault?: string;
}

/** `/plugins/{id}/tools/{tool}`: a form of its schema, and what the call sent and brought. */
export function TryTool({ frame, plugin, tool, filled, tried, fault }: TryProps) {
  const { say } = frame;
  const { properties = {}, required = [] } = tool.parameters as {
    properties?: Record<string, object>;
    required?: readonly string[];
  };
  return (
    <Page frame={frame} title={`${tool.name} · Flint`}>
      <main id="content" class="home plugins">
        <header>
          <p>
            <a href={`/plugins/${plugin.id}`}>{plugin.name}</a>
          </p>
          <h1>{tool.name}</h1>
          <p class="hint">{tool.description}</p>
        </header>
        <Fault text={fault} />
        <form method="post" class="plugin-form">
          {Object.entries(properties).map(([name, schema]) => (
            <ValueField
              name={name}
              schema={schema}
              required={required.includes(name)}
              value={filled[name] ?? ""}
            />
          ))}
          <Button kind="primary" type="submit">{say("tryIt")}</Button>
        </form>
        {tried && <Tried tried={tried} say={say} />}
      </main>
    </Page>
  );
}

function Tried(
  { tried: { request, result }, say }: { tried: NonNullable<TryProps["tried"]>; say: Say },
) {
  return (
    <section aria-labelledby="tried-title" class="tried">
      <h2 id="tried-title">{say(result.failed ? "triedFailed" : "triedDone")}</h2>
      {request !== undefined && <pre tabindex={0} aria-label={say("request")}>{request}</pre>}
      {result.content.map((part) =>
        part.type === "image"
          ? <img src={`data:${part.mimeType};base64,${part.data}`} alt={say("picture")} />
          : (
            <pre tabindex={0} aria-label={say("result")}>
              {part.type === "text"
                ? part.text
                : JSON.stringify(part.type === "json" ? part.value : part.spec, undefined, 2)}
            </pre>
          )
      )}
    </section>
  );
}
