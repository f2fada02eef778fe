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
const PROXY_HEADERS = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'];

/**
 * Served without any credentials: the peer is on this machine, nobody stands between, and the name
 * it called is this machine's (else a page of anybody's, by a DNS name that points here, could ask).
 */
export function isFromThisMachine(req: Request): boolean {
  return (
    isLoopback(req.socket.remoteAddress) &&
    PROXY_HEADERS.every((header) => req.headers[header] === undefined) &&
    isLoopbackHost(hostnameOf(req.headers.host ?? ''))
  );
}

function hostnameOf(host: string): string {
  const url = URL.parse(`http://${host}`);
  return url ? url.hostname.replace(/^\[|\]$/g, '') : '';
}

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
