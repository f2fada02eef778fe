/** Protections that SECURITY.md names, and rules that once could be broken without a test failing. */
export interface Protection {
  readonly what: string;
  readonly file: string;
  /** As it stands there, once. */
  readonly is: string;
  readonly without: string;
  /** The test that is cited for it. */
  readonly test: string;
}

const PUSH = 'src/shared/wechat/push';
const ENVELOPE = 'test/shared/wechat/push/open-envelope.test.ts';

export const PROTECTIONS: readonly Protection[] = [
  {
    what: 'the signature of a push',
    file: `${PUSH}/check-signature.ts`,
    is: 'return timingSafeEqual(Buffer.from(signature), Buffer.from(signatureOf(parts)));',
    without: 'return signature.length === 40;',
    test: ENVELOPE,
  },
  {
    what: 'the AppID at the end of a sealed push',
    file: `${PUSH}/open-envelope.ts`,
    is: 'if (opened?.appId === account.appId)',
    without: 'if (opened)',
    test: ENVELOPE,
  },
  {
    what: 'the addressee of a push',
    file: `${PUSH}/open-envelope.ts`,
    is: 'if (account.originalId && addressee !== account.originalId)',
    without: 'if (account.originalId && !addressee)',
    test: ENVELOPE,
  },
  {
    what: 'the freshness of a push',
    file: `${PUSH}/open-envelope.ts`,
    is: 'const isFresh = Math.abs(now - Number(timestamp) * SECOND) <= FRESH_FOR;',
    without: 'const isFresh = now > 0;',
    test: ENVELOPE,
  },
  {
    what: 'the length of a nonce',
    file: `${PUSH}/open-envelope.ts`,
    is: ' || nonce.length > MAX_NONCE',
    without: '',
    test: ENVELOPE,
  },
  {
    what: 'one body for a signed address',
    file: 'src/callback/remember-pushes.ts',
    is: 'return known.uses < USES && known.body === digestOf(push.body);',
    without: 'return known.uses < USES;',
    test: 'test/callback/replays.test.ts',
  },
  {
    what: 'four requests for a signed address',
    file: 'src/callback/remember-pushes.ts',
    is: 'return known.uses < USES && known.body === digestOf(push.body);',
    without: 'return known.body === digestOf(push.body);',
    test: 'test/callback/replays.test.ts',
  },
  {
    what: 'timestamp and nonce as one pair',
    file: 'src/callback/remember-pushes.ts',
    is: "[query.get('timestamp'), query.get('nonce')].sort()",
    without: "[query.get('timestamp'), query.get('nonce')]",
    test: 'test/callback/replays.test.ts',
  },
  {
    what: 'the time inside a push',
    file: `${PUSH}/open-envelope.ts`,
    is: '* SECOND > PUSHED_WITHIN) {',
    without: '* SECOND > Infinity) {',
    test: 'test/callback/replays.test.ts',
  },
  {
    what: 'plain pushes refused where there is a key',
    file: `${PUSH}/open-envelope.ts`,
    is: "if (account.encodingAesKey) return refuse(401, 'plain-refused');",
    without: '',
    test: 'test/callback/server.test.ts',
  },
  {
    what: 'XML outside of the subset',
    file: `${PUSH}/read-message.ts`,
    is: 'if (!isInSubset(xml)) return null;',
    without: '',
    test: 'test/shared/wechat/push/read-message.test.ts',
  },
  {
    what: 'hops of a forward',
    file: 'src/callback/forward.ts',
    is: "if (push.hops >= MAX_HOPS) return failed('loop');",
    without: '',
    test: 'test/callback/forward.test.ts',
  },
  {
    what: 'the sync of a spooled file',
    file: 'src/callback/spool.ts',
    is: '    await file.sync();\n',
    without: '',
    test: 'test/callback/spool.test.ts',
  },
  {
    what: "the sync of the spool's folder",
    file: 'src/callback/spool.ts',
    is: '    await folder.sync();\n',
    without: '',
    test: 'test/callback/spool.test.ts',
  },
  {
    what: 'a confirmation before a plain event settles',
    file: 'src/shared/record/receipt-store.ts',
    is: 'const arrival = given.trusted ? given :',
    without: 'const arrival = given.msgId ? { ...given, trusted: true } :',
    test: 'test/shared/record/receipt-store.test.ts',
  },
  {
    what: 'the check of an API key',
    file: 'src/producer/http/credentials.ts',
    is: 'if (timingSafeEqual(known, digest)) owner = { name, rights };',
    without: 'if (known.length === digest.length) owner = { name, rights };',
    test: 'test/producer/http/auth.test.ts',
  },
  {
    what: "the check of the board's password",
    file: 'src/producer/http/credentials.ts',
    is: 'return (shown) => timingSafeEqual(known, digestOf(',
    without: 'return (shown) => Boolean(known) || timingSafeEqual(known, digestOf(',
    test: 'test/producer/http/auth.test.ts',
  },
  {
    what: 'Sec-Fetch-Site',
    file: 'src/producer/http/same-place.ts',
    is: "if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;",
    without: '',
    test: 'test/producer/http/auth.test.ts',
  },
  {
    what: 'Origin',
    file: 'src/producer/http/same-place.ts',
    is: 'return !from || !ours.includes(from);',
    without: 'return !from && ours.length === 0;',
    test: 'test/producer/http/auth.test.ts',
  },
  {
    what: 'formulas in results.csv, whatever they begin with',
    file: 'src/producer/http/csv.ts',
    is: '/^[=+\\-@\\t\\r]/',
    without: '/^[=]/',
    test: 'test/producer/api/result-row.test.ts',
  },
  {
    what: 'private addresses of a webhook',
    file: 'src/shared/platform/safe-target.ts',
    is: "if (parsed.range() !== 'unicast') return false;",
    without: '',
    test: 'test/shared/platform/safe-target.test.ts',
  },
  {
    what: 'https alone for a webhook',
    file: 'src/shared/platform/safe-target.ts',
    is: "if (target.protocol !== 'https:') return 'https-only';",
    without: '',
    test: 'test/shared/platform/safe-target.test.ts',
  },
  {
    what: 'every address of a name',
    file: 'src/shared/platform/safe-target.ts',
    is: '!addresses.every(({ address }) => isPublicAddress(address))',
    without: '!addresses.some(({ address }) => isPublicAddress(address))',
    test: 'test/shared/platform/safe-target.test.ts',
  },
  {
    what: 'install scripts switched off',
    file: '.npmrc',
    is: 'ignore-scripts=true',
    without: 'ignore-scripts=false',
    test: 'test/supply-chain.test.ts',
  },
  {
    what: 'secrets in errmsg',
    file: 'src/shared/wechat/errmsg.ts',
    is: "text.replaceAll(OPAQUE, '…')",
    without: 'text',
    test: 'test/shared/wechat/client.test.ts',
  },
  {
    what: 'no start of a paused or cancelled campaign',
    file: 'src/workers/lane/submit-batch.ts',
    is: "if (!isOpen(batch) || (batch.state === 'pending' && !mayStart(control))) return null;",
    without: 'if (!isOpen(batch)) return null;',
    test: 'test/end-to-end/races.test.ts',
  },
  {
    what: 'the longer sleep of a lane',
    file: 'src/workers/lane/lane-reactions.ts',
    is: 'const isLonger = known !== undefined && known.until > until;',
    without: 'const isLonger = known !== undefined && until < 0;',
    test: 'test/workers/lane/lane-reactions.test.ts',
  },
  {
    what: '"deleted" as a confirmation of a refused plain event',
    file: 'src/workers/receipts/await-receipt.ts',
    is: "return status === 'failed' || status === 'deleted' ? receipt : null;",
    without: "return status === 'failed' ? receipt : null;",
    test: 'test/workers/receipts/await-receipt.test.ts',
  },
  {
    what: 'a day of the same content',
    file: 'src/shared/record/accept-campaign.ts',
    is: 'const SAME_CONTENT = DAY;',
    without: 'const SAME_CONTENT = DAY / 2;',
    test: 'test/shared/record/campaign-store.test.ts',
  },
  {
    what: 'the end of the quota ledger',
    file: 'src/shared/record/quota-ledger.ts',
    is: ", ['PEXPIRE', day, KEPT]",
    without: '',
    test: 'test/shared/record/quota-ledger.test.ts',
  },
  {
    what: 'two days for a receipt',
    file: 'src/workers/receipts/await-receipt.ts',
    is: 'const GIVE_UP = 2 * DAY;',
    without: 'const GIVE_UP = 20 * DAY;',
    test: 'test/workers/receipts/await-receipt.test.ts',
  },
  {
    what: 'ten minutes for two hosts to agree',
    file: 'src/workers/lane/lane-reactions.ts',
    is: 'const AGREEMENT = 10 * MINUTE;',
    without: 'const AGREEMENT = 1_000 * MINUTE;',
    test: 'test/workers/lane/lane-reactions.test.ts',
  },
  {
    what: 'a year for sendAt',
    file: 'src/shared/actions/prepare-campaign.ts',
    is: 'const YEAR = 366 * DAY;',
    without: 'const YEAR = 3_660 * DAY;',
    test: 'test/producer/wrong-requests.test.ts',
  },
  {
    what: 'notAfter at a retry',
    file: 'src/shared/actions/retry-refused.ts',
    is: '      if (now() >= campaign.notAfter) return NOT_AFTER_PASSED;\n',
    without: '',
    test: 'test/end-to-end/retry-refused.test.ts',
  },
];
