/** Watches a campaign until it has ended, or until only a person can bring it on. */
import type { CampaignSummary } from '../client/index.ts';
import type { Invocation } from './command.ts';
import { EXIT, type Exit, exitOf, needsPerson } from './exit.ts';
import { makeProgress, silent } from './progress.ts';
import { campaignLines } from './words.ts';

interface WaitOptions {
  /** Goes on watching where only a person can bring it on. */
  readonly keep?: boolean;
  readonly each?: (campaign: CampaignSummary) => void;
}

export async function waitFor(
  { client, terminal, lang, json, say, answer }: Invocation,
  id: string,
  { keep = false, each }: WaitOptions = {},
): Promise<Exit> {
  const progress = json ? silent : makeProgress(terminal.stderr, lang);
  const interrupt = new AbortController();
  const unlisten = terminal.onInterrupt?.(() => interrupt.abort());
  const { signal } = interrupt;
  let last: CampaignSummary | undefined;
  try {
    for await (const { campaign } of client.campaigns.watch(id, { signal })) {
      last = campaign;
      progress.show(campaign);
      each?.(campaign);
      if (!keep && needsPerson(campaign)) break;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    const look = `qunfa show ${id}, or qunfa watch ${id}`;
    const goesOn =
      lang === 'zh'
        ? '任务会继续进行。查看：'
        : 'The campaign goes on without this command. To look: ';
    terminal.stderr.write(`\n${goesOn}${look}\n`);
    return EXIT.interrupted;
  } finally {
    unlisten?.();
    progress.end();
  }
  const campaign = await client.campaigns.get(last?.id ?? id);
  if (!each) answer(campaign);
  for (const line of campaignLines(campaign, lang)) say(line);
  return exitOf(campaign);
}
