/** All that a run says to anybody, and a search through it for what must not be there. */
import type { Redis } from 'ioredis';

export interface Said {
  /** Where it was heard: a log line, an address, a key. */
  readonly where: string;
  readonly text: string;
}

/** What must not be said: by a name that a failing test may print. */
export interface Needles {
  readonly texts: Readonly<Record<string, string>>;
  readonly patterns: Readonly<Record<string, RegExp>>;
}

export interface Leak {
  readonly what: string;
  readonly where: string;
}

/** Never repeats what it found. */
export function leaksIn(said: Iterable<Said>, { texts, patterns }: Needles): Leak[] {
  const needles = Object.entries(texts).flatMap(([what, text]) =>
    [...waysToWrite(text)].map((needle) => ({ what, needle })),
  );
  const found = new Map<string, Leak>();
  for (const { where, text } of said) {
    const note = (what: string) => found.set(`${what} ${where}`, { what, where });
    for (const { what, needle } of needles) if (text.includes(needle)) note(what);
    for (const [what, pattern] of Object.entries(patterns)) if (pattern.test(text)) note(what);
  }
  return [...found.values()];
}

/** As it is, in a url, in JSON, in HTML, in a Basic header. */
function waysToWrite(text: string): Set<string> {
  return new Set([
    text,
    encodeURIComponent(text),
    JSON.stringify(text).slice(1, -1),
    text.replaceAll('&', '&amp;').replaceAll('+', '&#43;').replaceAll('/', '&#x2F;'),
    Buffer.from(text).toString('base64').replace(/=+$/, ''),
    Buffer.from(text).toString('hex'),
  ]);
}

/** Every key under a pattern, with all that it holds, as text. */
export async function* keysOf(redis: Redis, match: string): AsyncGenerator<Said> {
  for await (const keys of redis.scanStream({ match, count: 1_000 })) {
    for (const key of new Set(keys as string[])) {
      yield { where: key, text: `${key}\n${await contentOf(redis, key)}` };
    }
  }
}

async function contentOf(redis: Redis, key: string): Promise<string> {
  switch (await redis.type(key)) {
    case 'string':
      return (await redis.getBuffer(key))?.toString('latin1') ?? '';
    case 'hash':
      return Object.entries(await redis.hgetall(key))
        .flat()
        .join('\n');
    case 'list':
      return (await redis.lrange(key, 0, -1)).join('\n');
    case 'set':
      return (await redis.smembers(key)).join('\n');
    case 'zset':
      return (await redis.zrange(key, '0', '-1')).join('\n');
    case 'stream':
      return JSON.stringify(await redis.xrange(key, '-', '+'));
    default:
      return '';
  }
}
