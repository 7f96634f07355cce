/** The syntax of Ollama's Modelfile: commands with quoted values, as its own parser takes them. */
import { FlintError } from "@flint/core";

/** `PARAMETER temperature 0.3` is { name: "parameter", key: "temperature", value: "0.3" }. */
export interface Command {
  readonly name: string;
  /** A parameter's name or a message's role. */
  readonly key?: string;
  readonly value: string;
}

const NAMES =
  /^(from|parameter|template|system|adapter|license|message|renderer|parser|requires|draft)$/;

/** Reads commands; comments come as commands named "comment". Throws FlintError "bad_input" with the line. */
export function parseModelfile(text: string): Command[] {
  const lines = text.split(/\r\n|\r|\n/);
  const commands: Command[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!.trimStart();
    if (line === "") continue;
    if (line.startsWith("#")) {
      commands.push({ name: "comment", value: line.slice(1).trim() });
      continue;
    }
    const { name, key, rest } = head(line, at + 1);
    const end = valueEnd(lines, at, rest);
    const value = unquote([rest, ...lines.slice(at + 1, end + 1)].join("\n").trim());
    commands.push(key === undefined ? { name, value } : { name, key, value });
    at = end;
  }
  return commands;
}

/** One command as a line or several, undefined if its value can't be said. */
export function printCommand({ name, key, value }: Command): string | undefined {
  if (name === "comment") return `# ${value}`.trimEnd();
  const quoted = quote(value);
  return quoted && [name.toUpperCase(), key, quoted].filter((part) => part !== undefined).join(" ");
}

/**
 * A value as the parser gives it back; undefined where no quoting can say it.
 * A quoted value ends at the first line that ends with its quotes: there are no escapes.
 */
export function quote(value: string): string | undefined {
  const lines = value.split("\n").map((line) => line.trimEnd());
  const plain = lines.length === 1 && value !== "" && value === value.trim();
  if (plain && !value.startsWith('"')) return value;
  if (!lines.some((line) => line.endsWith('"""'))) return `"""${value}"""`;
  if (!value.startsWith('""') && !lines.some((line) => line.endsWith('"'))) return `"${value}"`;
  return undefined;
}

function head(line: string, number: number): { name: string; key?: string; rest: string } {
  const [, word = "", rest = ""] = /^(\S+)[ \t]+(.*)$/.exec(line) ?? [];
  const name = word.toLowerCase();
  if (!NAMES.test(name)) throw wrong(number, `"${line.slice(0, 40)}" is no command with a value`);
  if (name !== "parameter" && name !== "message") return { name, rest };
  const [, key, value] = /^(\w+)[ \t]+(.*)$/.exec(rest) ?? [];
  if (key === undefined) throw wrong(number, `${word} needs a name and a value`);
  if (name === "message" && !/^(system|user|assistant)$/.test(key)) {
    throw wrong(number, `a MESSAGE is of system, user or assistant, not ${key}`);
  }
  return { name, key, rest: value! };
}

/** Index of the line on which the value that begins on line `at` with `rest` ends. */
function valueEnd(lines: readonly string[], at: number, rest: string): number {
  const marks = rest.startsWith('"""') ? '"""' : rest.startsWith('"') ? '"' : "";
  const first = rest.trimEnd();
  if (first.endsWith(marks) && first.length >= 2 * marks.length) return at;
  const end = lines.findIndex((line, i) => i > at && line.trimEnd().endsWith(marks));
  if (end === -1) throw wrong(at + 1, `the text that begins with ${marks} has no end`);
  return end;
}

function unquote(value: string): string {
  const marks = value.startsWith('"""') ? 3 : value.startsWith('"') ? 1 : 0;
  return value.slice(marks, value.length - marks);
}

function wrong(line: number, message: string): FlintError {
  return new FlintError("bad_input", `Modelfile line ${line}: ${message}`);
}
