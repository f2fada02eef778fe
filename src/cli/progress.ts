/** How far a campaign is: bars where a person watches, else a line each time something changed. */
import cliProgress from 'cli-progress';
import type { CampaignSummary } from '../client/index.ts';
import type { Language } from '../shared/platform/sentences.ts';
import type { Terminal } from './command.ts';
import { number, stateWords, waitWords } from './words.ts';

export interface Progress {
  show(campaign: CampaignSummary): void;
  end(): void;
}

export const silent: Progress = { show: () => undefined, end: () => undefined };

export const makeProgress = (stream: Terminal['stderr'], lang: Language): Progress =>
  stream.isTTY ? bars(stream, lang) : lines(stream, lang);

/** Two of them: handed to WeChat, and confirmed by WeChat's receipts. */
function bars(stream: Terminal['stderr'], lang: Language): Progress {
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
  const submitted = multi.create(1, 0, {
    what: lang === 'zh' ? '已提交微信' : 'submitted',
    words: '',
  });
  const confirmed = multi.create(1, 0, {
    what: lang === 'zh' ? '已收到结果' : 'confirmed',
    words: '',
  });
  return {
    show(campaign) {
      const { total, handed, settled } = countsOf(campaign);
      for (const bar of [submitted, confirmed]) bar.setTotal(Math.max(1, total));
      submitted.update(handed, { words: wordsOf(campaign, lang) });
      confirmed.update(settled, { words: lang === 'zh' ? '批' : 'batches' });
    },
    end: () => multi.stop(),
  };
}

function lines(stream: Terminal['stderr'], lang: Language): Progress {
  let last = '';
  return {
    show(campaign) {
      const { total, handed, settled } = countsOf(campaign);
      const words = wordsOf(campaign, lang);
      const line =
        lang === 'zh'
          ? `${words}；共 ${number(total)} 批，已提交微信 ${number(handed)} 批，已收到结果 ${number(settled)} 批`
          : `${words}; of ${number(total)} ${total === 1 ? 'batch' : 'batches'} ${number(handed)} submitted, ${number(settled)} confirmed`;
      if (line !== last) stream.write(`${line}\n`);
      last = line;
    },
    end: () => undefined,
  };
}

const countsOf = ({ batches }: CampaignSummary) => ({
  total: batches.total,
  handed: batches.submitted + batches.settled,
  settled: batches.settled,
});

function wordsOf(campaign: CampaignSummary, lang: Language): string {
  const state = stateWords(campaign, lang);
  if (!campaign.waiting) return state;
  const wait = waitWords(campaign.waiting, lang);
  return lang === 'zh' ? `${state}，${wait}` : `${state}, waits for ${wait}`;
}
