/**
 * Who asks. The API: a key each service; the board and the page: operators by name and password, or
 * by the header of a proxy that has asked for it.
 * Where none is set, this machine alone is served.
 */
import type { Request, RequestHandler, Response } from 'express';
import { ipKeyGenerator } from 'express-rate-limit';
import { isInRanges } from '../../shared/platform/address-range.ts';
import type { Config } from '../../shared/platform/config.ts';
import { ALL_RIGHTS, type Rights } from '../../shared/platform/people.ts';
import type { Bilingual } from '../../shared/platform/sentences.ts';
import { MINUTE, SECOND } from '../../shared/platform/time.ts';
import { LOCAL, setCaller } from './caller.ts';
import { keepBoard, keepKeys, keepOperators } from './credentials.ts';
import { sendRefusal } from './problem.ts';
import { isForged, isLoopback, isLoopbackHost, isPassedOn, isPublished } from './same-place.ts';

export type AuthSettings = Pick<
  Config['producer'],
  'host' | 'apiKeys' | 'board' | 'signOn' | 'publicUrl'
> &
  Partial<Pick<Config['producer'], 'keys' | 'operators'>>;

interface Found {
  readonly name: string;
  readonly rights: Rights;
}

export interface Auth {
  /** `Authorization: Bearer <key>`. */
  readonly api: RequestHandler;
  /** Basic auth, and no request that a foreign page made a browser send. */
  readonly operator: RequestHandler;
}

/** What makes this address unsafe to listen on. */
export function addressFindings({
  host,
  apiKeys,
  keys = [],
  publicUrl,
}: AuthSettings): Bilingual[] {
  if (apiKeys.length + keys.length > 0) return [];
  const ways: Bilingual[] = [
    ...(isLoopbackHost(host)
      ? []
      : [
          [
            `PRODUCER_HOST ${host} can be reached from elsewhere`,
            `PRODUCER_HOST ${host} 可从其他机器访问`,
          ] as const,
        ]),
    ...(isPublished(publicUrl)
      ? [
          [
            'PUBLIC_URL says that others reach it through a proxy',
            '设置了 PUBLIC_URL，其他人可通过代理访问',
          ] as const,
        ]
      : []),
  ];
  return ways.map(([en, zh]) => [
    `${en}, so API_KEYS or API_KEYS_FILE is needed: without a key anybody could send to every follower`,
    `${zh}，因此必须设置 API_KEYS 或 API_KEYS_FILE：否则任何人都能向全部用户群发`,
  ]);
}

export function makeAuth(settings: AuthSettings): Auth {
  const { apiKeys, keys = [], board, operators = [], signOn, publicUrl } = settings;
  const ownerOf = keepKeys(apiKeys, keys);
  const isBoardUser = board && keepBoard(board);
  const operatorOf = keepOperators(operators);
  const guesses = limitGuesses();
  const serveLocally = makeServeLocally(publicUrl);

  const api: RequestHandler = (req, res, next) => {
    if (apiKeys.length + keys.length === 0) return serveLocally(req, res, next);
    const owner = ownerOf(credentialsOf(req, 'bearer') ?? '');
    if (owner === null) {
      res.set('WWW-Authenticate', 'Bearer realm="qunfa"');
      return sendRefusal(res, { code: 'api-key-needed' });
    }
    setCaller(res, owner.name, owner.rights);
    next();
  };

  const operator: RequestHandler = async (req, res, next) => {
    if (!board && operators.length === 0) {
      // Through the proxy that it names, a stranger could look local.
      if (isPublished(publicUrl)) return sendRefusal(res, { code: 'loopback-only' });
      return serveLocally(req, res, next);
    }
    const found = signedOn(req) ?? (await byPassword(req, res));
    if (found === null) return;
    if (found === 'unknown') return sendRefusal(res, { code: 'operator-unknown' });
    if (isForged(req, publicUrl)) return sendRefusal(res, { code: 'cross-site-request' });
    setCaller(res, `board:${found.name}`, found.rights);
    next();
  };

  /** Named by the proxy of single sign-on. From any other address its header means nothing. */
  function signedOn(req: Request): Found | 'unknown' | undefined {
    const named = signOn && req.headers[signOn.header];
    if (!named || !isInRanges(req.socket.remoteAddress, signOn.proxies)) return undefined;
    const known = operators.find(({ name }) => name === named);
    return known ? { name: known.name, rights: known } : 'unknown';
  }

  /** Null where the request was answered. */
  async function byPassword(req: Request, res: Response): Promise<Found | null> {
    const wait = guesses.waitFor(req);
    if (wait > 0) {
      res.set('Retry-After', String(wait));
      sendRefusal(res, { code: 'rate-limited', of: 'passwords' });
      return null;
    }
    const shown = credentialsOf(req, 'basic');
    if (shown !== null) {
      if (board && isBoardUser?.(shown)) return { name: board.user, rights: ALL_RIGHTS };
      // Counted before the hash is made: guesses may come side by side.
      guesses.count(req);
      const known = await operatorOf(shown);
      if (known) {
        guesses.forgive(req);
        return { name: known.name, rights: known };
      }
    }
    res.set('WWW-Authenticate', 'Basic realm="qunfa", charset="UTF-8"');
    sendRefusal(res, { code: 'board-password-needed' });
    return null;
  }

  return { api, operator };
}

/**
 * Once a request has come through a proxy, nobody is served without credentials until the next start:
 * where the proxy passes `Host` on, its callers choose how local they look.
 */
const makeServeLocally = (publicUrl: string | undefined) => {
  let isOpen = true;
  return (req: Request, res: Response, next: () => void): void => {
    const isLocal = isLoopback(req.socket.remoteAddress);
    isOpen &&= !(isLocal && isPassedOn(req));
    if (!isOpen || !isLocal) {
      sendRefusal(res, { code: 'loopback-only' });
    } else if (isForged(req, publicUrl)) {
      sendRefusal(res, { code: 'cross-site-request' });
    } else {
      setCaller(res, LOCAL);
      res.locals.hasNoKey = true;
      next();
    }
  };
};

function credentialsOf(req: Request, scheme: 'bearer' | 'basic'): string | null {
  const [, word = '', shown = ''] = /^(\w+) +(\S+) *$/.exec(req.headers.authorization ?? '') ?? [];
  return word.toLowerCase() === scheme ? shown : null;
}

/** A password may be short, so that it must not be guessed at: a few wrong ones a minute. */
const GUESSES_A_MINUTE = 20;

/** Counted at once: pipelined guesses are all here before the first has been answered. */
function limitGuesses() {
  const wrong = new Map<string, number>();
  let until = 0;
  // Whoever has one IPv6 address has a whole network of them.
  const peerOf = (req: Request): string => ipKeyGenerator(req.socket.remoteAddress ?? '');
  return {
    /** How long to wait before the next, in seconds; 0 for not at all. */
    waitFor(req: Request): number {
      const left = until - Date.now();
      if (left <= 0) {
        wrong.clear();
        until = Date.now() + MINUTE;
      }
      const tried = wrong.get(peerOf(req)) ?? 0;
      return tried >= GUESSES_A_MINUTE ? Math.ceil(left / SECOND) : 0;
    },
    count(req: Request): void {
      wrong.set(peerOf(req), (wrong.get(peerOf(req)) ?? 0) + 1);
    },
    /** It was right. */
    forgive(req: Request): void {
      wrong.set(peerOf(req), Math.max(0, (wrong.get(peerOf(req)) ?? 0) - 1));
    },
  };
}
