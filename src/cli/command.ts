/** What every command has, and what it is given. */
import type { ParseArgsConfig } from 'node:util';
import type { Client } from '../client/index.ts';
import type { Language } from '../shared/platform/sentences.ts';
import type { Exit } from './exit.ts';

/** Where people and programs look and type. */
export interface Terminal {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Ctrl-C. @returns what ends the listening. */
  readonly onInterrupt?: (stop: () => void) => () => void;
}

export type Env = Readonly<Record<string, string | undefined>>;

export type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

export interface Invocation {
  readonly args: readonly string[];
  readonly values: Values;
  readonly client: Client;
  readonly terminal: Terminal;
  readonly env: Env;
  readonly lang: Language;
  /** One JSON value on standard output and nothing else there. */
  readonly json: boolean;
  /** A line for whoever reads, on standard output; nothing where JSON was asked for. */
  readonly say: (line: string) => void;
  /** The answer for a program; nothing where JSON was not asked for. */
  readonly answer: (value: unknown) => void;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** One line each, without the program's name. */
  readonly usage: readonly string[];
  /** More than the usage and the options say. */
  readonly details?: string;
  readonly options: Readonly<Record<string, Option>>;
  readonly run: (invocation: Invocation) => Promise<Exit>;
}

export type Option = NonNullable<ParseArgsConfig['options']>[string] & {
  /** What stands for its value in the help. */
  readonly value?: string;
  readonly help: string;
};

/** The command was not understood. */
export class UsageError extends Error {
  override name = 'UsageError';
}

export const text = (values: Values, name: string): string | undefined => {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
};

export const flag = (values: Values, name: string): boolean => values[name] === true;

/** @throws {UsageError} it is not there, or there are more. */
export function onlyArg({ args }: Pick<Invocation, 'args'>, what: string): string {
  const [arg, ...more] = args;
  if (arg === undefined) throw new UsageError(`say which: ${what}`);
  if (more.length > 0) throw new UsageError(`one ${what} at a time, not also ${more.join(' ')}`);
  return arg;
}

export function count(values: Values, name: string, most: number): number | undefined {
  const given = text(values, name);
  if (given === undefined) return undefined;
  const number = Number(given);
  if (Number.isInteger(number) && number >= 1 && number <= most) return number;
  throw new UsageError(`--${name}: a whole number from 1 to ${most}`);
}
