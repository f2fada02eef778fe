/** Every call but the token calls: the token first, then who may call how often, then the body. */
import type { Account } from './account.ts';
import { accountEndpoints } from './account-calls.ts';
import { isRefusal, type Reply, refusal } from './answer.ts';
import { articleEndpoints } from './articles.ts';
import { audienceEndpoints } from './audience-calls.ts';
import { datacubeEndpoints } from './datacube-calls.ts';
import { readJson } from './json-body.ts';
import { massEndpoints } from './mass.ts';
import { massRecordEndpoints } from './mass-records.ts';
import { uploadEndpoints } from './uploads.ts';
import type { Call, Endpoints } from './world.ts';

const ENDPOINTS: Endpoints = {
  ...uploadEndpoints,
  ...articleEndpoints,
  ...massEndpoints,
  ...massRecordEndpoints,
  ...audienceEndpoints,
  ...accountEndpoints,
  ...datacubeEndpoints,
};

export const isMediaCall = (path: string): boolean => ENDPOINTS[path]?.plainText ?? false;
export const PATHS: readonly string[] = Object.keys(ENDPOINTS);
export const takesFile = (path: string): boolean => ENDPOINTS[path]?.takes === 'file';

/** Whose token it is or was. */
export function accountOfToken(query: URLSearchParams, accounts: readonly Account[]) {
  const token = query.get('access_token') ?? '';
  return accounts.find((account) => account.tokens.stateOf(token) !== 'unknown');
}

export async function answerCall(method: string, call: Call): Promise<Reply> {
  const { path, query, world, body } = call;
  const endpoint = ENDPOINTS[path];
  if (!endpoint) return refusal(40066);
  if (method !== endpoint.method) return refusal(endpoint.method === 'GET' ? 43001 : 43002);

  const account = accountOfToken(query, world.accounts);
  const bad = refusedToken(query, account);
  if (bad || !account) return bad ?? refusal(40014);

  const turnedAway = endpoint.admits?.({ ...call, account });
  if (turnedAway) return turnedAway;
  if (endpoint.quota && !account.quotas.take(endpoint.quota)) return refusal(45009);

  const json = endpoint.takes === 'json' ? readJson(body, path, world.rules.switches) : {};
  if (isRefusal(json)) return json;
  return endpoint.handle({ ...call, account, json });
}

function refusedToken(query: URLSearchParams, account: Account | undefined): Reply | undefined {
  const token = query.get('access_token');
  if (!token) return refusal(41001);
  const state = account?.tokens.stateOf(token) ?? 'unknown';
  if (state === 'good') return undefined;
  return refusal({ unknown: 40014, replaced: 40001, expired: 42001 }[state]);
}
