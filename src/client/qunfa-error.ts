import type { ProblemAnswer } from '../shared/contract/problem-answer.ts';
import type { Answered } from '../shared/contract/shapes.ts';

/**
 * Why a call failed: problem+json of the API, or the same of the client itself. `status` is 0 where
 * there was no answer; `code` is stable, such as `same-content` or `unreachable`.
 */
export type QunfaFacts = Pick<
  Answered<typeof ProblemAnswer>,
  'status' | 'code' | 'detail' | 'errors' | 'campaignId' | 'campaign' | 'batch'
>;

export class QunfaError extends Error {
  override name = 'QunfaError';
  declare readonly status: QunfaFacts['status'];
  declare readonly code: QunfaFacts['code'];
  declare readonly detail: QunfaFacts['detail'];
  declare readonly errors: NonNullable<QunfaFacts['errors']>;
  declare readonly campaignId?: NonNullable<QunfaFacts['campaignId']>;
  declare readonly campaign?: NonNullable<QunfaFacts['campaign']>;
  declare readonly batch?: NonNullable<QunfaFacts['batch']>;

  constructor(facts: QunfaFacts, options?: ErrorOptions) {
    const { status, code, detail, errors = [], campaignId, campaign, batch } = facts;
    const mistakes = errors.map(({ path, message }) => `  ${path}: ${message}`);
    super([`${code}: ${detail}`, ...mistakes].join('\n'), options);
    Object.assign(
      this,
      { status, code, detail, errors },
      campaignId && { campaignId },
      campaign && { campaign },
      batch && { batch },
    );
  }
}

/** Whether it is a problem of the API (RFC 9457). */
export function isProblem(value: unknown): value is Omit<QunfaFacts, 'status'> {
  const { code, detail } = Object(value) as Record<string, unknown>;
  return typeof code === 'string' && typeof detail === 'string';
}

export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
