import type { Receipt } from '../../campaign/receipt.ts';

/** What WeChat's audit means by a number. Others occur (20431 in 2024) and stay numbers. */
const AUDIT: Readonly<Record<string, string>> = {
  10001: 'refused by WeChat: suspected advertising',
  20001: 'refused by WeChat: suspected politics',
  20002: 'refused by WeChat: suspected pornography',
  20004: 'refused by WeChat: suspected social issue',
  20006: 'refused by WeChat: suspected crime',
  20008: 'refused by WeChat: suspected fraud',
  20013: 'refused by WeChat: suspected breach of copyright',
  21000: 'refused by WeChat: suspected of something else',
  22000: 'refused by WeChat: suspected mutual promotion',
  30001:
    'not sent: the originality check failed inside WeChat, and reprints were to stop; may be sent again later',
  30002: 'not sent: the originality check forbids it',
  30003: 'not sent: judged a reprint, and reprints were to stop; ignoreReprint could help',
  40001: "refused by the account's administrator",
  40002: "not sent: the account's administrator did not answer for 30 minutes",
};

const MAX_CODE = 64;
/** In plain mode anybody can write a status, an OpenID in it among other things. */
const OPAQUE = /[A-Za-z0-9_-]{16,}/g;

/**
 * WeChat's `Status`, by rule: case and blanks do not matter (its own samples disagree about them).
 *
 * @param sent WeChat's SentCount: a success that reached nobody is said to be one.
 */
export function parseStatus(
  raw: string | undefined,
  sent: number | null,
): Pick<Receipt, 'status' | 'code' | 'meaning'> {
  if (raw === undefined) return { status: 'unknown', meaning: 'WeChat gave no status' };
  const code = raw.replace(OPAQUE, '…').slice(0, MAX_CODE);
  const word = raw.toLowerCase().replaceAll(/\s/g, '');

  if (word === 'sendsuccess') return { status: 'delivered', code, meaning: success(sent) };
  if (word === 'sendfail') return { status: 'failed', code, meaning: 'WeChat failed to send it' };
  const number = /^err\((\d{1,10})\)$/.exec(word)?.[1];
  if (number !== undefined) {
    const meaning = AUDIT[number] ?? `refused by WeChat for a reason it does not list: ${number}`;
    return { status: 'refused', code, meaning };
  }
  return { status: 'unknown', code, meaning: 'a status that WeChat does not document' };
}

function success(sent: number | null): string {
  return sent === 0
    ? 'WeChat says success, but counts not one follower who got it: look before you trust it'
    : 'sent; single followers may have failed';
}
