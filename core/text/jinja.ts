/** Runs a model's Jinja chat template within bounds: a template is part of a downloaded file. */
import { Environment, Interpreter, parse, tokenize } from "@huggingface/jinja";
import { FlintError } from "../errors.ts";

/** Longest known chat templates are 20 KB. */
const TEMPLATE_CHARS_MAX = 256 << 10;
/** Longest string a template may build, and so the longest prompt. */
const STRING_CHARS_MAX = 4 << 20;
const LIST_ITEMS_MAX = 10_000;
/** Evaluated nodes plus 1 for every 64 characters or items touched; a chat costs some 30 a message. */
const WORK_MAX = 500_000;

/** A parsed template. */
export interface JinjaTemplate {
  /** Throws FlintError "bad_input" where the template raises, fails or exceeds its bounds. */
  render(variables: Readonly<Record<string, unknown>>): string;
}

/** Throws FlintError "bad_model" for a template that does not parse. */
export function parseTemplate(source: string): JinjaTemplate {
  if (source.length > TEMPLATE_CHARS_MAX) {
    throw new FlintError(
      "bad_model",
      `the chat template has ${source.length} characters, above ${TEMPLATE_CHARS_MAX}`,
    );
  }
  try {
    const program = parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true }));
    return { render: (variables) => render(program, variables) };
  } catch (cause) {
    throw new FlintError("bad_model", `the chat template does not parse: ${cause}`, { cause });
  }
}

function render(
  program: ReturnType<typeof parse>,
  variables: Readonly<Record<string, unknown>>,
): string {
  const environment = new Environment();
  for (const [name, value] of Object.entries({ ...globals, ...variables })) {
    environment.set(name, value);
  }
  try {
    return String(new BoundedInterpreter(environment).run(program).value);
  } catch (cause) {
    if (cause instanceof FlintError) throw cause;
    throw new FlintError("bad_input", `the chat template failed: ${cause}`, { cause });
  }
}

type Evaluate = Interpreter["evaluate"];

/**
 * Counts what every node costs. What remains unbounded is one filter call: at worst it copies
 * STRING_CHARS_MAX characters LIST_ITEMS_MAX times, which V8 refuses (its strings end at 512 MB).
 */
class BoundedInterpreter extends Interpreter {
  #work = 0;

  override evaluate(...[node, environment]: Parameters<Evaluate>): ReturnType<Evaluate> {
    const result = super.evaluate(node, environment);
    const value: unknown = result?.value;
    const size = typeof value === "string" || Array.isArray(value) ? value.length : 0;
    this.#work += 1 + (size >> 6);
    if (this.#work > WORK_MAX) throw refuse(`more than ${WORK_MAX} steps`);
    if (size > (typeof value === "string" ? STRING_CHARS_MAX : LIST_ITEMS_MAX)) {
      throw refuse(`a value of ${size} characters or items`);
    }
    return result;
  }
}

function refuse(what: string): FlintError {
  return new FlintError("bad_input", `the chat template is refused: it needs ${what}`);
}

/** What Hugging Face's templates expect to find; `range` is ours because theirs is unbounded. */
const globals = {
  true: true,
  True: true,
  false: false,
  False: false,
  none: null,
  None: null,
  range,
  raise_exception(message: unknown): never {
    throw new FlintError("bad_input", `the chat template refuses these messages: ${message}`);
  },
};

function range(start: number, stop?: number, step = 1): number[] {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  const count = Math.max(0, Math.ceil((to - from) / step));
  if (!(count <= LIST_ITEMS_MAX)) throw refuse(`a range of ${count} items`);
  return Array.from({ length: count }, (_, i) => from + i * step);
}
