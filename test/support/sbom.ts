/**
 * `npm run sbom`: a CycloneDX list of every package that runs in production. npm's own `--omit dev` would
 * leave out those that a development package asks for, too: zod and undici among them.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

interface Component {
  readonly 'bom-ref': string;
  readonly group?: string;
  readonly name: string;
  readonly version: string;
}

interface Bom {
  readonly bomFormat: string;
  readonly components: readonly Component[];
  readonly dependencies: readonly {
    readonly ref: string;
    readonly dependsOn?: readonly string[];
  }[];
}

interface Locked {
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly license?: string;
  readonly version?: string;
}

/** By the lock file: path in node_modules → package. */
export function inProduction(): (readonly [string, Locked])[] {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Readonly<Record<string, Locked>>;
  };
  return Object.entries(packages).filter(
    ([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional,
  );
}

export const nameOf = (path: string): string => path.replace(/^.*node_modules\//, '');

export function productionBom(): Bom {
  const command = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
  const whole = JSON.parse(
    execFileSync('npm', command, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }),
  ) as Bom;
  const ours = new Set(inProduction().map(([path, { version }]) => `${nameOf(path)} ${version}`));
  const components = whole.components.filter(({ group, name, version }) =>
    ours.has(`${group ? `${group}/` : ''}${name} ${version}`),
  );
  const gone = new Set(
    whole.components.filter((one) => !components.includes(one)).map((one) => one['bom-ref']),
  );
  const dependencies = whole.dependencies
    .filter(({ ref }) => !gone.has(ref))
    .map(({ ref, dependsOn = [] }) => ({
      ref,
      dependsOn: dependsOn.filter((to) => !gone.has(to)),
    }));
  return { ...whole, components, dependencies };
}

if (process.argv[1] === import.meta.filename) {
  process.stdout.write(`${JSON.stringify(productionBom(), null, 2)}\n`);
}
