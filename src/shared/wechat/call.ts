import type { Dispatcher, FormData } from 'undici';
import type { z } from 'zod';
import { SECOND } from '../platform/time.ts';
import type { Answer } from './client.ts';
import { exchange } from './exchange.ts';
import { readAnswer } from './read-answer.ts';

interface Call<T> {
  readonly url: URL;
  /** The path that WeChat documents; it selects the remedies. */
  readonly path: string;
  readonly method: 'GET' | 'POST';
  readonly body?: string | Uint8Array | FormData | undefined;
  readonly answer: z.ZodType<T>;
  readonly dispatcher: Dispatcher;
  readonly timeoutMs: number;
  readonly whyNot?: (() => string | null) | undefined;
  /** Whatever of the call must never come back in an error text. */
  readonly secrets: readonly string[];
}

/** One call to WeChat, from its connection to the meaning of its answer. */
export async function call<T>(call: Call<T>): Promise<Answer<T>> {
  const limit = new AbortController();
  const late = () => limit.abort(`no answer within ${call.timeoutMs / SECOND} s`);
  const timer = setTimeout(late, call.timeoutMs);
  try {
    const isJson = typeof call.body === 'string' || call.body instanceof Uint8Array;
    const headers = isJson ? JSON_HEADERS : {};
    const maxBytes = LISTS.test(call.path) ? LONGEST_LIST : LONGEST_ANSWER;
    const request = { ...call, headers, maxBytes };
    const outcome = await exchange(call.dispatcher, request, limit.signal);
    if (outcome.kind === 'failed') {
      return { kind: outcome.sent ? 'unknown' : 'not-sent', cause: describe(outcome.error) };
    }
    if (outcome.status >= 500) return { kind: 'unknown', cause: `HTTP ${outcome.status}` };
    return readAnswer(outcome.text, call);
  } finally {
    clearTimeout(timer);
  }
}

/** What is parsed here stalls the process for as long as that takes. */
const LONGEST_ANSWER = 1024 * 1024;
const LONGEST_LIST = 8 * 1024 * 1024;
/** 10,000 OpenIDs; drafts with their contents. */
const LISTS = /^\/cgi-bin\/(?:user|draft)\//;

const JSON_HEADERS = { 'content-type': 'application/json; charset=utf-8' };

const FAILURES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EAI_AGAIN: 'name could not be resolved',
  ENOTFOUND: 'name not found',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  UND_ERR_ABORTED: 'proxy refused the tunnel',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'answer too large',
  UND_ERR_SOCKET: 'connection closed',
};

/** By code only: an error's message may hold the address, and the address holds the token. */
function describe(error: unknown): string {
  if (typeof error === 'string') return error;
  const code = codeOf(error);
  const words = FAILURES[code];
  return words ? `${words} (${code})` : code;
}

/** Where a name has several addresses, Node reports one error for them all. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  if ('code' in error && typeof error.code === 'string') return error.code;
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  return error.name;
}
