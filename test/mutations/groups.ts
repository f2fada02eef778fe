/** The decision core, file by file, with the tests that must notice a change of it. */
export interface Group {
  readonly mutate: readonly string[];
  readonly tests: readonly string[];
  /** They need a Redis. */
  readonly redis?: true;
}

const CAMPAIGN = 'src/shared/campaign';
const WECHAT = 'src/shared/wechat';
const LANE = 'src/workers/lane';
const of = (names: readonly string[]): string[] => names.map((name) => `${CAMPAIGN}/${name}.ts`);

const pushTest = (name: string): string => `test/shared/wechat/push/${name}.test.ts`;

export const GROUPS: Readonly<Record<string, Group>> = {
  batch: {
    mutate: of(['advance-batch', 'batch', 'repeat-steps']),
    tests: [
      'test/shared/campaign/advance-batch.test.ts',
      'test/shared/campaign/transitions.test.ts',
      'test/shared/campaign/repeat-steps.test.ts',
    ],
  },
  campaign: {
    mutate: of(['campaign', 'progress', 'outcome', 'receipt', 'lane']),
    tests: [
      'test/shared/campaign/campaign.test.ts',
      'test/shared/actions/campaign-decisions.test.ts',
      'test/shared/campaign/progress.test.ts',
      'test/shared/campaign/counts.test.ts',
    ],
  },
  cut: {
    mutate: of(['cut', 'divide']),
    tests: ['test/shared/campaign/cut.test.ts', 'test/shared/campaign/counts.test.ts'],
  },
  plan: {
    mutate: of(['plan', 'quota-window']),
    tests: ['test/shared/campaign/plan.test.ts', 'test/shared/campaign/quota-window.test.ts'],
  },
  answers: {
    mutate: [
      `${WECHAT}/remedies.ts`,
      `${LANE}/read-submission.ts`,
      `${LANE}/may-adopt.ts`,
      `${LANE}/last-look.ts`,
    ],
    tests: [
      'test/shared/wechat/remedies.test.ts',
      'test/workers/lane/read-submission.test.ts',
      'test/workers/lane/may-adopt.test.ts',
      'test/workers/lane/every-errcode.test.ts',
    ],
  },
  'push-text': { mutate: [`${WECHAT}/push/read-message.ts`], tests: [pushTest('read-message')] },
  'push-envelope': {
    mutate: [`${WECHAT}/push/{open-envelope,open-handed-event,check-signature}.ts`],
    tests: [pushTest('open-envelope')],
  },
  'push-cipher': {
    mutate: [`${WECHAT}/push/cipher.ts`],
    tests: [pushTest('{cipher,vectors,open-envelope}')],
  },
  'push-event': { mutate: [`${WECHAT}/push/parse-event.ts`], tests: [pushTest('parse-event')] },
  /** How the decisions are carried out (steer-campaign.ts) is left to test/end-to-end: ten seconds a mutant. */
  steer: {
    mutate: [
      'src/shared/actions/{campaign-decisions,resolve-held,retry-refused,stop-campaign}.ts',
      `${CAMPAIGN}/approval.ts`,
    ],
    tests: [
      'test/shared/actions/{campaign-decisions,resolve-held,retry-refused,stop-campaign}.test.ts',
      'test/shared/campaign/approval.test.ts',
    ],
    redis: true,
  },
};
