/** A manifest as a form. Each field is a region of its own, so that a change elsewhere leaves it be. */
import {
  CATEGORIES,
  categoryName,
  DRAWINGS,
  LANGUAGE_TAGS,
  languageName,
  type Manifest,
  type Plugin,
} from "@flint/plugins";
import type { Child } from "hono/jsx";
import type { Titles } from "../progress.ts";
import type { Say, StringKey } from "../strings.ts";
import { Avatar } from "./avatar.tsx";

interface DraftFormProps {
  readonly draft: Manifest;
  /** Whether there is a draft to change; it fills while the first one is made. */
  readonly there: boolean;
  /** Seeds the stone behind the avatar. */
  readonly id: string;
  readonly plugins: readonly Plugin[];
  readonly titles: Titles;
  readonly chinese: boolean;
  readonly say: Say;
}

/** Starters that the form has room for; a manifest may have as many. */
const STARTERS = 8;

/** All of it; islands/build.ts sends each field as it is changed. */
export function DraftForm(props: DraftFormProps) {
  const { draft, there, chinese, say } = props;
  const inLanguage = chinese ? "zh" : "en";
  const languages = [...new Set([draft.language, ...LANGUAGE_TAGS])];
  return (
    <form id="draft" class="draft" autocomplete="off" data-there={there ? "" : undefined}>
      <AvatarField {...props} />
      <Field name="name" label="fieldName" say={say}>
        <input id="draft-name" name="name" value={draft.name} maxlength={80} required />
      </Field>
      <Field name="description" label="fieldDescription" say={say}>
        <textarea id="draft-description" name="description" rows={2} maxlength={1000}>
          {draft.description}
        </textarea>
      </Field>
      <Field name="instructions" label="fieldInstructions" hint="instructionsHint" say={say}>
        <textarea id="draft-instructions" name="instructions" rows={7} required>
          {draft.instructions}
        </textarea>
      </Field>
      <StarterFields {...props} />
      <div class="draft-pair">
        <Field name="category" label="fieldCategory" say={say}>
          <select id="draft-category" name="category">
            {CATEGORIES.map((each) => (
              <option value={each} selected={each === draft.category}>
                {categoryName(each, chinese)}
              </option>
            ))}
          </select>
        </Field>
        <Field name="language" label="fieldLanguage" say={say}>
          <select id="draft-language" name="language">
            {languages.map((each) => (
              <option value={each} selected={each === draft.language}>
                {languageName(each, inLanguage)}
              </option>
            ))}
          </select>
        </Field>
      </div>
      <Field name="tags" label="fieldTags" hint="tagsHint" say={say}>
        <input id="draft-tags" name="tags" value={draft.tags.join(", ")} />
      </Field>
      <ToolFields {...props} />
      <ModelField {...props} />
    </form>
  );
}

interface FieldProps {
  readonly name: keyof Manifest;
  readonly label: StringKey;
  readonly hint?: StringKey;
  readonly say: Say;
  readonly children?: Child;
}

function Field({ name, label, hint, say, children }: FieldProps) {
  return (
    <div id={`field-${name}`} class="draft-field" data-region>
      <label for={`draft-${name}`}>{say(label)}</label>
      {children}
      {hint && <small>{say(hint)}</small>}
    </div>
  );
}

function AvatarField({ draft, id, say }: DraftFormProps) {
  const { avatar, category } = draft;
  const others = Object.values(DRAWINGS).flat().filter((each) =>
    !DRAWINGS[category].includes(each)
  );
  const emoji = avatar.startsWith("svg:") ? "" : avatar;
  return (
    <details id="field-avatar" class="draft-field draft-avatar" data-region>
      <summary aria-label={say("chooseAvatar")} title={say("chooseAvatar")}>
        <Avatar id={id} avatar={avatar} size={76} />
      </summary>
      <fieldset>
        <legend>{say("fieldAvatar")}</legend>
        <div class="drawings">
          {[...DRAWINGS[category], ...others].map((each) => (
            <label title={each}>
              <input
                type="radio"
                name="avatar"
                value={`svg:${each}`}
                checked={avatar === `svg:${each}`}
                aria-label={each}
              />
              <Avatar id={id} avatar={`svg:${each}`} size={36} />
            </label>
          ))}
        </div>
        <label class="emoji">
          {say("orEmoji")}
          <input name="emoji" value={emoji} maxlength={16} size={4} />
        </label>
      </fieldset>
    </details>
  );
}

function StarterFields({ draft: { starters }, say }: DraftFormProps) {
  const shown = Math.min(STARTERS, starters.length + 1);
  return (
    <fieldset id="field-starters" class="draft-field" data-region>
      <legend>{say("fieldStarters")}</legend>
      {Array.from({ length: shown }, (_, i) => (
        <input
          name="starters"
          value={starters[i] ?? ""}
          maxlength={500}
          aria-label={say("starterNumber", { n: String(i + 1) })}
          placeholder={i === starters.length ? say("addStarter") : undefined}
        />
      ))}
    </fieldset>
  );
}

function ToolFields({ draft: { tools }, plugins, say }: DraftFormProps) {
  const known = new Set(plugins.map(({ id }) => id));
  const gone = tools.filter(({ plugin }) => !known.has(plugin)).map(({ plugin }) => (
    { id: plugin, name: plugin, description: say("toolGone") }
  ));
  const all = [...plugins, ...gone];
  return (
    <fieldset id="field-tools" class="draft-field" data-region>
      <legend>{say("fieldTools")}</legend>
      {all.length === 0 && <small>{say("noTools")}</small>}
      {all.map(({ id, name, description }) => {
        const grant = tools.find(({ plugin }) => plugin === id);
        return (
          <label class="tool">
            <input
              type="checkbox"
              name="tools"
              value={JSON.stringify(grant ?? { plugin: id })}
              checked={grant !== undefined}
            />
            <span>
              {name}
              <small>{description}</small>
            </span>
          </label>
        );
      })}
    </fieldset>
  );
}

function ModelField({ draft: { model }, titles, say }: DraftFormProps) {
  const names = [...new Set(["default", model, ...Object.keys(titles)])];
  return (
    <Field name="model" label="fieldModel" say={say}>
      <select id="draft-model" name="model">
        {names.map((each) => (
          <option value={each} selected={each === model}>
            {each === "default" ? say("modelDefault") : titles[each] ?? each}
          </option>
        ))}
      </select>
    </Field>
  );
}
