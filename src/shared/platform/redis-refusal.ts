/** A Redis that says no for good: waiting does not help, and what does is one sentence. */
import { ServiceError } from './errors.ts';
import type { Bilingual } from './sentences.ts';

const ALLOWED =
  'ACL SETUSER <name> ~{<REDIS_PREFIX>}* &{<REDIS_PREFIX>}:* +@read +@write +@pubsub +@transaction +@scripting +@connection +@blocking -@dangerous +info +time +wait +config|get';

export const IS_CLUSTER: Bilingual = [
  'REDIS_URL names a node of a Redis cluster: write redis-cluster://host:port,host:port',
  'REDIS_URL 指向 Redis Cluster 的一个节点：请写成 redis-cluster://host:port,host:port',
];
export const IS_SENTINEL: Bilingual = [
  'REDIS_URL names a Sentinel: write redis-sentinel://host:port,host:port?master=<name>',
  'REDIS_URL 指向 Sentinel：请写成 redis-sentinel://host:port,host:port?master=<名称>',
];

/** By the code that Redis begins its errors with; ioredis may say something before it. */
const BY_REDIS: readonly (readonly [RegExp, Bilingual])[] = [
  [
    /sentinel.*\b(?:NOAUTH|WRONGPASS)\b/i,
    [
      'the Sentinels refuse the password: give theirs in REDIS_URL as &sentinelPassword=, and &sentinelUsername= where they have users',
      'Sentinel 拒绝了密码：请在 REDIS_URL 中用 &sentinelPassword= 给出；有用户名时再加 &sentinelUsername=',
    ],
  ],
  [
    /\bNOAUTH\b/,
    [
      'Redis wants a password, and REDIS_URL has none: write redis://user:password@host:port',
      'Redis 需要密码，而 REDIS_URL 中没有：请写成 redis://user:password@host:port',
    ],
  ],
  [
    /\bWRONGPASS\b/,
    [
      'Redis refuses the user or the password of REDIS_URL: correct them, and percent-encode them there',
      'Redis 拒绝了 REDIS_URL 中的用户名或密码：请更正，并使用百分号编码',
    ],
  ],
  [
    /\bNOPERM\b/,
    [
      `the Redis user of REDIS_URL may not do all that is needed: allow it as in ${ALLOWED}`,
      `REDIS_URL 中的用户权限不足：请参照 ${ALLOWED} 授权`,
    ],
  ],
  [/^MOVED\b/, IS_CLUSTER],
  [
    /cluster support disabled/,
    [
      'this Redis is no cluster: write redis:// in REDIS_URL',
      '这个 Redis 不是 Cluster：REDIS_URL 请使用 redis://',
    ],
  ],
  [
    /sentinel.*unknown command/i,
    [
      'REDIS_URL says redis-sentinel://, and what answers there is no Sentinel: name the Sentinels, or write redis://',
      'REDIS_URL 写的是 redis-sentinel://，但应答的不是 Sentinel：请填写 Sentinel 的地址，或改用 redis://',
    ],
  ],
  [
    /No such master with that name/,
    [
      'no Sentinel of REDIS_URL knows a master of that name: correct ?master=, as sentinel.conf has it behind "sentinel monitor"',
      'REDIS_URL 中的 Sentinel 都没有这个名称的 master：请按 sentinel.conf 中 "sentinel monitor" 后的名称更正 ?master=',
    ],
  ],
];

/** Of Node and OpenSSL, for a certificate that is not accepted; Sentinels have its words alone. */
const CERTIFICATE = /^(?:CERT_|ERR_TLS_CERT|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(?:GET|VERIFY)_)/;
const CERTIFICATE_WORDS =
  /self-signed certificate|certificate has expired|first certificate|altnames/i;
/** Redis wants one of ours: it ends the connection with this alert. */
const CLIENT_CERTIFICATE = /certificate required|bad certificate|handshake failure/i;
const NO_TLS = /^(?:ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG|EPROTO)$/;

/** @returns undefined where Redis may be there later; a `REDIS_UNFIT` with the cure where not. */
export function refusalOf(error: unknown): ServiceError | undefined {
  if (error instanceof ServiceError) return error.code === 'REDIS_UNFIT' ? error : undefined;
  if (!(error instanceof Error)) return undefined;
  // Of a cluster none of whose nodes can be used.
  if ('lastNodeError' in error && error.lastNodeError) return refusalOf(error.lastNodeError);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (CLIENT_CERTIFICATE.test(error.message)) {
    return unfit([
      'Redis wants a certificate of its clients: give it in REDIS_TLS_CERT_FILE and REDIS_TLS_KEY_FILE',
      'Redis 要求客户端证书：请设置 REDIS_TLS_CERT_FILE 和 REDIS_TLS_KEY_FILE',
    ]);
  }
  if (CERTIFICATE.test(code) || CERTIFICATE_WORDS.test(error.message)) {
    return unfit([
      `the certificate of Redis is not accepted (${code || 'by a Sentinel'}): give its authority in REDIS_TLS_CA_FILE, and name the host in REDIS_URL as the certificate does`,
      `Redis 的证书未被接受（${code || 'Sentinel'}）：请在 REDIS_TLS_CA_FILE 中给出其 CA，REDIS_URL 中的主机名须与证书一致`,
    ]);
  }
  if (NO_TLS.test(code)) {
    return unfit([
      'Redis speaks no TLS at this port: write redis:// in place of rediss:// in REDIS_URL',
      'Redis 的这个端口没有启用 TLS：REDIS_URL 请用 redis:// 代替 rediss://',
    ]);
  }
  const known = BY_REDIS.find(([pattern]) => pattern.test(error.message));
  return known && unfit(known[1]);
}

export const unfit = (text: Bilingual): ServiceError =>
  new ServiceError('REDIS_UNFIT', text[0], { details: { text } });

/** The sentence of an error in each language; English alone where it has no other. */
export const textOf = ({ message, details }: ServiceError): Bilingual =>
  (details.text as Bilingual | undefined) ?? [message, message];
