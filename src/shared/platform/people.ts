/**
 * Who may do what, and for which accounts: API keys (API_KEYS_FILE) and operators (OPERATORS_FILE).
 * Neither file holds a secret: a key by its SHA-256, a password by scrypt.
 */
import { hash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { z } from 'zod';
import { expects, issueFor, matching, readJsonFile, type SettingIssue } from './setting.ts';

export const PERMISSIONS = ['read', 'send', 'everyone', 'steer', 'approve', 'decide'] as const;
/**
 * `read`: look at everything · `send`: enqueue campaigns, upload, preview · `everyone`: with `send`,
 * to all followers · `steer`: pause, resume, cancel, reschedule, acknowledge · `approve`: approve and
 * reject · `decide`: resolve, retry, recall.
 */
export type Permission = (typeof PERMISSIONS)[number];

export interface Rights {
  readonly may: readonly Permission[];
  /** Null: all of them. */
  readonly accounts: readonly string[] | null;
}

export const ALL_RIGHTS: Rights = { may: PERMISSIONS, accounts: null };

export interface HashedKey extends Rights {
  readonly name: string;
  /** Of the key, in hex. */
  readonly sha256: string;
}

export interface Operator extends Rights {
  readonly name: string;
  /** Absent for one who only comes through the proxy of single sign-on. */
  readonly scrypt?: string;
}

const name = matching(/^[\p{L}\p{N}._@-]{1,64}$/u, { code: 'person-name' });

const rights = {
  may: z
    .array(expects(z.enum(PERMISSIONS), { code: 'some-of', values: PERMISSIONS }))
    .refine((may) => may.length > 0, issueFor({ code: 'no-permission' })),
  accounts: expects(
    z
      .union([z.literal('all'), z.array(z.string())])
      .transform((accounts) => (accounts === 'all' ? null : accounts)),
    { code: 'accounts-list' },
  ),
};

const Keys = z.array(
  z.strictObject({ name, sha256: matching(/^[0-9a-f]{64}$/, { code: 'key-hash' }), ...rights }),
);

/** The whole hash: a shorter one would fit many passwords, an empty one all. */
const SCRYPT = /^scrypt\$(\d+)\$(\d+)\$(\d+)\$([\w-]{22,})\$([\w-]{43})$/;

/** What one guess may cost, so that neither a mistyped N nor a weak hash is found at the first login. */
const LEAST_BYTES = 2 ** 23;
/** Node refuses more. */
const MOST_BYTES = 2 ** 25;
const MOST_ROUNDS = 8;

function isAffordable(hashed: string): boolean {
  const [N = 0, r = 0, p = 0] = (SCRYPT.exec(hashed) ?? []).slice(1, 4).map(Number);
  const bytes = 128 * N * r;
  const fits = bytes >= LEAST_BYTES && bytes < MOST_BYTES && p >= 1 && p <= MOST_ROUNDS;
  return fits && Number.isInteger(Math.log2(N));
}

const Operators = z.array(
  z
    .strictObject({
      name,
      scrypt: matching(SCRYPT, { code: 'password-hash' })
        .refine(isAffordable, issueFor({ code: 'password-cost' }))
        .optional(),
      ...rights,
    })
    .transform(({ scrypt: own, ...rest }): Operator => (own ? { ...rest, scrypt: own } : rest)),
);

interface People {
  readonly keys: readonly HashedKey[];
  readonly operators: readonly Operator[];
  readonly issues: readonly SettingIssue[];
}

/** @param env without empty values. */
export function readPeople(
  env: Readonly<Record<string, string>>,
  readFile: (path: string) => string,
): People {
  const keys = fromFile('API_KEYS_FILE', Keys, env, readFile);
  const operators = fromFile('OPERATORS_FILE', Operators, env, readFile);
  return {
    keys: keys.list,
    operators: operators.list,
    issues: [...keys.issues, ...operators.issues],
  };
}

function fromFile<T extends { readonly name: string }>(
  setting: string,
  schema: z.ZodType<T[]>,
  env: Readonly<Record<string, string>>,
  readFile: (path: string) => string,
): { readonly list: readonly T[]; readonly issues: readonly SettingIssue[] } {
  const path = env[setting];
  if (path === undefined) return { list: [], issues: [] };
  const read = readJsonFile({ setting, path }, schema, readFile);
  if ('issues' in read) return { list: [], issues: read.issues };
  const list = read.content;
  if (list.length === 0) return { list, issues: [{ setting, code: 'no-people' }] };
  const isTwice = new Set(list.map((one) => one.name)).size < list.length;
  return isTwice ? { list: [], issues: [{ setting, code: 'name-twice' }] } : { list, issues: [] };
}

export const hashKey = (key: string): string => hash('sha256', key);

const stretch = promisify<string, Buffer, number, { N: number; r: number; p: number }, Buffer>(
  scrypt,
);
/** Some 50 ms and 16 MiB for each guess. */
const COST = { N: 2 ** 14, r: 8, p: 1 };
const HASH_BYTES = 32;

/** `scrypt$N$r$p$salt$hash`, the last two in base64url. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const digest = await stretch(password, salt, HASH_BYTES, COST);
  const { N, r, p } = COST;
  return `scrypt$${N}$${r}$${p}$${salt.toString('base64url')}$${digest.toString('base64url')}`;
}

export async function passwordFits(password: string, hashed: string): Promise<boolean> {
  const [, N, r, p, salt = '', digest = ''] = SCRYPT.exec(hashed) ?? [];
  const known = Buffer.from(digest, 'base64url');
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  const shown = await stretch(password, Buffer.from(salt, 'base64url'), known.length, cost);
  return timingSafeEqual(shown, known);
}
