// Calls the API. It knows sessions and problems, and no page.

import createClient, { type Middleware } from "openapi-fetch";
import type { paths } from "../../generated/schema";

/** A fault of one place of the request, as `errors` of `invalid-request` tells it. */
export interface FieldError {
  pointer: string;
  detail: string;
}

/** An answer that is not a success (RFC 9457), or no answer at all. */
export class Problem extends Error {
  readonly status: number;
  /** The last part of `type`, such as `insufficient-points`; `offline` when nothing answered. */
  readonly slug: string;
  readonly detail: string;
  readonly errors: FieldError[];
  readonly members: Record<string, unknown>;

  constructor(status: number, body: Record<string, unknown>) {
    const detail = typeof body.detail === "string" ? body.detail : "";
    super(detail);
    this.status = status;
    const type = typeof body.type === "string" ? body.type : "";
    this.slug = type.startsWith("urn:accrue:problem:") ? type.slice(19) : `http-${status}`;
    this.detail = detail;
    this.errors = Array.isArray(body.errors) ? (body.errors as FieldError[]) : [];
    this.members = body;
  }

  static offline(): Problem {
    return new Problem(0, { type: "urn:accrue:problem:offline" });
  }

  /** Whether the same request with the same key may succeed a little later. */
  get mayPass(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

export function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : Problem.offline();
}

/** What requests carry. An API key is kept here only, so it is gone with the tab. */
let bearer: string | null = null;
let onEnded: () => void = () => {};
/** Counts sessions: a late answer to a request of the one before does not end this one. */
let session = 0;

/** Whether the session that a request would use is the one of the page; it settles before a change is sent. */
let ownSession: Promise<boolean> = Promise.resolve(true);

/** What is changed from now on waits for the answer, and is not sent where that is false. */
export function changesWaitFor(isOwn: Promise<boolean>): void {
  ownSession = isOwn;
}

async function mayChange(): Promise<void> {
  if (bearer === null && !(await ownSession)) throw new Problem(409, { type: "urn:accrue:problem:other-session" });
}

/** Called when a session, or a key, begins. */
export function sessionBegins(): void {
  session += 1;
}

export function carryKey(key: string | null): void {
  bearer = key;
}

/** Called when an answer says that the session, or the key, does not count any more. */
export function whenEnded(callback: () => void): void {
  onEnded = callback;
}

const middleware: Middleware = {
  async onRequest({ request }) {
    if (request.method !== "GET") await mayChange();
    if (bearer !== null) {
      request.headers.set("authorization", `Bearer ${bearer}`);
    } else if (request.method !== "GET") {
      // Forms of other sites cannot send it, so a cookie alone changes nothing.
      request.headers.set("x-accrue", "1");
    }
    return request;
  },
};

export const api = createClient<paths>({
  baseUrl: location.origin,
  credentials: "same-origin",
  fetch: (request) => fetch(request),
});
api.use(middleware);

interface Outcome {
  data?: unknown;
  error?: unknown;
  response: Response;
}

/** The answer of a call, or its problem as an exception. */
export async function ask<T>(call: Promise<Outcome>): Promise<T> {
  const of = session;
  let outcome: Outcome;
  try {
    outcome = await call;
  } catch (error) {
    throw asProblem(error);
  }
  if (outcome.response.ok) return outcome.data as T;
  throw problemOf(outcome.response.status, outcome.error, of);
}

function problemOf(status: number, body: unknown, of: number): Problem {
  const fields = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  const problem = new Problem(status, fields);
  if (problem.slug === "unauthorized" && of === session) onEnded();
  return problem;
}

/** For what OpenAPI does not describe yet, and for files: the plain request. */
export async function send(
  method: string,
  path: string,
  options: { body?: unknown; key?: string; headers?: Record<string, string>; signal?: AbortSignal } = {},
): Promise<Response> {
  if (method !== "GET") await mayChange();
  const of = session;
  const headers = new Headers(options.headers);
  if (bearer !== null) headers.set("authorization", `Bearer ${bearer}`);
  else if (method !== "GET") headers.set("x-accrue", "1");
  if (options.key !== undefined) headers.set("idempotency-key", options.key);
  const isRaw = typeof options.body === "string" || options.body instanceof Blob;
  if (options.body !== undefined && !isRaw) headers.set("content-type", "application/json");
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers,
      credentials: "same-origin",
      ...(options.body === undefined
        ? {}
        : { body: isRaw ? (options.body as string | Blob) : JSON.stringify(options.body) }),
      ...(options.signal ? { signal: options.signal } : {}),
    });
  } catch {
    throw Problem.offline();
  }
  if (response.ok) return response;
  throw problemOf(response.status, await response.json().catch(() => ({})), of);
}

export async function sendJson<T>(
  method: string,
  path: string,
  options: Parameters<typeof send>[2] = {},
): Promise<T> {
  const response = await send(method, path, options);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** An idempotency key. Not `randomUUID`, which pages without TLS do not have. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
