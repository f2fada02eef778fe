/** A Redis that says no for good: waiting does not help. */
import { operatorError, ServiceError } from './errors.ts';
import { describeTrouble, type RedisTrouble } from './trouble.ts';

/** By the code that Redis begins its errors with; ioredis may say something before it. */
const BY_REDIS: readonly (readonly [RegExp, RedisTrouble])[] = [
  [/sentinel.*\b(?:NOAUTH|WRONGPASS)\b/i, { code: 'redis-sentinel-password' }],
  [/\bNOAUTH\b/, { code: 'redis-password-missing' }],
  [/\bWRONGPASS\b/, { code: 'redis-password-wrong' }],
  [/\bNOPERM\b/, { code: 'redis-user-limited' }],
  [/^MOVED\b/, { code: 'redis-cluster-node' }],
  [/cluster support disabled/, { code: 'redis-no-cluster' }],
  [/sentinel.*unknown command/i, { code: 'redis-no-sentinel' }],
  [/No such master with that name/, { code: 'redis-master-unknown' }],
];

/** Of Node and OpenSSL, for a certificate that is not accepted; Sentinels have its words alone. */
const CERTIFICATE = /^(?:CERT_|ERR_TLS_CERT|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(?:GET|VERIFY)_)/;
const CERTIFICATE_WORDS =
  /self-signed certificate|certificate has expired|first certificate|altnames/i;
/** Redis wants one of ours: it ends the connection with this alert. */
const CLIENT_CERTIFICATE = /certificate required|bad certificate|handshake failure/i;
const NO_TLS = /^(?:ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG|EPROTO)$/;

/** @returns undefined where Redis may be there later. */
export function refusalOf(error: unknown): RedisTrouble | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof ServiceError) return error.details.refusal as RedisTrouble | undefined;
  // Of a cluster none of whose nodes can be used.
  if ('lastNodeError' in error && error.lastNodeError) return refusalOf(error.lastNodeError);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (CLIENT_CERTIFICATE.test(error.message)) return { code: 'redis-wants-certificate' };
  if (CERTIFICATE.test(code) || CERTIFICATE_WORDS.test(error.message)) {
    return { code: 'redis-certificate-refused', ...(code === '' ? {} : { by: code }) };
  }
  if (NO_TLS.test(code)) return { code: 'redis-no-tls' };
  return BY_REDIS.find(([pattern]) => pattern.test(error.message))?.[1];
}

export const unfit = (refusal: RedisTrouble): ServiceError =>
  operatorError('REDIS_UNFIT', [describeTrouble(refusal, 'en'), describeTrouble(refusal, 'zh')], {
    details: { refusal },
  });
