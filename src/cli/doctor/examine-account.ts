/** What the record says of an account: its lane, its events. */

import type { DescribeAccount } from '../../shared/actions/describe-account.ts';
import type { AccountDetails } from '../../shared/contract/accounts.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import { type Finding, fault, ok, warning } from './finding.ts';

export async function examineAccount(
  account: AccountConfig,
  describeAccount: DescribeAccount,
): Promise<Finding[]> {
  const view = await describeAccount(account, 'en');
  const about = `account ${account.name}`;
  return [
    ...laneFindings(about, view),
    ...(view.lastEvent
      ? [ok(about, `the last event came at ${view.lastEvent.at} (${view.lastEvent.mode} mode)`)]
      : []),
    ...view.warnings.map(({ code, message }) =>
      SAFE_TO_SEND.includes(code) ? warning(about, message) : fault(about, message),
    ),
  ];
}

/** With these a receipt is less sure, or not known to come. */
const SAFE_TO_SEND: readonly string[] = [
  'never-an-event',
  'no-callback-token',
  'paces-differ',
  'plain-mode',
  'unknown-pushes-refused',
];

function laneFindings(about: string, { name, lane }: AccountDetails): Finding[] {
  const resume = `when that is put right: qunfa accounts resume ${name}`;
  const findings: Finding[] = [];
  if (lane.state === 'paused') {
    findings.push(fault(about, `its lane is paused: ${lane.why}`, resume));
  }
  if (lane.state === 'asleep') {
    findings.push(warning(about, `its lane sleeps until ${lane.until}: ${lane.why}`));
  }
  if (lane.sendBlocked) {
    findings.push(fault(about, `no send to OpenIDs: ${lane.sendBlocked.why}`, resume));
  }
  return findings.length > 0
    ? findings
    : [ok(about, `its lane is open, with ${lane.pending} calls to make`)];
}
