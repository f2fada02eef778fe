import { expect, it } from 'vitest';
import { type Act, AUDIT_ACTIONS, auditWords } from '../../../src/shared/campaign/audit.ts';

/** What any of the actions may have beside it. */
const FACTS = {
  ...{ msgId: '34182', clientMsgId: 'c-1', code: 'media-missing', reason: 'message-id-taken' },
  ...{ outcome: 'unknown', article: 2, why: 'HTTP 410' },
  ...{ sendAt: '2026-12-01T01:00:00.000Z', notAfter: '2026-12-02T01:00:00.000Z' },
};

it.each(AUDIT_ACTIONS)('the audit says %s in both languages', (action) => {
  const as = action === 'retry' ? 'halves' : 'given-up';
  const why = action === 'approval-void' ? 'draft-changed' : FACTS.why;
  const act = { action, as, ...FACTS, why } as unknown as Act;
  const [en, zh] = [auditWords(act, 'en'), auditWords(act, 'zh')];

  expect(en).not.toMatch(/undefined|object Object|[一-鿿]/);
  expect(zh).not.toMatch(/undefined|object Object/);
  expect(en.length).toBeGreaterThan(0);
  expect(zh).toMatch(/[一-鿿]/);
});
