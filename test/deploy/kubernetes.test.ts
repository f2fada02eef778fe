/**
 * deploy/kubernetes as kubectl builds it, against the schemas of Kubernetes and against rules of our own.
 * Without a kubectl (1.32 or newer) the files are checked one by one, and a line says so.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { loadConfig, VARIABLES } from '../../src/shared/platform/config.ts';

const FOLDER = join(import.meta.dirname, '../../deploy/kubernetes');

const Manifest = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});
type Manifest = z.infer<typeof Manifest>;

const manifestsIn = (text: string): Manifest[] =>
  parseAllDocuments(text).map((document) => Manifest.parse(document.toJS()));

function built(): readonly Manifest[] | null {
  try {
    return manifestsIn(execFileSync('kubectl', ['kustomize', FOLDER], { encoding: 'utf8' }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

const files = ['producer.yaml', 'worker.yaml', 'callback.yaml', 'network-policy.yaml'];
const whole = built();
if (!whole) console.log('NOT TESTED: what kubectl makes of deploy/kubernetes (no kubectl here)');
const manifests =
  whole ?? files.flatMap((name) => manifestsIn(readFileSync(join(FOLDER, name), 'utf8')));

/** Throws where the schema of its kind is not met. */
async function validate(manifest: Manifest): Promise<void> {
  const models: Record<string, new (of: Manifest) => { validate(): void }> = await import(
    `kubernetes-models/${manifest.apiVersion}`
  );
  const Model = models[manifest.kind];
  if (!Model) throw new Error(`no schema of ${manifest.kind}`);
  new Model(manifest).validate();
}

describe('deploy/kubernetes', () => {
  it.each(manifests.map((manifest) => [`${manifest.kind} ${manifest.metadata.name}`, manifest]))(
    '%s meets its schema',
    async (_, manifest) => {
      await validate(manifest as Manifest);
      await expect(
        validate({ ...(manifest as Manifest), metadata: { name: 5 } as never }),
      ).rejects.toThrow();
    },
  );

  it('names every file that it has, and its settings are known and sound', () => {
    const yaml = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));
    expect(yaml.sort()).toEqual([...files, 'every-role.yaml', 'kustomization.yaml'].sort());

    const lines = readFileSync(join(FOLDER, 'settings.env'), 'utf8').match(/^[A-Z_]+=.*$/gm) ?? [];
    const settings = Object.fromEntries(lines.map((line) => line.split('=')));
    expect(VARIABLES).toEqual(expect.arrayContaining(Object.keys(settings)));
    const held: Record<string, string> = {
      '/run/qunfa/redis-url': 'redis://redis:6379',
      '/run/qunfa/api-keys.json': `[{"name": "crm", "sha256": "${'a'.repeat(64)}", "accounts": "all", "may": ["read"]}]`,
      '/run/qunfa/accounts.json': '{"spring": {"appId": "wx1", "appSecret": "s"}}',
    };
    const config = loadConfig(settings, (path) => held[path] ?? '');
    expect(config.accounts).toHaveLength(1);
    expect(config.drainMs).toBe(5_000);
  });

  it.runIf(whole).each(['producer', 'worker', 'callback'])(
    'lets the %s write to its volumes alone, as no root, with probes and time to drain',
    (role) => {
      const found = manifests.find(
        ({ kind, metadata }) =>
          ['Deployment', 'StatefulSet'].includes(kind) && metadata.name === `qunfa-${role}`,
      );
      expect(found).toMatchObject({
        spec: {
          replicas: 2,
          template: {
            spec: {
              terminationGracePeriodSeconds: 45,
              securityContext: { runAsNonRoot: true },
              containers: [
                {
                  args: [role],
                  startupProbe: { httpGet: { path: '/healthz' } },
                  livenessProbe: { httpGet: { path: '/healthz' } },
                  readinessProbe: { httpGet: { path: '/readyz' } },
                  securityContext: {
                    readOnlyRootFilesystem: true,
                    capabilities: { drop: ['ALL'] },
                  },
                },
              ],
            },
          },
        },
      });
      expect(
        manifests.find(
          ({ kind, metadata }) =>
            kind === 'PodDisruptionBudget' && metadata.name === `qunfa-${role}`,
        ),
      ).toMatchObject({ spec: { maxUnavailable: 1 } });
    },
  );

  it('opens the callback alone to everyone', () => {
    const open = manifests.filter(
      ({ kind, spec }) =>
        kind === 'NetworkPolicy' &&
        (spec as { ingress: { from?: unknown }[] }).ingress.some(({ from }) => from === undefined),
    );

    expect(open.map(({ metadata }) => metadata.name)).toEqual(['qunfa-callback']);
  });
});
