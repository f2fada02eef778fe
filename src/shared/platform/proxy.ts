/**
 * The proxy to take for a url, by the variables that curl and most tools know. They have no
 * standard; this is what the tools agree on.
 *
 * @param env without empty values.
 * @returns undefined where the way is direct: a plain http url, a host named in NO_PROXY, no proxy.
 */
export function proxyFor(
  url: string,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const { protocol, hostname, port } = new URL(url);
  const proxy = env.https_proxy ?? env.HTTPS_PROXY;
  if (protocol !== 'https:' || !proxy) return undefined;

  const direct = (env.no_proxy ?? env.NO_PROXY ?? '').split(',').map((entry) => entry.trim());
  if (direct.some((entry) => names(entry, hostname, port || '443'))) return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

/** `*`, a host, or a domain with everything under it; each may carry a port. */
function names(entry: string, hostname: string, port: string): boolean {
  if (entry === '*') return true;
  const [, host = '', only] = /^\*?\.?([^:]*)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
  if (host === '' || (only !== undefined && only !== port)) return false;
  return hostname === host || hostname.endsWith(`.${host}`);
}
