/** OpenAPI 3.1 from the routes' declarations. */
import { z } from 'zod';
import { ProblemAnswer } from '../../shared/contract/problem-answer.ts';
import type { Declaration, OtherAnswer } from '../http/route.ts';

type Json = Record<string, unknown>;

export interface OpenApiDocument extends Json {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Json>>;
  readonly components: { readonly schemas: Json; readonly securitySchemes: Json };
}

const PARAMETERS: Readonly<Record<string, string>> = {
  id: 'The id that was given when it was made',
  no: 'Number of the batch, from 1; `all-held` for every held one',
  name: 'Name of the account',
};

/** What any call with a key may be answered. */
const ALWAYS: Readonly<Record<number, string>> = {
  400: 'A path, a query or a body that cannot be read',
  401: 'No key, or a wrong one',
  403: 'A page of another origin asks',
  429: 'Too many requests with this key; Retry-After says when to go on',
  503: 'Redis is away; Retry-After says when to come back',
};

/** What a call with a JSON body may be answered. */
const OF_JSON: Readonly<Record<number, string>> = {
  413: 'Over 16 MiB',
  415: 'Not JSON',
  422: 'Validation failed; every error is listed',
};

export function openApiDocument(
  routes: readonly Declaration[],
  { version }: { readonly version: string },
): OpenApiDocument {
  const schemas = gatherSchemas();
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method]: describe(route, schemas.of) };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'qunfa 群发',
      version,
      description:
        'Mass-send campaigns for WeChat Official Accounts: each follower receives a campaign at most once; if an outcome is unknown, the batch is held for an operator.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ key: [] }],
    paths,
    components: {
      schemas: schemas.gathered,
      securitySchemes: {
        key: {
          type: 'http',
          scheme: 'bearer',
          description: 'One of API_KEYS; none is needed on a machine where none is set',
        },
      },
    },
  };
}

type SchemaOf = (schema: z.ZodType, io: 'input' | 'output') => Json;

function describe(route: Declaration, schemaOf: SchemaOf): Json {
  const { path, operationId, tag, summary, description, needsKey, body, answers } = route;
  return {
    operationId,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(needsKey === false ? { security: [] } : {}),
    ...listed('parameters', [
      ...parametersOf(path).map((name) => ({
        name,
        in: 'path',
        required: true,
        description: PARAMETERS[name] ?? name,
        schema: { type: 'string' },
      })),
      ...queryOf(route, schemaOf),
      ...headersOf(route, schemaOf),
    ]),
    ...(body === undefined ? {} : { requestBody: bodyOf(body, schemaOf) }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, answer]) => [status, answerOf(answer, schemaOf)]),
      ),
      ...problemAnswersOf(route, schemaOf),
    },
  };
}

const parametersOf = (path: string): string[] =>
  [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name);

function queryOf({ query }: Declaration, schemaOf: SchemaOf): Json[] {
  if (!query) return [];
  const { properties = {}, required = [] } = schemaOf(query, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema,
  }));
}

const headersOf = ({ headers = {} }: Declaration, schemaOf: SchemaOf): Json[] =>
  Object.entries(headers).map(([name, header]) => {
    const { description, ...schema } = schemaOf(header.schema, 'input');
    return { name, in: 'header', required: false, description, schema };
  });

function bodyOf(body: NonNullable<Declaration['body']>, schemaOf: SchemaOf): Json {
  if ('schema' in body) {
    const content = { 'application/json': { schema: schemaOf(body.schema, 'input') } };
    return { required: body.optional !== true, content };
  }
  const content = Object.entries(body.raw).map(([type, description]) => [
    type,
    {
      schema: type.startsWith('multipart/')
        ? { type: 'object', properties: { file: { type: 'string', format: 'binary' } } }
        : { type: 'string', format: 'binary', description },
    },
  ]);
  return { required: true, content: Object.fromEntries(content) };
}

function answerOf(answer: z.ZodType | OtherAnswer, schemaOf: SchemaOf): Json {
  if (answer instanceof z.ZodType) {
    const content = { 'application/json': { schema: schemaOf(answer, 'output') } };
    return { description: answer.description ?? '', content };
  }
  const { description, type } = answer;
  return type === undefined
    ? { description }
    : { description, content: { [type]: { schema: { type: 'string' } } } };
}

/** What a route may be refused with: what follows from its declaration, and what it names. */
export function problemsOf({ needsKey, path, body, problems = {} }: Declaration) {
  if (needsKey === false) return problems;
  return {
    ...ALWAYS,
    ...(path.includes(':') ? { 404: 'Nothing is kept under this id or name' } : {}),
    ...(body && 'schema' in body ? OF_JSON : {}),
    ...problems,
  };
}

function problemAnswersOf(route: Declaration, schemaOf: SchemaOf): Json {
  return Object.fromEntries(
    Object.entries(problemsOf(route)).map(([status, description]) => [
      status,
      {
        description,
        content: { 'application/problem+json': { schema: schemaOf(ProblemAnswer, 'output') } },
      },
    ]),
  );
}

const listed = (name: string, items: readonly Json[]): Json =>
  items.length === 0 ? {} : { [name]: items };

/** Schemas with an id stand once, under components; the rest where they are used. */
function gatherSchemas() {
  const gathered: Json = {};
  // Most routes share their answers, the problem above all.
  const made = { input: new Map<z.ZodType, Json>(), output: new Map<z.ZodType, Json>() };
  const make: SchemaOf = (schema, io) => {
    // Inside another one, a schema with an id becomes a reference to it.
    const { properties, $defs = {} } = z.toJSONSchema(z.strictObject({ it: schema }), { io });
    for (const [id, definition] of Object.entries($defs)) {
      const { id: _, ...known } = withReferences(definition) as Json;
      if (id in gathered && JSON.stringify(gathered[id]) !== JSON.stringify(known)) {
        throw new TypeError(`two different schemas are called ${id}`);
      }
      gathered[id] = known;
    }
    return withReferences(properties?.it) as Json;
  };
  const of: SchemaOf = (schema, io) => {
    const json = made[io].get(schema) ?? make(schema, io);
    made[io].set(schema, json);
    return json;
  };
  return { gathered, of };
}

function withReferences(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withReferences);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(withoutDefault(value as Json)).map(([key, inner]) => [
      key,
      key === '$ref' && typeof inner === 'string'
        ? inner.replace('#/$defs/', '#/components/schemas/')
        : withReferences(inner),
    ]),
  );
}

/** Code generators make a field with a default a required one, so the default is told in words. */
function withoutDefault({ default: absent, ...schema }: Json): Json {
  if (absent === undefined) return schema;
  const told = `${JSON.stringify(absent)} if absent`;
  const { description } = schema;
  return { ...schema, description: description === undefined ? told : `${description}; ${told}` };
}
