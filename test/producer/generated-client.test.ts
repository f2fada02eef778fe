/** A client made from the description, by openapi-typescript as it comes. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import openapiTypes, { astToString, type OpenAPI3 } from 'openapi-typescript';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openApiDocument } from '../../src/producer/openapi/document.ts';
import { MINUTE } from '../../src/shared/platform/time.ts';
import { declared } from './as-described.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'qunfa-generated-'));
  await symlink(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
  const document = openApiDocument(declared, { version: '0' });
  const types = astToString(await openapiTypes(document as unknown as OpenAPI3));
  await writeFile(join(dir, 'api.ts'), types);
}, MINUTE);
afterAll(() => rm(dir, { recursive: true, force: true }));

/** @returns TypeScript's complaints. */
async function compile(name: string, source: string): Promise<string> {
  const head = `import type { operations } from './api.ts';
type Body<Id extends keyof operations> = operations[Id] extends { requestBody?: { content: { 'application/json': infer B } } } ? B : never;
`;
  await writeFile(join(dir, name), head + source);
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const options = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2022'];
  const more = [
    '--allowImportingTsExtensions',
    '--types',
    'node',
    '--pretty',
    'false',
    '--ignoreConfig',
  ];
  return run(process.execPath, [tsc, ...options, ...more, name], { cwd: dir }).then(
    () => '',
    ({ stdout }: { stdout: string }) => stdout,
  );
}

it(
  'takes the bodies of the README and of every example',
  async () => {
    const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
    const curled = [...readme.matchAll(/ -d '(\{\n[\s\S]*?\n\})'/g)].map(([, body]) => body);
    expect(curled).not.toEqual([]);
    const bodies = [
      ...curled.map((body) => ['createCampaign', body]),
      ...declared.flatMap(({ operationId, body }) => {
        const examples = body && 'schema' in body ? body.schema.meta()?.examples : undefined;
        return ((examples ?? []) as unknown[]).map((one) => [operationId, JSON.stringify(one)]);
      }),
    ];

    const said = await compile(
      'bodies.ts',
      bodies.map(([id, body], at) => `export const b${at}: Body<'${id}'> = ${body};`).join('\n'),
    );

    expect(said).toBe('');
  },
  2 * MINUTE,
);

it(
  'tells a mistyped audience, and knows what is answered',
  async () => {
    const said = await compile(
      'mistake.ts',
      `export const wrong: Body<'createCampaign'> = { audience: { type: 'all' }, message: { type: 'text', content: 'x' } };
type Shown = operations['getCampaign']['responses'][200]['content']['application/json'];
export const outcomeOf = ({ outcome, batches }: Shown): [string | undefined, number] => [outcome, batches.settled];`,
    );

    expect(
      said
        .trim()
        .split('\n')
        .filter((line) => !line.startsWith(' ')),
    ).toEqual([expect.stringMatching(/^mistake\.ts\(3,\d+\): error TS.*"all"/)]);
  },
  2 * MINUTE,
);
