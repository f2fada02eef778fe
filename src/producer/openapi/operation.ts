/** One call of the API, described from the schemas that check it. */
import type { z } from 'zod';

export interface Operation {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** As the router has it: `/v1/campaigns/:id`. */
  readonly path: string;
  readonly tag: 'Campaigns' | 'Media' | 'Audiences' | 'Accounts' | 'Service';
  readonly summary: string;
  readonly description?: string;
  /** False where no key is needed. */
  readonly needsKey?: false;
  readonly query?: z.ZodObject;
  readonly headers?: Readonly<Record<string, z.ZodType>>;
  readonly body?: Body;
  readonly answers: Readonly<Record<number, AnswerShape>>;
  /** Statuses that come as problem+json, beside those any call may get. */
  readonly problems?: Readonly<Record<number, string>>;
}

export type Body =
  | { readonly schema: z.ZodType; readonly optional?: true }
  /** Not JSON: content type → what stands there. */
  | { readonly raw: Readonly<Record<string, string>> };

export interface AnswerShape {
  readonly description: string;
  /** JSON of this shape; nothing at all where neither this nor `type` is there. */
  readonly schema?: z.ZodType;
  /** Another content type than JSON. */
  readonly type?: string;
}

/** `/v1/campaigns/:id` → `/v1/campaigns/{id}`. */
export const templateOf = (path: string): string => path.replaceAll(/:(\w+)/g, '{$1}');

export const parametersOf = (path: string): string[] =>
  [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name);
