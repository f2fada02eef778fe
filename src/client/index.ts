/**
 * `qunfa/client`: the producer's HTTP API for TypeScript.
 *
 *   const client = makeClient({ url: 'http://127.0.0.1:3000', apiKey });
 *   const { id } = await client.campaigns.create({ audience, message });
 *   for await (const { campaign } of client.campaigns.watch(id)) console.log(campaign.state);
 */
import { makeAccounts } from './accounts.ts';
import { makeAudiences } from './audiences.ts';
import { makeCampaigns } from './campaigns.ts';
import { makeMedia } from './media.ts';
import { makePreviews } from './previews.ts';
import { type ClientOptions, makeTransport } from './transport.ts';

export type * from './accounts.ts';
export type * from './answers.ts';
export type * from './audiences.ts';
export type * from './campaigns.ts';
export type { UploadFile } from './fill-uploads.ts';
// biome-ignore-start lint/performance/noBarrelFile: the package's face to others
export { fillUploads } from './fill-uploads.ts';
export type * from './previews.ts';
export { QunfaError, type QunfaFacts } from './qunfa-error.ts';
// biome-ignore-end lint/performance/noBarrelFile: the package's face to others
export type { ClientOptions } from './transport.ts';
export type { CampaignEvent, WatchOptions } from './watch-campaign.ts';

export interface Client {
  readonly campaigns: ReturnType<typeof makeCampaigns>;
  readonly media: ReturnType<typeof makeMedia>;
  readonly audiences: ReturnType<typeof makeAudiences>;
  readonly previews: ReturnType<typeof makePreviews>;
  readonly accounts: ReturnType<typeof makeAccounts>;
}

/** @throws {TypeError} `url` is no http:// or https:// address. */
export function makeClient(options: ClientOptions): Client {
  const transport = makeTransport(options);
  return {
    campaigns: makeCampaigns(transport),
    media: makeMedia(transport),
    audiences: makeAudiences(transport),
    previews: makePreviews(transport),
    accounts: makeAccounts(transport),
  };
}
