/** Whether the producer answers, and whether it says that it can work. */
import type { Config } from '../../shared/platform/config.ts';
import { SECOND } from '../../shared/platform/time.ts';
import { type Finding, fault, ok, warning } from './finding.ts';

const ABOUT = 'producer';

export async function examineProducer(base: string): Promise<Finding> {
  try {
    const answer = await fetch(`${base.replace(/\/+$/, '')}/readyz`, {
      signal: AbortSignal.timeout(5 * SECOND),
    });
    const { findings } = (await answer.json()) as { findings?: readonly string[] };
    if (answer.ok) return ok(ABOUT, `${base} answers, and is able to work`);
    return fault(ABOUT, `${base} is not able to work: ${(findings ?? []).join('; ')}`);
  } catch {
    return warning(
      ABOUT,
      `${base} does not answer as a producer would`,
      'start it with npm run producer, or say by QUNFA_URL where it is',
    );
  }
}

export function addressOf({ host, port }: Pick<Config['producer'], 'host' | 'port'>): string {
  const near = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${near.includes(':') ? `[${near}]` : near}:${port}`;
}
