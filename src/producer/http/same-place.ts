/** Whether a request comes from this machine, and whether a browser was led to make it. */
import type { Request } from 'express';
import ipaddr from 'ipaddr.js';

/** The socket's own address: what a header claims proves nothing. */
export function isLoopback(address: string | undefined): boolean {
  return (
    address !== undefined &&
    ipaddr.isValid(address) &&
    ipaddr.process(address).range() === 'loopback'
  );
}

/** Whether a server bound to this name can be reached from this machine only. */
export const isLoopbackHost = (host: string): boolean =>
  host.toLowerCase() === 'localhost' || isLoopback(host);

/** A proxy beside us makes the whole world look local. */
const PROXY_HEADERS = [
  ...['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via'],
  ...['x-forwarded-port', 'x-forwarded-server', 'x-original-forwarded-for', 'true-client-ip'],
  ...['cf-connecting-ip', 'x-client-ip', 'x-cluster-client-ip', 'x-request-start'],
];

/** Whether this is how others reach us: a proxy's address, and not this machine's own. */
export const isPublished = (publicUrl: string | undefined): boolean =>
  publicUrl !== undefined && !isLoopbackHost(nameIn(publicUrl));

/**
 * Served without any credentials: the peer is on this machine, nobody stands between, and the name
 * it called is this machine's (else a page of anybody's, by a DNS name that points here, could ask).
 *
 * nginx's `proxy_pass` without more adds no header and calls us by our own name. It speaks HTTP/1.0,
 * as no client has for long; newer ones cannot be told apart, which is why PUBLIC_URL asks for keys.
 */
export function isFromThisMachine(req: Request): boolean {
  const { host = '' } = req.headers;
  return (
    isLoopback(req.socket.remoteAddress) &&
    req.httpVersion !== '1.0' &&
    PROXY_HEADERS.every((header) => req.headers[header] === undefined) &&
    isLoopbackHost(nameIn(`http://${host}`))
  );
}

const nameIn = (url: string): string => URL.parse(url)?.hostname.replace(/^\[|\]$/g, '') ?? '';

const CHANGES_NOTHING = ['GET', 'HEAD', 'OPTIONS'];

/**
 * A browser sends what it knows (basic auth, its place on this machine) with a foreign page's
 * requests too, so that what changes something must come from a page of ours, or from no browser.
 */
export function isForged(req: Request, publicUrl?: string): boolean {
  if (CHANGES_NOTHING.includes(req.method)) return false;
  const site = req.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  const { origin } = req.headers;
  if (origin === undefined) return false;
  // A file's page and an app's have an origin without a host.
  const from = URL.parse(origin)?.host;
  const ours = [req.headers.host, publicUrl && URL.parse(publicUrl)?.host];
  return !from || !ours.includes(from);
}
