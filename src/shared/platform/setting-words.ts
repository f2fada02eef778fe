/** What can be wrong with a setting, as codes with facts, and how each is said in either language. */
import { JSON_FLAWS, type JsonFlaw } from './json-flaw.ts';
import { type Coded, type None, type Sentences, sentences } from './sentences.ts';

/** No flaw repeats the value that it is about: it may be a secret. */
export type SettingFlaw = Coded<{
  missing: None;
  'wrong-type': { readonly expected: string };
  invalid: None;
  'unknown-setting': { readonly near?: string };
  'whole-number': { readonly min: number; readonly max: number };
  amount: { readonly max: number };
  numbers: None;
  'one-of': { readonly values: readonly string[] };
  'some-of': { readonly values: readonly string[] };
  'yes-or-no': None;
  host: None;
  'http-url': None;
  'origin-url': None;
  'url-with-user': None;
  'url-with-hash': None;
  'address-ranges': None;
  'header-name': None;
  prefix: None;
  'half-missing': { readonly other: string };
  'set-twice': { readonly other: string };

  'redis-url-form': None;
  'redis-url-hosts': None;
  'redis-url-database': None;
  'redis-url-master': None;
  'redis-password-twice': None;
  'tls-scheme': None;

  'file-absent': None;
  'file-is-folder': None;
  'file-forbidden': { readonly user: number | undefined };
  'file-unreadable': None;
  'file-empty': None;
  'file-no-pem': None;
  'file-no-json': { readonly flaw: JsonFlaw };

  'sandbox-is-wechat': None;
  'account-needed': None;
  'account-unknown': { readonly account: string };
  'account-name': None;
  'account-name-twice': None;
  'app-id': None;
  'app-id-twice': { readonly account: string };
  'app-secret': None;
  'callback-token': None;
  'callback-token-needed': None;
  'aes-key': None;
  'aes-key-needed': None;
  'original-id': None;
  'no-accounts': None;
  'no-such-shard': { readonly shards: number };

  'api-key': None;
  'api-key-name': None;
  'key-twice': None;
  'name-twice': None;
  'person-name': None;
  'no-people': None;
  'no-permission': None;
  'accounts-list': None;
  'key-hash': None;
  'password-hash': None;
  'password-cost': None;
}>;

const REDIS_FORMS =
  'redis://user:password@host:port/database, unix:///path, redis-sentinel://host:26379,host:26379?master=name';
const REDIS_CLUSTER = 'redis-cluster://host:6379,host:6379';
const REDIS_TLS = 'rediss://, rediss-sentinel://, rediss-cluster://';
const ENCODED = '@ # / ? : and % (%40 %23 %2F %3F %3A %25)';

const EN: Sentences<SettingFlaw> = {
  missing: 'is missing',
  'wrong-type': ({ expected }) => `a JSON ${expected}`,
  invalid: 'is not valid',
  'unknown-setting': ({ near }) =>
    `there is no such setting${near === undefined ? '' : `; did you mean ${near}?`}`,
  'whole-number': ({ min, max }) => `a whole number from ${min} to ${max}`,
  amount: ({ max }) => `a number above 0, at most ${max}`,
  numbers: 'numbers and ranges from 0 on, comma separated: 0,2-5',
  'one-of': ({ values }) => `one of ${values.join(', ')}`,
  'some-of': ({ values }) => `some of ${values.join(', ')}`,
  'yes-or-no': 'true or false',
  host: 'a host name or address, no port',
  'http-url': 'an http:// or https:// address',
  'origin-url':
    'an http:// or https:// address without a path: the producer is served at the root of a host of its own',
  'url-with-user': 'no user or password in the address: they are not sent',
  'url-with-hash': 'no # in the address: what follows is not sent',
  'address-ranges': 'addresses or ranges: 10.0.0.5, 10.1.0.0/16',
  'header-name': 'the name of a header',
  prefix: '1 to 32 of a to z, 0 to 9 and -',
  'half-missing': ({ other }) => `is missing, though ${other} is set`,
  'set-twice': ({ other }) => `is set, and so is ${other}: set one of them`,

  'redis-url-form': `${REDIS_FORMS} or ${REDIS_CLUSTER}; with TLS ${REDIS_TLS}; in user and password percent-encode ${ENCODED}`,
  'redis-url-hosts': 'names several hosts: write redis-sentinel:// or redis-cluster:// for them',
  'redis-url-database':
    'a cluster has database 0 alone: leave /<number> out, and use REDIS_PREFIX for a second installation',
  'redis-url-master':
    'redis-sentinel:// needs ?master=<name>, as sentinel.conf has it behind "sentinel monitor"',
  'redis-password-twice': 'is set, and REDIS_URL has a password of its own: take one of them out',
  'tls-scheme': 'is for TLS: write rediss://, rediss-sentinel:// or rediss-cluster:// in REDIS_URL',

  'file-absent': 'cannot be read: there is no such file',
  'file-is-folder': 'cannot be read: it is a folder',
  'file-forbidden': ({ user }) =>
    `cannot be read: user ${user} has no right to (chown it, or let that user read it)`,
  'file-unreadable': 'cannot be read',
  'file-empty': 'the file is empty',
  'file-no-pem': 'the file holds no PEM (-----BEGIN …)',
  'file-no-json': ({ flaw }) => JSON_FLAWS.en[flaw.code](flaw),

  'sandbox-is-wechat': 'is true, but WECHAT_API_BASE_URL is the real WeChat',
  'account-needed': 'no account: set it and WECHAT_APP_SECRET, or ACCOUNTS_FILE',
  'account-unknown': ({ account }) => `there is no account ${account}`,
  'account-name': 'an account name: 1 to 32 of a to z, 0 to 9 and -',
  'account-name-twice': 'is also the name of the account of WECHAT_APP_ID',
  'app-id': 'letters and digits',
  'app-id-twice': ({ account }) => `is also the AppID of ${account}`,
  'app-secret': 'text without spaces',
  'callback-token': '3 to 32 letters or digits',
  'callback-token-needed': 'is missing: an EncodingAESKey is of no use without it',
  'aes-key': '43 characters of base64',
  'aes-key-needed': 'is missing, though there is a previous one',
  'original-id': 'gh_ and more',
  'no-accounts': 'names no account',
  'no-such-shard': ({ shards }) =>
    `there is no such shard: REDIS_SHARDS is ${shards}, and the first shard is 0`,

  'api-key': 'a key is letters, digits and . _ ~ + / - with = only at its end',
  'api-key-name': 'a name before a colon is 1 to 64 letters, digits, dots, - and _',
  'key-twice': 'a key stands twice',
  'name-twice': 'a name stands twice',
  'person-name': 'a name is 1 to 64 letters, digits, dots, @, - and _',
  'no-people': 'the list is empty',
  'no-permission': 'names none',
  'accounts-list': '"all", or a list of names of accounts',
  'key-hash': 'the SHA-256 of the key, as `qunfa hash key` gives it',
  'password-hash': 'a hash as `qunfa hash password` gives it',
  'password-cost': 'its N, r or p is not one that `qunfa hash password` would choose',
};

const ZH: Sentences<SettingFlaw> = {
  missing: '缺少此项',
  'wrong-type': ({ expected }) => `应为 JSON ${expected === 'array' ? '数组' : '对象'}`,
  invalid: '无效',
  'unknown-setting': ({ near }) =>
    `没有这个配置项${near === undefined ? '' : `；是否想写 ${near}？`}`,
  'whole-number': ({ min, max }) => `应为 ${min} 到 ${max} 的整数`,
  amount: ({ max }) => `应为大于 0 且不超过 ${max} 的数字`,
  numbers: '应为从 0 开始的数字或范围，以逗号分隔：0,2-5',
  'one-of': ({ values }) => `应为以下之一：${values.join('、')}`,
  'some-of': ({ values }) => `只能包含：${values.join('、')}`,
  'yes-or-no': '应为 true 或 false',
  host: '应为主机名或 IP 地址，不带端口',
  'http-url': '应为 http:// 或 https:// 地址',
  'origin-url':
    '应为不带路径的 http:// 或 https:// 地址：producer 须使用独立的主机名，并从根路径提供服务',
  'url-with-user': '地址中不能带用户名或密码：它们不会被发送',
  'url-with-hash': '地址中不能带 #：其后的内容不会被发送',
  'address-ranges': '应为 IP 地址或网段：10.0.0.5、10.1.0.0/16',
  'header-name': '应为请求头的名称',
  prefix: '应为 1 到 32 个 a–z、0–9 或 - 字符',
  'half-missing': ({ other }) => `已设置 ${other}，此项也必须设置`,
  'set-twice': ({ other }) => `与 ${other} 同时设置：请只保留一项`,

  'redis-url-form': `可用的格式：${REDIS_FORMS}，或 ${REDIS_CLUSTER}；使用 TLS 时为 ${REDIS_TLS}；用户名和密码中的 @ # / ? : % 须做百分号编码（%40 %23 %2F %3F %3A %25）`,
  'redis-url-hosts': '包含多个主机：请改用 redis-sentinel:// 或 redis-cluster://',
  'redis-url-database':
    'Cluster 只有 0 号数据库：请去掉 /<编号>；需要第二套环境时请设置 REDIS_PREFIX',
  'redis-url-master':
    'redis-sentinel:// 需要 ?master=<名称>，即 sentinel.conf 中 "sentinel monitor" 后的名称',
  'redis-password-twice': 'REDIS_URL 中已有密码：请只保留一处',
  'tls-scheme': '仅用于 TLS：REDIS_URL 请使用 rediss://、rediss-sentinel:// 或 rediss-cluster://',

  'file-absent': '无法读取：文件不存在',
  'file-is-folder': '无法读取：这是一个目录',
  'file-forbidden': ({ user }) =>
    `无法读取：用户 ${user} 没有权限（请用 chown 更改属主，或授予读取权限）`,
  'file-unreadable': '无法读取',
  'file-empty': '文件为空',
  'file-no-pem': '文件中没有 PEM 内容（-----BEGIN …）',
  'file-no-json': ({ flaw }) => JSON_FLAWS.zh[flaw.code](flaw),

  'sandbox-is-wechat': '设为 true，但 WECHAT_API_BASE_URL 指向真实的微信',
  'account-needed': '没有公众号：请设置它和 WECHAT_APP_SECRET，或设置 ACCOUNTS_FILE',
  'account-unknown': ({ account }) => `没有公众号 ${account}`,
  'account-name': '公众号名称应为 1 到 32 个 a–z、0–9 或 - 字符',
  'account-name-twice': '与 WECHAT_APP_ID 对应的公众号重名',
  'app-id': '应由字母和数字组成',
  'app-id-twice': ({ account }) => `与公众号 ${account} 的 AppID 相同`,
  'app-secret': '应为不含空格的文本',
  'callback-token': '应为 3 到 32 个字母或数字',
  'callback-token-needed': '缺少此项：只有 EncodingAESKey 而没有 Token 不起作用',
  'aes-key': '应为 43 个 base64 字符',
  'aes-key-needed': '缺少此项：只设置了上一个 EncodingAESKey',
  'original-id': '应以 gh_ 开头',
  'no-accounts': '没有列出任何公众号',
  'no-such-shard': ({ shards }) => `没有这个分片：REDIS_SHARDS 为 ${shards}，分片从 0 开始编号`,

  'api-key': '密钥只能包含字母、数字和 . _ ~ + / -，= 只能在末尾',
  'api-key-name': '冒号前的名称应为 1 到 64 个字母、数字、点、- 或 _',
  'key-twice': '有重复的密钥',
  'name-twice': '有重复的名称',
  'person-name': '名称应为 1 到 64 个字母、数字、点、@、- 或 _',
  'no-people': '列表为空',
  'no-permission': '没有列出任何权限',
  'accounts-list': '应为 "all" 或公众号名称的列表',
  'key-hash': '应为 `qunfa hash key` 给出的密钥 SHA-256',
  'password-hash': '应为 `qunfa hash password` 给出的哈希',
  'password-cost': '其中的 N、r 或 p 不是 `qunfa hash password` 会选用的值',
};

export const settingWords = sentences<SettingFlaw>({ en: EN, zh: ZH });
