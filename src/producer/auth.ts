/**
 * Who may ask what. The API: a key each service; the board and the page: one user and password.
 * Where none is set, this machine alone is served.
 */
import type { Request, RequestHandler, Response } from 'express';
import { rateLimit } from 'express-rate-limit';
import { refuse } from '../shared/accept/refusal.ts';
import type { Config } from '../shared/config.ts';
import { MINUTE } from '../shared/time.ts';
import { callerOf, LOCAL, setCaller } from './caller.ts';
import { keepBoard, keepKeys } from './credentials.ts';
import { sendRefusal } from './problem.ts';
import { isForged, isFromThisMachine, isLoopbackHost } from './same-place.ts';

export type AuthSettings = Pick<Config['producer'], 'host' | 'apiKeys' | 'board' | 'publicUrl'>;

export interface Auth {
  /** `Authorization: Bearer <key>`. */
  readonly api: RequestHandler;
  /** Basic auth, and no request that a foreign page made a browser send. */
  readonly operator: RequestHandler;
}

/** What makes this address unsafe to listen on, in sentences. */
export function addressFindings({ host, apiKeys }: AuthSettings): string[] {
  if (apiKeys.length > 0 || isLoopbackHost(host)) return [];
  return [
    `PRODUCER_HOST ${host} can be reached from elsewhere, so API_KEYS is needed: without a key anybody could send to every follower`,
  ];
}

export function makeAuth({ apiKeys, board, publicUrl }: AuthSettings): Auth {
  const ownerOf = keepKeys(apiKeys);
  const isBoardUser = board && keepBoard(board);
  const guesses = limitGuesses();

  const api: RequestHandler = (req, res, next) => {
    if (apiKeys.length === 0) return serveLocally(req, res, next, publicUrl);
    const owner = ownerOf(credentialsOf(req, 'bearer') ?? '');
    if (owner === null) {
      res.set('WWW-Authenticate', 'Bearer realm="qunfa"');
      return sendRefusal(res, NO_KEY);
    }
    setCaller(res, owner);
    next();
  };

  const operator: RequestHandler = async (req, res, next) => {
    if (!isBoardUser || !board) return serveLocally(req, res, next, publicUrl);
    const shown = credentialsOf(req, 'basic');
    if (await guesses.areTooMany(req)) return sendRefusal(res, TOO_MANY_GUESSES);
    if (shown === null || !isBoardUser(shown)) {
      res.set('WWW-Authenticate', 'Basic realm="qunfa", charset="UTF-8"');
      if (shown === null) return sendRefusal(res, NO_USER);
      return guesses.count(req, res, () => sendRefusal(res, NO_USER));
    }
    if (isForged(req, publicUrl)) return sendRefusal(res, FORGED);
    setCaller(res, `board:${board.user}`);
    next();
  };

  return { api, operator };
}

function serveLocally(
  req: Request,
  res: Response,
  next: () => void,
  publicUrl: string | undefined,
): void {
  const refusal = !isFromThisMachine(req)
    ? THIS_MACHINE_ONLY
    : isForged(req, publicUrl)
      ? FORGED
      : null;
  if (refusal) {
    sendRefusal(res, refusal);
    return;
  }
  setCaller(res, LOCAL);
  res.locals.hasNoKey = true;
  next();
}

function credentialsOf(req: Request, scheme: 'bearer' | 'basic'): string | null {
  const [, word = '', shown = ''] = /^(\w+) +(\S+) *$/.exec(req.headers.authorization ?? '') ?? [];
  return word.toLowerCase() === scheme ? shown : null;
}

/** A password may be short, so that it must not be guessed at: a few wrong ones a minute. */
const GUESSES_A_MINUTE = 20;

function limitGuesses() {
  const peerOf = (req: Request): string => req.socket.remoteAddress ?? '';
  const count = rateLimit({
    windowMs: MINUTE,
    limit: GUESSES_A_MINUTE,
    keyGenerator: peerOf,
    legacyHeaders: false,
    handler: (_req, res) => sendRefusal(res, TOO_MANY_GUESSES),
  });
  return {
    count,
    async areTooMany(req: Request): Promise<boolean> {
      const known = await count.getKey(peerOf(req));
      return (known?.totalHits ?? 0) >= GUESSES_A_MINUTE;
    },
  };
}

/**
 * By key, so that one service's loop leaves the others in peace. Without keys there is only this
 * machine, and nobody to protect from it.
 */
export const limitRate = ({ perMinute }: { perMinute: number }): RequestHandler =>
  rateLimit({
    windowMs: MINUTE,
    limit: perMinute,
    keyGenerator: (_req, res) => callerOf(res as Response),
    skip: (_req, res) => res.locals.hasNoKey === true,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    handler: (_req, res) => sendRefusal(res, TOO_MANY),
  });

const NO_KEY = refuse(
  401,
  'api-key-needed',
  'send Authorization: Bearer <key>, with one of the keys in API_KEYS',
).refused;
const NO_USER = refuse(
  401,
  'board-password-needed',
  'user or password is missing or wrong',
).refused;
const THIS_MACHINE_ONLY = refuse(
  403,
  'loopback-only',
  'without API_KEYS (for the board and the page: BOARD_USER and BOARD_PASSWORD) only this machine is served, directly and by its own name',
).refused;
const FORGED = refuse(
  403,
  'cross-site-request',
  'a page of another origin made this request; nothing was done',
).refused;
const TOO_MANY = refuse(
  429,
  'rate-limited',
  'too many requests with this key; Retry-After says when to go on',
).refused;
const TOO_MANY_GUESSES = refuse(
  429,
  'rate-limited',
  'too many wrong passwords from this address; try again in a minute',
).refused;
