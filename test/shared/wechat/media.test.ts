import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { WechatClient } from '../../../src/shared/wechat/client.ts';
import {
  addMaterial,
  uploadArticlePicture,
  uploadMedia,
  uploadVideoForMass,
} from '../../../src/shared/wechat/media.ts';
import { bodyOf, exchangeWith } from './loopback.ts';

const file = { bytes: Buffer.from('bytes'), filename: 'cover.jpg', contentType: 'image/jpeg' };
const upload = (kind: 'image' | 'voice' | 'video' | 'thumb') => (client: WechatClient) =>
  uploadMedia(client, { kind, ...file });

const recorded: { call: string; body: Record<string, unknown> }[] = JSON.parse(
  readFileSync(
    new URL('../../fixtures/wechat/media-responses-recorded.json', import.meta.url),
    'utf8',
  ),
);
const recordedOf = (start: string) => recorded.find(({ call }) => call.startsWith(start))?.body;

describe('a temporary upload', () => {
  it.each(['image', 'voice', 'video', 'thumb'] as const)('names its kind: %s', async (kind) => {
    const body = { type: kind, media_id: 'M', created_at: 1391857799 };
    const { answer, asked, seen } = await exchangeWith(body, upload(kind));

    expect([asked, seen.query.type]).toEqual(['POST /cgi-bin/media/upload', kind]);
    expect(answer).toEqual({ kind: 'ok', value: { mediaId: 'M' } });
  });

  it('finds the id of a thumb under its own name, as recorded', async () => {
    const { answer } = await exchangeWith(recordedOf('media/upload?type=thumb'), upload('thumb'));

    expect(answer).toEqual({
      kind: 'ok',
      value: {
        mediaId: 'eTcsLiF5Z2RIr-jn36t1wf4H80s7gizRrwkabqYjWuKjimHeNzOwmHcmxRgJjJWN',
      },
    });
  });

  it('is not taken for done without an id', async () => {
    const { answer } = await exchangeWith({ type: 'image', created_at: 1 }, upload('image'));

    expect(answer.kind).toBe('unknown');
  });
});

describe('a picture of an article', () => {
  it('becomes an address', async () => {
    const body = recordedOf('media/uploadimg');
    const { answer, asked } = await exchangeWith(body, (client) =>
      uploadArticlePicture(client, file),
    );

    expect(asked).toBe('POST /cgi-bin/media/uploadimg');
    expect(answer).toEqual({ kind: 'ok', value: { url: body?.url } });
  });
});

describe('a video for a mass send', () => {
  it('gets its texts and another id', async () => {
    const body = recordedOf('media/uploadvideo');
    const { answer, asked, seen } = await exchangeWith(body, (client) =>
      uploadVideoForMass(client, { mediaId: 'M', title: 'T', description: 'D' }),
    );

    expect(asked).toBe('POST /cgi-bin/media/uploadvideo');
    expect(bodyOf(seen)).toEqual({ media_id: 'M', title: 'T', description: 'D' });
    expect(answer).toMatchObject({ value: { mediaId: body?.media_id } });
  });
});

describe('permanent material', () => {
  it('has an address if it is a picture', async () => {
    const body = { media_id: 'P', url: 'http://mmbiz.qpic.cn/x' };
    const { answer, asked, seen } = await exchangeWith(body, (client) =>
      addMaterial(client, { kind: 'image', ...file }),
    );

    expect([asked, seen.query.type]).toEqual(['POST /cgi-bin/material/add_material', 'image']);
    expect(seen.bytes.includes('name="description"')).toBe(false);
    expect(answer).toEqual({ kind: 'ok', value: { mediaId: 'P', url: body.url } });
  });

  it('carries its texts if it is a video', async () => {
    const { answer, seen } = await exchangeWith({ media_id: 'P' }, (client) =>
      addMaterial(client, { kind: 'video', ...file, title: '题', description: 'D' }),
    );

    expect(seen.bytes.toString('utf8')).toContain('{"title":"题","introduction":"D"}');
    expect(answer).toEqual({ kind: 'ok', value: { mediaId: 'P' } });
  });
});
