import { expect, it } from 'vitest';
import { nearest } from '../../../src/shared/platform/nearest.ts';

const NAMES = ['WECHAT_APPROVAL', 'WECHAT_APP_ID', 'REDIS_URL', 'PUBLIC_URL', 'send', 'show'];

it.each([
  ['WECHAT_APROVAL', 'WECHAT_APPROVAL'],
  ['WECHAT_APPROVLA', 'WECHAT_APPROVAL'],
  ['REDIS_ULR', 'REDIS_URL'],
  ['REDISURL', 'REDIS_URL'],
  ['sned', 'send'],
  ['PATH', undefined],
  ['sun', undefined],
])('a misspelt name is told from a strange one: %s', (name, meant) => {
  expect(nearest(name, NAMES)).toBe(meant);
});
