/** What `--help` prints, and the completion scripts. */
import type { Command } from './command.ts';
import { OPTIONS, optionsOf, SHORT } from './command.ts';
import { type Screen, table } from './screen.ts';

export function overview(commands: readonly Command[], { t, ...screen }: Screen): string[] {
  const rows = commands.map(({ name }) => [`  ${name}`, t.commands[name].summary]);
  return [
    t.title,
    '',
    t.usageLine,
    '',
    ...table(rows, { ...screen, columns: Number.POSITIVE_INFINITY }),
    '',
    t.environment,
    '',
    t.exitCodes,
  ];
}

export function helpOf(command: Command, { t, ...screen }: Screen): string[] {
  const { name, usage, examples = [] } = command;
  // A command may say more of itself, and of an option.
  const own: Readonly<Record<string, string>> = t.commands[name];
  const rows = optionsOf(command).map((option) => {
    const short = SHORT[option];
    const value = OPTIONS[option];
    return [
      `  ${short ? `-${short}, ` : ''}--${option}${value === null ? '' : ` <${value}>`}`,
      own[option] ?? t.optionHelp[option],
    ];
  });
  return [
    t.commands[name].summary,
    '',
    ...usage.map((line) => `  qunfa ${name} ${line}`.trimEnd()),
    '',
    ...(own.details ? [own.details, ''] : []),
    ...(examples.length > 0 ? [t.examples, ...examples.map((one) => `  qunfa ${one}`), ''] : []),
    t.options,
    ...table(rows, { ...screen, columns: Number.POSITIVE_INFINITY }),
    '',
    t.environment,
    '',
    t.exitCodes,
  ];
}

export const SHELLS = ['bash', 'zsh'] as const;

/** zsh runs the script of bash. */
export function completion(commands: readonly Command[], shell: (typeof SHELLS)[number]): string[] {
  return [
    ...(shell === 'zsh' ? ['autoload -Uz compinit bashcompinit && compinit && bashcompinit'] : []),
    '_qunfa() {',
    `  local known="help ${commands.map(({ name }) => name).join(' ')}"`,
    `  [ "$COMP_CWORD" -gt 1 ] && case "\${COMP_WORDS[1]}" in`,
    ...commands.map((command) => {
      const options = optionsOf(command).map((option) => `--${option}`);
      return `    ${command.name}) known="${options.join(' ')}" ;;`;
    }),
    '  esac',
    '  COMPREPLY=($(compgen -W "$known" -- "$2"))',
    '}',
    'complete -o default -F _qunfa qunfa',
  ];
}
