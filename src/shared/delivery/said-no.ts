/** What a caller is told of a call that WeChat refused, did not answer, or answered unreadably. */
import { type Refused, refuse } from '../contract/problem.ts';
import type { Language } from '../platform/sentences.ts';
import type { Answer } from '../wechat/client.ts';
import { meaningOf } from '../wechat/errcodes.ts';
import { isUnreadable, silenceOf, silenceWords } from '../wechat/silence.ts';

type No = Exclude<Answer<never>, { kind: 'ok' }>;

export function saidNo(answer: No): Refused {
  if (answer.kind === 'refused') {
    const { errcode, path } = answer;
    return refuse({ code: 'refused-by-wechat', errcode, ...(path && { path }) });
  }
  const code = isUnreadable(answer) ? 'wechat-unreadable' : 'wechat-unreachable';
  return refuse({ code, ...silenceOf(answer) });
}

/** The same as one result of several. */
export function noOutcome(answer: No, language: Language) {
  if (answer.kind === 'refused') {
    const { kind: outcome, errcode, path } = answer;
    return { outcome, errcode, meaning: meaningOf(errcode, path, language) };
  }
  const { kind: outcome, cause } = answer;
  return { outcome, cause, meaning: silenceWords(answer, language) };
}
