#!/usr/bin/env node
/** `qunfa-sandbox`: the sandbox as a program of its own, until it is stopped. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { HELP, readCommandLine } from './command-line.ts';
import { linesOf } from './printed-account.ts';
import { start } from './start.ts';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

try {
  const told = readCommandLine(process.argv.slice(2), process.env, (path) =>
    readFileSync(path, 'utf8'),
  );
  if ('show' in told) process.stdout.write(told.show === 'help' ? HELP : `${version}\n`);
  else await run(told);
} catch (error) {
  const { code } = error as NodeJS.ErrnoException;
  const isTheirs = error instanceof TypeError || error instanceof SyntaxError || code !== undefined;
  if (!isTheirs) throw error;
  process.stderr.write(`${(error as Error).message}; see qunfa-sandbox --help\n`);
  process.exitCode = 2;
}

async function run({
  settings,
  asJson,
}: Extract<ReturnType<typeof readCommandLine>, { settings: unknown }>) {
  const log = (line: string) => void process.stderr.write(`${line}\n`);
  const running = await start({ ...settings, log });
  const { url, accounts } = running;
  process.stdout.write(
    asJson
      ? `${JSON.stringify({ url, accounts })}\n`
      : `a WeChat to run against: ${url}\n\n${accounts.flatMap(linesOf).join('\n')}\n`,
  );
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void running.stop());
  }
}
