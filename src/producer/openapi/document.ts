/** OpenAPI 3.1 from the same schemas that check requests. */
import { z } from 'zod';
import { ProblemAnswer } from '../../shared/contract/answers.ts';
import { type AnswerShape, type Operation, parametersOf, templateOf } from './operation.ts';

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

export function openApiDocument(
  operations: readonly Operation[],
  { version }: { readonly version: string },
): OpenApiDocument {
  const schemas = gatherSchemas();
  const paths: Record<string, Record<string, Json>> = {};
  for (const operation of operations) {
    const path = templateOf(operation.path);
    paths[path] = { ...paths[path], [operation.method]: describe(operation, schemas.of) };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'qunfa 群发',
      version,
      description:
        'Mass-send campaigns for WeChat Official Accounts: each follower gets the message once, or a person is told that nobody knows.',
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

function describe(operation: Operation, schemaOf: SchemaOf): Json {
  const { method, path, tag, summary, description, needsKey, body, answers } = operation;
  return {
    operationId: `${method}${path.replaceAll(/[^A-Za-z0-9]+(\w)?/g, (_, next = '') => next.toUpperCase())}`,
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
      ...queryOf(operation, schemaOf),
      ...headersOf(operation, schemaOf),
    ]),
    ...(body === undefined ? {} : { requestBody: bodyOf(body, schemaOf) }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, answer]) => [status, answerOf(answer, schemaOf)]),
      ),
      ...problemAnswersOf(operation, schemaOf),
    },
  };
}

function queryOf({ query }: Operation, schemaOf: SchemaOf): Json[] {
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

const headersOf = ({ headers = {} }: Operation, schemaOf: SchemaOf): Json[] =>
  Object.entries(headers).map(([name, header]) => {
    const { description, ...schema } = schemaOf(header, 'input');
    return { name, in: 'header', required: false, description, schema };
  });

function bodyOf(body: NonNullable<Operation['body']>, schemaOf: SchemaOf): Json {
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

function answerOf({ description, schema, type }: AnswerShape, schemaOf: SchemaOf): Json {
  if (schema) {
    const content = { 'application/json': { schema: schemaOf(schema, 'output') } };
    return { description, content };
  }
  return type === undefined
    ? { description }
    : { description, content: { [type]: { schema: { type: 'string' } } } };
}

export function problemsOf({ needsKey, body, problems = {} }: Operation) {
  if (needsKey === false) return problems;
  const tooLarge = body && 'schema' in body ? { 413: 'Over 16 MiB' } : {};
  return { ...ALWAYS, ...tooLarge, ...problems };
}

function problemAnswersOf(operation: Operation, schemaOf: SchemaOf): Json {
  return Object.fromEntries(
    Object.entries(problemsOf(operation)).map(([status, description]) => [
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
  const of: SchemaOf = (schema, io) => {
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
