/** WeChat ends its texts in `hint: […]`, `rid: …` or both, different at each call. */
const SUFFIX = /\s*(?:\bhint:\s*\[[^\]]*\]|\brid:\s*[0-9a-f-]+)\s*$/i;

/** An OpenID, a token or a media id; a word of this length with upper case or digits is one too. */
const OPAQUE = /(?=[a-z_-]*[A-Z0-9])[A-Za-z0-9_-]{16,}/g;

const MAX_LENGTH = 200;
/** Nobody reads on, and the patterns take their time. */
const MAX_READ = 2_000;

/** WeChat's words, fit for a log: no changing suffix, nothing secret, nobody's OpenID, one line. */
export function cleanErrmsg(errmsg: string, secrets: readonly string[]): string {
  let text = errmsg.slice(0, MAX_READ);
  for (const secret of secrets) if (secret) text = text.replaceAll(secret, '…');
  while (SUFFIX.test(text)) text = text.replace(SUFFIX, '');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not pass
  const line = text.replaceAll(OPAQUE, '…').replaceAll(/[\u0000-\u001f\u007f\s]+/g, ' ');
  return line.trim().slice(0, MAX_LENGTH);
}
