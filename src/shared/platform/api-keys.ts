import { z } from 'zod';
import { issueFor } from './setting.ts';
import type { SettingFlaw } from './setting-words.ts';

/** Who may call the producer's API; the name is what the audit shows. */
export interface ApiKey {
  readonly name: string;
  readonly key: string;
}

type Flaw = Extract<SettingFlaw['code'], 'api-key' | 'api-key-name' | 'key-twice' | 'name-twice'>;

/** `crm:k1,shop:k2` or bare keys, which are then called key-1, key-2 and so on by their place. */
export const parseApiKeys = z.string().transform((text, context): ApiKey[] => {
  const keys = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map((entry, index) => {
      const colon = entry.indexOf(':');
      if (colon < 0) return { name: `key-${index + 1}`, key: entry };
      return { name: entry.slice(0, colon).trim(), key: entry.slice(colon + 1).trim() };
    });
  const refuse = (code: Flaw): void => context.addIssue(issueFor({ code }));
  if (!keys.every(({ name }) => /^[A-Za-z0-9._-]{1,64}$/.test(name))) {
    refuse('api-key-name');
  }
  // What an Authorization header can contain (RFC 6750, 2.1).
  if (!keys.every(({ key }) => /^[A-Za-z0-9._~+/-]+=*$/.test(key))) {
    refuse('api-key');
  }
  if (new Set(keys.map(({ name }) => name)).size < keys.length) refuse('name-twice');
  if (new Set(keys.map(({ key }) => key)).size < keys.length) refuse('key-twice');
  return keys;
});
