import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Declaration } from '../../src/producer/http/route.ts';
import { openApiDocument } from '../../src/producer/openapi/document.ts';
import { outcomeTable } from '../../src/shared/campaign/outcome.ts';
import { testRedis } from '../support/redis.ts';
import { declared } from './as-described.ts';
import { startWorld, type World } from './world.ts';

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
    expect(ids).toHaveLength(declared.length);

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

  it('prints the table that decides a campaign’s outcome', async () => {
    const texts = valuesOf('description', await described());

    expect(texts).toContainEqual(expect.stringContaining(outcomeTable()));
  });

  it('refuses one name for two shapes', () => {
    const shape = z.strictObject({ a: z.string().default('x') }).meta({ id: 'TwoShapesOfATest' });
    const call = { method: 'post', path: '/x', operationId: 'x', tag: 'Service', summary: 'x' };
    const route = { ...call, body: { schema: shape }, answers: { 200: shape } } as const;

    expect(() => openApiDocument([route as Declaration], { version: '0' })).toThrow(
      'TwoShapesOfATest',
    );
  });
});

const metaOf = (schema: z.ZodType) => schema.meta() as { id?: string; examples?: unknown[] };

/** Of bodies and answers, each with where it stands. */
const schemas = declared.flatMap(({ operationId, body, answers }): [string, z.ZodType][] => [
  ...(body && 'schema' in body
    ? [[`${operationId}, body`, body.schema] as [string, z.ZodType]]
    : []),
  ...Object.entries(answers).flatMap(([status, answer]): [string, z.ZodType][] =>
    answer instanceof z.ZodType ? [[`${operationId}, ${status}`, answer]] : [],
  ),
]);

describe('an example', () => {
  it.each(schemas)('of %s is one that its schema takes', (_where, schema) => {
    for (const example of metaOf(schema)?.examples ?? []) schema.parse(example);
  });

  it('is there for every JSON body', () => {
    const bare = schemas
      .filter(([where]) => where.endsWith('body'))
      .filter(([, schema]) => !metaOf(schema)?.examples?.length);

    expect(bare.map(([where]) => where)).toEqual([]);
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
