/** A terminal that a test can type into and read. */
import { PassThrough, Writable } from 'node:stream';
import type { Env, Exit, Terminal } from '../../src/cli/command.ts';
import { runCommand } from '../../src/cli/run-command.ts';

export interface Ran {
  readonly exit: Exit;
  readonly out: string;
  readonly err: string;
  /** Standard output as the one JSON value that it should be. */
  json<T = Record<string, unknown>>(): T;
}

interface Options {
  readonly env: Env;
  readonly typed?: string | Buffer;
  readonly isTTY?: boolean;
  /** Of the window. */
  readonly columns?: number;
  /** Called with what Ctrl-C does. */
  readonly interrupt?: (stop: () => void) => void;
}

export async function qunfa(argv: readonly string[], options: Options): Promise<Ran> {
  const { env, typed = '', isTTY = false, columns = 200, interrupt } = options;
  const stdin = Object.assign(new PassThrough(), { isTTY });
  stdin.end(typed);
  const stdout = recorder(isTTY, columns);
  const stderr = recorder(isTTY, columns);
  const onInterrupt = (stop: () => void) => {
    interrupt?.(stop);
    return () => undefined;
  };
  const terminal: Terminal = {
    stdin,
    stdout: stdout.stream,
    stderr: stderr.stream,
    onInterrupt,
  };
  const exit = await runCommand({ argv, env, terminal, version: '0.0.0-test' });
  const out = stdout.text();
  return { exit, out, err: stderr.text(), json: <T>() => JSON.parse(out) as T };
}

function recorder(isTTY: boolean, columns: number) {
  const pieces: Buffer[] = [];
  const stream = new Writable({
    write(piece: Buffer, _encoding, done) {
      pieces.push(piece);
      done();
    },
  });
  return {
    stream: Object.assign(stream, {
      isTTY,
      columns,
      cursorTo: () => true,
      clearLine: () => true,
      moveCursor: () => true,
    }),
    text: () => Buffer.concat(pieces).toString(),
  };
}
