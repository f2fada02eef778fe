import { loadConfig } from '../shared/platform/config.ts';
import { ServiceError } from '../shared/platform/errors.ts';
import type { SettingIssue } from '../shared/platform/setting.ts';
import { settingWords } from '../shared/platform/setting-words.ts';
import { type Command, EXIT, type Invocation, UsageError } from './command.ts';
import { type Examination, examine } from './doctor/examine.ts';
import { DOCTOR_TEXTS, type DoctorTexts, type Finding, makeFindings } from './doctor/finding.ts';
import type { Screen } from './screen.ts';

export const doctor: Command = {
  name: 'doctor',
  usage: [''],
  options: [],
  async run(invocation) {
    const { args, lang } = invocation;
    if (args[0] !== undefined) throw new UsageError(invocation.t.usage.unexpected(args[0]));
    const t = DOCTOR_TEXTS[lang];
    const { findings, calls } = await look(invocation);
    const count = (level: Finding['level']) =>
      findings.filter((finding) => finding.level === level).length;
    const isFit = count('fault') === 0;
    const made = Object.entries(calls).map(([path, times]) => `${path} × ${times}`);
    return {
      answer: { fit: isFit, findings, calls },
      lines: [
        ...findingLines(findings, t, invocation),
        '',
        t.calls(made.join(', ')),
        t.summary(count('ok'), count('warning'), count('fault')),
        invocation.paint(isFit ? 'green' : 'red', isFit ? t.fit : t.unfit),
      ],
      exit: isFit ? EXIT.done : EXIT.failed,
    };
  },
};

async function look({ env, lang }: Invocation): Promise<Examination> {
  try {
    const producerUrl = env.QUNFA_URL;
    const config = loadConfig(env);
    return await examine({ config, language: lang, ...(producerUrl ? { producerUrl } : {}) });
  } catch (error) {
    if (!(error instanceof ServiceError) || error.code !== 'CONFIG_INVALID') throw error;
    const { issues = [] } = error.details as { issues?: SettingIssue[] };
    const { fault, t } = makeFindings(lang);
    const findings = issues.map((issue) =>
      fault(t.about.settings, 'setting-wrong', issue.setting, settingWords(issue, lang)),
    );
    return { findings, calls: {} };
  }
}

const MARKS = {
  ok: ['✔', 'green'],
  warning: ['!', 'yellow'],
  fault: ['✖', 'red'],
} as const;
const NAMED = 3;

/** What is the same for several accounts is one line. */
function findingLines(findings: readonly Finding[], t: DoctorTexts, screen: Screen): string[] {
  const alike = new Map<string, Finding[]>();
  for (const finding of findings) {
    const { level, sentence, remedy } = finding;
    const key = JSON.stringify([level, sentence, remedy]);
    alike.set(key, [...(alike.get(key) ?? []), finding]);
  }
  return [...alike.values()].flatMap((same) => {
    const [first] = same;
    if (!first) return [];
    const [mark, colour] = MARKS[first.level];
    const { colon, comma } = screen.t;
    const named = same
      .slice(0, NAMED)
      .map(({ about }) => about)
      .join(comma);
    const about = same.length > NAMED ? t.more(named, same.length - NAMED) : named;
    return [
      `${screen.paint(colour, mark)} ${about}${colon}${first.sentence}`,
      ...(first.remedy ? [`    → ${first.remedy}`] : []),
    ];
  });
}
