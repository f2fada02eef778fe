/**
 * WeChat's error codes: what kind of trouble, and what to tell an operator, in English and Chinese.
 *
 * From WeChat's own lists and from recorded answers. Codes of other interfaces (menus, templates,
 * customer service) are left out on purpose: at a send they would be surprises, and a surprise
 * there is an unknown outcome. What follows from a class is in remedies.ts.
 */
import { type Bilingual, inLanguage, type Language } from '../platform/sentences.ts';

export type ErrorClass = keyof typeof BY_CLASS;

const BY_CLASS = {
  /** The token is not valid any more. */
  token: {
    40001: [
      'access token not valid any more; at the token call: wrong AppSecret',
      'access_token 已失效；若在获取 token 时出现，则是 AppSecret 错误',
    ],
    40014: [
      'access token malformed or of another account',
      'access_token 格式错误，或属于其他公众号',
    ],
    42001: ['access token expired', 'access_token 已过期'],
  },
  /** WeChat cannot just now; it may have done it all the same. */
  busy: {
    [-1]: [
      'WeChat is busy or failed inside (also seen for a wrong tag); asked again later',
      '微信系统繁忙或内部出错（标签错误时也会出现），稍后重试',
    ],
    45085: [
      'WeChat could not read or set the speed; try again',
      '微信未能读取或设置群发速度，请重试',
    ],
    61450: ['WeChat failed inside; tried again', '微信内部出错，将重试'],
    9500001: ['WeChat could not recall the message; tried again', '微信未能撤回消息，将重试'],
    268487001: ['WeChat is busy with the blacklist; tried again', '微信正在处理黑名单，将重试'],
    268487002: [
      'WeChat is busy with the follower list; tried again',
      '微信正在处理关注者列表，将重试',
    ],
    268488001: [
      'WeChat does not say what this means; asked again later',
      '微信没有说明此错误码的含义，稍后重试',
    ],
  },
  /** Calls come too quickly. */
  'too-fast': {
    42010: ['calls come too fast; slowed down', '调用过快，已放慢'],
    45066: [
      'the same batch was asked for less than a minute ago; asked again later',
      '同一批次一分钟内重复提交，稍后重试',
    ],
    9500002: [
      'too many mass sends at WeChat just now; asked again later',
      '微信当前群发任务过多，稍后重试',
    ],
  },
  /** The material is still being worked on. */
  'not-ready': {
    46007: ['file is still being transcoded; tried again', '文件仍在转码，将重试'],
  },
  /** The minute's calls are used up. */
  minute: {
    45011: [
      "the minute's calls to this interface are used up; goes on in a minute",
      '该接口本分钟的调用次数已用完，一分钟后继续',
    ],
  },
  /** The day's calls are used up. */
  'day-quota': {
    45009: [
      "the day's calls to this interface are used up; goes on tomorrow",
      '该接口今天的调用次数已用完，明天继续',
    ],
    45101: ["the day's uploads are used up", '今天的上传次数已用完'],
    45104: ["the domain's calls are used up", '该域名的调用次数已用完'],
  },
  /** The day's sends, or the month's, are used up. */
  'period-quota': {
    45028: [
      'no mass sends left today, or none this month; tried again in the morning',
      '今天或本月的群发次数已用完，早上重试',
    ],
    45040: ["the month's calls to this interface are used up", '该接口本月的调用次数已用完'],
    48006: ["the month's quota resets are used up", '本月的清零次数已用完'],
  },
  /** Unknown, expired or consumed media id. */
  'media-gone': {
    40007: [
      'media id unknown, expired (3 days), already sent, or of another kind',
      'media_id 不存在、已过期（3 天）、已发送过，或类型不符',
    ],
    46001: ['media does not exist any more', '媒体文件已不存在'],
  },
  /** Will be refused however often it is repeated. */
  'bad-input': {
    40003: ['an OpenID is not a follower of this account', '有 OpenID 不是该公众号的关注者'],
    40004: ['media type not allowed', '不支持的媒体类型'],
    40005: [
      'file type not allowed; check the file and its extension',
      '不支持的文件类型，请检查文件及其扩展名',
    ],
    40006: ['file size not allowed', '文件大小不符合要求'],
    40008: ['message type not allowed here', '此处不支持这种消息类型'],
    40009: ['image too large', '图片过大'],
    40010: ['voice file too large', '语音文件过大'],
    40011: ['video file too large', '视频文件过大'],
    40012: ['cover picture too large', '封面图片过大'],
    40031: ['the OpenIDs are not a list', 'OpenID 不是列表'],
    40032: ['too many OpenIDs, or none', 'OpenID 过多，或一个也没有'],
    40033: [
      'character encoding refused; text must be plain UTF-8',
      '字符编码不被接受，文本须为未转义的 UTF-8',
    ],
    40035: ['an argument has the wrong size', '参数长度不符合要求'],
    40038: ['request badly packed', '请求格式错误'],
    40039: ['URL too long', 'URL 过长'],
    40048: ['URL domain not allowed', 'URL 的域名不被允许'],
    40050: ['follower group does not exist', '分组不存在'],
    40051: ['group name not allowed', '分组名称不符合要求'],
    40059: ['no send with this message id', '没有这个消息 ID 的群发'],
    40060: ['no article with this number', '没有这个编号的文章'],
    40065: [
      'the message is not in a state in which it can be recalled',
      '消息当前的状态不允许撤回',
    ],
    40066: ['URL not valid', 'URL 无效'],
    40097: ['an argument is not valid', '参数无效'],
    40113: ['file type not supported', '不支持的文件类型'],
    40114: ['no article with this index', '没有这个序号的文章'],
    40128: ['needs a media id from the permanent library', '须使用永久素材的 media_id'],
    40130: [
      'fewer than two of the OpenIDs are followers; WeChat sends to 2 at least',
      'OpenID 中的关注者不足两个，微信要求至少两个',
    ],
    40132: ['no such WeChat ID', '没有这个微信号'],
    40137: ['image format not supported', '不支持的图片格式'],
    40152: ['follower group or tag does not exist', '分组或标签不存在'],
    40155: ["links to another account's home page are not allowed", '不能链接到其他公众号的主页'],
    40192: ['author not allowed', '作者名不符合要求'],
    40193: ['recommendation text too long', '推荐语过长'],
    40194: ['recommendation text not allowed', '推荐语不符合要求'],
    40204: ['this article cannot be recalled', '这篇文章不能撤回'],
    40215: ['wrong number of images', '图片数量不符合要求'],
    40217: ['wrong number of videos', '视频数量不符合要求'],
    40218: ['video id not valid', '视频 id 无效'],
    41001: ['access token missing from the call', '调用缺少 access_token'],
    41005: ['no file in the upload', '上传的请求中没有文件'],
    41006: ['media id missing', '缺少 media_id'],
    41009: ['OpenID missing', '缺少 OpenID'],
    41011: ['a required field is missing', '缺少必填字段'],
    41039: ['link to the original not valid', '原文链接无效'],
    41040: [
      'text does not meet the terms of its originality declaration',
      '正文不符合原创声明的要求',
    ],
    43001: ['call needs GET', '该接口须用 GET 调用'],
    43002: ['call needs POST', '该接口须用 POST 调用'],
    43003: ['call needs HTTPS', '该接口须用 HTTPS 调用'],
    43004: ['the receiver does not follow the account', '接收者没有关注该公众号'],
    43005: ['the receiver is not a friend of the account', '接收者不是该公众号的好友'],
    43019: ["the receiver is on the account's blacklist", '接收者在该公众号的黑名单中'],
    44001: ['file is empty', '文件为空'],
    44002: ['request is empty', '请求为空'],
    44003: ['article content is empty', '文章内容为空'],
    44004: ['text is empty', '文本为空'],
    45001: ['file too large', '文件过大'],
    45002: ['content too long', '内容过长'],
    45003: ['title too long', '标题过长'],
    45004: ['digest or description too long', '摘要或描述过长'],
    45005: ['link too long', '链接过长'],
    45006: ['picture link too long', '图片链接过长'],
    45007: ['voice longer than 60 s', '语音超过 60 秒'],
    45008: ['too many articles, or too large', '文章过多或过大'],
    45014: ['message too large', '消息过大'],
    45016: ['a built-in group cannot be changed', '系统分组不能更改'],
    45017: ['group name too long', '分组名称过长'],
    45018: ['too many groups', '分组过多'],
    45019: ['too many OpenIDs', 'OpenID 过多'],
    45020: ['too many images', '图片过多'],
    45052: ['message type cannot be mass-sent', '这种消息类型不能群发'],
    45056: ['too many tags', '标签过多'],
    45057: ['tag has too many followers to be deleted', '标签下的关注者过多，不能删除'],
    45058: ['a built-in tag cannot be changed', '系统标签不能更改'],
    45059: ['a follower has too many tags', '有关注者的标签过多'],
    45062: [
      "carries an agreed advertisement; can only be sent in WeChat's console",
      '含有互选广告，只能在公众平台后台发送',
    ],
    45067: ['clientmsgid too long', 'clientmsgid 过长'],
    45068: ['file too large', '文件过大'],
    45083: ['send speed must be 0 to 4', '群发速度须为 0 至 4'],
    45084: ['send speed missing', '缺少群发速度'],
    45103: ['WeChat has removed this interface', '微信已下线该接口'],
    45106: ['WeChat has removed this interface', '微信已下线该接口'],
    45110: ['author too long', '作者名过长'],
    45113: ['cards and goods can no longer be sent', '卡券和商品已不能群发'],
    45157: ['tag name taken or not allowed', '标签名称已存在或不符合要求'],
    45158: ['tag name too long', '标签名称过长'],
    45159: ['tag does not exist', '标签不存在'],
    45161: ['video id was not made by the upload call', '视频 id 不是由上传接口得到的'],
    45162: ['message type not valid', '消息类型无效'],
    45166: [
      'article content not allowed; links need a right of their own',
      '文章内容不符合要求；插入链接需要相应权限',
    ],
    46004: ['follower does not exist', '关注者不存在'],
    47001: ['request is not valid JSON to WeChat', '微信无法将请求解析为 JSON'],
    47002: [
      'request holds escaped characters; text must be plain UTF-8',
      '请求中含有转义字符，文本须为未转义的 UTF-8',
    ],
    47003: ['an argument is not valid', '参数无效'],
    48002: ['the follower refuses messages', '该关注者拒收消息'],
    48005: ['material is in use by a menu or an automatic reply', '素材正被菜单或自动回复使用'],
    48008: ['the account may not send this type of message', '该公众号不能发送这种类型的消息'],
    48013: ['video was not uploaded by the new interface', '视频不是用新接口上传的'],
    48014: ['video has not passed its audit', '视频未通过审核'],
    48015: ['the account may not open comments', '该公众号没有留言功能'],
    48021: [
      'draft was saved automatically; open and save it in the console',
      '草稿是自动保存的，请在公众平台后台打开并保存',
    ],
    48022: [
      'videos uploaded by API cannot be published by API',
      '通过接口上传的视频不能通过接口发布',
    ],
    49003: ['OpenID belongs to another account', 'OpenID 属于其他公众号'],
    50005: ['the follower has unfollowed', '该用户已取消关注'],
    53404: ['goods in the article are not allowed', '文章中的商品不被允许'],
    53405: ['goods in the article are not available', '文章中的商品不可用'],
    53406: ['the account may not put goods into articles', '该公众号不能在文章中插入商品'],
    61451: ['a parameter is not valid', '参数无效'],
    61500: ['a date is not valid', '日期无效'],
    61501: ['the range of dates is not valid', '日期范围无效'],
    61503: ['the figures are not there yet', '数据尚未生成'],
    88000: ['the account may not open comments', '该公众号没有留言功能'],
  },
  /** The account may not use this interface. */
  'api-closed': {
    45102: ['WeChat has blocked this interface for now', '微信暂时封禁了该接口'],
    45501: [
      "a supervisor has blocked part of this account's calls",
      '监管方封禁了该公众号的部分接口',
    ],
    48001: [
      'the account may not use this interface: its kind, or not verified',
      '该公众号没有此接口的权限（类型不符，或未认证）',
    ],
    48004: [
      'WeChat has taken this interface away for breaking its rules',
      '该公众号因违规被微信封禁了此接口',
    ],
    50001: ['the account has not been given this interface', '该公众号未获得此接口的授权'],
    61007: [
      'the account has not granted this interface to the platform',
      '该公众号没有把此接口授权给第三方平台',
    ],
  },
  /** The account may not do anything. */
  'account-closed': {
    48003: [
      "mass-send agreement not accepted; one click in WeChat's console",
      '尚未同意群发协议，请在公众平台后台点击同意',
    ],
    50002: ['the account is frozen, closed or punished', '该公众号被冻结、注销或处罚'],
    50004: ['the account may not use access tokens', '该公众号不能使用 access_token'],
    61003: ['the account has not authorised this platform', '该公众号没有授权给此第三方平台'],
    61023: ["the platform's refresh token is not valid", '第三方平台的 refresh_token 无效'],
  },
  /** Our settings, or WeChat's console, need an operator. */
  config: {
    40002: ['wrong grant_type at the token call', '获取 token 时 grant_type 错误'],
    40013: ['AppID not known to WeChat; check WECHAT_APP_ID', 'AppID 无效，请检查 WECHAT_APP_ID'],
    40125: ['AppSecret wrong; check WECHAT_APP_SECRET', 'AppSecret 错误，请检查 WECHAT_APP_SECRET'],
    40164: [
      "this server's address is not on the account's IP list (IP白名单); add it",
      '本服务器的 IP 不在该公众号的 IP 白名单中，请添加',
    ],
    40243: [
      "AppSecret frozen; unfreeze it in WeChat's console",
      'AppSecret 已被冻结，请在公众平台后台解冻',
    ],
    41002: ['AppID missing', '缺少 AppID'],
    41003: ['refresh token missing', '缺少 refresh_token'],
    41004: ['AppSecret missing', '缺少 AppSecret'],
    42002: ['refresh token expired', 'refresh_token 已过期'],
    42003: ['authorisation code expired', '授权码已过期'],
    42007: ['authorisation withdrawn', '授权已被取消'],
    45035: ["this server's address is not registered with WeChat", '本服务器的 IP 未在微信登记'],
    61004: [
      "this server's address is not registered with the platform",
      '本服务器的 IP 未在第三方平台登记',
    ],
  },
  /** An administrator has to agree in WeChat. */
  approval: {
    89503: [
      "an administrator must confirm this server's address; asked on WeChat",
      '须由管理员在微信中确认本服务器的 IP',
    ],
    89504: [
      'the send waits for an administrator to agree in WeChat',
      '群发正等待管理员在微信中确认',
    ],
    89505: [
      'an administrator has now been asked to agree to the send',
      '已请管理员在微信中确认此次群发',
    ],
    89506: [
      "an administrator refused this server's address; again after 24 hours",
      '管理员拒绝了本服务器的 IP，24 小时后重试',
    ],
    89507: [
      "an administrator refused this server's address; again after an hour",
      '管理员拒绝了本服务器的 IP，一小时后重试',
    ],
  },
  /** Accepted before. */
  done: {
    45065: ['this batch was accepted before', '这个批次此前已被接收'],
  },
} satisfies Readonly<Record<string, Readonly<Record<number, Bilingual>>>>;

interface Errcode {
  readonly class: ErrorClass;
  /** What happened and what to do. */
  readonly meaning: Bilingual;
}

export const ERRCODES: Readonly<Record<number, Errcode>> = Object.fromEntries(
  Object.entries<Readonly<Record<number, Bilingual>>>(BY_CLASS).flatMap(([name, codes]) =>
    Object.entries(codes).map(([code, meaning]) => [code, { class: name as ErrorClass, meaning }]),
  ),
);

const NEWS_BY_DRAFT: Bilingual = [
  'WeChat has closed media/uploadnews to this account; have its articles go by draft: WECHAT_NEWS_ROUTE=draft, or newsRoute in ACCOUNTS_FILE',
  '微信已对该公众号关闭 media/uploadnews；请改用草稿发送文章：设置 WECHAT_NEWS_ROUTE=draft，或 ACCOUNTS_FILE 中的 newsRoute',
];
const NOT_VERIFIED: Bilingual = [
  'this account may not mass-send by API, which WeChat allows to verified accounts only: verify it in WeChat’s console (微信认证)',
  '该公众号不能通过接口群发：微信只允许已认证的公众号，请在公众平台后台完成微信认证',
];
const NO_GROUPS: Bilingual = [
  'groups became tags in 2016, and this account has none: send to a tag',
  '分组自 2016 年起改为标签，该公众号没有分组：请发给标签',
];

/** Where a call and its errcode together say more than the errcode. */
const AT_CALL: Readonly<Record<string, Readonly<Record<number, Bilingual>>>> = {
  'media/uploadnews': { 45103: NEWS_BY_DRAFT, 45106: NEWS_BY_DRAFT, 48001: NEWS_BY_DRAFT },
  'message/mass/send': {
    48001: [
      'this account may not send to OpenIDs, which WeChat allows to verified service accounts only: send to a tag or to everyone',
      '该公众号不能按 OpenID 群发：微信只允许已认证的服务号，请改发给标签或全部用户',
    ],
  },
  'message/mass/sendall': {
    45028: [
      'no mass sends left: a subscription account has one a day, a service account one a day and four a month to everyone; tried again in the morning',
      '群发次数已用完：订阅号每天一次，服务号发给全部用户每天一次、每月四次；早上重试',
    ],
    48001: NOT_VERIFIED,
  },
  'message/mass/preview': { 48001: NOT_VERIFIED },
  'groups/get': { 48001: NO_GROUPS, 45106: NO_GROUPS },
};

/**
 * For an operator: what happened, and what to do.
 *
 * @param path of the call, with or without `/cgi-bin/`, where it is known.
 */
export function meaningOf(errcode: number, path = '', language: Language = 'en'): string {
  const meaning =
    AT_CALL[path.replace(/^\/cgi-bin\//, '')]?.[errcode] ?? ERRCODES[errcode]?.meaning;
  const unknown: Bilingual = [
    `WeChat's code ${errcode}, which is not in the lists we know; look it up there`,
    `微信错误码 ${errcode}，不在已知的列表中，请查阅微信文档`,
  ];
  return inLanguage(meaning ?? unknown, language);
}
