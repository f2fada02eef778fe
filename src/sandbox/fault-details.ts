/** Faults as they come over HTTP: checked before they are set. */
import {
  FAULT_NAMES,
  type FaultDetails,
  type FaultName,
  isFaultName,
  pathWithin,
} from './fault.ts';
import { suggestion } from './option.ts';
import { isRecord } from './world.ts';

const isText = (value: unknown): boolean => typeof value === 'string';
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
const COUNTS: readonly string[] = ['total', 'filter', 'sent', 'error'];

const DETAILS: Readonly<
  Record<keyof FaultDetails, readonly [what: string, fits: (value: unknown) => boolean]>
> = {
  account: ['text', isText],
  path: ['text', isText],
  nth: ['a number from 1', (value) => isCount(value) && value !== 0],
  times: ['a number, or null for ever', (value) => value === null || isCount(value)],
  bodyIncludes: ['text', isText],
  errcode: ['a whole number', Number.isSafeInteger],
  errmsg: ['text', isText],
  processed: ['true or false', (value) => typeof value === 'boolean'],
  status: [
    'an HTTP status',
    (value) => isCount(value) && Number(value) >= 200 && Number(value) < 600,
  ],
  text: ['text', isText],
  afterMs: ['milliseconds', isCount],
  msgId: ['an id as text, latest or none', isText],
  stale: ['a number', isCount],
  copies: ['a number', isCount],
  eventStatus: ['text', isText],
  counts: [
    `an object of ${COUNTS.join(', ')}`,
    (value) => isRecord(value) && Object.keys(value).every((name) => COUNTS.includes(name)),
  ],
  createdAgoMs: ['milliseconds', isCount],
  leave: ['a number', isCount],
  join: ['a number', isCount],
  when: ['before or after', (value) => value === 'before' || value === 'after'],
};

const NEEDS: Readonly<Partial<Record<FaultName, keyof FaultDetails>>> = {
  errcode: 'errcode',
  'raw-answer': 'text',
  'event-status': 'eventStatus',
};

/** @throws TypeError that says what is wrong, and what may have been meant. */
export function readFault(
  { name, ...details }: Readonly<Record<string, unknown>>,
  { accounts, paths }: { accounts: readonly string[]; paths: readonly string[] },
): { readonly name: FaultName; readonly details: FaultDetails } {
  if (!isFaultName(name)) {
    const near = suggestion(String(name), FAULT_NAMES);
    throw new TypeError(
      `no fault is named ${String(name)}${near}; there are ${FAULT_NAMES.join(', ')}`,
    );
  }
  for (const [detail, value] of Object.entries(details)) {
    const [what, fits] = DETAILS[detail as keyof FaultDetails] ?? [];
    if (!fits) {
      const near = suggestion(detail, Object.keys(DETAILS));
      throw new TypeError(`a fault has no ${detail}${near}`);
    }
    if (!fits(value)) throw new TypeError(`${detail} is ${what}, not ${JSON.stringify(value)}`);
  }
  const needed = NEEDS[name];
  if (needed && details[needed] === undefined) throw new TypeError(`${name} needs ${needed}`);
  const { account, path } = details as FaultDetails;
  if (account !== undefined) mustBeOne(account, accounts, 'account');
  if (path !== undefined) mustBeOne(pathWithin(path), paths, 'call');
  return { name, details };
}

function mustBeOne(name: string, names: readonly string[], what: string): void {
  if (names.includes(name)) return;
  throw new TypeError(`no ${what} is named ${name}${suggestion(name, names)}`);
}
