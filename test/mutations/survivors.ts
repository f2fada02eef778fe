/** Mutants that no test notices, each with the reason why none needs to. */
interface Survivor {
  readonly file: string;
  /** The line as it is, without its indentation. */
  readonly line: string;
  readonly replacement: string;
}

const ADVANCE = 'src/shared/campaign/advance-batch.ts';

const ADOPT = 'src/workers/lane/may-adopt.ts';
const REMEDIES = 'src/shared/wechat/remedies.ts';

const OUTCOME = 'src/shared/campaign/outcome.ts';
const RECEIPT = 'src/shared/campaign/receipt.ts';
const PLAN = 'src/shared/campaign/plan.ts';

const READ = 'src/shared/wechat/push/read-message.ts';
const RESOLVE = 'src/shared/actions/resolve-held.ts';
const RETRY = 'src/shared/actions/retry-refused.ts';
const STOP = 'src/shared/actions/stop-campaign.ts';

interface Known extends Partial<Omit<Survivor, 'line'>> {
  readonly line?: string | RegExp;
  readonly why: string;
}

const KNOWN: readonly Known[] = [
  { line: /\.describe\(/, replacement: '""', why: 'a text for readers of the OpenAPI document' },
  {
    file: RECEIPT,
    line: /z\.|strictObject|literal\(true\)/,
    why: 'the shape in the OpenAPI document; no receipt is parsed by it',
  },
  {
    file: OUTCOME,
    line: /^'(?:By batches|not: refused)/,
    replacement: '""',
    why: 'a text for readers of the OpenAPI document',
  },
  { file: OUTCOME, line: /cells\[at\] \?\? 'any'/, replacement: '""', why: 'a row has all cells' },
  {
    file: OUTCOME,
    line: "return row?.[4] ?? 'unknown';",
    why: 'every mixture of counts fits a row; the rest is there for the compiler',
  },
  {
    file: PLAN,
    line: /all\[ADD_DRAFT\]\?\.perDay/,
    replacement: 'all[ADD_DRAFT].perDay',
    why: 'every account has that quota; the rest is there for the compiler',
  },
  {
    file: PLAN,
    line: /toEveryone : \{ today: 0, thisMonth: 0 \}/,
    replacement: '{}',
    why: 'what is undefined is no more than 0 either',
  },
  { file: ADVANCE, line: 'default:', why: 'no event reaches it: the compiler sees to that' },
  {
    file: ADVANCE,
    line: "if (batch.state === 'submitting' && batch.unanswered) {",
    replacement: 'true',
    why: 'a pending batch has no `unanswered`; the check is there for the compiler',
  },
  {
    file: ADVANCE,
    line: "if (batch.state !== 'submitting' || !batch.answered) return null;",
    replacement: 'false',
    why: 'only a submitting batch has `answered`; the check is there for the compiler',
  },
  {
    file: ADVANCE,
    line: "return (batch.state === 'submitted' || batch.state === 'settled') && batch.msgId === msgId;",
    replacement: 'true',
    why: 'only these have a `msgId`; the check is there for the compiler',
  },
  {
    file: ADOPT,
    line: 'if (now - me.lastAttemptAt > Math.max(restMs / 2, LEAST_STILL)) return false;',
    why: 'a millisecond more or less is of no matter',
  },
  {
    file: ADOPT,
    line: 'batch.lastAttemptAt > me.lastAttemptAt - sameTime &&',
    why: 'a millisecond more or less is of no matter',
  },
  {
    file: ADOPT,
    line: "batch.state === 'submitting' &&",
    replacement: 'true',
    why: 'only a submitting batch has a `lastAttemptAt`; the check is there for the compiler',
  },
  {
    file: ADOPT,
    line: "if (a.batch.state !== 'submitting' || b.batch.state !== 'submitting') return false;",
    why: 'only a submitting batch has a `firstAttemptAt`; the check is there for the compiler',
  },
  {
    file: ADOPT,
    line: 'return earlier === 0 ? nameOf(a.ref) < nameOf(b.ref) : earlier < 0;',
    why: 'two batches never have one name, and 0 went the other way',
  },
  ...['true', '""'].map((replacement) => ({
    ...{ file: READ, line: "if (text.startsWith('<')) return readXml(text);", replacement },
    why: 'the parser refuses text that is no XML as well',
  })),
  ...['false', '!isMessage(document) && Object.keys(document).length !== 1'].map((replacement) => ({
    ...{ file: READ, line: /^if \(!isMessage\(document\)/, replacement },
    why: 'the parser refuses what is no element, and a second root, as well',
  })),
  {
    file: READ,
    line: /^(?:ignoreAttributes|parseAttributeValue):/,
    why: 'whatever has an attribute is refused before',
  },
  ...[
    String.raw`/<!\[CDATA\[[\s\S]*\]\]>$/`,
    String.raw`/^<!\[CDATA\[[\s\S]*\]\]>/`,
    String.raw`/<\/?[A-Za-z_][\w.-]*\s*\/?>$/`,
    String.raw`/^<\/?[A-Za-z_][\w.-]*\s*\/?>/`,
  ].map((replacement) => ({
    ...{ file: READ, line: /^const (?:CDATA|TAG) =/, replacement },
    why: 'what MARKUP cuts out begins with its only `<` and ends with its `>`',
  })),
  {
    file: 'src/shared/campaign/cut.ts',
    line: /^throw new RangeError/,
    replacement: '``',
    why: 'a text for whoever wrote the caller',
  },
  {
    file: RESOLVE,
    line: '...(note === undefined ? {} : { note }),',
    replacement: 'false',
    why: 'JSON leaves out what is undefined',
  },
  {
    file: RESOLVE,
    line: 'const all = together === undefined ? {} : { together };',
    replacement: 'false',
    why: '`advance` leaves out what is undefined',
  },
  {
    file: RESOLVE,
    line: 'if (!batch || !isUnknown(batch)) return NO_BATCH;',
    why: '`judge` has refused both already; the check is there for the compiler',
  },
  {
    file: RESOLVE,
    line: "if (outcome.kind !== 'declined') return null;",
    replacement: 'false',
    why: 'what was not declined was not refused either',
  },
  {
    file: RETRY,
    line: /^const leftOut =/,
    replacement: '"Stryker was here!"',
    why: 'without a list to leave out it is not looked at',
  },
  {
    file: RETRY,
    line: /campaign\.counts\?\.recipients \?\? 0/,
    replacement: 'campaign.counts.recipients',
    why: 'a refused batch of a list has its recipients in one of the two',
  },
  {
    file: RETRY,
    line: /^return \(all \?\? \[\]\)/,
    replacement: '["Stryker was here"]',
    why: 'an audience of OpenIDs has its list; the rest is there for the compiler',
  },
  {
    file: RETRY,
    line: 'if (of.batch.without === undefined) return undefined;',
    replacement: 'false',
    why: 'it spares the reading of a list of which all are kept',
  },
  {
    file: STOP,
    line: 'await job?.remove({ removeChildren: true }).catch(() => undefined);',
    replacement: '{}',
    why: "it is BullMQ's default",
  },
  {
    file: REMEDIES,
    line: "return /(?:^|\\/)message\\/mass\\/send(?:all)?$/.test(path) ? 'send' : 'other';",
    replacement: '""',
    why: 'what is neither token nor send is compared with nothing',
  },
];

/** What a row leaves out fits every mutant. */
export const isKnown = (survivor: Survivor): boolean =>
  KNOWN.some(
    ({ file = survivor.file, line = survivor.line, replacement = survivor.replacement }) =>
      file === survivor.file &&
      (typeof line === 'string' ? line === survivor.line : line.test(survivor.line)) &&
      replacement === survivor.replacement,
  );
