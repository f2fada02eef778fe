import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type MediaKind, mediaRefusals } from '../../../src/shared/campaign/media-limits.ts';
import { CampaignRequest } from '../../../src/shared/contract/campaign-request.ts';
import { inspectMedia } from '../../../src/shared/media/inspect-media.ts';
import { example } from './samples.ts';

const EXAMPLES = join(import.meta.dirname, '../../../examples');
const PLACE = /(?<="upload": "|upload:)media\/([\w.-]+)/g;

const campaigns = readdirSync(EXAMPLES).filter((name) => name.endsWith('.json'));
const source = (name: string): string => readFileSync(join(EXAMPLES, name), 'utf8');

describe('the examples', () => {
  it('have a campaign of every message type and audience', () => {
    const all = campaigns.map((name) => JSON.parse(source(name).replaceAll(PLACE, 'm_00000000')));
    const types = new Set(all.map(({ message }) => message.type));
    const audiences = new Set(all.map(({ audience }) => audience.type));

    expect([...types].sort()).toEqual(['image', 'news', 'newspic', 'text', 'video', 'voice']);
    expect([...audiences].sort()).toEqual(['everyone', 'followers', 'group', 'openids', 'tag']);
  });

  it.each(campaigns)('%s is a campaign once its files have ids', (name) => {
    const body = JSON.parse(source(name).replaceAll(PLACE, 'm_00000000'));

    expect(CampaignRequest.safeParse(body).error?.issues).toBeUndefined();
  });

  it.each(campaigns)('%s names files that are there and whole', (name) => {
    const files = [...source(name).matchAll(PLACE)].map(([, file = '']) => file);

    expect(files.filter((file) => inspectMedia(example(file)).broken !== undefined)).toEqual([]);
    expect(files.length > 0).toBe(name !== 'text.json');
  });

  it.each<[string, MediaKind]>([
    ['cover.jpg', 'thumb'],
    ['photo.jpg', 'image'],
    ['picture.png', 'article-picture'],
    ['voice.mp3', 'voice'],
    ['voice.amr', 'voice'],
    ['clip.mp4', 'video'],
  ])('have %s that WeChat takes as %s in both eras', (file, kind) => {
    const facts = inspectMedia(example(file));

    expect(mediaRefusals(kind, facts, 'today')).toEqual([]);
    expect(mediaRefusals(kind, facts, '2014')).toEqual([]);
  });
});
