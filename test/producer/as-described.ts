/** Every answer that a test of the producer gets is held to what the description of the API says. */
import { problemsOf } from '../../src/producer/openapi/document.ts';
import { operations } from '../../src/producer/openapi/operations.ts';
import { ProblemAnswer } from '../../src/shared/contract/answers.ts';

const described = operations.map((operation) => ({
  ...operation,
  pattern: new RegExp(`^${operation.path.replaceAll(/:\w+/g, '[^/]+')}$`),
}));

/** Places that are not of the API, such as the pages, are nobody's. */
export function expectAsDescribed(
  method: string,
  path: string,
  { status, json }: { readonly status: number; readonly json: unknown },
): void {
  const place = path.split('?')[0] ?? '';
  const operation = described.find(
    (one) => one.method === method.toLowerCase() && one.pattern.test(place),
  );
  if (!operation) return;
  const answer = operation.answers[status];
  const schema = answer ? answer.schema : ProblemAnswer;
  if (!answer && !(status in problemsOf(operation))) {
    throw new Error(`${method} ${operation.path}: nothing describes ${status}`);
  }
  const { error } = schema?.safeParse(json) ?? {};
  if (error) throw new Error(`${method} ${operation.path} ${status}: ${error.message}`);
}
