/** What a campaign, a batch or an account is, as far as no other part of the product says it. */
const batches = (count: number): string => `${count} ${count === 1 ? 'batch' : 'batches'}`;
const are = (count: number): string => (count === 1 ? 'account is' : 'accounts are');

const en = {
  types: {
    text: 'text',
    image: 'images',
    voice: 'voice',
    video: 'video',
    news: 'articles',
    newspic: 'picture post',
  },
  audiences: {
    group: (name: string) => `group ${name}`,
    tag: (name: string) => `tag ${name}`,
    everyone: 'all followers',
    list: 'list',
    namedList: (name: string) => `list ${name}`,
    followers: 'all followers, one by one',
    followersOfTag: (name: string) => `followers tagged ${name}, one by one`,
  },
  people: (count: string) => `${count} people`,
  needsAttention: 'needs attention',
  awaitsApproval: 'awaiting approval',
  resumesAt: (time: string) => `resumes automatically ${time}`,
  expiresAt: (time: string) => `expires ${time}`,
  missesNotAfter: 'that is after it expires, so the rest will be cancelled',
  notStarted: 'Not started',
  submitted: (done: number, all: number) => `${done} of ${batches(all)} accepted by WeChat`,
  confirmed: (done: number, all: number) => `${done} of ${all} results received`,
  sent: 'sent',
  eligible: 'eligible after WeChat’s filter',
  failed: 'failed',
  noCounts: 'WeChat gave no counts',
  kinds: { service: 'service account', subscription: 'subscription account' },
  account: {
    ok: 'OK',
    resting: (reason: string) => reason,
    stopped: 'Sending stopped: action needed',
    paused: (by: string) => `Sending paused by ${by}`,
    openIdsBlocked: 'Sends to OpenIDs are refused; tags and all followers go on',
    oneByOne: (time: string) => `one call at a time until ${time}: WeChat found the calls too fast`,
    hosts: (hosts: string) => `WeChat refuses the address of ${hosts}: add it to the IP list`,
    callback: 'Callback not working',
    noWorker: 'No worker sends for it',
    asWechatSays: 'used up, as WeChat says',
    queued: (count: number) => `${batches(count)} queued`,
    restored: (count: number) =>
      `${count} ${are(count)} stopped because Redis was restored, or no worker had run for long`,
  },
  quotas: {
    'message/mass/sendall': 'mass sends',
    'message/mass/send': 'mass sends to OpenIDs',
    'media/uploadnews': 'article uploads',
    'message/mass/preview': 'previews',
    'message/mass/delete': 'recalls',
  } as Readonly<Record<string, string>>,
  clock: (host: string, seconds: number) =>
    `The worker on ${host} has stopped: its clock is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} Redis. Let both follow a time server (NTP); it then goes on by itself.`,
  workersDiffer: (setting: string, values: string) =>
    `The workers have different settings of ${setting} (${values}): give all of them the same, and restart them.`,
};

const zh: typeof en = {
  types: {
    text: '文本',
    image: '图片',
    voice: '语音',
    video: '视频',
    news: '图文',
    newspic: '贴图',
  },
  audiences: {
    group: (name) => `分组「${name}」`,
    tag: (name) => `标签「${name}」`,
    everyone: '全部用户',
    list: '名单',
    namedList: (name) => `名单「${name}」`,
    followers: '全部关注者（按 OpenID）',
    followersOfTag: (name) => `标签「${name}」的关注者（按 OpenID）`,
  },
  people: (count) => `${count} 人`,
  needsAttention: '需处理',
  awaitsApproval: '待审批',
  resumesAt: (time) => `${time} 自动继续`,
  expiresAt: (time) => `${time} 截止`,
  missesNotAfter: '届时已过截止时间，未发出的部分将被取消',
  notStarted: '尚未开始发送',
  submitted: (done, all) => `已提交微信 ${done}/${all} 批`,
  confirmed: (done, all) => `已收到群发结果 ${done}/${all} 批`,
  sent: '成功',
  eligible: '可发送（微信过滤后）',
  failed: '失败',
  noCounts: '微信未给出人数',
  kinds: { service: '服务号', subscription: '订阅号' },
  account: {
    ok: '正常',
    resting: (reason) => `暂缓：${reason}`,
    stopped: '群发已停，需处理',
    paused: (by) => `该号群发已由 ${by} 暂停`,
    openIdsBlocked: '按 OpenID 群发被微信拒绝，按标签和向全部用户群发不受影响',
    oneByOne: (time) => `触发微信频率限制，${time} 前逐个提交`,
    hosts: (hosts) => `${hosts} 的 IP 不在白名单中，请到公众平台添加`,
    callback: '收不到微信推送',
    noWorker: '没有 worker 负责该号的群发',
    asWechatSays: '微信提示已用完',
    queued: (count) => `待提交 ${count} 批`,
    restored: (count) => `${count} 个公众号因 Redis 从备份恢复、或长时间没有 worker 运行而停止群发`,
  },
  quotas: {
    'message/mass/sendall': '群发',
    'message/mass/send': '按 OpenID 群发',
    'media/uploadnews': '图文上传',
    'message/mass/preview': '预览',
    'message/mass/delete': '撤回',
  },
  clock: (host, seconds) =>
    `主机 ${host} 上的 worker 已停止工作：它的时钟比 Redis ${seconds > 0 ? '快' : '慢'} ${Math.abs(seconds)} 秒。请让两边都用 NTP 校时，校准后会自动恢复。`,
  workersDiffer: (setting, values) =>
    `各 worker 的 ${setting} 配置不一致（${values}）：请改成一致后重新启动。`,
};

export const FACTS = { en, zh };
