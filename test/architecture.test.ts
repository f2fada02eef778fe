/** Who may import whom. A new arrow in this table is a decision: give its reason in docs/adr. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const SRC = join(import.meta.dirname, '../src');

/** Errors, units of time and sentences: every room may use them. */
const BASE = [
  'shared/platform/errors.ts',
  'shared/platform/sentences.ts',
  'shared/platform/time.ts',
] as const;

const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'main.ts': ['producer', 'workers', 'callback', 'shared', 'demo'],
  // The demo draws its progress and its table as the command line does, in its languages.
  demo: [
    'demo',
    'producer',
    'workers',
    'callback',
    'sandbox',
    'client',
    'cli/progress.ts',
    'cli/screen.ts',
    'cli/texts.ts',
    'shared',
  ],
  // The doctor judges the producer's address as the producer does.
  cli: ['cli', 'client', 'shared', 'producer/http/auth.ts'],
  producer: ['producer', 'shared'],
  workers: ['workers', 'shared'],
  callback: ['callback', 'shared'],
  sandbox: ['sandbox'],
  client: ['client', 'shared'],
  shared: ['shared'],
  // Counts and times in the shapes that it shares with the API.
  'shared/campaign': ['shared/campaign', 'shared/contract/shapes.ts', ...BASE],
  'shared/contract/shapes.ts': [],
  // The one way out, and the one look at JSON of others: their limits are the same for all.
  'shared/wechat': [
    'shared/wechat',
    'shared/platform/exchange.ts',
    'shared/platform/json-text.ts',
    ...BASE,
  ],
  // What a push says becomes our receipt at once: nothing in between knows WeChat's words.
  'shared/wechat/push': [
    'shared/wechat',
    'shared/campaign/receipt.ts',
    'shared/platform/json-text.ts',
    ...BASE,
  ],
  'shared/media': ['shared/media', 'shared/campaign', ...BASE],
  'shared/openids': ['shared/openids', 'shared/campaign', ...BASE],
};

/** The domain and the API client know neither Redis nor BullMQ. */
const NEVER_PACKAGES: Readonly<Record<string, readonly string[]>> = {
  'shared/campaign': ['ioredis', 'bullmq'],
  'shared/wechat': ['ioredis', 'bullmq'],
};

const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*['"]([^'"]+)['"]/g;

/** `import type …`, and imports of types alone. */
const TYPE_IMPORT =
  /^(?:im|ex)port (?:type [^;]*|\{(?:\s*type \w+(?: as \w+)?,?)+\s*\} from [^;]*);/gm;

interface Import {
  readonly file: string;
  /** Inside src: its path from there; else the package. */
  readonly target: string;
  readonly isOurs: boolean;
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .sort();

function importsOf(file: string, source = readFileSync(join(SRC, file), 'utf8')): Import[] {
  return [...source.matchAll(IMPORT)].map(([, specifier = '']) =>
    specifier.startsWith('.')
      ? { file, target: relative(SRC, join(SRC, dirname(file), specifier)), isOurs: true }
      : { file, target: specifier, isOurs: false },
  );
}

const isIn = (path: string, place: string): boolean =>
  path === place || path.startsWith(`${place}/`);

/** The innermost place that has a rule. */
function ownerOf(file: string, rules: Readonly<Record<string, unknown>>): string | undefined {
  return Object.keys(rules)
    .filter((place) => isIn(file, place))
    .sort((a, b) => b.length - a.length)[0];
}

function isAllowed({ file, target, isOurs }: Import): boolean {
  if (isOurs) {
    return (MAY_IMPORT[ownerOf(file, MAY_IMPORT) ?? ''] ?? []).some((place) => isIn(target, place));
  }
  const never = NEVER_PACKAGES[ownerOf(file, NEVER_PACKAGES) ?? ''] ?? [];
  return !never.some((name) => isIn(target, name));
}

const forbidden = (imports: readonly Import[]): string[] =>
  imports.filter((each) => !isAllowed(each)).map(({ file, target }) => `${file} → ${target}`);

describe('every file', () => {
  it.each(files)('src/%s imports only what its place may', (file) => {
    expect(ownerOf(file, MAY_IMPORT), 'belongs to no known place').toBeDefined();
    expect(forbidden(importsOf(file))).toEqual([]);
  });
});

/** Everything that a file loads, itself included; types load nothing. */
function loadedBy(entry: string): Set<string> {
  const loaded = new Set<string>();
  const next = [entry];
  for (let file = next.pop(); file !== undefined; file = next.pop()) {
    if (loaded.has(file)) continue;
    loaded.add(file);
    const source = readFileSync(join(SRC, file), 'utf8').replace(TYPE_IMPORT, '');
    for (const { target, isOurs } of importsOf(file, source)) if (isOurs) next.push(target);
  }
  return loaded;
}

describe('the callback service, which the internet reaches', () => {
  const loaded = loadedBy('callback/start.ts');

  it('loads what takes in a receipt', () => {
    expect(loaded).toContain('shared/record/receipt-store.ts');
    expect(loaded.size).toBeLessThan(80);
  });

  it.each([
    ['shared/media', 'the parsers of media'],
    ['shared/openids', 'the readers of lists, and their spill file'],
    ['shared/delivery', 'what calls WeChat'],
    ['shared/record/accept-campaign.ts', 'the acceptance of campaigns'],
    ['shared/actions/accept-campaign.ts', 'the acceptance of campaigns'],
    ['shared/record/record.ts', 'the whole record'],
    ['producer', 'the page and the API'],
    ['workers', 'the jobs'],
  ])('does not load %s: %s', (place) => {
    expect(files.some((file) => isIn(file, place))).toBe(true);
    expect([...loaded].filter((file) => isIn(file, place))).toEqual([]);
  });
});

describe('what the build copies beside what it compiles', () => {
  it('takes the name of no module', () => {
    const scripts = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.js'),
    );

    expect(scripts.length).toBeGreaterThan(0);
    expect(scripts.filter((file) => files.includes(file.replace(/\.js$/, '.ts')))).toEqual([]);
  });
});

describe('the rule itself', () => {
  it.each([
    ['callback/server.ts', `import { run } from '../workers/run.ts';`],
    ['sandbox/token.ts', `import type { Token } from '../shared/wechat/tokens.ts';`],
    ['shared/redis.ts', `export { serve } from '../producer/server.ts';`],
    ['shared/campaign/batch.ts', `const { x } = await import('../store/x.ts');`],
    ['shared/campaign/batch.ts', `import '../wechat/mass.ts';`],
    ['shared/wechat/tokens.ts', `import { Redis } from 'ioredis';`],
    ['shared/media/kind.ts', `import {\n  a,\n} from '../time-zone.ts';`],
  ])('catches %s: %s', (file, source) => {
    expect(forbidden(importsOf(file, source))).toHaveLength(1);
  });
});
