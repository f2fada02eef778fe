/** A campaign while it runs, as server-sent events. */
import { refuse } from '../../shared/contract/problem.ts';
import type { CampaignStore } from '../../shared/record/campaign-store.ts';
import { streamCampaign } from '../http/event-stream.ts';
import { type Route, route } from '../http/route.ts';
import { limitStreams } from '../http/streams.ts';
import type { CampaignFeed } from './campaign-feed.ts';
import { campaignId, noCampaign } from './campaigns.ts';

interface Dependencies {
  readonly campaigns: Pick<CampaignStore, 'view'>;
  readonly feed: Pick<CampaignFeed, 'watch'>;
  readonly stopping: AbortSignal;
}

const MOST_STREAMS = { all: 1_000, ofOne: 250 };

export function makeEventsRoutes({ campaigns, feed, stopping }: Dependencies): Route[] {
  const whyNot = limitStreams(MOST_STREAMS);
  return [
    route(
      {
        method: 'get',
        path: '/v1/campaigns/:id/events',
        operationId: 'watchCampaign',
        permission: 'read',
        tag: 'Campaigns',
        summary: 'Watch it (server-sent events)',
        description:
          '`event: campaign` with the whole campaign at once and at each change; `event: end` with the last one, and then the stream ends.',
        params: { id: campaignId },
        answers: { 200: { description: 'Events', type: 'text/event-stream' } },
      },
      async ({ params: { id }, language, res }) => {
        const first = await campaigns.view(id);
        if (!first) return noCampaign;
        const full = whyNot(res);
        if (full) return refuse(full);
        streamCampaign({
          ...{ res, first, language, stopping },
          read: () => campaigns.view(id),
          watch: (changed) => feed.watch(id, changed),
        });
        return undefined;
      },
    ),
  ];
}
