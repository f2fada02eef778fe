import { loadConfig } from '../shared/platform/config.ts';
import { ServiceError } from '../shared/platform/errors.ts';
import { type Command, UsageError } from './command.ts';
import { type Examination, examine } from './doctor/examine.ts';
import { type Finding, fault } from './doctor/finding.ts';
import { EXIT } from './exit.ts';

export const doctor: Command = {
  name: 'doctor',
  summary: 'Look at this installation from its own environment, and say what to do.',
  usage: [''],
  details: `Run it where a worker or the producer runs, with the same settings. To WeChat it makes two calls an
account: a token (the one that is in use stays good) and openapi/quota/get. It sends nothing.
Ends with 1 where something must be put right before campaigns can go out.`,
  options: {},
  async run({ args, env, say, answer }) {
    if (args.length > 0) throw new UsageError(`what is ${args[0]}?`);
    const { findings, calls } = await look(env);
    const isFit = findings.every(({ level }) => level !== 'fault');
    answer({ fit: isFit, findings, calls });
    for (const finding of findings) for (const line of linesOf(finding)) say(line);
    const made = Object.entries(calls).map(([path, times]) => `${path} × ${times}`);
    say('');
    say(
      made.length > 0 ? `calls made to WeChat: ${made.join(', ')}` : 'no call to WeChat was made',
    );
    say(isFit ? 'fit' : 'not fit: put right what is marked with ✖');
    return isFit ? EXIT.done : EXIT.failed;
  },
};

async function look(env: Readonly<Record<string, string | undefined>>): Promise<Examination> {
  try {
    const producerUrl = env.QUNFA_URL;
    return await examine({ config: loadConfig(env), ...(producerUrl ? { producerUrl } : {}) });
  } catch (error) {
    if (!(error instanceof ServiceError) || error.code !== 'CONFIG_INVALID') throw error;
    const { issues = [] } = error.details as { issues?: { setting: string; message: string }[] };
    const findings = issues.map(({ setting, message }) =>
      fault('settings', `${setting}: ${message}`),
    );
    return { findings, calls: {} };
  }
}

const MARKS = { ok: '✔', warning: '!', fault: '✖' } as const;

const linesOf = ({ level, about, sentence, remedy }: Finding): string[] => [
  `${MARKS[level]} ${about}: ${sentence}`,
  ...(remedy ? [`    → ${remedy}`] : []),
];
