/**
 * Calls of the interface /api/v1.
 *
 * Invariants: what fails is an {@link ApiError} with a code and, when a server answered, the id of the request; every
 * reading call is about the moment that the page shows, unless it says otherwise.
 */
import { pinnedAt } from "../state/url";
import { key, refused } from "./key";
import { heardServer, metDamage, missedServer } from "./reach";
import { parsed } from "./json";
import type { ErrorBody, ErrorPlace } from "./types";

const BASE = "/api/v1";

/** A call that failed. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  constructor(
    message: string,
    /** The status of the answer; 0 when none came. */
    readonly status: number,
    readonly code: string,
    readonly hint: string | null,
    readonly requestId: string | null,
    /** The part of a filter or of an order that is wrong, when that is what failed. */
    readonly place: ErrorPlace | null = null,
  ) {
    super(message);
  }
}

export type Query = Record<string, string | number | boolean | readonly string[] | null | undefined>;

export interface CallOptions {
  signal?: AbortSignal;
  /** Whether the call is about the moment that is shown: it is, when nothing is said. */
  pinned?: boolean;
  headers?: Record<string, string>;
}

export interface ChangeOptions {
  signal?: AbortSignal;
  /** The ETag that the change is based on. */
  ifMatch?: string;
  query?: Query;
}

/** Reads. `path` is below /api/v1. */
export async function get<T>(path: string, query: Query = {}, options: CallOptions = {}): Promise<T> {
  const response = await send("GET", address(path, query, options.pinned ?? true), undefined, options);
  return parsed(await response.text()) as T;
}

/** Reads bytes, such as an artifact's. */
export function bytes(path: string, query: Query = {}, options: CallOptions = {}): Promise<Response> {
  return send("GET", address(path, query, options.pinned ?? false), undefined, options);
}

/** Posts: a change, or a question that is too long for an address. Its moment is part of the body. */
export function post<T>(path: string, body: unknown, options: ChangeOptions = {}): Promise<T> {
  return changing<T>("POST", path, body, options);
}

export function put<T>(path: string, body: unknown, options: ChangeOptions = {}): Promise<T> {
  return changing<T>("PUT", path, body, options);
}

export function patch<T>(path: string, body: unknown, options: ChangeOptions = {}): Promise<T> {
  return changing<T>("PATCH", path, body, options);
}

export function del<T>(path: string, query: Query = {}, options: ChangeOptions = {}): Promise<T> {
  return changing<T>("DELETE", path, undefined, { ...options, query });
}

/** Posts a question and hands out its answer as it came. */
export function ask(path: string, body: unknown, accept: string, options: CallOptions = {}): Promise<Response> {
  const headers = { accept, "content-type": "application/json", ...options.headers };
  return send("POST", address(path, {}, false), JSON.stringify(body), { ...options, headers });
}

/** The address of a call, such as one to copy for a shell. */
export function address(path: string, query: Query, isPinned: boolean): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined) continue;
    for (const each of Array.isArray(value) ? value : [value]) parameters.append(name, String(each));
  }
  const at = pinnedAt.peek();
  if (isPinned && at !== null && !parameters.has("at")) parameters.set("at", at);
  const text = parameters.toString();
  return BASE + path + (text === "" ? "" : `?${text}`);
}

/** What every call has on it. */
export function headersOf(more: Record<string, string> = {}): Record<string, string> {
  const token = key.peek();
  return { accept: "application/json", ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...more };
}

async function changing<T>(method: string, path: string, body: unknown, options: ChangeOptions): Promise<T> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers["content-type"] = "application/json";
  if (options.ifMatch !== undefined) headers["if-match"] = options.ifMatch;
  const text = body === undefined ? undefined : JSON.stringify(body);
  const call: CallOptions = { headers, ...(options.signal ? { signal: options.signal } : {}) };
  const response = await send(method, address(path, options.query ?? {}, false), text, call);
  return parsed(await response.text()) as T;
}

async function send(
  method: string,
  url: string,
  body: string | undefined,
  options: CallOptions,
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      // A browser that may send a name and a password asks for them itself, and the call waits for its answer.
      credentials: "omit",
      headers: headersOf(options.headers),
      ...(body === undefined ? {} : { body }),
      ...(options.signal ? { signal: options.signal } : {}),
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw unreachable();
  }
  if (isOfGateway(response)) throw unreachable();
  heardServer(response.headers.get("date"));
  if (!response.ok) throw await failure(response);
  return response;
}

/** Whether what stands before the server says that it is gone: its own answers have a number each. */
function isOfGateway(response: Response): boolean {
  return [502, 503, 504].includes(response.status) && !response.headers.has("x-request-id");
}

function unreachable(): ApiError {
  missedServer();
  const hint = "It tries again by itself; see whether `mltrack serve` still runs.";
  return new ApiError("the server does not answer", 0, "UNREACHABLE", hint, null);
}

/** The error of an answer that is one. */
export async function failure(response: Response): Promise<ApiError> {
  const requestId = response.headers.get("x-request-id");
  const told = (await response.json().catch(() => null)) as Partial<ErrorBody> | null;
  const message = told?.error ?? `the server answered ${response.status}`;
  const error = new ApiError(
    message,
    response.status,
    told?.code ?? `HTTP_${response.status}`,
    told?.hint ?? null,
    told?.request_id ?? requestId,
    told?.place ?? null,
  );
  if (error.code === "CORRUPT" || error.code === "ARTIFACT_MISMATCH") metDamage({ message, hint: error.hint, isOfLog: error.code === "CORRUPT" });
  if (response.status === 401) refused({ message, hint: error.hint });
  return error;
}
