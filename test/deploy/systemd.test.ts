/** deploy/systemd, by systemd's own verifier where there is one. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const UNIT = readFileSync(join(import.meta.dirname, '../../deploy/systemd/qunfa@.service'), 'utf8');
const canVerify = spawnSync('systemd-analyze', ['--version']).status === 0;
if (!canVerify) console.log('NOT TESTED: systemd-analyze verify (no systemd here)');

describe('deploy/systemd', () => {
  it.runIf(canVerify)(
    'is a sound unit, and systemd finds it well shut',
    async ({ onTestFinished }) => {
      const folder = await mkdtemp(join(tmpdir(), 'qunfa-units-'));
      onTestFinished(() => rm(folder, { recursive: true }));
      const unit = join(folder, 'qunfa@producer.service');
      await writeFile(unit, UNIT.replace('/usr/bin/node', process.execPath));

      const verified = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' });
      expect(verified.stderr).toBe('');
      expect(verified.status).toBe(0);
      const shut = ['security', '--offline=yes', '--threshold=25', unit];
      expect(spawnSync('systemd-analyze', shut).status).toBe(0);
    },
  );

  it('gives a role more time than it drains', () => {
    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(UNIT)?.[1])).toBeGreaterThan(28);
  });
});
