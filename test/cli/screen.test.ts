import { execFile } from 'node:child_process';
import { Writable } from 'node:stream';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Output } from '../../src/cli/command.ts';
import { makeProgress } from '../../src/cli/progress.ts';
import { localTime, makeScreen, table } from '../../src/cli/screen.ts';
import { qunfa } from './terminal.ts';

function output(columns: number, isTTY = true) {
  const written: string[] = [];
  const stream = new Writable({
    write(piece: Buffer, _encoding, done) {
      written.push(piece.toString());
      done();
    },
  });
  return { stream: Object.assign(stream, { isTTY, columns }) as Output, written };
}

describe('a table', () => {
  const rows = [
    ['编号', '公众号', '名称'],
    ['1', 'default', '双十二'],
  ];

  it('counts a Chinese character as two cells', () => {
    const [head = '', line = ''] = table(rows, makeScreen(output(80).stream, {}));

    expect(head.indexOf('名称')).toBe('编号  公众号   '.length);
    expect(line).toBe('1     default  双十二');
  });

  it('ends a line that is too long for the window', () => {
    const narrow = table(rows, makeScreen(output(18).stream, {}));

    expect(narrow[1]).toBe('1     default  双…');
  });

  it('is whole in a pipe', () => {
    expect(table(rows, makeScreen(output(18, false).stream, {}))[1]).toMatch(/双十二$/);
  });
});

describe('a colour', () => {
  it.each([
    [{}, true],
    [{ NO_COLOR: '1' }, false],
    [{ TERM: 'dumb' }, false],
  ])('on a terminal with %j: %j', (env, isColoured) => {
    const text = makeScreen(output(80).stream, env).paint('red', 'x');

    expect(text !== 'x').toBe(isColoured);
  });

  it('is not in a pipe', () => {
    expect(makeScreen(output(80, false).stream, {}).paint('red', 'x')).toBe('x');
  });
});

describe('a time', () => {
  it('is local and names its zone', () => {
    expect(localTime('2026-12-01T01:00:00.000Z')).toMatch(/^2026-1[12]-\d\d \d\d:00:00 \S+$/);
  });
});

describe('the progress', () => {
  it('shows the state whole in any window, and draws over what it drew', () => {
    const { stream, written } = output(30);
    const progress = makeProgress(stream);
    const state = 'awaiting receipts, waits: WeChat is busy or cannot be reached';

    progress.show({ total: 4, submitted: 1, settled: 0 }, state);
    progress.show({ total: 4, submitted: 1, settled: 0 }, state);
    progress.show({ total: 4, submitted: 0, settled: 4 }, 'completed: delivered');

    const all = written.join('');
    expect(all.match(/awaiting receipts, waits: WeChat is busy/g)).toHaveLength(1);
    expect(all).toContain('confirmed ██████████████████████████████ 4/4\ncompleted: delivered\n');
    // Two bars of two lines each, and a state of three.
    expect(all).toContain('\u001b[7A');
  });
});

describe('completion', () => {
  it('names commands, and the options of the one that is typed', async () => {
    const { out } = await qunfa(['completion', 'bash'], { env: {} });
    const asked = `${out}
COMP_WORDS=(qunfa pa); COMP_CWORD=1; _qunfa qunfa pa qunfa; echo "\${COMPREPLY[*]}"
COMP_WORDS=(qunfa send --pri); COMP_CWORD=2; _qunfa qunfa --pri send; echo "\${COMPREPLY[*]}"`;

    const { stdout } = await promisify(execFile)('bash', ['-c', asked]);

    expect(stdout).toBe('pause\n--priority\n');
    const zsh = await qunfa(['completion', 'zsh'], { env: {} });
    expect(zsh.out).toContain('bashcompinit');
  });
});

describe('qunfa -v', () => {
  it('prints the version', async () => {
    expect(await qunfa(['-v'], { env: {} })).toMatchObject({ exit: 0, out: '0.0.0-test\n' });
  });
});
