#!/usr/bin/env node
/** `qunfa <command>`: the API of the producer on a command line. `--help` lists the commands. */
import { createRequire } from 'node:module';
import { runCommand } from './run-command.ts';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

// `qunfa list | head` closes the pipe early.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

process.exitCode = await runCommand({
  argv: process.argv.slice(2),
  env: process.env,
  terminal: {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    onInterrupt(stop) {
      process.once('SIGINT', stop);
      return () => process.off('SIGINT', stop);
    },
  },
  version,
});
