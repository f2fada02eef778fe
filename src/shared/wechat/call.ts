import type { Dispatcher, FormData } from 'undici';
import type { z } from 'zod';
import { AnswerTooLarge, exchange, NoAnswerInTime } from '../platform/exchange.ts';
import type { Answer } from './client.ts';
import { readAnswer } from './read-answer.ts';
import type { Silence } from './silence.ts';

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
  readonly onAnswer?: OnAnswer | undefined;
}

/** After a call, whatever became of it; its path alone. */
export type OnAnswer = (path: string, answer: Answer<unknown>, ms: number) => void;

/** One call to WeChat, from its connection to the meaning of its answer. */
export async function call<T>(call: Call<T>): Promise<Answer<T>> {
  const began = performance.now();
  const answer = await makeCall(call);
  call.onAnswer?.(call.path, answer, performance.now() - began);
  return answer;
}

async function makeCall<T>(call: Call<T>): Promise<Answer<T>> {
  const isJson = typeof call.body === 'string' || call.body instanceof Uint8Array;
  const outcome = await exchange(call.dispatcher, {
    ...call,
    headers: isJson ? JSON_HEADERS : {},
    maxBytes: longestAnswer(call.path),
    withinMs: call.timeoutMs,
  });
  if (outcome.kind === 'failed') {
    return { kind: outcome.sent ? 'unknown' : 'not-sent', ...silenceAt(outcome.error) };
  }
  if (outcome.status >= 500)
    return { kind: 'unknown', cause: 'http-status', status: outcome.status };
  return readAnswer(outcome.body.toString('utf8'), call);
}

/** What is parsed here stalls the process for as long as that takes. */
const LONGEST_ANSWER = 1024 * 1024;
const LONGEST_LIST = 8 * 1024 * 1024;
/** 10,000 OpenIDs, which are 310 kB; drafts with their contents. */
const LISTS = /^\/cgi-bin\/(?:user|draft)\//;
/** Of a token centre it is not even WeChat that answers. */
const LONGEST_TOKEN_ANSWER = 16 * 1024;

function longestAnswer(path: string): number {
  if (path === '/cgi-bin/stable_token') return LONGEST_TOKEN_ANSWER;
  return LISTS.test(path) ? LONGEST_LIST : LONGEST_ANSWER;
}

const JSON_HEADERS = { 'content-type': 'application/json; charset=utf-8' };

/** By code only: an error's message may hold the address, and the address holds the token. */
function silenceAt(error: unknown): Silence {
  if (typeof error === 'string') return { cause: 'not-wanted' };
  if (error instanceof NoAnswerInTime) return { cause: 'timeout', ms: error.withinMs };
  if (error instanceof AnswerTooLarge) return { cause: 'answer-too-large' };
  return { cause: 'connection-failed', error: codeOf(error) };
}

/** Where a name has several addresses, Node reports one error for them all. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  if ('code' in error && typeof error.code === 'string') return error.code;
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  return error.name;
}
