/** Progress of one or more campaigns: two bars on a terminal, else a line after each change. */
import { clearScreenDown, moveCursor } from 'node:readline';
import type { Output } from './command.ts';
import { heightOf } from './screen.ts';
import { TEXTS, type Texts } from './texts.ts';

/** In batches. */
export interface Counts {
  readonly total: number;
  readonly submitted: number;
  readonly settled: number;
}

export interface Progress {
  show(counts: Counts, state: string): void;
}

const WIDTH = 30;

export function makeProgress(stream: Output, { progress: t }: Texts = TEXTS.en): Progress {
  const { isTTY = false, columns = 80 } = stream;
  let last = '';
  let height = 0;

  const bar = (label: string, done: number, total: number): string => {
    const filled = total === 0 ? 0 : Math.round((WIDTH * done) / total);
    return `${label} ${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)} ${done}/${total}`;
  };

  return {
    show({ total, submitted, settled }, state) {
      const taken = submitted + settled;
      const lines = isTTY
        ? [bar(t.submitted, taken, total), bar(t.confirmed, settled, total), state]
        : [t.line(state, { total, taken, settled })];
      const text = lines.map((line) => `${line}\n`).join('');
      if (text === last) return;
      if (height > 0) {
        moveCursor(stream, 0, -height);
        clearScreenDown(stream);
      }
      stream.write(text);
      last = text;
      height = isTTY ? lines.reduce((sum, line) => sum + heightOf(line, columns), 0) : 0;
    },
  };
}
