import { STATE_WORDS } from '../../shared/campaign/state-words.ts';
import { stopInChinese } from '../../shared/contract/lane-words.ts';
import type { Words } from './words.ts';

export const ZH: Words = {
  ...STATE_WORDS.zh,
  lang: 'zh-CN',
  other: { lang: 'en', label: 'English' },
  title: '群发任务',
  board: '队列',
  docs: '接口文档',
  back: '全部任务',
  accounts: '公众号',
  campaigns: '群发任务',
  noCampaigns: '还没有任务。用 POST /v1/campaigns 提交第一个。',
  older: '更早',
  newest: '最新',
  live: '实时',
  notLive: '正在重连……',
  sandbox: '沙箱：这里的一切都是演练，不会有真实用户收到消息。',
  wrongClock: (host, seconds) =>
    `主机 ${host} 上的 worker 已停止工作：它的时钟比 Redis ${seconds > 0 ? '快' : '慢'} ${Math.abs(seconds)} 秒。请让两边都用 NTP 校时，校准后会自动恢复。`,
  workersDiffer: (setting, values) =>
    `各 worker 的 ${setting} 配置不一致（${values}）：请改成一致后重新启动。`,
  times: '时间均为北京时间。',
  goesOn: (time) => `${time} 继续`,
  missesNotAfter: '届时已过最晚发送时间，未发出的部分将被取消',
  pausedFor: {
    operator: '已由人工暂停。',
    approval: '待他人审批（提交人不能自批）。',
    'followers-incomplete':
      '已自动暂停：微信列出的关注者少于其总数。恢复则只发给已列出的关注者，也可取消任务。',
    'message-id-taken': '已自动暂停：微信连续两次返回了别的批次的消息 id，请先处理这些批次。',
  },
  types: { text: '文本', image: '图片', voice: '语音', video: '视频', news: '图文' },
  audiences: {
    group: (id) => `分组 ${id}`,
    tag: (id) => `标签 ${id}`,
    everyone: '全部用户',
    list: (recipients) => `${recipients} 个 OpenID`,
    followers: '全部关注者（逐个 OpenID）',
  },
  submitted: (done, all) => `已提交微信 ${done}/${all} 批`,
  confirmed: (done, all) => `已收到群发结果 ${done}/${all} 批`,
  notCut: '尚未开始发送',
  receipt: (sent, eligible, failed) => `送达 ${sent} · 过滤后 ${eligible} · 失败 ${failed}`,
  unknown: '未知',
  begins: (time) => `${time} 开始`,
  ended: (time) => `${time} 结束`,
  notAfter: (time) => `${time} 之后不再发送`,
  heldLink: (count) => `${count} 批结果不明，去核对`,
  acts: {
    pause: {
      label: '暂停',
      consequence: '已经提交的批次继续等回执，其余批次等你恢复后再发。',
      confirm: '确认暂停',
    },
    resume: {
      label: '恢复',
      consequence: '剩余批次会立刻发给用户。',
      confirm: '恢复发送',
    },
    cancel: {
      label: '取消',
      consequence: '尚未提交的批次不再发送；微信已接收的无法阻止。取消后不能恢复。',
      confirm: '确认取消任务',
    },
    approve: {
      label: '审批通过',
      consequence: '任务会发给全部受众。群发后无法收回。',
      confirm: '通过并发送',
    },
    reject: {
      label: '驳回',
      consequence: '任务会被取消，不会发出任何内容，且不能恢复。',
      confirm: '确认驳回',
    },
    retry: {
      label: '重试被拒批次',
      consequence: '只重新提交被拒绝的批次，已收到的人不会再收到。',
      confirm: '重新提交',
    },
  },
  decisions: {
    sent: {
      label: '已经发出',
      consequence: '从公众平台（或事件）中取得消息 id。该批次随后等待这条消息的回执，不会再发送。',
      confirm: '已发出，消息 id 如上',
    },
    'not-sent': {
      label: '没有发出',
      consequence:
        '该批次会换一个新的 clientmsgid 重新提交（任务已取消或已过截止时间的除外）。若其实已经发出，这些用户会收到两次：请先到公众平台核对。',
      confirm: '没有发出，重新提交',
    },
    'given-up': {
      label: '不再跟进',
      consequence: '不再跟进该批次，结果记为「不明」；以后查明了仍可更正。',
      confirm: '不再跟进该批次',
    },
    'send-again': {
      label: '重新发送',
      consequence:
        '该批次此前已放弃跟进，是否发出不明。现在会换一个新的 clientmsgid 重新提交：请先到公众平台核对。',
      confirm: '重新发送',
    },
  },
  held: '无法确认这些批次是否已发出',
  heldWhy: {
    'outcome-unknown': '在可以放心重复询问的时间内，微信一直没有应答。',
    'message-id-taken': '微信返回的消息 id 属于另一个批次。',
    'message-id-missing': '微信称此前已接收，但没有给出消息 id。',
    'account-changed': '微信尚未应答时，该账号已改为另一个 AppID 或另一个微信接口地址。',
    'audience-gone': 'OpenID 名单已不存在。',
  },
  asked: (times, since) => `${since} 起共提交 ${times} 次`,
  decideAll: '全部待处理批次一起处理',
  mayBeReceivedTwice: '我知道这些用户可能收到两次',
  msgId: '消息 id',
  note: '备注（保存在记录中）',
  batches: '批次',
  columns: ['序号', '状态', '人数', '消息 id', '送达', '原因', '下次尝试'],
  audit: '操作记录',
  receipts: {
    'send success': '发送成功，个别用户可能失败',
    'sent to nobody': '微信称发送成功，但没有一个人收到，请核实',
    'send fail': '微信发送失败',
    'err(10001)': '审核不通过：涉嫌广告',
    'err(20001)': '审核不通过：涉嫌政治',
    'err(20002)': '审核不通过：涉嫌色情',
    'err(20004)': '审核不通过：涉嫌社会',
    'err(20006)': '审核不通过：涉嫌违法犯罪',
    'err(20008)': '审核不通过：涉嫌欺诈',
    'err(20013)': '审核不通过：涉嫌版权',
    'err(21000)': '审核不通过：涉嫌其他',
    'err(22000)': '审核不通过：涉嫌互推（互相宣传）',
    'err(30001)': '未发送：原创校验出现系统错误，且选择了判为转载则不发送；可以稍后再发',
    'err(30002)': '未发送：原创校验判定不能群发',
    'err(30003)': '未发送：判定为转载，且选择了转载则不发送；可以设置 ignoreReprint',
    'err(40001)': '管理员拒绝',
    'err(40002)': '管理员 30 分钟内没有响应',
  },
  laneOpen: '正常',
  laneAsleep: '暂缓，稍后自动继续',
  lanePaused: '群发已停，需处理',
  pending: (count) => `待提交 ${count} 个批次`,
  laneStop: stopInChinese,
  restored: (count) => `有 ${count} 个公众号因 Redis 恢复自备份、或长时间没有 worker 运行而停用。`,
  sendBlocked: '按 OpenID 群发被拒绝',
  oneByOne: (time) => `${time} 前逐个提交`,
  left: '今日剩余',
  quotas: {
    'message/mass/sendall': '按分组、标签、全部',
    'message/mass/send': '按 OpenID',
    'media/uploadnews': '图文上传',
    'message/mass/preview': '预览',
    'message/mass/delete': '撤回',
  },
  lastEvent: (time, mode) => `最近一次微信推送 ${time}（${mode}）`,
  searchAccounts: '按名称查找公众号',
  moreAccounts: '仅显示前一部分公众号，其余请按名称查找。',
  noEvent: '尚未收到微信推送',
  accountActs: {
    resumeRestored: {
      label: '恢复这些公众号',
      consequence: '等待中的批次会继续发送。备份之后已发送的内容会再发一次，请先与微信后台核对。',
      confirm: '确认全部恢复',
    },
    pause: {
      label: '停用公众号',
      consequence: '在你恢复之前，该公众号不再发送任何新内容。',
      confirm: '确认停用',
    },
    resume: {
      label: '恢复公众号',
      consequence: '停止的原因会被清除，等待的批次会继续发送。请先解决原因。',
      confirm: '确认恢复',
    },
  },
  accountWarnings: {
    'uploadnews-closed':
      '微信已对该账号关闭 media/uploadnews：newsRoute 为 auto 时，图文改为通过草稿发送。可设置 WECHAT_NEWS_ROUTE=draft 明确指定；微信重新开放后可设为 uploadnews。',
    'plain-pushes-refused':
      '这里配置了 EncodingAESKey，但微信以明文模式推送，这些推送被拒绝：请在公众平台切换到安全模式，或从配置中去掉密钥。',
    'sealed-pushes-refused':
      '微信的加密推送签名正确，但这里配置的 EncodingAESKey 无法解密：请与公众平台上的逐字核对。',
    'foreign-pushes-refused':
      '收到签名正确、但属于其他公众号的推送，已拒绝：请核对 AppID 和原始 ID（gh_…）是否与公众平台一致。',
    'stale-pushes-refused':
      '推送的时间与本机时钟相差超过五分钟，已拒绝：请让本机与时间服务器（NTP）同步。',
    'unknown-pushes-refused':
      '有签名不符的推送被拒绝，此后没有收到过有效推送：如果它们来自微信，说明这里的回调 Token 与公众平台不一致。',
    'never-an-event':
      '从未收到微信的事件：请检查公众平台的服务器配置是否正确并已启用，微信能否访问该地址。',
    'no-callback-token':
      '没有配置回调 Token，收不到事件：回执只能逐个查询，且没有人数。请在这里和公众平台配置，或用 POST /v1/receipts 转交事件。',
    'no-worker':
      '没有 worker 进程负责这个公众号的群发：请启动 worker，或检查 WORKER_QUEUES 和 WORKER_ACCOUNTS。',
    'paces-differ':
      '各 worker 为这个公众号配置的每分钟调用次数不一致，目前按最低的执行。请改成一致。',
    'plain-mode':
      '没有配置 EncodingAESKey：明文模式下事件可以被伪造，因此每个事件都要调用一次 message/mass/get 核对。建议使用安全模式。',
  },
  kinds: { service: '服务号', subscription: '订阅号' },
  refused: '操作未生效',
  nowIs: (how) => `目前状态：${how}。`,
};
