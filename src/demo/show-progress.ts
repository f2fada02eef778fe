/** Progress that a person likes to watch; plain lines where nobody watches. */
import type { WriteStream } from 'node:tty';
import cliProgress from 'cli-progress';
import type { CampaignSummary } from '../shared/contract/campaigns.ts';

export interface Progress {
  show(views: readonly CampaignSummary[]): void;
  end(): void;
}

export function makeProgress(out: WriteStream): Progress {
  return out.isTTY ? bars(out) : lines(out);
}

/** Two bars: handed to WeChat, and confirmed by WeChat's receipts. */
function bars(out: WriteStream): Progress {
  const multi = new cliProgress.MultiBar(
    {
      stream: out,
      format: '{what} {bar} {value}/{total} {words}',
      barCompleteChar: '█',
      barIncompleteChar: '░',
      hideCursor: true,
      clearOnComplete: false,
    },
    cliProgress.Presets.shades_classic,
  );
  const submitted = multi.create(1, 0, { what: 'submitted', words: '' });
  const confirmed = multi.create(1, 0, { what: 'confirmed', words: '' });
  return {
    show(views) {
      const { batches, handed, settled, done } = sumOf(views);
      for (const bar of [submitted, confirmed]) bar.setTotal(Math.max(1, batches));
      submitted.update(handed, { words: 'batches' });
      confirmed.update(settled, {
        words: `batches; ${done} of ${views.length} campaigns completed`,
      });
    },
    end: () => multi.stop(),
  };
}

function lines(out: WriteStream): Progress {
  let last = '';
  return {
    show(views) {
      const { batches, handed, settled, done } = sumOf(views);
      const line = `${done} of ${views.length} campaigns completed; of ${batches} batches ${handed} submitted, ${settled} confirmed`;
      if (line !== last) out.write(`${line}\n`);
      last = line;
    },
    end: () => undefined,
  };
}

function sumOf(views: readonly CampaignSummary[]) {
  const sum = { batches: 0, handed: 0, settled: 0, done: 0 };
  for (const { state, batches } of views) {
    sum.batches += batches.total;
    sum.handed += batches.submitted + batches.settled;
    sum.settled += batches.settled;
    sum.done += state === 'completed' ? 1 : 0;
  }
  return sum;
}

export function closingTable(views: readonly CampaignSummary[]): string {
  const rows = views.map((view) => [
    view.account,
    view.name,
    view.outcome ?? view.state,
    String(view.batches.total),
    (view.receipt.sent ?? 0).toLocaleString('en'),
    (view.receipt.failed ?? 0).toLocaleString('en'),
  ]);
  const head = ['account', 'campaign', 'outcome', 'batches', 'sent', 'failed'];
  const widths = head.map((word, at) =>
    Math.max(word.length, ...rows.map((row) => row[at]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => pad(cell, widths[at] ?? 0, at > 2))
      .join('  ')
      .trimEnd();
  return [line(head), line(widths.map((width) => '─'.repeat(width))), ...rows.map(line), ''].join(
    '\n',
  );
}

const pad = (cell: string, width: number, right: boolean): string =>
  right ? cell.padStart(width) : cell.padEnd(width);
