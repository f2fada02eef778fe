/**
 * Where we may be sent by what a caller wrote down: https, and an address of the public internet.
 *
 * The name is resolved when the connection is made, and the connection goes to the very addresses
 * that were checked, so that a name cannot mean one host to the check and another to the call.
 */
import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { Agent, type Dispatcher } from 'undici';
import { SECOND } from './time.ts';

export interface TargetRules {
  /** For an installation inside one network: http and private addresses, too. */
  readonly allowPrivate: boolean;
}

/** A code of the mistakes of input. */
export type TargetFlaw = 'not-http' | 'credentials-in-address' | 'https-only' | 'local-address';

export class TargetRefused extends Error {
  override name = 'TargetRefused';
}

/** Neither private, loopback, link-local, multicast, shared (CGNAT) nor a way around one of them. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  if (parsed.range() !== 'unicast') return false;
  // 2000::/3 is all that was ever given out; elsewhere old ways to write a v4 address are left.
  return parsed.kind() === 'ipv4' || /^[23][0-9a-f]{3}:/.test(parsed.toNormalizedString());
}

/** Why this url is none we would ever call; null if its name may still be looked up. */
export function targetRefusal(url: string, { allowPrivate }: TargetRules): TargetFlaw | null {
  const target = URL.parse(url);
  if (!target || !/^https?:$/.test(target.protocol)) return 'not-http';
  if (target.username || target.password) return 'credentials-in-address';
  if (allowPrivate) return null;
  if (target.protocol !== 'https:') return 'https-only';
  const host = target.hostname.replace(/^\[|\]$/g, '');
  const isPrivate = ipaddr.isValid(host) ? !isPublicAddress(host) : LOCAL_NAME.test(host);
  return isPrivate ? 'local-address' : null;
}

/** Names that never are on the public internet (RFC 6761, 6762, 8375; .internal by ICANN). */
const LOCAL_NAME = /(^|\.)(localhost|local|internal|home\.arpa)\.?$/i;

type Resolve = (
  hostname: string,
  done: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void;

const resolveAll: Resolve = (hostname, done) =>
  systemLookup(hostname, { all: true, verbatim: true }, done);

/** One private address among several is enough for a no: the name is not to be trusted. */
export function checkedLookup(resolve: Resolve = resolveAll): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, (error, addresses) => {
      if (error) return callback(error, '');
      const wanted = addresses.filter(({ family }) => !options.family || options.family === family);
      const [first] = wanted;
      if (!first || !addresses.every(({ address }) => isPublicAddress(address))) {
        return callback(new TargetRefused(first ? 'local-address' : 'no address'), '');
      }
      if (options.all) callback(null, [...wanted]);
      else callback(null, first.address, first.family);
    });
  };
}

/** Connections to public addresses only. The calls over them are limited where they are made (exchange.ts). */
export function openSafeDispatcher({ allowPrivate }: TargetRules): Dispatcher {
  return new Agent({
    connections: 4,
    connect: {
      timeout: 5 * SECOND,
      ...(allowPrivate ? {} : { lookup: checkedLookup() }),
    },
  });
}
