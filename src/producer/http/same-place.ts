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

/** A proxy beside us makes the whole world look local. What proxies add, whoever made them: */
const PROXY_HEADER =
  /^(?:via|forwarded|x-real-ip|x-request-start|true-client-ip)$|forwarded|^(?:cf|cdn|x-envoy|x-amzn|x-amz-cf|x-appengine|x-azure|x-arr|fly|fastly)-|-(?:client|connecting|cluster)-ip$/;

/**
 * Whether somebody stands between, by the headers, the HTTP of 1996 (nginx's `proxy_pass` without more),
 * or a name that is not this machine's (else a page of anybody's, by a DNS name that points here, could
 * ask). A proxy that speaks HTTP/1.1, calls us by our own name and adds no header cannot be told apart,
 * which is why PUBLIC_URL asks for keys.
 */
export const isPassedOn = ({ headers, httpVersion }: Request): boolean =>
  httpVersion === '1.0' ||
  Object.keys(headers).some((name) => PROXY_HEADER.test(name)) ||
  !isLoopbackHost(nameIn(`http://${headers.host ?? ''}`));

/** Whether this is how others reach us: a proxy's address, and not this machine's own. */
export const isPublished = (publicUrl: string | undefined): boolean =>
  publicUrl !== undefined && !isLoopbackHost(nameIn(publicUrl));

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
