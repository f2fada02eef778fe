/** What became of a campaign's articles. */
import { z } from 'zod';
import { type Answered, Count, Time, UnknownCount } from './shapes.ts';

const Day = z.iso.date().describe('Of Beijing');

const Article = z.strictObject({
  position: z.int().positive().describe('From 1'),
  title: z.string().nullable(),
  readUsers: UnknownCount.describe('People who read it, from the send to the newest day'),
  shareUsers: UnknownCount,
  likeUsers: UnknownCount,
  comments: UnknownCount,
  favouriteUsers: UnknownCount,
  days: z.array(
    z
      .strictObject({
        day: Day,
        readUsers: Count,
        shareUsers: Count,
        likeUsers: Count,
        comments: Count,
        favouriteUsers: Count,
      })
      .describe('Totals from the send to this day'),
  ),
});

export const CampaignStatistics = z
  .strictObject({
    id: z.string(),
    articles: z.array(Article),
    unmatched: Count.describe(
      'Batches whose articles cannot be told from others, so that their figures are missing',
    ),
    askedAt: Time.nullable().describe('When WeChat was asked'),
    asOf: Day.nullable().describe('The newest day that there are figures of'),
    isDelayed: z.boolean().describe('WeChat says that newer figures are still to come'),
    missing: z
      .enum(['no-articles', 'not-sent', 'not-yet'])
      .exactOptional()
      .describe(
        'Why there are none. no-articles: WeChat counts articles only · not-yet: figures come from eight o’clock the next morning on, Beijing time',
      ),
  })
  .describe('As WeChat counts: people, over all ways to the article, not this send alone')
  .meta({
    id: 'CampaignStatistics',
    examples: [
      {
        id: '3kq8v2x0a5n7c1d9f0',
        articles: [
          {
            ...{ position: 1, title: 'Happy Day', readUsers: 4_123, shareUsers: 366 },
            ...{ likeUsers: 386, comments: 12, favouriteUsers: 40 },
            days: [
              {
                ...{ day: '2026-12-01', readUsers: 4_123, shareUsers: 366 },
                ...{ likeUsers: 386, comments: 12, favouriteUsers: 40 },
              },
            ],
          },
        ],
        ...{ unmatched: 0, askedAt: '2026-12-02T01:00:00.000Z', asOf: '2026-12-01' },
        isDelayed: false,
      },
    ],
  });
export type CampaignStatistics = Answered<typeof CampaignStatistics>;
