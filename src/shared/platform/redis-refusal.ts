/** A Redis that says no for good: waiting does not help, and what does is one sentence. */
import { ServiceError } from './errors.ts';

const ALLOWED = 'ACL SETUSER <name> ~{<REDIS_PREFIX>}* &* +@all -@admin';

/** By the code that Redis begins its errors with; ioredis may say something before it. */
const BY_REDIS: readonly (readonly [RegExp, string])[] = [
  [
    /\bNOAUTH\b/,
    'Redis wants a password, and REDIS_URL has none: write redis://user:password@host:port',
  ],
  [
    /\bWRONGPASS\b/,
    'Redis refuses the user or the password of REDIS_URL: correct them, and percent-encode them there',
  ],
  [
    /\bNOPERM\b/,
    `the Redis user of REDIS_URL may not do all that is needed: allow it as in ${ALLOWED}`,
  ],
  [
    /^(?:MOVED|CROSSSLOT|CLUSTERDOWN)\b/,
    'REDIS_URL names a node of a Redis cluster: name a Redis that is none',
  ],
];

/** Of Node and OpenSSL, for a certificate that is not accepted. */
const CERTIFICATE = /^(?:CERT_|ERR_TLS_CERT|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(?:GET|VERIFY)_)/;
const NO_TLS = /^(?:ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG|EPROTO)$/;

/** @returns undefined where Redis may be there later; a `REDIS_UNFIT` with the cure where not. */
export function refusalOf(error: unknown): ServiceError | undefined {
  if (error instanceof ServiceError) return error.code === 'REDIS_UNFIT' ? error : undefined;
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (CERTIFICATE.test(code)) {
    return unfit(
      `the certificate of Redis is not accepted (${code}): give Node its authority in NODE_EXTRA_CA_CERTS, and name the host in REDIS_URL as the certificate does`,
    );
  }
  if (NO_TLS.test(code))
    return unfit('Redis speaks no TLS at this port: write redis:// in REDIS_URL');
  const known = BY_REDIS.find(([pattern]) => pattern.test(error.message));
  return known && unfit(known[1]);
}

export const unfit = (sentence: string): ServiceError => new ServiceError('REDIS_UNFIT', sentence);
