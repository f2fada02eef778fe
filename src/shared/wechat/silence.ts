/** Why a call has no answer that can be read: a code and its facts, never an error's own text. */
import { type Language, type Sentences, sentences } from '../platform/sentences.ts';

export const CAUSES = [
  'answer-incomplete',
  'answer-too-large',
  'answer-unreadable',
  'connection-failed',
  'http-status',
  'not-wanted',
  'timeout',
  'token-busy',
  'token-refused',
] as const;
type Cause = (typeof CAUSES)[number];

export interface Silence {
  /** `not-wanted`: too late, or too long after its intent. `token-busy`: another process fetched one. */
  readonly cause: Cause;
  /** Of the token that the call needs, so nothing was sent. */
  readonly ofToken?: true;
  /** `connection-failed`: the code of Node's or undici's error. */
  readonly error?: string;
  /** `http-status` */
  readonly status?: number;
  /** `timeout`: how long it was waited for. */
  readonly ms?: number;
  /** `token-refused` */
  readonly errcode?: number;
}

/** There was an answer, and it says neither yes nor no. */
export const isUnreadable = ({ cause }: Silence): boolean =>
  cause === 'answer-unreadable' || cause === 'answer-incomplete';

const FAILURES: Readonly<Record<string, readonly [en: string, zh: string]>> = {
  ECONNREFUSED: ['connection refused', '连接被拒绝'],
  ECONNRESET: ['connection reset', '连接被重置'],
  EAI_AGAIN: ['name could not be resolved', '域名暂时无法解析'],
  ENOTFOUND: ['name not found', '域名不存在'],
  EHOSTUNREACH: ['host unreachable', '主机不可达'],
  ENETUNREACH: ['network unreachable', '网络不可达'],
  UND_ERR_ABORTED: ['proxy refused the tunnel', '代理拒绝建立隧道'],
  UND_ERR_CONNECT_TIMEOUT: ['no connection in time', '连接超时'],
  UND_ERR_SOCKET: ['connection closed', '连接被关闭'],
};

interface Coded extends Silence {
  readonly code: Cause;
}

const EN: Sentences<Coded> = {
  'answer-incomplete': 'the answer lacks what was asked for',
  'answer-too-large': 'answer too large',
  'answer-unreadable': 'the answer is not readable',
  'connection-failed': ({ error = '' }) =>
    `${FAILURES[error]?.[0] ?? 'connection failed'} (${error})`,
  'http-status': ({ status }) => `HTTP ${status}`,
  'not-wanted': 'the time for this call has passed',
  timeout: ({ ms = 0 }) => `no answer within ${ms / 1_000} s`,
  'token-busy': 'no process could fetch one in time',
  'token-refused': ({ errcode }) => `errcode ${errcode}`,
};

const ZH: Sentences<Coded> = {
  'answer-incomplete': '应答中缺少所需的内容',
  'answer-too-large': '应答过大',
  'answer-unreadable': '应答无法解析',
  'connection-failed': ({ error = '' }) => `${FAILURES[error]?.[1] ?? '连接失败'}（${error}）`,
  'http-status': ({ status }) => `HTTP ${status}`,
  'not-wanted': '已过可以调用的时间',
  timeout: ({ ms = 0 }) => `${ms / 1_000} 秒内没有应答`,
  'token-busy': '各进程都未能及时获取',
  'token-refused': ({ errcode }) => `错误码 ${errcode}`,
};

const say = sentences<Coded>({ en: EN, zh: ZH });

export function silenceWords(silence: Silence, language: Language): string {
  const why = say({ ...silence, code: silence.cause }, language);
  if (!silence.ofToken) return why;
  return language === 'zh' ? `没有可用的 access_token：${why}` : `no access token: ${why}`;
}

/** Only what says why, of an answer or a refusal that has it. */
export const silenceOf = ({ cause, ofToken, error, status, ms, errcode }: Silence): Silence =>
  JSON.parse(JSON.stringify({ cause, ofToken, error, status, ms, errcode }));
