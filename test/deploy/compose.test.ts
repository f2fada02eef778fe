/** What stands beside the code and has to agree with it: .env.example, docker-compose.yml. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { describe, expect, it } from 'vitest';
import { loadConfig, requireAccounts, VARIABLES } from '../../src/shared/platform/config.ts';

const read = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../..', name), 'utf8');

describe('.env.example', () => {
  const settings = parseEnv(read('.env.example').replace(/^# (?=[A-Z_]+=)/gm, '')) as Record<
    string,
    string
  >;

  it('names every variable that is read, and no other', () => {
    expect(Object.keys(settings).sort()).toEqual([...VARIABLES].sort());
  });

  it('shows the true defaults', () => {
    const general = Object.fromEntries(
      Object.entries(settings).filter(
        ([name]) => !/^WECHAT_/.test(name) || /BASE_URL|PROTOCOL/.test(name),
      ),
    );
    const credentials = { WECHAT_APP_ID: 'wx1', WECHAT_APP_SECRET: 's' };

    expect(loadConfig(general)).toEqual(loadConfig({}));
    expect(loadConfig({ ...settings, ...credentials })).toEqual(loadConfig(credentials));
  });
});

describe('.env.demo', () => {
  it('is a sound configuration with one account, for the sandbox alone', () => {
    const config = loadConfig(parseEnv(read('.env.demo')) as Record<string, string>);

    expect(requireAccounts(config)).toHaveLength(1);
    expect(config.wechat.baseUrl).toBe('http://sandbox:3002');
  });
});

describe('docker-compose.yml', () => {
  const compose = read('docker-compose.yml');
  const DECIDED_BY_THE_IMAGE = [
    'CALLBACK_SPOOL_DIR',
    'METRICS_HOST',
    'METRICS_PORT',
    'SANDBOX_HOST',
  ];

  it.each(VARIABLES.filter((name) => !DECIDED_BY_THE_IMAGE.includes(name)))(
    'passes on %s',
    (name) => {
      expect(compose).toContain(`\${${name}:`);
    },
  );

  it('gives all roles the same settings, so that doctor runs in each', () => {
    const settings = compose.slice(compose.indexOf('&settings'), compose.indexOf('\nservices:'));
    for (const name of ['CALLBACK_PUBLIC_URL', 'API_KEYS', 'REDIS_URL']) {
      expect(settings).toContain(`    ${name}: \${${name}:-`);
    }
    expect(compose.match(/environment:\n {6}<<: \*settings/g)).toHaveLength(1);
  });

  it.each(DECIDED_BY_THE_IMAGE)('leaves %s to the image', (name) => {
    expect(compose).not.toContain(`${name}:`);
    expect(read('Dockerfile')).toContain(`${name}=`);
  });

  it('lets no container do more than it must, and none without a password reach Redis', () => {
    const [, confined = ''] = /^x-confined: &confined\n((?: .*\n)+)/m.exec(compose) ?? [];
    for (const rule of [
      'cap_drop: [ALL]',
      'security_opt: ["no-new-privileges:true"]',
      'read_only: true',
      'pids_limit:',
      'max-size:',
    ]) {
      expect(confined).toContain(rule);
    }
    const services = compose.slice(compose.indexOf('\nservices:'), compose.indexOf('\nnetworks:'));
    const each = services.split(/\n {2}(?=[a-z]+:\n)/).slice(1);
    expect(each).toHaveLength(6);
    for (const service of each) expect(service).toMatch(/<<: \*(?:role|confined)\n/);
    expect(/^x-role: &role\n {2}<<: \*confined\n/m.test(compose)).toBe(true);
    expect(compose.match(/mem_limit:/g)).toHaveLength(3);
    expect(compose).toContain('redis-server --requirepass "$$password"');
  });

  it('keeps every write of Redis and evicts nothing', () => {
    const command = compose.split('\n').map((line) => line.trim().replace(/^- "?|"$/g, ''));

    for (const [name, value] of [
      ['--appendonly', 'yes'],
      ['--appendfsync', 'always'],
      ['--maxmemory-policy', 'noeviction'],
    ] as const) {
      expect(command[command.indexOf(name) + 1]).toBe(value);
    }
  });
});
