/** Every answer that a test of the producer gets is held to what its route declares. */
import { z } from 'zod';
import { makeRoutes, type RoutesDependencies } from '../../src/producer/api/routes.ts';
import type { Declaration } from '../../src/producer/http/route.ts';
import { problemsOf } from '../../src/producer/openapi/document.ts';
import { ProblemAnswer } from '../../src/shared/contract/problem-answer.ts';

/** Declared, and not to be called. */
export const declared: readonly Declaration[] = makeRoutes({ stores: {} } as RoutesDependencies);

const described = declared.map((route) => ({
  route,
  pattern: new RegExp(`^${route.path.replaceAll(/:\w+/g, '[^/]+')}$`),
}));

/** Places that are not of the API, such as the pages, are nobody's. */
export function expectAsDescribed(
  method: string,
  path: string,
  { status, json }: { readonly status: number; readonly json: unknown },
): void {
  const place = path.split('?')[0] ?? '';
  const { route } =
    described.find((one) => one.route.method === method.toLowerCase() && one.pattern.test(place)) ??
    {};
  if (!route) return;
  const answer = route.answers[status] ?? ProblemAnswer;
  if (!(status in route.answers) && !(status in problemsOf(route))) {
    throw new Error(`${method} ${route.path}: nothing describes ${status}`);
  }
  const { error } = answer instanceof z.ZodType ? answer.safeParse(json) : {};
  if (error) throw new Error(`${method} ${route.path} ${status}: ${error.message}`);
}
