/**
 * What is at WeChat already, as what, and until when: so that a file is uploaded once an account
 * and kind, however many campaigns use it.
 */
import { randomUUID } from 'node:crypto';
import type { MaterialKey, WechatCopy } from '../campaign/material.ts';
import type { IdentityOf } from '../platform/identity.ts';
import type { Redis } from '../platform/redis.ts';
import { DAY, HOUR } from '../platform/time.ts';
import { claim as claimKey, commit, extend, type Release, write } from './commit.ts';
import { makeKeys } from './keys.ts';
import { stored, storedOrNull } from './stored.ts';

/** How long WeChat keeps temporary media: image, voice, video, mpvideo, thumb. */
export const TEMPORARY_MEDIA_LIFE = 3 * DAY;

/** How long we remember what WeChat keeps without an end. */
const FOR_GOOD = 100 * 365 * DAY;

/** What expires sooner is not used any more: the send must still find it at WeChat. */
const REUSE_MARGIN = HOUR;

export type Material = Omit<WechatCopy, 'shared'> & { readonly uploadedAt: number };

export interface AtWechat {
  readonly account: string;
  readonly kind: MaterialKey['kind'];
  readonly expiresAt: number | null;
}

interface Dependencies {
  readonly redis: Redis;
  readonly record: string;
  readonly identityOf: IdentityOf;
  readonly now: () => number;
}

export type MaterialStore = ReturnType<typeof makeMaterialStore>;

export function makeMaterialStore({ redis, record, identityOf, now }: Dependencies) {
  const keys = makeKeys(record);

  /** The account, kind and text of an upload, as a part of keys. None of them has a colon. */
  const partOf = (account: string, { kind, textDigest }: MaterialKey): string =>
    [identityOf(account), kind, ...(textDigest === undefined ? [] : [textDigest])].join(':');
  const keyOf = (account: string, key: MaterialKey): string =>
    keys.material(partOf(account, key), key.sha256);

  /** What may be used instead of another upload: it stays at WeChat for an hour at least. */
  async function find(account: string, key: MaterialKey): Promise<Material | null> {
    const material = storedOrNull<Material>(await redis.get(keyOf(account, key)));
    return material && isGood(material, REUSE_MARGIN) ? material : null;
  }

  /** Replaces what was known. An upload that has already expired is only forgotten. */
  async function save(account: string, key: MaterialKey, material: Material): Promise<void> {
    const { expiresAt } = material;
    const lifeMs = expiresAt === null ? FOR_GOOD : expiresAt - now();
    if (lifeMs <= 0) return drop(account, key);
    const list = keys.materialOf(key.sha256);
    await write(
      redis,
      ['SET', keyOf(account, key), JSON.stringify(material), 'PX', lifeMs],
      ['HSET', list, partOf(account, key), JSON.stringify(expiresAt)],
      extend(list, lifeMs),
    );
  }

  /**
   * WeChat does not know this id any more (40007). Only if it is still the one on record: another
   * job may have uploaded the file again meanwhile. For a picture inside articles, its URL.
   */
  async function forget(account: string, key: MaterialKey, mediaId: string): Promise<void> {
    const text = await redis.get(keyOf(account, key));
    const known = storedOrNull<Material>(text);
    if (known?.mediaId === mediaId || known?.url === mediaId) await drop(account, key, text);
  }

  /** `is`: only while it is that. */
  async function drop(account: string, key: MaterialKey, is?: string | null): Promise<void> {
    const at = keyOf(account, key);
    await commit(redis, is === undefined ? [] : [{ key: at, is }], [
      ['DEL', at],
      ['HDEL', keys.materialOf(key.sha256), partOf(account, key)],
    ]);
  }

  /**
   * The right to upload this file now; null while another has it, who will save it soon. `by` is who
   * claims: a job that was killed meanwhile and runs again has its own claim back at once.
   */
  async function claim(
    account: string,
    key: MaterialKey,
    ttlMs: number,
    by: string = randomUUID(),
  ): Promise<Release | null> {
    const at = keys.materialClaim(partOf(account, key), key.sha256);
    return claimKey(redis, { key: at, token: by, ms: ttlMs });
  }

  /** Which of these accounts have this file at WeChat now, by account and kind. */
  async function atWechat(sha256: string, accounts: readonly string[]): Promise<AtWechat[]> {
    const names = new Map(accounts.map((name) => [identityOf(name), name]));
    const fields = await redis.hgetall(keys.materialOf(sha256));
    return Object.entries(fields)
      .map(([field, expires]) => {
        const [identity = '', kind = ''] = field.split(':');
        const account = names.get(identity) ?? '';
        const expiresAt = stored<number | null>(expires);
        return { account, kind: kind as AtWechat['kind'], expiresAt };
      })
      .filter((found) => found.account !== '' && isGood(found, 0))
      .sort((a, b) => `${a.account}:${a.kind}`.localeCompare(`${b.account}:${b.kind}`));
  }

  const isGood = ({ expiresAt }: Pick<Material, 'expiresAt'>, marginMs: number): boolean =>
    expiresAt === null || expiresAt - now() >= marginMs;

  return { find, save, forget, claim, atWechat };
}
