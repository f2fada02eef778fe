/** How far a campaign is: bars where a person watches, else a line each time something changed. */
import cliProgress from 'cli-progress';
import type { CampaignView } from '../shared/contract/campaign-view.ts';
import type { Terminal } from './command.ts';
import { number, stateWords, waitWords } from './words.ts';

export interface Progress {
  show(campaign: CampaignView): void;
  end(): void;
}

export const silent: Progress = { show: () => undefined, end: () => undefined };

export const makeProgress = (stream: Terminal['stderr']): Progress =>
  stream.isTTY ? bars(stream) : lines(stream);

/** Two of them: handed to WeChat, and confirmed by WeChat's receipts. */
function bars(stream: Terminal['stderr']): Progress {
  const multi = new cliProgress.MultiBar(
    {
      stream,
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
    show(campaign) {
      const { total, handed, settled } = countsOf(campaign);
      for (const bar of [submitted, confirmed]) bar.setTotal(Math.max(1, total));
      submitted.update(handed, { words: wordsOf(campaign) });
      confirmed.update(settled, { words: 'batches' });
    },
    end: () => multi.stop(),
  };
}

function lines(stream: Terminal['stderr']): Progress {
  let last = '';
  return {
    show(campaign) {
      const { total, handed, settled } = countsOf(campaign);
      const line = `${wordsOf(campaign)}; of ${number(total)} ${total === 1 ? 'batch' : 'batches'} ${number(handed)} submitted, ${number(settled)} confirmed`;
      if (line !== last) stream.write(`${line}\n`);
      last = line;
    },
    end: () => undefined,
  };
}

const countsOf = ({ batches }: CampaignView) => ({
  total: batches.total,
  handed: batches.submitted + batches.settled,
  settled: batches.settled,
});

const wordsOf = (campaign: CampaignView): string =>
  campaign.waiting
    ? `${stateWords(campaign)}, waits for ${waitWords(campaign.waiting)}`
    : stateWords(campaign);
