/** A secret by a file, as Docker and Kubernetes mount one: `<NAME>_FILE` in place of `<NAME>`. */
import { type SettingIssue, unreadable } from './setting.ts';

/** Each may also come as `<NAME>_FILE`. */
export const SECRETS: readonly string[] = [
  'REDIS_URL',
  'REDIS_PASSWORD',
  'BOARD_PASSWORD',
  'WECHAT_APP_SECRET',
  'WECHAT_CALLBACK_TOKEN',
  'WECHAT_ENCODING_AES_KEY',
  'WECHAT_PREVIOUS_ENCODING_AES_KEY',
  'WECHAT_ACCESS_TOKEN_URL',
  'ALERT_URL',
];

interface WithSecrets {
  /** Without the `_FILE` names, and with what their files hold. */
  readonly given: Readonly<Record<string, string>>;
  readonly issues: readonly SettingIssue[];
}

/** @param env without empty values. */
export function readSecretFiles(
  env: Readonly<Record<string, string>>,
  readFile: (path: string) => string,
): WithSecrets {
  const given: Record<string, string> = { ...env };
  const issues: SettingIssue[] = [];
  for (const name of SECRETS) {
    const setting = `${name}_FILE`;
    const path = env[setting];
    if (path === undefined) continue;
    delete given[setting];
    if (name in env) {
      issues.push({ setting, code: 'set-twice', other: name });
      continue;
    }
    try {
      const text = readFile(path)
        .replace(/^\uFEFF/, '')
        .trim();
      if (text === '') issues.push({ setting, code: 'file-empty' });
      else given[name] = text;
    } catch (error) {
      issues.push({ setting, ...unreadable(error) });
    }
  }
  return { given, issues };
}
