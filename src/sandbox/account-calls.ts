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

function quotaOf({ account, json, world }: AccountCall): Reply {
  const path = String(json.cgi_path ?? '').replace(/^\/cgi-bin\//, '');
  const quota = QUOTAS[path];
  if (!quota) return refusal(76021);
  return { errcode: 0, errmsg: 'ok', quota: figures(quota, path, account, world) };
}

/** What WeChat answers where nothing limits is a number so high that nobody meets it. */
const UNLIMITED = 10_000_000;

function figures(quota: DailyQuota, path: string, account: Account, { rules }: World) {
  const shared = quota !== 'massPerDay' || rules.switches.massBudgetShared;
  const used = account.quotas.used(quota, shared ? '' : path.replace(/^message\/mass\//, ''));
  const daily_limit = rules.limits[quota] ?? UNLIMITED;
  return { daily_limit, used, remain: Math.max(0, daily_limit - used) };
}
