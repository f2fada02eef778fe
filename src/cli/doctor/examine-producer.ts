/** Whether the producer answers, and whether it says that it can work. */
import { getGlobalDispatcher } from 'undici';
import { z } from 'zod';
import type { Config } from '../../shared/platform/config.ts';
import { exchange } from '../../shared/platform/exchange.ts';
import { readJsonText } from '../../shared/platform/json-text.ts';
import { SECOND } from '../../shared/platform/time.ts';
import { type Finding, fault, ok, warning } from './finding.ts';

const ABOUT = 'producer';

export async function examineProducer(base: string): Promise<Finding> {
  const answer = await exchange(getGlobalDispatcher(), {
    url: new URL(`${base.replace(/\/+$/, '')}/readyz`),
    method: 'GET',
    maxBytes: 1024 * 1024,
    withinMs: 5 * SECOND,
  });
  const findings = answer.kind === 'answered' ? findingsIn(answer.body) : null;
  if (answer.kind === 'failed' || findings === null) {
    return warning(
      ABOUT,
      `${base} does not answer as a producer would`,
      'start it with npm run producer, or say by QUNFA_URL where it is',
    );
  }
  if (answer.status === 200) return ok(ABOUT, `${base} answers, and is able to work`);
  return fault(ABOUT, `${base} is not able to work: ${findings.join('; ')}`);
}

const Ready = z.object({ findings: z.array(z.string()).default([]) });

/** Null where the answer is none of a producer's. */
function findingsIn(body: Buffer): readonly string[] | null {
  const read = readJsonText(body.toString());
  return 'value' in read ? (Ready.safeParse(read.value).data?.findings ?? null) : null;
}

export function addressOf({ host, port }: Pick<Config['producer'], 'host' | 'port'>): string {
  const near = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${near.includes(':') ? `[${near}]` : near}:${port}`;
}
