/** What a caller sees of a failure: one table from failure to status, two forms (OpenAI's, RFC 9457). */
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { type ErrorCode, FlintError } from "@flint/core";

/** Seconds a busy or not yet ready server asks the caller to wait: about one short answer. */
const RETRY_AFTER_S = 5;

/** Field errors told in one answer; a hostile body could cause thousands. */
const ISSUES_MAX = 20;

/** A failure, read once, whatever threw it. */
interface Fault {
  readonly status: ContentfulStatusCode;
  /** Flint's own code, or "internal" for our bugs and "http" for refusals by the server itself. */
  readonly code: ErrorCode | "internal" | "http";
  readonly message: string;
  readonly issues: readonly Issue[];
}

/** One wrong field: where in the request, and why. */
interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

const STATUS: Record<ErrorCode, ContentfulStatusCode> = {
  bad_input: 400,
  bad_model: 500,
  over_budget: 400,
  not_found: 404,
  conflict: 409,
  denied: 403,
  unpaid: 402,
  busy: 429,
  cancelled: 408,
  unavailable: 503,
};

const TITLE: Record<Fault["code"], string> = {
  bad_input: "The request is not valid",
  bad_model: "The model file is damaged or unsupported",
  over_budget: "The request is larger than the memory given",
  not_found: "There is no such thing",
  conflict: "It changed or exists already",
  denied: "Not allowed",
  unpaid: "It has a price",
  busy: "Too many requests at once",
  cancelled: "Cancelled",
  unavailable: "Not ready yet",
  internal: "Flint failed",
  http: "The request is refused",
};

/** OpenAI's error object; `code` and `param` are null where nothing applies. */
export const OpenAiError = z.object({
  error: z.object({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable(),
    code: z.string().nullable(),
  }),
}).openapi("OpenAIError");

/** RFC 9457 problem details. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string(),
  errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
}).openapi("Problem");

/** The answer to a failed request, in the form its path is promised. */
export function errorResponse(c: Context, error: unknown): Response {
  const fault = faultOf(error);
  if (fault.status === 429 || fault.status === 503) {
    c.header("Retry-After", String(RETRY_AFTER_S));
  }
  if (fault.status === 401) c.header("WWW-Authenticate", "Bearer");
  if (isOpenAi(c.req.path)) return c.json(openAiError(error), fault.status);
  return c.body(JSON.stringify(problem(error, c.req.path)), fault.status, {
    "Content-Type": "application/problem+json",
  });
}

/** Whether a failure is a bug of ours: the ones worth a line in the log. */
export const isBug = (error: unknown): boolean => faultOf(error).code === "internal";

/** Paths whose callers are OpenAI clients. */
export const isOpenAi = (path: string): boolean => path === "/v1" || path.startsWith("/v1/");

/** A failure as OpenAI's clients parse it; also what a stream sends when it breaks. */
export function openAiError(error: unknown): z.infer<typeof OpenAiError> {
  const fault = faultOf(error);
  const [issue] = fault.issues;
  return {
    error: {
      message: issue ? sentence(issue) : fault.message,
      type: openAiType(fault.status),
      param: issue ? fieldName(issue.path) || null : fault.code === "not_found" ? "model" : null,
      code: OPENAI_CODE[fault.code] ?? null,
    },
  };
}

/** A failure as RFC 9457 has it. */
export function problem(error: unknown, instance: string): z.infer<typeof Problem> {
  const fault = faultOf(error);
  const errors = fault.issues.map((i) => ({ field: fieldName(i.path), message: i.message }));
  return {
    type: fault.code === "http" ? "about:blank" : `urn:flint:problem:${fault.code}`,
    title: TITLE[fault.code],
    status: fault.status,
    detail: fault.message,
    instance,
    ...(errors.length > 0 ? { errors } : {}),
  };
}

/** OpenAI's machine-readable codes, where it has one for the case. */
const OPENAI_CODE: Partial<Record<Fault["code"], string>> = {
  not_found: "model_not_found",
  over_budget: "context_length_exceeded",
  unpaid: "insufficient_quota",
  busy: "rate_limit_exceeded",
  unavailable: "model_not_ready",
};

function openAiType(status: number): string {
  if (status === 401) return "authentication_error";
  if (status === 403) return "permission_error";
  if (status === 429) return "rate_limit_error";
  return status < 500 ? "invalid_request_error" : "server_error";
}

function faultOf(error: unknown): Fault {
  if (error instanceof FlintError) {
    return { status: STATUS[error.code], code: error.code, message: error.message, issues: [] };
  }
  if (error instanceof z.ZodError) {
    const issues = error.issues.slice(0, ISSUES_MAX).map(deepest);
    return { status: 400, code: "bad_input", message: issues.map(sentence).join("; "), issues };
  }
  if (error instanceof HTTPException) {
    return { status: error.status, code: "http", message: error.message, issues: [] };
  }
  // What went wrong inside is for the log, not for the caller.
  return { status: 500, code: "internal", message: "Flint failed; its log says why", issues: [] };
}

/** A union's own issue says nothing: the branch that got furthest names the fault. */
function deepest(issue: z.core.$ZodIssue): Issue {
  if (issue.code !== "invalid_union") return { path: issue.path, message: issue.message };
  const inner = issue.errors.map((branch) => branch.map(deepest))
    .filter((branch) => branch.length > 0)
    .sort((a, b) => depthOf(b) - depthOf(a) || a.length - b.length)[0]?.[0];
  if (!inner) return { path: issue.path, message: issue.message };
  return { path: [...issue.path, ...inner.path], message: inner.message };
}

const depthOf = (issues: readonly Issue[]) => Math.max(...issues.map((i) => i.path.length));

const sentence = (issue: Issue): string => {
  const field = fieldName(issue.path);
  return field ? `${field}: ${issue.message}` : issue.message;
};

/** ["messages", 0, "role"] as callers write it: messages[0].role */
const fieldName = (path: readonly PropertyKey[]): string =>
  path.map((key) => typeof key === "number" ? `[${key}]` : `.${String(key)}`).join("")
    .replace(/^\./, "");
