/** What is drawn, and the figures behind it. */
import { describe, expect, it } from 'vitest';
import { barChart, countedOver, stepChart } from '../../src/producer/page/parts/chart.ts';
import { readsByDay, readsPart } from '../../src/producer/page/parts/reads.ts';
import { wordsFor } from '../../src/producer/page/words.ts';
import type { CampaignStatistics } from '../../src/shared/contract/statistics.ts';

const words = wordsFor('en', undefined);

const article = (position: number, reads: readonly number[]) => ({
  ...{ position, title: `<article ${position}>`, readUsers: reads.at(-1) ?? null },
  ...{ shareUsers: 3, likeUsers: 2, comments: null, favouriteUsers: 1 },
  days: reads.map((readUsers, at) => ({
    ...{ day: `2026-12-0${at + 1}`, readUsers, shareUsers: 3, likeUsers: 2 },
    ...{ comments: 0, favouriteUsers: 1 },
  })),
});

const found = (
  articles: CampaignStatistics['articles'],
  more: Partial<CampaignStatistics> = {},
): CampaignStatistics => ({
  ...{ id: 'c', articles, unmatched: 0, askedAt: null, asOf: '2026-12-02', isDelayed: false },
  ...more,
});

describe('a chart by day', () => {
  const chart = barChart(
    {
      ...{ id: 'c', title: 'Sends', colours: ['sent', 'failed'] },
      bars: [
        { label: '2026-12-01', values: [3, 1] },
        { label: '2026-12-02', values: [0, 0] },
      ],
      limit: { name: 'Allowed', value: 8 },
    },
    words,
  ).html;

  it('says in words what it draws', () => {
    expect(chart).toContain('aria-labelledby="c-t c-d"');
    expect(chart).toContain('<title id="c-t">Sends</title>');
    expect(chart).toContain('2026-12-01 to 2026-12-02: 4 in all, most on 2026-12-01 (4)');
  });

  it('draws no bar for nothing, and the limit to the same scale', () => {
    expect(chart.match(/<rect/g)).toHaveLength(2);
    expect(chart).toContain('y1="8"');
    expect(chart).toContain('height="42.0"');
  });
});

describe('a chart over time', () => {
  it('counts what has come, as often as it came, from the first to the last', () => {
    const { edges, lines } = countedOver([
      [1_000, 1_000, 61_000],
      [61_000, 31_000],
    ]);

    expect([edges[0], edges.at(-1)]).toEqual([1_000, 61_000]);
    expect([lines[0]?.[0], lines[0]?.[30], lines[0]?.at(-1)]).toEqual([2, 2, 3]);
    expect([lines[1]?.[0], lines[1]?.[30], lines[1]?.at(-1)]).toEqual([0, 1, 2]);
  });

  it('is as large for 20,000 batches as for two', () => {
    const drawn = (times: readonly number[]) =>
      stepChart(
        {
          ...{ id: 'c', title: 't', says: '', colours: [], from: '', until: '' },
          total: times.length,
          lines: countedOver([times]).lines,
        },
        words,
      ).html.length;
    const many = Array.from({ length: 20_000 }, (_, at) => at * 100);

    expect(drawn(many)).toBeLessThan(drawn([0, 100]) + 200);
  });
});

describe('reads', () => {
  it('are told for each day alone, and a correction takes none away', () => {
    expect([...readsByDay([article(1, [10, 25, 24]), article(2, [1, 2, 4])])]).toEqual([
      ['2026-12-01', 11],
      ['2026-12-02', 16],
      ['2026-12-03', 2],
    ]);
  });

  it('name each article, and show an unknown count as unknown', () => {
    const { html } = readsPart(found([article(1, [10, 25])], { unmatched: 2 }), words);

    expect(html).toContain('&lt;article 1&gt;');
    expect(html).toContain('read by 25 · shared by 3 · liked by 2 · comments unknown · saved by 1');
    expect(html).toContain('Without 2 batches');
  });

  it('say why there are none', () => {
    expect(readsPart(found([], { missing: 'not-yet' }), words).html).toContain('eight o’clock');
    expect(readsPart(found([], { missing: 'not-sent' }), words).html).toBe('');
    expect(readsPart(null, words).html).toContain('does not answer');
  });
});
