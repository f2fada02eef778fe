import type { DestinationStream, Logger } from 'pino';
import type { LogLevel } from '../../src/shared/platform/config.ts';
import { makeLogger } from '../../src/shared/platform/logger.ts';

export type LogLine = Readonly<Record<string, unknown>>;

/** A real logger whose lines a test can read. */
export function recordedLog(level: LogLevel = 'trace'): {
  readonly log: Logger;
  readonly lines: LogLine[];
  /** All of it as text, to look for what must not be there. */
  text(): string;
} {
  const lines: LogLine[] = [];
  const destination: DestinationStream = {
    write: (line) => lines.push(JSON.parse(line) as LogLine),
  };
  const log = makeLogger({ role: 'test', level, destination });
  return { log, lines, text: () => JSON.stringify(lines) };
}
