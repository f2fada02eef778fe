/** Why what was sent cannot be read as a list of OpenIDs: a code and its facts, without any OpenID. */
import {
  type Bilingual,
  type Coded,
  type None,
  type Sentences,
  sentences,
} from '../platform/sentences.ts';

/** What a file seems to be instead, and how it would be taken. */
export type Looks = 'csv' | 'ndjson' | 'text' | 'other-column' | 'no-list';

/** What was sent by mistake, told by its first bytes. */
export type OtherFile = keyof typeof OTHER_FILES;

export type ListFlaw = Coded<{
  /** `error`: the parser's code. */
  readonly 'csv-broken': { readonly line: number; readonly error: string };
  readonly 'csv-empty': None;
  readonly 'csv-quote-open': { readonly line: number };
  readonly 'column-unknown': {
    readonly column: string;
    readonly header: readonly string[];
    readonly more: number;
  };
  readonly empty: None;
  readonly 'exclude-not-ready': { readonly audience: string };
  readonly 'gzip-broken': None;
  readonly 'json-cut-short': { readonly line: number };
  readonly 'json-malformed': { readonly line: number };
  readonly 'json-too-deep': None;
  readonly 'mostly-invalid': {
    readonly invalid: number;
    readonly received: number;
    readonly lines: readonly number[];
    readonly looks: Looks;
  };
  readonly 'no-openid': { readonly looks: Looks };
  readonly 'not-json': { readonly looks: Looks };
  readonly 'other-file': { readonly file: OtherFile };
  /** A stray quote would take the OpenIDs of the lines between. */
  readonly 'quote-swallows': { readonly line: number; readonly until: number };
  readonly 'too-many': { readonly limit: number };
}>;

export class Refusal extends Error {
  override name = 'Refusal';
  readonly flaw: ListFlaw;

  constructor(flaw: ListFlaw) {
    super(listFlawWords(flaw, 'en'));
    this.flaw = flaw;
  }
}

const OTHER_FILES = {
  binary: ['a binary file', '二进制文件'],
  excel: [
    'an Excel workbook or a ZIP file (save it as CSV)',
    'Excel 工作簿或 ZIP 文件（请另存为 CSV）',
  ],
  'excel-97': ['an old Excel workbook (save it as CSV)', '旧版 Excel 工作簿（请另存为 CSV）'],
  gif: ['a GIF picture', 'GIF 图片'],
  jpeg: ['a JPEG picture', 'JPEG 图片'],
  media: ['a picture, sound or film', '图片、音频或视频'],
  pdf: ['a PDF', 'PDF 文件'],
  png: ['a PNG picture', 'PNG 图片'],
  web: ['a web page or XML', '网页或 XML'],
} as const satisfies Readonly<Record<string, Bilingual>>;

const LOOKS: Readonly<Record<Looks, Bilingual>> = {
  csv: [
    'it looks like CSV: send it as text/csv, with a header line',
    '看起来是 CSV：请以 text/csv 发送，并带表头',
  ],
  ndjson: [
    'it looks like NDJSON: send it as application/x-ndjson',
    '看起来是 NDJSON：请以 application/x-ndjson 发送',
  ],
  text: ['it looks like text: send it as text/plain', '看起来是纯文本：请以 text/plain 发送'],
  'other-column': [
    'another column may have the OpenIDs: name it by ?column=',
    'OpenID 可能在别的列中：请用 ?column= 指定',
  ],
  'no-list': ['it does not look like a list of OpenIDs', '看起来不是 OpenID 名单'],
};

const EN: Sentences<ListFlaw> = {
  'csv-broken': (it) => `the CSV cannot be read at line ${it.line} (${it.error})`,
  'csv-empty': 'the CSV is empty: it needs a header line',
  'csv-quote-open': (it) => `the CSV has a quote that never closes, before line ${it.line}`,
  'column-unknown': (it) =>
    `no column is named ${it.column}; the header has: ${it.header.join(', ')}${it.more > 0 ? `, and ${it.more} more` : ''}`,
  empty: 'it is empty',
  'exclude-not-ready': (it) => `the list to leave out, ${it.audience}, is not ready`,
  'gzip-broken': 'the gzip data is broken or cut short',
  'json-cut-short': (it) => `the JSON is cut short in line ${it.line}`,
  'json-malformed': (it) => `it is not JSON in line ${it.line}`,
  'json-too-deep': 'the JSON is too deep for a list',
  'mostly-invalid': (it) =>
    `${it.invalid} of ${it.received} are no OpenIDs (the first in lines ${it.lines.join(', ')}); ${LOOKS[it.looks][0]}`,
  'no-openid': (it) => `there is no OpenID in it; ${LOOKS[it.looks][0]}`,
  'not-json': (it) => `it is not JSON; ${LOOKS[it.looks][0]}`,
  'other-file': (it) => `it is ${OTHER_FILES[it.file][0]}, not a list of OpenIDs`,
  'quote-swallows': (it) =>
    `a quote in line ${it.line} is not closed before line ${it.until}, and the OpenIDs between them would be lost: correct line ${it.line}`,
  'too-many': (it) => `more than ${it.limit} OpenIDs are not one list`,
};

const ZH: Sentences<ListFlaw> = {
  'csv-broken': (it) => `CSV 第 ${it.line} 行无法读取（${it.error}）`,
  'csv-empty': 'CSV 为空，至少需要表头',
  'csv-quote-open': (it) => `CSV 第 ${it.line} 行之前有未闭合的引号`,
  'column-unknown': (it) =>
    `没有名为 ${it.column} 的列；表头有：${it.header.join('、')}${it.more > 0 ? `，以及另外 ${it.more} 列` : ''}`,
  empty: '内容为空',
  'exclude-not-ready': (it) => `要排除的名单 ${it.audience} 尚未就绪`,
  'gzip-broken': 'gzip 数据已损坏或不完整',
  'json-cut-short': (it) => `JSON 不完整，在第 ${it.line} 行中断`,
  'json-malformed': (it) => `第 ${it.line} 行不是合法的 JSON`,
  'json-too-deep': 'JSON 嵌套过深，不是名单',
  'mostly-invalid': (it) =>
    `${it.received} 项中有 ${it.invalid} 项不是 OpenID（最先出现在第 ${it.lines.join('、')} 行）；${LOOKS[it.looks][1]}`,
  'no-openid': (it) => `其中没有 OpenID；${LOOKS[it.looks][1]}`,
  'not-json': (it) => `不是 JSON；${LOOKS[it.looks][1]}`,
  'other-file': (it) => `这是${OTHER_FILES[it.file][1]}，不是 OpenID 名单`,
  'quote-swallows': (it) =>
    `第 ${it.line} 行的引号到第 ${it.until} 行仍未闭合，其间的 OpenID 会丢失：请改正第 ${it.line} 行`,
  'too-many': (it) => `一份名单最多 ${it.limit} 个 OpenID`,
};

export const listFlawWords = sentences<ListFlaw>({ en: EN, zh: ZH });
