/**
 * One call of the API, declared once: its description, what it takes, what it answers, and the
 * handler. What does not fit is refused before the handler runs.
 */
import express, { type Request, type RequestHandler, type Response } from 'express';
import type { z } from 'zod';
import type { Problem, Refused } from '../../shared/contract/problem.ts';
import type { Answered } from '../../shared/contract/shapes.ts';
import type { Permission, Rights } from '../../shared/platform/people.ts';
import type { Language } from '../../shared/platform/sentences.ts';
import { callerOf, rightsOf } from './caller.ts';
import { languageOf } from './language.ts';
import { parseBody, parseQuery } from './parse-input.ts';
import { sendRefusal } from './problem.ts';
import { jsonOf, readJson } from './read-json.ts';

export interface Declaration {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** As the router has it: `/v1/campaigns/:id`. */
  readonly path: string;
  readonly operationId: string;
  readonly tag: 'Campaigns' | 'Media' | 'Audiences' | 'Accounts' | 'Service';
  readonly summary: string;
  readonly description?: string;
  /** False where no key is needed. */
  readonly needsKey?: false;
  /** What the caller must be allowed; absent only where no key is needed. */
  readonly permission?: Permission;
  /** Parameters of the path; one that is not named here is any text. */
  readonly params?: Readonly<Record<string, Parameter>>;
  readonly query?: z.ZodObject;
  /** All of them may be left out. */
  readonly headers?: Readonly<Record<string, Parameter>>;
  readonly body?: JsonBody | RawBody;
  /** Status → JSON of this schema, or another content type; the first is that of success. */
  readonly answers: Readonly<Record<number, z.ZodType | OtherAnswer>>;
  /** Statuses that come as problem+json, beside those that follow from the declaration. */
  readonly problems?: Readonly<Record<number, string>>;
}

export interface Parameter<T = unknown> {
  readonly schema: z.ZodType<T>;
  /** Answered where the text is none of these, without a look into the record. */
  readonly otherwise: Problem;
}

export interface JsonBody {
  readonly schema: z.ZodType;
  /** No body is `{}`. */
  readonly optional?: true;
  /** The handler checks it, to tell the mistakes that only the record shows with the others. */
  readonly unchecked?: true;
}

export interface RawBody {
  /** Content type → what stands there. */
  readonly raw: Readonly<Record<string, string>>;
  /** Where there is one, the handler has the body whole; else it reads `req`, piece by piece. */
  readonly maxBytes?: number;
}

export interface OtherAnswer {
  readonly description: string;
  /** Absent where the answer has no body. */
  readonly type?: string;
}

export interface Route extends Declaration {
  readonly handlers: readonly RequestHandler[];
}

interface Context<D extends Declaration> {
  readonly params: ParamsOf<D>;
  readonly query: D['query'] extends z.ZodType ? z.output<D['query']> : undefined;
  readonly headers: HeadersOf<D>;
  readonly body: BodyOf<D['body']>;
  /** @throws {Error} of a route that needs no key. */
  readonly by: string;
  /** @throws {Error} of a route that needs no key. */
  readonly rights: Rights;
  readonly language: Language;
  readonly req: Request;
  /** For headers and another status than the first; or to write an answer that is not JSON. */
  readonly res: Response;
}

type ParamsOf<D extends Declaration> = {
  readonly [Name in NamesIn<D['path']>]: D['params'] extends Record<Name, Parameter<infer T>>
    ? T
    : string;
};

type NamesIn<Path> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Name | NamesIn<`/${Rest}`>
  : Path extends `${string}:${infer Name}`
    ? Name
    : never;

type HeadersOf<D extends Declaration> = {
  readonly [Name in keyof D['headers']]: D['headers'][Name] extends Parameter<infer T>
    ? T | undefined
    : never;
};

type BodyOf<B> = B extends { readonly unchecked: true }
  ? unknown
  : B extends { readonly schema: z.ZodType<infer T> }
    ? T
    : B extends { readonly maxBytes: number }
      ? Buffer
      : undefined;

type Reply<D extends Declaration> = ReplyOf<D['answers'][keyof D['answers']]>;
type ReplyOf<Shape> = Shape extends z.ZodType ? Answered<Shape> : undefined;

type Handler<D extends Declaration> = (context: Context<D>) => Promise<Reply<D> | Refused>;

/** @param handle answers with JSON, with a refusal, or with nothing where it has written to `res`. */
export function route<const D extends Declaration>(declaration: D, handle: Handler<D>): Route {
  const { body, answers } = declaration;
  const success = Number(Object.keys(answers)[0]);
  const answer: RequestHandler = async (req, res) => {
    const input = inputOf(req, declaration);
    if ('refused' in input) return sendRefusal(res, input.refused);
    res.status(success);
    const context = {
      ...input,
      get by() {
        return callerOf(res);
      },
      get rights() {
        return rightsOf(res);
      },
      language: languageOf(req),
      req,
      res,
    };
    // What was parsed by the declaration's schemas has the types that follow from them.
    const reply = await handle(context as unknown as Context<D>);
    if (isRefused(reply)) return sendRefusal(res, reply.refused);
    if (reply !== undefined) sendJson(res, reply);
    else if (success === 204) res.end();
  };
  return { ...declaration, handlers: [...readersOf(body), answer] };
}

/** What Express' own `json` looks up for each answer is the same for all of ours. */
function sendJson(res: Response, reply: unknown): void {
  const bytes = Buffer.from(JSON.stringify(reply));
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  res.setHeader('Content-Length', bytes.length);
  res.end(bytes);
}

function readersOf(body: Declaration['body']): readonly RequestHandler[] {
  if (!body) return [];
  if ('schema' in body) return readJson;
  const { maxBytes: limit } = body;
  return limit === undefined ? [] : [express.raw({ type: () => true, limit, inflate: false })];
}

interface Input {
  readonly params: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly query: unknown;
  readonly body: unknown;
}

function inputOf(req: Request, declaration: Declaration): Input | Refused {
  const params: Record<string, unknown> = { ...req.params };
  for (const [name, { schema, otherwise }] of Object.entries(declaration.params ?? {})) {
    const parsed = schema.safeParse(params[name]);
    if (!parsed.success) return { refused: otherwise };
    params[name] = parsed.data;
  }
  const query = declaration.query && parseQuery(req, declaration.query);
  if (query && 'refused' in query) return query;
  const headers: Record<string, unknown> = {};
  for (const [name, { schema, otherwise }] of Object.entries(declaration.headers ?? {})) {
    const parsed = schema.optional().safeParse(req.get(name));
    if (!parsed.success) return { refused: otherwise };
    headers[name] = parsed.data;
  }
  const body = bodyOf(req, declaration.body);
  if ('refused' in body) return body;
  return { params, headers, query: query?.value, body: body.value };
}

function bodyOf(req: Request, body: Declaration['body']) {
  if (!body) return { value: undefined };
  // express.raw leaves an empty body unread.
  if ('raw' in body) return { value: Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0) };
  const json = jsonOf(req, body.optional === true);
  if ('refused' in json || body.unchecked) return json;
  return parseBody(json.value, body.schema);
}

const isRefused = (reply: unknown): reply is Refused =>
  typeof reply === 'object' && reply !== null && 'refused' in reply;
