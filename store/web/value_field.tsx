/** One argument of a tool as a form's field, and what was filled in as a value again. */
import { FlintError } from "@flint/core";

interface FieldProps {
  readonly name: string;
  readonly schema: object;
  readonly required: boolean;
  readonly value: string;
}

/** Of a schema, what a field shows. */
interface Shown {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
}

/** A field in a form that is called as `fieldName` says. */
export function ValueField({ name, schema, required, value }: FieldProps) {
  const { description, ...shown } = schema as Shown;
  return (
    <label class="field">
      <span>
        <code>{name}</code>
        {required && " *"}
        {description && <small>{description}</small>}
      </span>
      <Input name={fieldName(name)} shown={shown} required={required} value={value} />
    </label>
  );
}

interface InputProps {
  readonly name: string;
  readonly shown: Shown;
  readonly required: boolean;
  readonly value: string;
}

function Input({ name, shown, required, value }: InputProps) {
  const options = shown.type === "boolean" ? ["true", "false"] : shown.enum?.map(asText);
  if (options) {
    return (
      <select name={name} required={required}>
        <option value="" />
        {options.map((each) => <option value={each} selected={each === value}>{each}</option>)}
      </select>
    );
  }
  const hint = shown.default === undefined ? undefined : asText(shown.default);
  if (isPlain(shown)) {
    return <input type="text" name={name} value={value} placeholder={hint} required={required} />;
  }
  return (
    <textarea
      name={name}
      rows={3}
      placeholder={hint ?? "JSON"}
      required={required}
      spellcheck={false}
    >
      {value}
    </textarea>
  );
}

/** Name of an argument's field. */
export const fieldName = (argument: string): string => `v.${argument}`;

/**
 * The values that a filled form gives; empty fields give none.
 * @throws FlintError bad_input for a field that must be JSON and is not
 */
export function valuesOf(
  schema: Readonly<Record<string, unknown>>,
  filled: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const properties = (schema.properties ?? {}) as Record<string, Shown>;
  const entries = Object.entries(properties).filter(([name]) => (filled[name] ?? "") !== "");
  return Object.fromEntries(
    entries.map(([name, shown]) => [name, valueOf(name, shown, filled[name]!)]),
  );
}

function valueOf(name: string, shown: Shown, text: string): unknown {
  if (shown.enum) return shown.enum.find((one) => asText(one) === text) ?? text;
  if (isPlain(shown)) return text; // the schema's check makes a number of it
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (shown.type === undefined) return text;
    throw new FlintError("bad_input", `${name} is not JSON: ${(cause as Error).message}`, {
      cause,
    });
  }
}

const isPlain = ({ type }: Shown) =>
  typeof type === "string" && ["string", "number", "integer", "boolean"].includes(type);

const asText = (value: unknown) => typeof value === "string" ? value : JSON.stringify(value);
