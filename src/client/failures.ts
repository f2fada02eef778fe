/** The failures that the client finds itself, in the language of the caller. */
import { QunfaError } from './qunfa-error.ts';

export type ClientLanguage = 'en' | 'zh';

const because = (code: string): string => (code === '' ? '' : ` (${code})`);

const EN = {
  unreachable: (url: string, code: string) =>
    `${url} cannot be reached${because(code)}; is the producer running there?`,
  'broken-off': (url: string, code: string) =>
    `the answer of ${url} broke off${because(code)}; is the producer running there?`,
  timeout: (url: string, seconds: number) => `${url} did not answer within ${seconds} s`,
  redirected: (to: string) =>
    `the address redirects to ${to}: use the address of the producer itself`,
  'not-ours': (status: string) => `HTTP ${status}`,
  'not-json': () => 'the answer is not JSON: is this the address of the producer?',
  'files-unreadable': (count: number) =>
    `${count} files of the campaign cannot be read; nothing was sent`,
  'file-missing': (path: string, folder: string) => `${path}: no such file in ${folder}`,
  'file-unreadable': (path: string, code: string) => `${path}: cannot be read (${code})`,
};

const ZH: typeof EN = {
  unreachable: (url, code) => `无法连接 ${url}${because(code)}，请确认 producer 正在该地址运行`,
  'broken-off': (url, code) => `${url} 的应答中断${because(code)}，请确认 producer 正在该地址运行`,
  timeout: (url, seconds) => `${url} 在 ${seconds} 秒内没有应答`,
  redirected: (to) => `该地址被重定向到 ${to}，请填写 producer 本身的地址`,
  'not-ours': (status) => `HTTP ${status}`,
  'not-json': () => '应答不是 JSON，请确认这是 producer 的地址',
  'files-unreadable': (count) => `任务中有 ${count} 个文件无法读取，未发送任何内容`,
  'file-missing': (path, folder) => `${path}：${folder} 中没有这个文件`,
  'file-unreadable': (path, code) => `${path}：无法读取（${code}）`,
};

export const failureText = (language: ClientLanguage = 'en'): typeof EN =>
  language === 'zh' ? ZH : EN;

export const failed = (code: string, detail: string, options?: ErrorOptions, status = 0) =>
  new QunfaError({ status, code, detail }, options);
