/** What a script learns from how the command ended. */
import type { CampaignView } from '../shared/contract/campaign-view.ts';

export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  person: 3,
  unreachable: 4,
  interrupted: 130,
} as const;
export type Exit = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_CODES = `Exit codes
  0  done; a campaign that was waited for is delivered
  1  failed, refused, cancelled, or delivered to some or to nobody
  2  the command was not understood; nothing was done
  3  held, or waits for an operator; or the outcome is unknown
  4  the producer cannot be reached
130  interrupted while it watched; the campaign goes on`;

/** Nothing more happens before somebody decides. */
export const needsPerson = ({ state }: CampaignView): boolean =>
  state === 'held' || state === 'paused';

export function exitOf(campaign: CampaignView): Exit {
  if (needsPerson(campaign) || campaign.outcome === 'unknown') return EXIT.person;
  if (campaign.state === 'failed' || campaign.state === 'cancelled') return EXIT.failed;
  if (campaign.state !== 'completed') return EXIT.done;
  return campaign.outcome === 'delivered' ? EXIT.done : EXIT.failed;
}
