import { type Refused, refuse } from '../contract/problem.ts';
import type { Answer } from '../wechat/client.ts';

/** What a caller is told of a call that WeChat refused, did not answer, or answered unreadably. */
export function saidNo(answer: Exclude<Answer<never>, { kind: 'ok' }>): Refused {
  if (answer.kind === 'refused') {
    const { errcode, path } = answer;
    return refuse({ code: 'refused-by-wechat', errcode, ...(path && { path }) });
  }
  const { cause, unreadable } = answer;
  return refuse({ code: unreadable ? 'wechat-unreadable' : 'wechat-unreachable', cause });
}
