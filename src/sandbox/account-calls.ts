/** Quotas and addresses. */
import type { Account } from './account.ts';
import { type Reply, refusal } from './answer.ts';
import type { DailyQuota } from './quotas.ts';
import type { AccountCall, Endpoints, World } from './world.ts';

export const accountEndpoints: Endpoints = {
  clear_quota: {
    method: 'POST',
    takes: 'json',
    handle({ account, json }) {
      if (json.appid !== account.appId) return refusal(40013);
      if (!account.quotas.takeOfMonth('clearQuotaPerMonth')) return refusal(48006);
      account.quotas.reset();
      return { errcode: 0, errmsg: 'ok' };
    },
  },
  'openapi/quota/get': { method: 'POST', takes: 'json', handle: quotaOf },
  'openapi/quota/clear': {
    method: 'POST',
    takes: 'json',
    handle({ account, json, world }) {
      const quota = quotaNamed(json.cgi_path);
      if (!quota) return refusal(world.rules.switches.badCgiPath);
      if (!account.quotas.takeOfMonth('quotaClearPerMonth')) return refusal(48006);
      account.quotas.reset(quota);
      return { errcode: 0, errmsg: 'ok' };
    },
  },
  getcallbackip: {
    method: 'GET',
    takes: 'nothing',
    handle: () => ({ ip_list: ['127.0.0.1', '127.0.0.2', '101.226.103.0/25'] }),
  },
  get_api_domain_ip: {
    method: 'GET',
    takes: 'nothing',
    handle: () => ({ ip_list: ['127.0.0.1'] }),
  },
};

const QUOTAS: Readonly<Record<string, DailyQuota>> = {
  'message/mass/send': 'massPerDay',
  'message/mass/sendall': 'massPerDay',
  'message/mass/delete': 'massDeletePerDay',
  'message/mass/preview': 'previewByWechatIdPerDay',
  'media/upload': 'mediaUploadPerDay',
  'media/uploadnews': 'uploadNewsPerDay',
  'draft/add': 'draftAddPerDay',
  'user/get': 'userGetPerDay',
  token: 'tokenPerDay',
};

const pathIn = (cgiPath: unknown): string =>
  /^\/cgi-bin\/(.+)$/.exec(typeof cgiPath === 'string' ? cgiPath : '')?.[1] ?? '';

const quotaNamed = (cgiPath: unknown): DailyQuota | undefined => QUOTAS[pathIn(cgiPath)];

function quotaOf({ account, json, world }: AccountCall): Reply {
  const { limits, switches } = world.rules;
  const quota = quotaNamed(json.cgi_path);
  if (!quota) return refusal(switches.badCgiPath);
  const hasRate = quota === 'massPerDay' && switches.quotaTellsRate;
  return {
    errcode: 0,
    errmsg: 'ok',
    quota: figures(quota, pathIn(json.cgi_path), account, world),
    ...(hasRate &&
      limits.callsPerMinute !== null && {
        rate_limit: { call_count: limits.callsPerMinute, refresh_second: 60 },
      }),
  };
}

/** What WeChat answers where nothing limits is a number so high that nobody meets it. */
const UNLIMITED = 10_000_000;

function figures(quota: DailyQuota, path: string, account: Account, { rules }: World) {
  const shared = quota !== 'massPerDay' || rules.switches.massBudgetShared;
  const used = account.quotas.used(quota, shared ? '' : path.replace(/^message\/mass\//, ''));
  const daily_limit = rules.limits[quota] ?? UNLIMITED;
  return { daily_limit, used, remain: Math.max(0, daily_limit - used) };
}
