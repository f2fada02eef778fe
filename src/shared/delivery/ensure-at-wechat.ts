/** One thing at WeChat once: found there, or uploaded by one of those who want it. */
import type { MaterialKey, WechatCopy } from '../campaign/material.ts';
import { MINUTE } from '../platform/time.ts';
import type { MaterialStore } from '../record/material-store.ts';
import type { Answer } from '../wechat/client.ts';

interface Dependencies {
  readonly materials: Pick<MaterialStore, 'find' | 'claim' | 'save'>;
  readonly now: () => number;
}

export type Ensured =
  | { readonly kind: 'there'; readonly copy: WechatCopy; readonly reused: boolean }
  /** Another process is uploading it: look again soon. */
  | { readonly kind: 'busy' }
  | Exclude<Answer<never>, { kind: 'ok' }>;

/** Whoever uploads has this long before somebody else may try as well. */
const CLAIM_MS = 2 * MINUTE;

export function makeEnsureAtWechat({ materials, now }: Dependencies) {
  /** @param by who asks: a job that was killed and runs again has its own claim back at once. */
  return async function ensureAtWechat(
    account: string,
    key: MaterialKey,
    upload: () => Promise<Answer<WechatCopy>>,
    by?: string,
  ): Promise<Ensured> {
    const known = await materials.find(account, key);
    if (known) {
      const { uploadedAt: _, ...copy } = known;
      return { kind: 'there', copy: { ...copy, shared: key }, reused: true };
    }
    const release = await materials.claim(account, key, CLAIM_MS, by);
    if (!release) return { kind: 'busy' };
    try {
      const answer = await upload();
      if (answer.kind !== 'ok') return answer;
      await materials.save(account, key, { ...answer.value, uploadedAt: now() });
      return { kind: 'there', copy: { ...answer.value, shared: key }, reused: false };
    } finally {
      await release();
    }
  };
}
