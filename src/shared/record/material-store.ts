/**
 * What is at WeChat already, as what, and until when: so that a file is uploaded once an account
 * and kind, however many campaigns carry it.
 *
 *   <prefix>:material:<identity>:<kind>:<content>         one upload (JSON), gone when WeChat's copy is
 *   <prefix>:material:<identity>:<kind>:<content>:claim   whoever uploads it now
 *   <prefix>:material-of:<sha256>                        every upload of one file
 */
import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { MaterialKey, WechatCopy } from '../campaign/material.ts';
import type { IdentityOf } from '../platform/identity.ts';
import { DAY, HOUR } from '../platform/time.ts';
import { CLAIM_IF, FORGET_IF, RELEASE_IF, SAVE_MATERIAL } from './media-scripts.ts';

/** How long WeChat keeps temporary media: image, voice, video, mpvideo, thumb. */
export const TEMPORARY_MEDIA_LIFE = 3 * DAY;

/** What expires sooner is not used any more: the send must still find it at WeChat. */
const REUSE_MARGIN = HOUR;

export type Material = Omit<WechatCopy, 'shared'> & { readonly uploadedAt: number };

export interface AtWechat {
  readonly account: string;
  readonly kind: MaterialKey['kind'];
  readonly expiresAt: number | null;
}

/** Gives the claim back; harmless when it has run out, even if somebody else holds it by now. */
export type Release = () => Promise<void>;

export interface Dependencies {
  readonly redis: Redis;
  /** With the hash tag, as the media store's. */
  readonly prefix: string;
  readonly identityOf: IdentityOf;
  readonly now: () => number;
}

export type MaterialStore = ReturnType<typeof makeMaterialStore>;

export function makeMaterialStore({ redis, prefix, identityOf, now }: Dependencies) {
  const keyOf = (account: string, key: MaterialKey): string =>
    `${prefix}:material:${fieldOf(identityOf(account), key)}:${key.sha256}`;
  const ofFile = (sha256: string): string => `${prefix}:material-of:${sha256}`;

  /** What may be used instead of another upload: it stays at WeChat for an hour at least. */
  async function find(account: string, key: MaterialKey): Promise<Material | null> {
    const text = await redis.get(keyOf(account, key));
    if (text === null) return null;
    const material = JSON.parse(text) as Material;
    return isGood(material, REUSE_MARGIN) ? material : null;
  }

  /** Replaces what was known. Already expired, it is only forgotten. */
  async function save(account: string, key: MaterialKey, material: Material): Promise<void> {
    const keys = [keyOf(account, key), ofFile(key.sha256)];
    const lifeMs = material.expiresAt === null ? 0 : material.expiresAt - now();
    await redis.eval(
      SAVE_MATERIAL,
      keys.length,
      ...keys,
      JSON.stringify(material),
      lifeMs,
      fieldOf(identityOf(account), key),
      JSON.stringify(material.expiresAt),
    );
  }

  /**
   * WeChat does not know this id any more (40007). Only if it is still the one on record: another
   * job may have uploaded the file again meanwhile. For a picture inside articles, its URL.
   */
  async function forget(account: string, key: MaterialKey, mediaId: string): Promise<void> {
    const keys = [keyOf(account, key), ofFile(key.sha256)];
    await redis.eval(FORGET_IF, keys.length, ...keys, mediaId, fieldOf(identityOf(account), key));
  }

  /**
   * The right to upload this file now; null while somebody else has it, who will save it soon.
   * Runs out after `ttlMs`, should its holder be lost. `by` is who claims: a job that was killed
   * meanwhile and runs again has its own claim back at once.
   */
  async function claim(
    account: string,
    key: MaterialKey,
    ttlMs: number,
    by?: string,
  ): Promise<Release | null> {
    const at = `${keyOf(account, key)}:claim`;
    const token = by ?? randomBytes(16).toString('hex');
    const got = await redis.eval(CLAIM_IF, 1, at, token, ttlMs);
    if (got !== 1) return null;
    return async () => {
      await redis.eval(RELEASE_IF, 1, at, token);
    };
  }

  /** Which of these accounts have this file at WeChat now, by account and kind. */
  async function atWechat(sha256: string, accounts: readonly string[]): Promise<AtWechat[]> {
    const names = new Map(accounts.map((name) => [identityOf(name), name]));
    const fields = await redis.hgetall(ofFile(sha256));
    return Object.entries(fields)
      .map(([field, expires]) => {
        const [identity = '', kind = ''] = field.split(':');
        const account = names.get(identity) ?? '';
        const expiresAt = JSON.parse(expires) as number | null;
        return { account, kind: kind as AtWechat['kind'], expiresAt };
      })
      .filter((found) => found.account !== '' && isGood(found, 0))
      .sort((a, b) => `${a.account}:${a.kind}`.localeCompare(`${b.account}:${b.kind}`));
  }

  const isGood = ({ expiresAt }: Pick<Material, 'expiresAt'>, marginMs: number): boolean =>
    expiresAt === null || expiresAt - now() >= marginMs;

  return { find, save, forget, claim, atWechat };
}

/** Neither identities nor kinds have a colon. */
const fieldOf = (identity: string, { kind, textDigest }: MaterialKey): string =>
  textDigest === undefined ? `${identity}:${kind}` : `${identity}:${kind}:${textDigest}`;
