/** Who asks, by the name of the API key or of the board's user; the audit shows it. */
import type { Response } from 'express';

/** Where there is no key at all, and only this machine is served. */
export const LOCAL = 'local';

export const setCaller = (res: Response, name: string): void => {
  res.locals.by = name;
};

/** Whether somebody has been asked who they are. */
export const hasCaller = (res: Response): boolean => typeof res.locals.by === 'string';

/** @throws {Error} a route was mounted before auth. */
export function callerOf(res: Response): string {
  const { by } = res.locals as { by?: unknown };
  if (typeof by !== 'string') throw new Error('no caller: the route is mounted before auth');
  return by;
}
