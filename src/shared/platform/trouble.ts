/** What keeps a process from its work, or soon will: a code and its facts, and its sentence. */
import { type Coded, type None, type Sentences, sentences } from './sentences.ts';

/** How a Redis is set, or why it refuses us. */
interface RedisFacts {
  'redis-silent': { readonly why: string };
  'redis-too-old': { readonly version: string; readonly oldest: string };
  'redis-cluster-node': None;
  'redis-sentinel': None;
  'redis-no-cluster': None;
  'redis-no-sentinel': None;
  'redis-master-unknown': None;
  'redis-sentinel-password': None;
  'redis-password-missing': None;
  'redis-password-wrong': None;
  'redis-user-limited': None;
  'redis-wants-certificate': None;
  /** `by`: Node's code; absent where a Sentinel was asked. */
  'redis-certificate-refused': { readonly by?: string };
  'redis-no-tls': None;
  'redis-read-only': None;
  'redis-replicas-missing': { readonly wanted: number; readonly connected: number };
  'redis-evicts': { readonly policy: string };
  'redis-nearly-full': { readonly percent: number };
  /** Some writes are refused already. */
  'redis-full': { readonly percent: number };
  'redis-append-only-off': None;
  'redis-append-only-failed': None;
  'redis-fsync-unknown': None;
  'redis-fsync-late': { readonly appendfsync: string };
}

interface ProcessFacts {
  starting: None;
  stopping: None;
  'not-examined': { readonly why: string };
  'no-account': None;
  /** Of the host; behind Redis' where it is negative. */
  'clock-off': { readonly aheadSeconds: number };
  'spool-disk-nearly-full': { readonly percent: number };
}

export type RedisTrouble = Coded<RedisFacts>;
export type Trouble = Coded<RedisFacts & ProcessFacts>;

const ALLOWED =
  'ACL SETUSER <name> ~{<REDIS_PREFIX>}* &{<REDIS_PREFIX>}:* +@read +@write +@pubsub +@transaction +@scripting +@connection +@blocking -@dangerous +info +time +wait +config|get';

const full = ({ percent }: RedisFacts['redis-full']): string =>
  `Redis uses ${percent} % of the memory it may use, and refuses writes when it is full: give it more (maxmemory)`;
const fullZh = ({ percent }: RedisFacts['redis-full']): string =>
  `Redis 已使用其可用内存的 ${percent}%，用满后将拒绝写入：请扩大内存（maxmemory）`;

const EN: Sentences<Trouble> = {
  'redis-silent': ({ why }) => `Redis does not answer: ${why}`,
  'redis-too-old': ({ version, oldest }) =>
    `Redis ${version} is too old: ${oldest} or later is needed`,
  'redis-cluster-node':
    'REDIS_URL names a node of a Redis cluster: write redis-cluster://host:port,host:port',
  'redis-sentinel':
    'REDIS_URL names a Sentinel: write redis-sentinel://host:port,host:port?master=<name>',
  'redis-no-cluster': 'this Redis is no cluster: write redis:// in REDIS_URL',
  'redis-no-sentinel':
    'REDIS_URL says redis-sentinel://, and what answers there is no Sentinel: name the Sentinels, or write redis://',
  'redis-master-unknown':
    'no Sentinel of REDIS_URL knows a master of that name: correct ?master=, as sentinel.conf has it behind "sentinel monitor"',
  'redis-sentinel-password':
    'the Sentinels refuse the password: give theirs in REDIS_URL as &sentinelPassword=, and &sentinelUsername= where they have users',
  'redis-password-missing':
    'Redis wants a password, and REDIS_URL has none: write redis://user:password@host:port',
  'redis-password-wrong':
    'Redis refuses the user or the password of REDIS_URL: correct them, and percent-encode them there',
  'redis-user-limited': `the Redis user of REDIS_URL may not do all that is needed: allow it as in ${ALLOWED}`,
  'redis-wants-certificate':
    'Redis wants a certificate of its clients: give it in REDIS_TLS_CERT_FILE and REDIS_TLS_KEY_FILE',
  'redis-certificate-refused': ({ by = 'by a Sentinel' }) =>
    `the certificate of Redis is not accepted (${by}): give its authority in REDIS_TLS_CA_FILE, and name the host in REDIS_URL as the certificate does`,
  'redis-no-tls':
    'Redis speaks no TLS at this port: write redis:// in place of rediss:// in REDIS_URL',
  'redis-read-only': 'this Redis is a read-only replica: REDIS_URL must name the master',
  'redis-replicas-missing': ({ wanted, connected }) =>
    `REDIS_WAIT_REPLICAS is ${wanted}, and Redis has ${connected}: nothing is accepted or sent`,
  'redis-evicts': ({ policy }) =>
    `maxmemory-policy is ${policy}, so a full Redis forgets campaigns: set noeviction`,
  'redis-nearly-full': full,
  'redis-full': full,
  'redis-append-only-off':
    'appendonly is off, so a restart of Redis loses campaigns: set appendonly yes',
  'redis-append-only-failed':
    'Redis cannot write its append-only file: look at its disk and its log',
  'redis-fsync-unknown':
    'appendfsync cannot be read, CONFIG is forbidden here: see to it that it is always',
  'redis-fsync-late': ({ appendfsync }) =>
    `appendfsync is ${appendfsync}, so a crash of Redis may lose what was accepted: set always`,
  starting: 'starting: it waits for Redis',
  stopping: 'this process is stopping',
  'not-examined': ({ why }) => why,
  'no-account': 'no account is configured: set WECHAT_APP_ID or ACCOUNTS_FILE',
  'clock-off': ({ aheadSeconds }) =>
    `this host's clock is ${Math.abs(aheadSeconds)} s ${aheadSeconds > 0 ? 'ahead of' : 'behind'} Redis', so this worker does nothing: let both follow a time server (NTP)`,
  'spool-disk-nearly-full': ({ percent }) =>
    `the disk with CALLBACK_SPOOL_DIR is ${percent} % full: once it is full and Redis is away, events are lost; make room`,
};

const ZH: Sentences<Trouble> = {
  'redis-silent': ({ why }) => `Redis 没有应答：${why}`,
  'redis-too-old': ({ version, oldest }) => `Redis ${version} 版本过低：需要 ${oldest} 或更高版本`,
  'redis-cluster-node':
    'REDIS_URL 指向 Redis Cluster 的一个节点：请写成 redis-cluster://host:port,host:port',
  'redis-sentinel':
    'REDIS_URL 指向 Sentinel：请写成 redis-sentinel://host:port,host:port?master=<名称>',
  'redis-no-cluster': '这个 Redis 不是 Cluster：REDIS_URL 请使用 redis://',
  'redis-no-sentinel':
    'REDIS_URL 写的是 redis-sentinel://，但应答的不是 Sentinel：请填写 Sentinel 的地址，或改用 redis://',
  'redis-master-unknown':
    'REDIS_URL 中的 Sentinel 都没有这个名称的 master：请按 sentinel.conf 中 "sentinel monitor" 后的名称更正 ?master=',
  'redis-sentinel-password':
    'Sentinel 拒绝了密码：请在 REDIS_URL 中用 &sentinelPassword= 给出；有用户名时再加 &sentinelUsername=',
  'redis-password-missing':
    'Redis 需要密码，而 REDIS_URL 中没有：请写成 redis://user:password@host:port',
  'redis-password-wrong': 'Redis 拒绝了 REDIS_URL 中的用户名或密码：请更正，并使用百分号编码',
  'redis-user-limited': `REDIS_URL 中的用户权限不足：请参照 ${ALLOWED} 授权`,
  'redis-wants-certificate':
    'Redis 要求客户端证书：请设置 REDIS_TLS_CERT_FILE 和 REDIS_TLS_KEY_FILE',
  'redis-certificate-refused': ({ by = 'Sentinel' }) =>
    `Redis 的证书未被接受（${by}）：请在 REDIS_TLS_CA_FILE 中给出其 CA，REDIS_URL 中的主机名须与证书一致`,
  'redis-no-tls': 'Redis 的这个端口没有启用 TLS：REDIS_URL 请用 redis:// 代替 rediss://',
  'redis-read-only': '这个 Redis 是只读副本：REDIS_URL 须指向主节点',
  'redis-replicas-missing': ({ wanted, connected }) =>
    `REDIS_WAIT_REPLICAS 为 ${wanted}，而 Redis 只有 ${connected} 个副本：不会接受或发送任何活动`,
  'redis-evicts': ({ policy }) =>
    `maxmemory-policy 为 ${policy}，内存用尽时会丢失任务：请设为 noeviction`,
  'redis-nearly-full': fullZh,
  'redis-full': fullZh,
  'redis-append-only-off': 'appendonly 未开启，Redis 重启会丢失任务：请设置 appendonly yes',
  'redis-append-only-failed': 'Redis 无法写入 AOF 文件：请检查磁盘和日志',
  'redis-fsync-unknown': '无法读取 appendfsync（CONFIG 被禁用）：请确认其值为 always',
  'redis-fsync-late': ({ appendfsync }) =>
    `appendfsync 为 ${appendfsync}，Redis 崩溃时可能丢失已接受的任务：请设为 always`,
  starting: '正在启动：等待 Redis',
  stopping: '本进程正在停止',
  'not-examined': ({ why }) => why,
  'no-account': '没有配置公众号：请设置 WECHAT_APP_ID 或 ACCOUNTS_FILE',
  'clock-off': ({ aheadSeconds }) =>
    `本机时钟比 Redis ${aheadSeconds > 0 ? '快' : '慢'} ${Math.abs(aheadSeconds)} 秒，worker 已停止工作：请让两边都用 NTP 校时`,
  'spool-disk-nearly-full': ({ percent }) =>
    `CALLBACK_SPOOL_DIR 所在磁盘已用 ${percent}%：磁盘用满且 Redis 不可用时会丢失事件，请清理空间`,
};

export const describeTrouble = sentences<Trouble>({ en: EN, zh: ZH });

/** Several servers, or several parts of a process, may say the same. */
export const distinct = <T extends Trouble>(troubles: readonly T[]): T[] => [
  ...new Map(troubles.map((one) => [JSON.stringify(one), one])).values(),
];
