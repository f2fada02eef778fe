/** The tables of docs/wechat.md, made from the code that they describe. */
import { type MediaKind, mediaLimit } from '../../src/shared/campaign/media-limits.ts';
import { outcomeTable } from '../../src/shared/campaign/outcome.ts';
import { AUDIT, receiptWords } from '../../src/shared/campaign/receipt-words.ts';
import { ERRCODES } from '../../src/shared/wechat/errcodes.ts';
import { parseStatus } from '../../src/shared/wechat/push/parse-event.ts';
import { type Remedy, remedyFor } from '../../src/shared/wechat/remedies.ts';

type Row = readonly string[];

/** Name in the page's marks → its table. */
export const TABLES: Readonly<Record<string, () => string>> = {
  errcodes: () =>
    table(
      ['errcode', 'meaning', 'at a send', 'at another call'],
      Object.entries(ERRCODES)
        .map(([code, { meaning }]) => ({ code: Number(code), meaning: meaning[0] }))
        .sort((a, b) => a.code - b.code)
        .map(({ code, meaning }) => [String(code), meaning, ...remediesOf(code)]),
    ),
  statuses: () =>
    table(
      ['Status', 'we call it', 'meaning'],
      [
        ...['send success', 'send fail', ...Object.keys(AUDIT).map((number) => `err(${number})`)],
        'err(any other)',
        'anything else',
      ].map((status) => {
        const parsed = parseStatus(status.replace('any other', '1'));
        const meaning = receiptWords({ ...parsed, sent: 1 }, 'en');
        return [`\`${status}\``, parsed.status, meaning.replace(/: 1$/, '; the number is kept')];
      }),
    ),
  outcomes: outcomeTable,
  media: () =>
    table(
      ['as', 'today', '2014'],
      KINDS.map((kind) => [kind, limitOf(kind, 'today'), limitOf(kind, '2014')]),
    ),
};

const KINDS: readonly MediaKind[] = [
  'image',
  'voice',
  'video',
  'thumb',
  'article-picture',
  'permanent-image',
];

function limitOf(kind: MediaKind, era: 'today' | '2014'): string {
  const { formats, maxBytes, maxMs } = mediaLimit(kind, era);
  const size = maxBytes % 1024 === 0 ? bytes(maxBytes) : `under ${bytes(maxBytes + 1)}`;
  const length = maxMs === undefined ? '' : `, ${maxMs / 1_000} s`;
  return `${size}${length}, ${formats.map((format) => format.toUpperCase()).join('/')}`;
}

const bytes = (count: number): string =>
  count % 1_048_576 === 0 ? `${count / 1_048_576} MB` : `${count / 1024} KB`;

function remediesOf(code: number): Row {
  const [send = '', other = ''] = ['message/mass/send', 'media/upload'].map((path) =>
    inWords(remedyFor(path, code)),
  );
  return [send, other === send ? '〃' : other];
}

function inWords(remedy: Remedy): string {
  const scope = { batch: '', api: ' (this call)', account: ' (the account)' }[remedy.scope];
  return `${words(remedy)}${scope}`;
}

function words(remedy: Remedy): string {
  switch (remedy.kind) {
    case 'new-token':
      return 'fresh token, once';
    case 'wait':
      return `again after ${duration(remedy.ms)}`;
    case 'wait-until':
      return remedy.window === 'next-day' ? 'tomorrow' : 'next day or month';
    case 'ask-again':
      return 'outcome open: same key, 65 s later';
    case 'already-done':
      return 'adopt its `msg_id`';
    case 'new-media':
      return 'make the media again';
    case 'wait-approval':
      return `a person at WeChat; again after ${duration(remedy.ms)}`;
    case 'use-drafts':
      return 'articles go by draft';
    case 'refused':
      return 'refused';
    case 'account-down':
      return 'stop until a person acts';
  }
}

const duration = (ms: number): string =>
  ms % 3_600_000 === 0
    ? `${ms / 3_600_000} h`
    : ms % 60_000 === 0
      ? `${ms / 60_000} min`
      : `${ms / 1_000} s`;

const table = (head: Row, rows: readonly Row[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
