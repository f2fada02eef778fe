import { Router } from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { makePlaces, type PlacesDependencies } from '../../src/producer/http/places.ts';
import { openApiDocument } from '../../src/producer/openapi/document.ts';
import { routesIn, routesOf } from '../../src/producer/openapi/mounted-routes.ts';
import { operations } from '../../src/producer/openapi/operations.ts';
import {
  AudienceListAnswer,
  AudiencePage,
  AuditAnswer,
  BatchPage,
  CampaignAccepted,
  CampaignAnswer,
  CampaignPage,
  MediaAnswer,
  MediaDetails,
  MediaPage,
  ProblemAnswer,
  ReadyAnswer,
  StoppedAnswer,
} from '../../src/shared/contract/answers.ts';
import { openIds } from '../support/open-ids.ts';
import { testRedis } from '../support/redis.ts';
import { aCampaign, mediaFile, startWorld, type World } from './world.ts';

const { url, prefix } = testRedis();
let world: World;
beforeAll(async () => {
  world = await startWorld({ url, prefix });
});
afterAll(() => world.stop());

const described = async () => (await world.call('GET', '/openapi.json', { key: null })).json;

/** Every value of a key, at any depth. */
function valuesOf(key: string, value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [
    ...(name === key ? [inner] : []),
    ...valuesOf(key, inner),
  ]);
}

describe('the description of the API', () => {
  it('names what is served, and nothing else', () => {
    const places = makePlaces({ stores: {} } as PlacesDependencies);

    const served = routesOf([...places.open, ...places.raw, ...places.api]);

    expect(served).toEqual(routesIn(operations));
    expect(served).toContain('post /v1/campaigns');
  });

  it('would miss a route that nobody described', () => {
    const router = Router().get('/v1/secret', (_req, res) => {
      res.end();
    });

    expect(routesOf([router])).toEqual(['get /v1/secret']);
  });

  it('is OpenAPI 3.1 with every reference resolved, every parameter and id declared once', async () => {
    const document = await described();

    expect(document.openapi).toMatch(/^3\.1\.\d$/);
    expect(document.info).toMatchObject({ title: expect.any(String), version: '0.1.0' });
    const refs = valuesOf('$ref', document) as string[];
    expect(refs.length).toBeGreaterThan(10);
    for (const ref of refs) {
      expect(ref).toMatch(/^#\/components\/schemas\/\w+$/);
      expect(Object.keys(document.components.schemas)).toContain(ref.split('/').at(-1));
    }
    expect(valuesOf('$schema', document)).toEqual([]);
    expect(valuesOf('$defs', document)).toEqual([]);
    const ids = valuesOf('operationId', document);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toHaveLength(operations.length);

    for (const [path, methods] of Object.entries<Record<string, unknown>>(document.paths)) {
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      for (const operation of Object.values(methods)) {
        const parameters = (operation as { parameters?: { name: string; in: string }[] })
          .parameters;
        const declared = (parameters ?? []).filter((one) => one.in === 'path');
        expect(declared.map(({ name }) => name)).toEqual(names);
        expect(Object.keys((operation as { responses: object }).responses).length).toBeGreaterThan(
          0,
        );
      }
    }
  });

  it('states limits as the checks have them, and defaults in words', async () => {
    const { paths, components } = await described();

    const { parameters } = paths['/v1/campaigns'].get;
    const limit = parameters.find(({ name }: { name: string }) => name === 'limit');
    expect(limit.schema).toEqual({ type: 'integer', minimum: 1, maximum: 100 });
    expect(limit.description).toMatch(/20 if absent/);
    expect(JSON.stringify(components.schemas)).not.toContain('"default":');
    const { requestBody } = paths['/v1/campaigns'].post;
    expect(requestBody.content['application/json'].schema).toEqual({
      $ref: '#/components/schemas/CampaignRequest',
    });
    expect(components.schemas.CampaignRequest).toMatchObject({
      required: ['audience', 'message'],
      additionalProperties: false,
    });
  });

  it('refuses one name for two shapes', () => {
    const shape = z.strictObject({ a: z.string().default('x') }).meta({ id: 'TwoShapesOfATest' });
    const call = { method: 'post', path: '/x', tag: 'Service', summary: 'x' } as const;
    const answers = { 200: { description: 'never without a', schema: shape } };

    expect(() =>
      openApiDocument([{ ...call, body: { schema: shape }, answers }], { version: '0' }),
    ).toThrow('TwoShapesOfATest');
  });
});

describe('what is answered', () => {
  it('has the shape that is described', async () => {
    const media = await world.call('POST', '/v1/media', { body: mediaFile('clip.mp4') });
    const audience = await world.call('POST', '/v1/audiences?format=text&name=x', {
      body: openIds(5).join('\n'),
    });
    const accepted = await world.post('/v1/campaigns', aCampaign());
    const { self } = accepted.json.links;

    const shapes: [z.ZodType, unknown][] = [
      [MediaAnswer, media.json],
      [MediaDetails, (await world.get(`/v1/media/${media.json.id}`)).json],
      [MediaPage, (await world.get('/v1/media')).json],
      [AudienceListAnswer, audience.json],
      [AudiencePage, (await world.get('/v1/audiences')).json],
      [CampaignAccepted, accepted.json],
      [CampaignAnswer, (await world.get(self)).json],
      [StoppedAnswer, (await world.post(`${self}/pause`)).json],
      [CampaignPage, (await world.get('/v1/campaigns')).json],
      [BatchPage, (await world.get(`${self}/batches`)).json],
      [AuditAnswer, (await world.get(`${self}/audit`)).json],
      [ReadyAnswer, (await world.get('/readyz')).json],
      [ProblemAnswer, (await world.post('/v1/campaigns', {})).json],
      [ProblemAnswer, (await world.get('/v1/nothing')).json],
    ];

    for (const [schema, json] of shapes) expect(schema.parse(json)).toEqual(json);
  });
});

describe('/docs', () => {
  it('is a page that takes everything from here, and runs no script of its own text', async () => {
    const { text, headers } = await world.call('GET', '/docs', { key: null });

    expect(headers.get('content-security-policy')).toContain("script-src 'self';");
    expect(text).not.toMatch(/<script>|https?:\/\//);
    const parts = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, part]) => part ?? '');
    expect(parts).toHaveLength(4);
    for (const part of parts) {
      expect((await world.call('GET', part, { key: null })).status).toBe(200);
    }
    const script = await world.call('GET', '/docs/open.js', { key: null });
    expect(script.headers.get('content-type')).toContain('javascript');
  });
});
