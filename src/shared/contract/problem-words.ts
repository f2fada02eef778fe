/** Problems as sentences, in the language of whoever reads them. */
import { flawWords, type ShownMistake, showMistake } from '../campaign/mistake-words.ts';
import { listFlawWords } from '../openids/list-flaw.ts';
import { JSON_FLAWS } from '../platform/json-flaw.ts';
import { type Language, type Sentences, sentences } from '../platform/sentences.ts';
import { meaningOf } from '../wechat/errcodes.ts';
import { silenceWords } from '../wechat/silence.ts';
import { type Problem, type ProblemCode, type ProblemOf, STATUS } from './problem.ts';

const mistakes = (count: number): string => `${count} ${count === 1 ? 'mistake' : 'mistakes'}`;
const figures = (count: number): string => count.toLocaleString('en-US');

const EN: Sentences<Problem> = {
  'account-changed': (it) => `account ${it.account} now stands for another AppID or another WeChat`,
  'account-not-allowed': (it) => `your rights do not cover account ${it.account}`,
  'account-not-configured': (it) => `account ${it.account} is no longer configured here`,
  'account-not-found': (it) =>
    `no such account; there is: ${[...it.names, ...(it.more ? ['…'] : [])].join(', ') || 'none is configured'}`,
  'account-needed': (it) =>
    `say which account is meant; your rights are for: ${it.names.join(', ') || 'none that is configured'}`,
  'already-begun': 'this campaign has begun; only one that has not can be moved to another time',
  'api-key-needed': 'send Authorization: Bearer <key>, with one of the keys in API_KEYS',
  'approval-by-another': (it) =>
    `${it.createdBy} enqueued this campaign; somebody else must approve it`,
  'approval-needed': 'this campaign waits for approval: approve or reject it',
  'audience-gone': 'an audience that this needs was removed or changed in the meantime',
  'audience-in-use': (it) => `campaign ${it.campaignId} still sends to it; cancel that first`,
  'audience-not-found': 'no audience has this id, or its retention period has passed',
  'audience-of-all': 'this list is for every account, and your rights are for some only',
  'audience-unreadable': (it) => `${listFlawWords(it.flaw, 'en')}; nothing was kept`,
  'bad-request': 'the request cannot be read',
  'batch-moved-on': 'the batch has changed in the meantime: look at it again',
  'batch-not-found':
    'the campaign has no such batch; a batch is named by its number, from 1, or all held ones by all-held',
  'batch-not-held': (it) => `batch ${it.no} is ${it.state}, not held`,
  'board-password-needed': 'user or password is missing or wrong',
  'body-cut-short': 'the body ended early, or has another length than Content-Length says',
  'body-not-unpacked': 'the body is not packed as Content-Encoding says',
  'body-not-utf8': 'the body is not UTF-8; save and send it as UTF-8',
  'body-too-large': (it) =>
    it.bytes === undefined
      ? 'the body is too large: JSON may have 16 MiB (lists of OpenIDs go to POST /v1/audiences, files to POST /v1/media), an event of WeChat’s 64 KiB'
      : `${figures(it.bytes)} bytes, at most ${figures(it.maxBytes ?? 0)}: upload OpenIDs (POST /v1/audiences) and files (POST /v1/media) first, and name them by id`,
  'campaign-not-found': 'no campaign has this id, or it was deleted after the retention period',
  'campaign-over': (it) => `nothing to ${it.step}: the campaign has ended or was cancelled`,
  'charset-unsupported': 'the charset of the body must be utf-8',
  'content-encoding-unsupported': (it) =>
    `Content-Encoding may be ${[...it.accepted, 'absent'].join(', ')}`,
  'content-type-unsupported': (it) =>
    `set Content-Type to what the body is: ${it.accepted.join(', ')}`,
  'cross-site-request': 'a page of another origin made this request; nothing was done',
  'draft-not-found': 'the caller keeps no draft of this id',
  'draft-sent': (it) => `it was sent as campaign ${it.campaignId}: begin another draft`,
  'file-missing': 'the form has no file',
  'foreign-picture': (it) => `${mistakes(it.errors.length)} in the request; nothing was kept`,
  'form-malformed': 'the multipart form cannot be read',
  'idempotency-key-invalid': 'Idempotency-Key must be 1 to 255 printable ASCII characters',
  'idempotency-key-reused':
    'this Idempotency-Key was used with another body; use a new key for a new campaign',
  internal: 'the request failed because of an internal error, which was logged',
  'invalid-body': (it) => `${mistakes(it.errors.length)} in the body; nothing was done`,
  'invalid-campaign': (it) => `${mistakes(it.errors.length)} in the request; nothing was kept`,
  'invalid-preview': (it) => `${mistakes(it.errors.length)} in the preview; nothing was sent`,
  'invalid-query': (it) => `${mistakes(it.errors.length)} in the query`,
  ...JSON_FLAWS.en,
  'json-not-object': 'the body is JSON, but not an object',
  'last-uploadnews-kept':
    'one call of media/uploadnews is left today for a fresh account, and it is kept for a send; say "spendLast": true to use it for this preview',
  'loopback-only':
    'without API_KEYS (for the board and the page: BOARD_USER and BOARD_PASSWORD) only this machine is served, directly and by its own name; once a request has come through a proxy or by another name, nobody is until the next start',
  'may-be-received-twice':
    'this batch was given up with an unknown outcome, so its followers may get the message twice: to submit it again, add "mayBeReceivedTwice": true',
  'media-gone': (it) =>
    `no upload ${it.upload}: it was never made, or its retention period has passed`,
  'media-in-use': (it) => `campaign ${it.campaignId} still sends it; cancel that first`,
  'media-not-found': 'no file has this id, or its retention period has passed',
  'media-too-large': (it) =>
    `the file is over ${figures(it.maxBytes)} bytes, and WeChat takes none larger`,
  'media-unfit': (it) => it.flaws.map((one) => flawWords(one, 'en')).join('; '),
  'message-id-taken': (it) => `message ${it.msgId} belongs to batch ${it.owner}`,
  'message-unknown': (it) =>
    `WeChat knows no message ${it.msgId}; compare it with WeChat’s console`,
  'message-type-unknown': (it) => `${mistakes(it.errors.length)} in the request; nothing was kept`,
  moved: 'it changed after it was looked at: look at how it is now, and decide again',
  'no-approval-needed': 'this campaign does not wait for approval',
  'no-openid': 'none of the given OpenIDs is one',
  'no-webhook': 'this campaign was enqueued without a webhook',
  'not-a-list': 'only WeChat knows who is in a group, a tag or everyone',
  'not-a-push':
    'this is not the body of a push for this account, as WeChat sent it (XML or JSON, encrypted or not; an encrypted one needs the account’s EncodingAESKey here)',
  'not-after-passed': 'notAfter has passed: nothing may be sent any more',
  'not-ended': 'the campaign has not ended; its webhook is called when it ends',
  'not-found': 'nothing is at this address, or not by this method; what there is: /openapi.json',
  'not-permitted': (it) => `this needs the permission ${it.permission}, which you do not have`,
  'nothing-refused': 'no batch of this campaign is refused that this could retry',
  'nothing-to-recall': 'WeChat has accepted none of these batches yet',
  'one-file-each': 'one file a request: the form has more',
  'one-msg-id': 'a message id belongs to one batch: resolve them one by one',
  'operator-unknown': 'you are signed on, but OPERATORS_FILE does not name you',
  'path-malformed': 'the path is not percent-encoded UTF-8',
  'rate-limited': (it) =>
    ({
      requests: 'too many requests with this key; Retry-After says when to go on',
      passwords: 'too many wrong passwords from this address; Retry-After says when to try again',
      bytes: 'too many large bodies are on their way; Retry-After says when to try again',
      streams: 'this caller has as many streams open as one may have; close some',
      lookups:
        'half of the calls that WeChat allows this account a day are used up, and the rest is kept for sends; ask again tomorrow',
    })[it.of],
  'recall-impossible': (it) =>
    `a message of type ${it.messageType} has no page behind it, and WeChat takes back nothing else (40008)`,
  'replicas-behind':
    'too few replicas of Redis have it yet, so a failover may undo it: repeat the same request, with the same Idempotency-Key',
  'redis-full':
    'Redis has little memory left, and that is for what is under way: no file, list, draft or campaign is taken now',
  'redis-unavailable': 'Redis cannot be reached just now; nothing was done that is not answered',
  'refused-by-wechat': (it) => `WeChat refused (${it.errcode}): ${meaningOf(it.errcode, it.path)}`,
  'same-content': (it) =>
    `campaign ${it.campaignId} sent the same message to the same audience within 24 hours; if that is meant, say "repeat": true`,
  stopping: 'the producer stops; nothing was kept of this, send it again',
  'too-many-openids': (it) =>
    `${mistakes(it.errors.length)} in the request; nothing was kept: too many OpenIDs are inline, stream them to POST /v1/audiences`,
  'too-many-streams':
    'too many event streams are open here already; ask GET /v1/campaigns/:id instead',
  'upload-under-way': 'the same content is being uploaded: try again',
  'webhook-secret-of-all':
    'this key signs the webhooks of every account, and your rights are for some only',
  'wechat-unreachable': (it) => `WeChat gave no answer: ${silenceWords(it, 'en')}`,
  'wechat-unreadable': (it) =>
    `WeChat answered, and nothing can be read from it: ${silenceWords(it, 'en')}`,
};

const ZH: Sentences<Problem> = {
  'account-changed': (it) => `公众号 ${it.account} 现已改为另一个 AppID 或另一个微信接口地址`,
  'account-not-allowed': (it) => `您无权操作公众号 ${it.account}`,
  'account-not-configured': (it) => `公众号 ${it.account} 已不在配置中`,
  'account-not-found': (it) =>
    `没有这个公众号；现有：${[...it.names, ...(it.more ? ['……'] : [])].join('、') || '尚未配置任何公众号'}`,
  'account-needed': (it) =>
    `请指明公众号；您有权使用的公众号：${it.names.join('、') || '均未配置'}`,
  'already-begun': '任务已经开始，只有尚未开始的任务可以改期',
  'api-key-needed': '请在请求头中加上 Authorization: Bearer <密钥>，密钥须在 API_KEYS 之中',
  'approval-by-another': (it) => `任务由 ${it.createdBy} 提交，须由他人审批（提交人不能自批）`,
  'approval-needed': '任务正在等待审批：请通过或驳回',
  'audience-gone': '所需的名单已被删除或更改',
  'audience-in-use': (it) => `群发任务 ${it.campaignId} 还在使用这份名单，请先取消该任务`,
  'audience-not-found': '没有这个编号的名单，或已超过保存期限',
  'audience-of-all': '这份名单供所有公众号使用，而您只对部分公众号有权限',
  'audience-unreadable': (it) => `名单无法读取，未保存任何内容：${listFlawWords(it.flaw, 'zh')}`,
  'bad-request': '请求无法识别',
  'batch-moved-on': '该批次的状态已经变化，请重新查看',
  'batch-not-found': '该任务没有这个批次；批次以序号（从 1 起）指定，全部待处理批次用 all-held',
  'batch-not-held': (it) => `批次 ${it.no} 当前状态为 ${it.state}，不是待人工处理（held）`,
  'board-password-needed': '缺少用户名或密码，或者不正确',
  'body-cut-short': '请求体不完整，或与 Content-Length 不符',
  'body-not-unpacked': '请求体的压缩方式与 Content-Encoding 不符',
  'body-not-utf8': '请求体不是 UTF-8 编码，请用 UTF-8 保存后再发送',
  'body-too-large': (it) =>
    it.bytes === undefined
      ? '请求体过大：JSON 不超过 16 MiB（OpenID 名单请用 POST /v1/audiences，文件请用 POST /v1/media），微信事件不超过 64 KiB'
      : `共 ${figures(it.bytes)} 字节，最多 ${figures(it.maxBytes ?? 0)} 字节：请先上传 OpenID 名单（POST /v1/audiences）和文件（POST /v1/media），再用编号引用`,
  'campaign-not-found': '没有这个编号的群发任务，或已超过保存期限而被删除',
  'campaign-over': (it) => `任务已结束或已取消，不能${STEPS_ZH[it.step]}`,
  'charset-unsupported': '请求体的字符集须为 utf-8',
  'content-encoding-unsupported': (it) =>
    it.accepted.length === 0
      ? '不支持 Content-Encoding，请直接发送原文件'
      : `Content-Encoding 只能是 ${it.accepted.join('、')}，或者不设置`,
  'content-type-unsupported': (it) =>
    `请用 Content-Type 说明请求体的格式：${it.accepted.join('、')}`,
  'cross-site-request': '该请求来自其他站点的页面，操作未生效',
  'draft-not-found': '没有这个编号的草稿',
  'draft-sent': (it) => `该草稿已作为群发任务 ${it.campaignId} 发送，请新建草稿`,
  'file-missing': '表单中没有文件',
  'foreign-picture': (it) => `请求中有 ${it.errors.length} 处错误，未保存任何内容`,
  'form-malformed': '无法识别 multipart 表单',
  'idempotency-key-invalid': 'Idempotency-Key 须为 1 至 255 个可打印的 ASCII 字符',
  'idempotency-key-reused': '该 Idempotency-Key 已用于另一个请求体；新任务请换一个新的键',
  internal: '内部错误，请求未能完成，详情已写入日志',
  'invalid-body': (it) => `请求体中有 ${it.errors.length} 处错误，操作未生效`,
  'invalid-campaign': (it) => `请求中有 ${it.errors.length} 处错误，未保存任何内容`,
  'invalid-preview': (it) => `预览请求中有 ${it.errors.length} 处错误，未发送任何内容`,
  'invalid-query': (it) => `查询参数中有 ${it.errors.length} 处错误`,
  ...JSON_FLAWS.zh,
  'json-not-object': '请求体是 JSON，但不是对象',
  'last-uploadnews-kept':
    '按新注册账号的额度，今天只剩一次 media/uploadnews 调用，已留给正式群发；确要用于本次预览，请加上 "spendLast": true',
  'loopback-only':
    '未设置 API_KEYS（看板和页面：BOARD_USER 和 BOARD_PASSWORD）时，只能从本机直接以本机名称访问；一旦有请求经代理或以其他名称到达，在重新启动之前不再响应任何人',
  'may-be-received-twice':
    '该批次是在结果不明时放弃跟进的，用户可能收到两次；确要重新提交，请加上 "mayBeReceivedTwice": true',
  'media-gone': (it) => `没有上传文件 ${it.upload}：从未上传，或已超过保存期限`,
  'media-in-use': (it) => `群发任务 ${it.campaignId} 还在使用这个文件，请先取消该任务`,
  'media-not-found': '没有这个编号的文件，或已超过保存期限',
  'media-too-large': (it) => `文件超过 ${figures(it.maxBytes)} 字节，微信不接受更大的文件`,
  'media-unfit': (it) => it.flaws.map((one) => flawWords(one, 'zh')).join('；'),
  'message-id-taken': (it) => `消息 ID ${it.msgId} 属于批次 ${it.owner}`,
  'message-unknown': (it) => `微信中没有消息 ${it.msgId}，请与公众平台核对`,
  'message-type-unknown': (it) => `请求中有 ${it.errors.length} 处错误，未保存任何内容`,
  moved: '在您查看之后状态已经变化：请查看最新状态，再做决定',
  'no-approval-needed': '该任务不在等待审批',
  'no-openid': '给出的内容中没有一个是 OpenID',
  'no-webhook': '该任务提交时没有设置 webhook',
  'not-a-list': '分组、标签或全部用户中有哪些人，只有微信知道，无法拆分或剔除',
  'not-a-push':
    '这不是微信推送给该公众号的原始内容（XML 或 JSON，加密或明文；加密的推送需要在这里配置该公众号的 EncodingAESKey）',
  'not-after-passed': '截止时间（notAfter）已过，不能再发送',
  'not-ended': '任务尚未结束；结束时会通知 webhook',
  'not-found': '没有这个地址，或不支持这种请求方法；全部接口见 /openapi.json',
  'not-permitted': (it) => `此操作需要「${it.permission}」权限，您没有该权限`,
  'nothing-refused': '该任务没有可以重试的被拒批次',
  'nothing-to-recall': '微信尚未接收这些批次',
  'one-file-each': '每个请求只能上传一个文件，表单中不止一个',
  'one-msg-id': '一个消息 ID 只属于一个批次，请逐个处理',
  'operator-unknown': '您已登录，但 OPERATORS_FILE 中没有您的名字',
  'path-malformed': '路径不是经百分号编码的 UTF-8',
  'rate-limited': (it) =>
    ({
      requests: '该密钥的请求过于频繁，请按 Retry-After 稍后再试',
      passwords: '该地址输错密码次数过多，请按 Retry-After 稍后再试',
      bytes: '正在接收的大请求过多，请按 Retry-After 稍后再试',
      streams: '该调用者打开的事件流已达上限，请先关闭一些',
      lookups: '微信当日允许该公众号的调用已用去一半，其余留给群发使用，请明天再查',
    })[it.of],
  'recall-impossible': (it) =>
    `${TYPES_ZH[it.messageType] ?? it.messageType}消息没有可删除的页面，微信不支持撤回（40008）`,
  'replicas-behind':
    'Redis 副本尚未同步到位，主从切换可能丢失这次操作：请用同一 Idempotency-Key 重试同一请求',
  'redis-full':
    'Redis 的内存即将用尽，余下的留给进行中的活动：现在不接收新的文件、名单、草稿或活动',
  'redis-unavailable': '暂时无法连接 Redis；未得到答复的操作都没有生效',
  'refused-by-wechat': (it) =>
    `被微信拒绝（${it.errcode}）：${meaningOf(it.errcode, it.path, 'zh')}`,
  'same-content': (it) =>
    `群发任务 ${it.campaignId} 在 24 小时内已向同样的对象发送过同样的内容；确要再发，请加上 "repeat": true`,
  stopping: '服务正在停止，未保存任何内容，请重新发送',
  'too-many-openids': (it) =>
    `请求中有 ${it.errors.length} 处错误，未保存任何内容：直接列出的 OpenID 过多，请用 POST /v1/audiences 上传`,
  'too-many-streams': '打开的实时连接过多，请稍后再试，或改用 GET /v1/campaigns/:id 查询',
  'upload-under-way': '同样的内容正在上传，请稍后再试',
  'webhook-secret-of-all': '该密钥用于所有公众号的 webhook 签名，而您只对部分公众号有权限',
  'wechat-unreachable': (it) => `微信没有应答：${silenceWords(it, 'zh')}`,
  'wechat-unreadable': (it) => `微信的应答无法解析：${silenceWords(it, 'zh')}`,
};

const STEPS_ZH: Readonly<Record<ProblemOf<'campaign-over'>['step'], string>> = {
  pause: '暂停',
  resume: '恢复',
  cancel: '取消',
  approve: '审批',
  reject: '驳回',
  reschedule: '改期',
  retry: '重试',
};

const TYPES_ZH: Readonly<Record<string, string>> = {
  text: '文本',
  image: '图片',
  voice: '语音',
};

/** What is wrong and what to do. */
export const problemWords = sentences<Problem>({ en: EN, zh: ZH });

export interface DescribedProblem {
  readonly status: number;
  readonly code: ProblemCode;
  readonly detail: string;
  readonly errors?: readonly ShownMistake[];
  readonly campaignId?: string;
}

/** The status and the sentences, beside the code and its facts. */
export const describeProblem = (problem: Problem, language: Language): DescribedProblem => ({
  ...(problem as Pick<DescribedProblem, 'code' | 'campaignId'>),
  status: STATUS[problem.code],
  detail: problemWords(problem, language),
  ...errorsOf(problem, language),
});

/** Every mistake of the input at once. */
export function errorsOf(
  problem: Problem,
  language: Language,
): { readonly errors?: readonly ShownMistake[] } {
  if ('errors' in problem) {
    return { errors: problem.errors.map((one) => showMistake(one, language)) };
  }
  if (problem.code !== 'media-unfit') return {};
  return { errors: problem.flaws.map((one) => showMistake({ ...one, path: '' }, language)) };
}

const TITLES: Readonly<Record<number, Readonly<Record<Language, string>>>> = {
  400: { en: 'Bad request', zh: '请求有误' },
  401: { en: 'Not authenticated', zh: '未通过身份验证' },
  403: { en: 'Forbidden', zh: '不允许' },
  404: { en: 'Not found', zh: '不存在' },
  409: { en: 'Conflict', zh: '与当前状态冲突' },
  413: { en: 'Too large', zh: '内容过大' },
  415: { en: 'Unsupported media type', zh: '不支持的内容格式' },
  422: { en: 'Not valid', zh: '内容不符合要求' },
  429: { en: 'Too many requests', zh: '请求过于频繁' },
  500: { en: 'Internal error', zh: '内部错误' },
  502: { en: 'Bad gateway', zh: '上游没有给出有效应答' },
  503: { en: 'Service unavailable', zh: '服务暂不可用' },
};

export const titleOf = (status: number, language: Language): string =>
  TITLES[status]?.[language] ?? (language === 'zh' ? '错误' : 'Error');
