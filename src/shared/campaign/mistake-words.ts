/** Mistakes as sentences, in the language of whoever reads them. */

import {
  type Bilingual,
  type Coded,
  type Language,
  type Sentences,
  sentences,
} from '../platform/sentences.ts';
import type { BrokenFile, Lookalike, MediaFormat } from './media-facts.ts';
import type { MediaKind } from './media-limits.ts';
import type { FactsOf, Flaw, FlawCode, Kind, Mistake } from './mistake.ts';

const KB = 1024;
const MB = 1024 * KB;

const figures = (count: number): string => count.toLocaleString('en-US');
const nameOf = (format: MediaFormat): string => (format === 'webp' ? 'WebP' : format.toUpperCase());
/** Rounded up to a tenth, so that 60.04 s never reads "60 s, at most 60 s". */
const seconds = (ms: number): number => Math.ceil(ms / 100) / 10;
const quoted = (fields: readonly string[]): string =>
  fields.map((field) => JSON.stringify(field)).join(', ');

const UNITS = {
  characters: ' characters',
  entries: ' entries',
  bytes: ' bytes',
  parts: ' tags and attributes',
  pictures: ' pictures to be fetched',
} as const;
const KINDS: Readonly<Record<Kind, string>> = {
  text: 'text in quotes',
  number: 'a number, without quotes',
  'whole-number': 'a whole number',
  flag: 'true or false, without quotes',
  list: 'a list',
  object: 'an object',
};
const NOUNS: Readonly<Record<MediaKind, string>> = {
  image: 'an image',
  voice: 'a voice',
  video: 'a video',
  thumb: 'a cover',
  'article-picture': 'a picture inside an article',
  'permanent-image': 'a permanent picture',
};
const BROKEN: Readonly<Record<BrokenFile['code'], string>> = {
  'cut-off': 'the file is cut off: it ends before its content does',
  damaged: 'the file is damaged',
  'no-content': 'the content (mdat) is missing',
  'no-index': 'the file is unfinished: its index (moov) is missing',
  'no-picture': 'there is no picture in it',
  'no-sound': 'there is no sound in it',
  'no-video': 'there is no video in it',
  'little-sound': 'less than half of the file is sound',
};
/** Of those that are no names of formats alike in every language. */
const LOOKS: Readonly<Partial<Record<Lookalike, Bilingual>>> = {
  AAC: ['AAC sound (M4A)', 'AAC 音频（M4A）'],
  'AMR of several channels': ['AMR of several channels', '多声道 AMR'],
  Flash: ['Flash video', 'Flash 视频'],
  'ID3 without MP3': ['an ID3 tag without MP3 sound', '没有 MP3 声音的 ID3 标签'],
  QuickTime: ['QuickTime (MOV)', 'QuickTime（MOV）'],
  'WMA or WMV': ['WMA or WMV', 'WMA 或 WMV'],
  'WebM or Matroska': ['WebM or Matroska', 'WebM 或 Matroska'],
  text: ['text', '纯文本'],
};
const ofFile = (as: MediaKind | undefined): string => (as === undefined ? '' : `${as}: `);

function size(bytes: number): string {
  if (bytes === MB - 1) return 'under 1 MB';
  return bytes >= MB ? `${bytes / MB} MB` : `${bytes / KB} KB`;
}

function dropped({
  received,
  invalid,
  duplicates,
  suppressed,
}: FactsOf['too-few-openids']): string {
  return received === undefined
    ? ''
    : ` of ${received} (${invalid} malformed, ${duplicates} twice, ${suppressed} excluded)`;
}

const fitAsked = (as: MediaKind | undefined): string =>
  `ask for it to be fitted (${fitField(as)}: true)`;
const fitAskedZh = (as: MediaKind | undefined): string => `加上 "${fitField(as)}": true 自动调整`;
/** Pictures inside articles have no place of their own to say it. */
const fitField = (as: MediaKind | undefined): string =>
  as === 'article-picture' ? 'fitImages' : 'fit';

/** Why a picture could not be fetched, in both languages. */
export const NOT_FETCHED = {
  'credentials-in-address': ['its address has credentials in it', '网址中包含用户名或密码'],
  'https-only': ['https only', '只能使用 https'],
  'local-address': ['a private or local address', '内网或本机地址'],
  'no-answer': ['no answer', '没有应答'],
  'not-http': ['not an http address', '不是 http 网址'],
  redirects: ['too many redirects', '重定向次数过多'],
  status: ['HTTP', 'HTTP 状态码'],
  timeout: ['not within the time for it', '超时'],
  'too-large': ['over 10 MB', '超过 10 MB'],
  busy: [
    'those of other requests of the account come first: repeat the request',
    '该公众号其他请求的图片正在获取：请稍后重试',
  ],
  'too-much': [
    'the pictures of one message have 32 MB at most',
    '一条消息的图片合计不得超过 32 MB',
  ],
  unfit: [
    'it is none that can be made to fit (JPG, PNG, BMP or WebP)',
    '不是可以自动调整的图片（JPG、PNG、BMP 或 WebP）',
  ],
} as const;

export const EN = {
  'account-unknown': (it) => `no such account; there is ${it.names.join(', ') || 'none'}`,
  'account-unnamed': (it) => `say which account: ${it.names.join(', ') || 'none is configured'}`,
  'address-malformed': 'must be a whole address, such as https://example.com/hooks/qunfa',
  'article-unknown': (it) => `this message has ${it.articles}, counted from 1`,
  'audience-empty': 'an empty list sends to nobody; for everyone say {"type":"everyone"}',
  'audience-id-malformed': 'not the id of an audience (a_…)',
  'audience-of-another': (it) => `audience ${it.audience} belongs to account ${it.account}`,
  'audience-unknown': (it) => `no audience ${it.audience}: make it by POST /v1/audiences`,
  'base64-malformed': 'is not base64',
  'before-send-at': 'is before sendAt',
  'character-refused': 'has a control character or half an emoji in it, which WeChat refuses',
  'control-character': 'has a line break or another control character',
  'credentials-in-address': 'an address must not contain credentials',
  'cursor-unknown': 'is no cursor of this list',
  empty: 'must not be empty',
  'exclude-needs-openids':
    'only WeChat knows who is in a group, a tag or everyone, so nobody can be left out; send to OpenIDs, a list or followers instead',
  'foreign-picture': (it) =>
    `WeChat would strip ${it.url} from everyone's copy; upload it and write <img src="upload:m_…">, or say "fetchImages": true`,
  'given-twice': 'must be given only once',
  'not-confirmed': (it) => `type "${it.type}" to confirm`,
  'group-id-malformed': 'a group id is digits, such as "2"',
  'https-only': 'https only (ALLOW_PRIVATE_TARGETS permits http)',
  invalid: 'is not valid',
  'local-address': 'a private or local address (ALLOW_PRIVATE_TARGETS permits it)',
  'media-broken': (it) =>
    `${it.as ?? nameOf(it.format)}: ${BROKEN[it.broken.code]}${it.broken.at === undefined ? '' : ` at byte ${it.broken.at}`}`,
  'media-cmyk': (it) =>
    `${it.as}: a JPG in CMYK, the colours of print, which WeChat is not known to take: convert it to RGB, or ${fitAsked(it.as)}`,
  'media-empty': (it) => `${ofFile(it.as)}the file is empty`,
  'media-format': (it) =>
    `${nameOf(it.format)}, but ${NOUNS[it.as]} must be ${it.formats.map(nameOf).join(' or ')}${it.era2014 ? ' (protocol 2014)' : ''}: convert it${it.fittable ? `, or ${fitAsked(it.as)}` : ''}`,
  'media-ref-malformed': 'must be {"upload": "m_…"}, {"base64": "…"} or {"mediaId": "…"}',
  'media-too-large': (it) =>
    `${ofFile(it.as)}${figures(it.bytes)} bytes, at most ${figures(it.limit)} (${size(it.limit)})${it.fittable ? `: ${fitAsked(it.as)}` : ''}`,
  'media-too-long': (it) => `${it.as} lasts ${seconds(it.ms)} s, at most ${it.limit / 1_000} s`,
  'media-unknown': (it) =>
    `${ofFile(it.as)}the content is ${it.looksLike ? (LOOKS[it.looksLike]?.[0] ?? it.looksLike) : 'of no known format'}, but ${it.as ? NOUNS[it.as] : 'a file'} must be ${it.formats.map(nameOf).join(' or ')}`,
  'message-id-malformed': 'at most 20 digits',
  'message-id-not-text': 'a string of digits: as a JSON number it may have been rounded',
  'message-type-unknown':
    'music is named in WeChat’s tables and has never had a shape for mass sends; WeChat answers 40008',
  missing: 'is missing',
  'more-foreign-pictures': (it) => `and ${it.count} more foreign pictures`,
  'more-mistakes': (it) => `and ${it.count} more mistakes`,
  'image-ambiguous': 'image needs either media or images; title and comments belong to images',
  'images-not-in-2014': 'several images go out in today’s protocol only',
  'news-ambiguous': 'news needs either articles or mediaId',
  'newspic-not-allowed':
    'picture posts are switched off for this account (picturePosts, WECHAT_PICTURE_POSTS): WeChat does not document that one can be mass-sent; send image with images instead, or try it with a small tag and switch it on',
  'newspic-not-in-2014': 'picture posts go out in today’s protocol only',
  'not-comma-separated': 'separate them by commas',
  'not-http': 'not an http address',
  'not-one-of': (it) =>
    `must be ${it.allowed.length === 1 ? '' : 'one of '}${it.allowed.join(', ')}`,
  'nothing-visible': 'needs something that can be seen',
  'openid-malformed': 'not an OpenID',
  'over-a-year-away': 'is over a year away',
  passed: 'has passed already',
  'picture-not-decoded': (it) => `${it.as}: the picture cannot be decoded`,
  'picture-not-fetched': (it) =>
    `the picture ${it.url} cannot be fetched: ${NOT_FETCHED[it.why][0]}${it.status === undefined ? '' : ` ${it.status}`}`,
  'picture-not-fittable': (it) =>
    `${it.as}: only a JPG, PNG, BMP or WebP can be fitted: convert it`,
  'picture-stays-large': (it) => `${it.as}: the picture stays too large however small it is made`,
  'picture-too-many-pixels': (it) =>
    `${it.as}: ${it.width} × ${it.height} pixels are too many to be fitted: make it smaller`,
  'recipient-malformed': 'must be {"openid": "…"} or {"wechatId": "…"}',
  'split-or-without': 'either split or without',
  'subscription-account': (it) =>
    `${it.account} is a subscription account: WeChat lets only service accounts send to OpenIDs (48001); use a tag, a group or everyone`,
  'tags-not-in-2014': 'the protocol of 2014 has groups, not tags',
  'time-impossible': 'is no such time',
  'time-malformed': 'needs a date, a time and an offset, such as 2026-12-01T09:00:00+08:00',
  'too-few-openids': (it) =>
    it.recipients === 1
      ? `one OpenID is left${dropped(it)}, and WeChat takes two at least (40130); send it by POST /v1/previews`
      : `no OpenID is left${dropped(it)}: nothing would be sent`,
  'too-large': (it) => `at most ${figures(it.limit)}${it.unit ? UNITS[it.unit] : ''}`,
  'too-many-openids': (it) =>
    `at most ${figures(it.limit)} inline: stream them to POST /v1/audiences`,
  'too-small': (it) => `at least ${figures(it.limit)}${it.unit ? UNITS[it.unit] : ''}`,
  'unknown-fields': (it) => {
    const some = it.count === 1 ? 'no such field' : 'no such fields';
    const more = it.fields.length < it.count ? ' …' : '';
    return it.fields.length === 0 ? some : `${some}: ${quoted(it.fields)}${more}`;
  },
  'upload-gone': (it) =>
    `no upload ${it.upload}: it was never made, or its retention period has passed`,
  'upload-id-malformed': 'not the id of an uploaded file (m_…)',
  'upload-misplaced':
    'says upload: where no picture can be put, and followers would get it so: it belongs into src, data-src, srcset, poster, background, url(…) of a style, or href of an svg image',
  'upload-unknown':
    'a picture says upload: and no id of an upload behind it: upload the file (POST /v1/media) and write <img src="upload:m_…">',
  'wechat-id-malformed': 'not a WeChat ID (微信号)',
  'wrong-kind': (it) => {
    const got = { null: ', not null; what is optional may be left out', list: ', not a list' };
    return `must be ${KINDS[it.expected]}${it.got ? got[it.got] : ''}`;
  },
} satisfies Sentences<Coded<FactsOf>> & Readonly<Record<string, unknown>>;

const UNITS_ZH = {
  characters: ' 个字符',
  entries: ' 项',
  bytes: ' 字节',
  parts: ' 个标签和属性',
  pictures: ' 张需获取的图片',
} as const;
const KINDS_ZH: Readonly<Record<Kind, string>> = {
  text: '带引号的文本',
  number: '不带引号的数字',
  'whole-number': '整数',
  flag: '不带引号的 true 或 false',
  list: '数组',
  object: '对象',
};
const NOUNS_ZH: Readonly<Record<MediaKind, string>> = {
  image: '图片',
  voice: '语音',
  video: '视频',
  thumb: '封面',
  'article-picture': '正文图片',
  'permanent-image': '永久图片素材',
};
const BROKEN_ZH: Readonly<Record<BrokenFile['code'], string>> = {
  'cut-off': '文件不完整，后半部分缺失',
  damaged: '文件已损坏',
  'no-content': '文件没有内容（缺少 mdat）',
  'no-index': '文件未写完（缺少索引 moov）',
  'no-picture': '文件中没有图像',
  'no-sound': '文件中没有声音',
  'no-video': '文件中没有视频画面',
  'little-sound': '文件中声音数据不到一半',
};
const ofFileZh = (as: MediaKind | undefined): string => (as === undefined ? '文件' : NOUNS_ZH[as]);
const formatsZh = (formats: readonly MediaFormat[]): string => formats.map(nameOf).join('、');

function droppedZh({ received, invalid, duplicates, suppressed }: FactsOf['too-few-openids']) {
  return received === undefined
    ? ''
    : `（收到 ${received} 个，其中格式错误 ${invalid} 个、重复 ${duplicates} 个、被排除 ${suppressed} 个）`;
}

const ZH: Sentences<Flaw> = {
  'account-unknown': (it) => `没有这个公众号；现有：${it.names.join('、') || '无'}`,
  'account-unnamed': (it) => `请指明公众号：${it.names.join('、') || '尚未配置任何公众号'}`,
  'address-malformed': '须为完整的网址，例如 https://example.com/hooks/qunfa',
  'article-unknown': (it) => `该消息共有 ${it.articles} 篇文章，从 1 起计`,
  'audience-empty': '名单为空，不会发给任何人；要发给全部用户，请写 {"type":"everyone"}',
  'audience-id-malformed': '不是名单的编号（a_…）',
  'audience-of-another': (it) => `名单 ${it.audience} 属于公众号 ${it.account}`,
  'audience-unknown': (it) => `没有名单 ${it.audience}，请用 POST /v1/audiences 上传`,
  'base64-malformed': '不是合法的 base64',
  'before-send-at': '早于 sendAt',
  'character-refused': '含有控制字符或不完整的表情符号，微信会拒绝',
  'control-character': '含有换行或其他控制字符',
  'credentials-in-address': '网址中不能包含用户名或密码',
  'cursor-unknown': '不是该列表给出的翻页标记（cursor）',
  empty: '不能为空',
  'exclude-needs-openids':
    '分组、标签、全部用户中有哪些人只有微信知道，无法排除其中一部分；请改发给 OpenID、名单或全部关注者（followers）',
  'foreign-picture': (it) =>
    `微信会从所有人收到的文章中删去外部图片 ${it.url}；请先上传，再写成 <img src="upload:m_…">，或加上 "fetchImages": true`,
  'given-twice': '只能出现一次',
  'not-confirmed': (it) => `请输入「${it.type}」以确认`,
  'group-id-malformed': '分组编号应为数字，例如 "2"',
  'https-only': '只能使用 https（设置 ALLOW_PRIVATE_TARGETS 后可用 http）',
  invalid: '不符合要求',
  'local-address': '内网或本机地址（设置 ALLOW_PRIVATE_TARGETS 后可用）',
  'media-broken': (it) =>
    `${it.as ? NOUNS_ZH[it.as] : nameOf(it.format)}：${BROKEN_ZH[it.broken.code]}${it.broken.at === undefined ? '' : `（第 ${it.broken.at} 字节处）`}`,
  'media-cmyk': (it) =>
    `${NOUNS_ZH[it.as]}：JPG 使用印刷色彩（CMYK），不能确定微信是否支持：请转换为 RGB，或${fitAskedZh(it.as)}`,
  'media-empty': (it) => `${ofFileZh(it.as)}：文件为空`,
  'media-format': (it) =>
    `${NOUNS_ZH[it.as]}须为 ${formatsZh(it.formats)} 格式${it.era2014 ? '（2014 版协议）' : ''}，现为 ${nameOf(it.format)}：请转换格式${it.fittable ? `，或${fitAskedZh(it.as)}` : ''}`,
  'media-ref-malformed': '须为 {"upload": "m_…"}、{"base64": "…"} 或 {"mediaId": "…"}',
  'media-too-large': (it) =>
    `${ofFileZh(it.as)}大小为 ${figures(it.bytes)} 字节，最多 ${figures(it.limit)} 字节${it.fittable ? `：可${fitAskedZh(it.as)}` : ''}`,
  'media-too-long': (it) =>
    `${NOUNS_ZH[it.as]}时长 ${seconds(it.ms)} 秒，最多 ${it.limit / 1_000} 秒`,
  'media-unknown': (it) =>
    `${ofFileZh(it.as)}须为 ${formatsZh(it.formats)} 格式，${it.looksLike === undefined ? '现有内容无法识别' : `现有内容为 ${LOOKS[it.looksLike]?.[1] ?? it.looksLike}`}`,
  'message-id-malformed': '最多 20 位数字',
  'message-id-not-text': '须为带引号的数字串：写成 JSON 数字可能已被舍入',
  'message-type-unknown': '微信文档中列有 music，但从未支持群发；微信会返回 40008',
  missing: '缺少此项',
  'more-foreign-pictures': (it) => `还有 ${it.count} 张外部图片`,
  'more-mistakes': (it) => `还有 ${it.count} 处错误`,
  'image-ambiguous': '图片消息须且只能有 media 或 images 之一；标题和留言设置只用于 images',
  'images-not-in-2014': '2014 年的协议不支持一次发送多张图片',
  'news-ambiguous': '图文消息须且只能有 articles 或 mediaId 之一',
  'newspic-not-allowed':
    '该公众号未开启贴图群发（picturePosts、WECHAT_PICTURE_POSTS）：微信文档没有说明贴图可以群发；请改用 image 类型的 images，或先用小标签试发，成功后再开启',
  'newspic-not-in-2014': '2014 年的协议没有贴图',
  'not-comma-separated': '请用逗号分隔',
  'not-http': '不是 http 网址',
  'not-one-of': (it) =>
    `须为${it.allowed.length === 1 ? '' : '以下之一：'}${it.allowed.join('、')}`,
  'nothing-visible': '没有任何可见内容',
  'openid-malformed': '不是 OpenID',
  'over-a-year-away': '距今超过一年',
  passed: '时间已过',
  'picture-not-decoded': (it) => `${NOUNS_ZH[it.as]}：图片无法解码`,
  'picture-not-fetched': (it) =>
    `无法获取图片 ${it.url}：${NOT_FETCHED[it.why][1]}${it.status === undefined ? '' : ` ${it.status}`}`,
  'picture-not-fittable': (it) =>
    `${NOUNS_ZH[it.as]}：只能自动调整 JPG、PNG、BMP 或 WebP，请先转换格式`,
  'picture-stays-large': (it) => `${NOUNS_ZH[it.as]}：图片无论怎样缩小都超过大小限制`,
  'picture-too-many-pixels': (it) =>
    `${NOUNS_ZH[it.as]}：${it.width} × ${it.height} 像素过大，无法自动调整，请先缩小`,
  'recipient-malformed': '须为 {"openid": "…"} 或 {"wechatId": "…"}',
  'split-or-without': 'split 和 without 只能选一个',
  'subscription-account': (it) =>
    `${it.account} 是订阅号：只有服务号可以按 OpenID 群发（48001）；请改用标签、分组或全部用户`,
  'tags-not-in-2014': '2014 版协议只有分组，没有标签',
  'time-impossible': '没有这个时间',
  'time-malformed': '须包含日期、时间和时区，例如 2026-12-01T09:00:00+08:00',
  'too-few-openids': (it) =>
    it.recipients === 1
      ? `只剩 1 个 OpenID${droppedZh(it)}，微信要求至少两个（40130）；请改用 POST /v1/previews`
      : `没有剩下任何 OpenID${droppedZh(it)}，不会发给任何人`,
  'too-large': (it) => `最多 ${figures(it.limit)}${it.unit ? UNITS_ZH[it.unit] : ''}`,
  'too-many-openids': (it) =>
    `直接列出的最多 ${figures(it.limit)} 个，更多请用 POST /v1/audiences 上传`,
  'too-small': (it) => `至少 ${figures(it.limit)}${it.unit ? UNITS_ZH[it.unit] : ''}`,
  'unknown-fields': (it) =>
    it.fields.length === 0
      ? '没有这样的字段'
      : `没有这样的字段：${quoted(it.fields)}${it.fields.length < it.count ? ' ……' : ''}`,
  'upload-gone': (it) => `没有上传文件 ${it.upload}：从未上传，或已超过保存期限`,
  'upload-id-malformed': '不是上传文件的编号（m_…）',
  'upload-misplaced':
    'upload: 写在了不能放图片的位置，用户会原样看到；只能用在 src、data-src、srcset、poster、background、样式的 url(…) 或 svg 图片的 href 中',
  'upload-unknown':
    '图片的 upload: 后面没有上传文件的编号；请先上传（POST /v1/media），再写成 <img src="upload:m_…">',
  'wechat-id-malformed': '不是微信号',
  'wrong-kind': (it) => {
    const got = { null: '，不能是 null；可选项可以不写', list: '，不能是数组' };
    return `须为${KINDS_ZH[it.expected]}${it.got ? got[it.got] : ''}`;
  },
};

export const FLAW_CODES = Object.keys(EN) as FlawCode[];

export const flawWords = sentences<Flaw>({ en: EN, zh: ZH });

/** As an answer shows it. */
export interface ShownMistake {
  readonly code: FlawCode;
  readonly path: string;
  readonly message: string;
}

export const showMistake = (mistake: Mistake, language: Language): ShownMistake => ({
  code: mistake.code,
  path: mistake.path,
  message: flawWords(mistake, language),
});
