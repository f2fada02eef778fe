/** The page a person sees at `/sandbox`. */
import type { SendSummary } from './ledger.ts';

type Row = Readonly<Record<string, unknown>>;

export interface Summary {
  readonly accounts: readonly Row[];
  readonly calls: Readonly<Record<string, number>>;
  readonly messagesPerFollower: Readonly<Record<number, number>>;
  readonly sends: readonly SendSummary[];
  readonly faults: readonly object[];
}

export function summaryPage({ accounts, calls, messagesPerFollower, sends, faults }: Summary) {
  const perFollower = Object.entries(messagesPerFollower).map(([messages, followers]) => ({
    messages,
    followers,
  }));
  const latest = [...sends].reverse().map((send) => ({
    account: send.account,
    msg_id: send.msgId,
    clientmsgid: send.clientMsgId,
    msgtype: send.msgtype,
    audience: send.audience,
    total: send.counts.total,
    received: send.received,
    status: send.status,
  }));
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>WeChat sandbox</title>
<style>body{font:14px/1.5 system-ui;margin:2rem;max-width:70rem}table{border-collapse:collapse;margin:.5rem 0 1.5rem}
td,th{border:1px solid #ccc;padding:.2rem .6rem;text-align:left;font-variant-numeric:tabular-nums}</style>
<h1>WeChat sandbox</h1>
<p>Nothing here reaches anybody. The same as JSON: <code>curl</code> this address.</p>
<h2>Accounts</h2>${table(accounts)}
<h2>Messages per follower</h2>${table(perFollower)}
<h2>Latest sends</h2>${table(latest)}
<h2>Calls</h2>${table(Object.entries(calls).map(([path, times]) => ({ path, times })))}
<h2>Faults</h2>${table(faults as readonly Row[])}
</html>`;
}

function table(rows: readonly Row[]): string {
  if (rows.length === 0) return '<p>none</p>';
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = (values: readonly unknown[], tag: string) =>
    values.map((value) => `<${tag}>${escaped(String(value ?? ''))}</${tag}>`).join('');
  const lines = rows.map(
    (row) =>
      `<tr>${cells(
        names.map((name) => row[name]),
        'td',
      )}</tr>`,
  );
  return `<table><tr>${cells(names, 'th')}</tr>${lines.join('')}</table>`;
}

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
