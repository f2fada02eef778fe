/**
 * What a sandbox can be told. `settle` fills in what was left out and refuses what does not exist;
 * `change` does the same to a sandbox that runs.
 */
import {
  allows,
  describeAllowed,
  initialValues,
  type Option,
  suggestion,
  type Value,
  valueIn,
} from './option.ts';
import {
  LIMITS,
  type Limits,
  PACE,
  type Pace,
  type Strangers,
  SWITCHES,
  type Switches,
} from './option-table.ts';

export type AccountKind = 'service' | 'subscription';
export type PushMode = 'plain' | 'compatible' | 'safe';

/** A group or tag. Members are OpenIDs, or the followers from one position up to another. */
export interface Audience {
  readonly id: number;
  readonly name: string;
  readonly members: readonly string[] | { readonly from: number; readonly to: number };
}

export interface SandboxAccount {
  readonly name: string;
  readonly appId: string;
  readonly appSecret: string;
  /** `gh_` and 12 hexadecimal digits: the account's name in events. */
  readonly originalId: string;
  readonly kind: AccountKind;
  readonly callbackToken?: string;
  readonly encodingAesKey?: string;
  /** The full URL that events are pushed to. Without one nothing is pushed. */
  readonly callbackUrl?: string;
  /** Default: `safe` with an `encodingAesKey`, else `plain`. */
  readonly pushMode?: PushMode;
  /** How many made-up followers (default 30,000), or exactly which. */
  readonly followers?: number | readonly string[];
  readonly groups?: readonly Audience[];
  readonly tags?: readonly Audience[];
  /** Followers who refuse mass messages: in TotalCount, not in FilterCount. */
  readonly refusing?: readonly string[];
  /** Followers whose delivery fails: in ErrorCount. */
  readonly failing?: readonly string[];
  /** Default: the switch of that name. */
  readonly strangers?: Strangers;
}

export interface SandboxOptions {
  readonly host?: string;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  readonly accounts: readonly SandboxAccount[];
  readonly pace?: Partial<Pace>;
  readonly limits?: Partial<Limits>;
  readonly switches?: Partial<Switches>;
  /** Any of the three, by name. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** How much of request bodies the ledger keeps. Default: those up to 4 kB. */
  readonly keepBodies?: 'none' | 'small' | 'all';
  /** Every start begins with the same id unless this is another; see `idsOfThisStart`. */
  readonly firstMsgId?: bigint;
  readonly now?: () => number;
  readonly log?: (line: string) => void;
}

export interface Rules {
  readonly firstMsgId: bigint | undefined;
  readonly pace: Pace;
  readonly limits: Limits;
  readonly switches: Switches;
  readonly keepBodies: 'none' | 'small' | 'all';
}

/** Pace, limits and switches by name: no name is in two of them. */
export const OPTIONS: Readonly<Record<string, Option<Value>>> = { ...PACE, ...LIMITS, ...SWITCHES };

/** @throws TypeError that names everything which is no option, or no value of it. */
export function settle(options: SandboxOptions): Rules {
  const rules: Rules = {
    firstMsgId: options.firstMsgId,
    pace: initialValues(PACE),
    limits: initialValues(LIMITS),
    switches: initialValues(SWITCHES),
    keepBodies: options.keepBodies ?? 'small',
  };
  change(rules, {
    ...options.pace,
    ...options.limits,
    ...options.switches,
    ...options.options,
  });
  return rules;
}

/**
 * Sets options by name, all or none; what is under way goes on by the old ones.
 *
 * @throws TypeError as `settle` does.
 */
export function change(rules: Rules, given: Readonly<Record<string, unknown>>): void {
  const problems = Object.entries(given).flatMap(([name, value]) => problemsOf(name, value));
  if (problems.length > 0) throw new TypeError(problems.join('; '));
  for (const [name, value] of Object.entries(given)) {
    for (const group of [rules.pace, rules.limits, rules.switches]) {
      if (value !== undefined && Object.hasOwn(group, name))
        Object.assign(group, { [name]: value });
    }
  }
}

function problemsOf(name: string, value: unknown): string[] {
  const option = Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : undefined;
  if (!option) return [`no option is named ${name}${suggestion(name, Object.keys(OPTIONS))}`];
  if (value === undefined || allows(option, value)) return [];
  return [`${name} cannot be ${JSON.stringify(value)}, only ${describeAllowed(option)}`];
}

/**
 * Options written as `name=value`.
 *
 * @throws TypeError for what has no `=`.
 */
export function optionsIn(words: readonly string[]): Readonly<Record<string, Value>> {
  const pairs = words.map((word): [string, Value] => {
    const [name = '', ...value] = word.split('=');
    if (value.length === 0) throw new TypeError(`${word} is no option: write name=value`);
    return [name.trim(), valueIn(value.join('=').trim())];
  });
  return Object.fromEntries(pairs);
}

/** Every option with its value just now. */
export const valuesOf = ({ pace, limits, switches }: Rules): Readonly<Record<string, Value>> => ({
  ...pace,
  ...limits,
  ...switches,
});
