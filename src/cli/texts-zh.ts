import type { Texts } from './texts.ts';
import { figures } from './texts-en.ts';

const known = (count: number | null): string => (count === null ? '未知' : figures(count));

export const ZH: Texts = {
  unknown: '未知',
  colon: '：',
  comma: '，',
  nothingNeeded: '没有需要处理的事。',
  title: 'qunfa：微信公众号群发任务',
  usageLine: '用法：qunfa <命令> [选项]；qunfa <命令> --help',
  options: '选项',
  examples: '示例',
  environment: `环境变量
  QUNFA_URL      producer 的地址（http://127.0.0.1:3000）
  QUNFA_API_KEY  API_KEYS 之一；producer 在本机且未设置 API_KEYS 时不需要
  QUNFA_LANG     zh 或 en；未设置时按系统语言
  NO_COLOR       不使用颜色`,
  exitCodes: `退出码
  0  已完成；所查看的任务已全部送达
  1  失败、被拒绝、已取消，或只有部分用户收到、无人收到
  2  命令有误，没有执行任何操作
  3  结果不明，或等待人工处理
  4  无法连接 producer
130  查看时被中断；任务会继续进行`,

  commands: {
    send: {
      summary: '提交群发任务，并一直查看到结束。',
      details: `文件（- 表示标准输入）的内容与 POST /v1/campaigns 的请求体相同。其中按路径写的文件，如
{"upload": "media/cover.jpg"} 或 <img src="upload:media/picture.png">，会先上传；路径相对于该文件。
命令行选项优先于文件内容。`,
    },
    plan: {
      summary: '预计任务需要多少次调用、何时结束；不发送任何内容。',
      details: '文件格式与 qunfa send 相同。',
    },
    preview: {
      summary: '正式群发之前，先发给少数人预览（最多 10 人）。',
      details: '只使用文件中的 message 和 account。微信每天允许 100 次预览。',
      to: 'openid:… 或 wechat:…（微信号）；可重复，最多 10 个',
    },
    watch: {
      summary: '查看任务进展，直到结束或需要人工处理。',
      details: '加上 --json 时，每次变化输出一行 JSON。',
    },
    list: { summary: '列出任务，最新的在前。' },
    attention: { summary: '列出需要处理的事项，最紧急的在前。' },
    show: { summary: '查看一个任务：状态、批次、操作记录。' },
    pause: { summary: '暂停任务，不再提交新的批次。' },
    resume: { summary: '恢复已暂停的任务。' },
    cancel: { summary: '取消任务：已提交的批次继续等待结果，其余不再发送。' },
    reschedule: {
      summary: '把尚未开始的任务改到其他时间；已有的审批随之失效。',
      'send-at': '开始时间，默认不变',
      'not-after': '默认与开始时间的间隔不变',
    },
    acknowledge: { summary: '失败或被拒绝的批次不再处理，从待处理中移除。' },
    approve: { summary: '审批通过一个等待审批的任务。' },
    reject: { summary: '驳回一个等待审批的任务，并取消它。', note: '原因，必填' },
    retry: {
      summary: '只重新提交被拒绝的批次。',
      details: `只要有一个 OpenID 属于其他公众号，微信就会拒绝整个批次（40003、49003）：--split 逐次对半拆分以找出它，
--without 将它剔除。`,
    },
    resolve: {
      summary: '根据公众平台后台的情况，处理结果不明的批次。',
      details: `sent      已经发出；--msg-id 填公众平台上的消息 ID
not-sent  没有发出：换一个新的 key 重新提交；已放弃跟进的批次还须加上 --may-be-received-twice
given-up  无法查明：结果记为「不明」`,
      seen: '只处理该批次的这个版本（见 show --batches）；all-held 时为任务的版本',
    },
    recall: {
      summary: '撤回已发送的图文或视频：删除其页面。',
      details: '聊天中的卡片不会消失。微信每天允许 10 次。',
    },
    media: { summary: '上传、列出或查看可供多个任务使用的文件。' },
    audience: {
      summary: '上传、列出或查看 OpenID 名单，大小不限。',
      details: `文件格式由扩展名决定：文本（每行一个 OpenID）、CSV、NDJSON 或 JSON，可用 gzip 压缩；- 表示标准输入。
重复的和不是 OpenID 的内容会被去掉并计数。`,
      account: '这些 OpenID 所属的公众号',
    },
    accounts: {
      summary: '查看公众号：剩余额度、状态、微信上的数据；暂停或恢复群发。',
      details: `groups、tags、followers、drafts 要调用微信接口（followers 每 10,000 人一次）。
adopt 用服务自身的配置直接写入 Redis：此后该名称代表这些配置中的 AppID 和微信接口地址。
原 AppID 尚未结束的任务会被关闭，不会再发送。`,
    },
    doctor: {
      summary: '检查配置、Redis、微信和回调，列出需要处理的问题。',
      details: `请在运行 worker 或 producer 的机器上，用同样的配置运行。每个公众号会调用微信接口两次：
获取 token（不影响正在使用的 token）和 openapi/quota/get。不发送任何内容。
有问题必须先处理才能群发时，退出码为 1。`,
    },
    alert: {
      summary: '向 ALERT_URL 发送一条测试消息。',
      details: '使用 worker 的配置运行。不读取、也不更改其他内容。',
    },
    hash: {
      summary: '生成 API_KEYS_FILE 或 OPERATORS_FILE 中使用的密钥或密码哈希。',
      details: '从标准输入读取：printf %s "$KEY" | qunfa hash key',
    },
    completion: {
      summary: '输出 bash 或 zsh 的自动补全脚本。',
      details:
        '使用方法：在 ~/.bashrc 中加入 eval "$(qunfa completion bash)"；zsh 则写在 ~/.zshrc。',
    },
  },

  optionHelp: {
    account: '公众号；配置了多个时必填',
    article: '只处理这一篇文章，从 1 起计',
    as: 'sent（已发出）、not-sent（未发出）或 given-up（不再跟进）',
    'ask-wechat': '同时向微信查询剩余额度，每项要调用一次接口',
    audit: '操作记录',
    batch: '只处理这个批次，可重复',
    batches: '各个批次',
    column: 'OpenID 所在的 CSV 列或 JSON 字段，默认 openid',
    exclude: '排除这份名单中的人，可重复',
    format: 'text、csv、ndjson 或 json',
    help: '显示帮助',
    'idempotency-key': '同一个键只会产生一个任务，可以放心重复提交',
    json: '在标准输出上输出 JSON，供程序使用',
    keep: '任务暂停或待处理时继续查看',
    limit: '最多列出多少条，默认 20',
    'may-be-received-twice': '与 --as not-sent 同用，针对已放弃跟进的批次',
    'msg-id': '与 --as sent 同用',
    name: '便于识别的名称',
    'no-wait': '提交成功后立即结束',
    'not-after': '此时间之后不再发送，默认为开始后一天',
    note: '原因，保存在操作记录中',
    priority: '同一公众号内 1 最先，默认 5',
    repeat: '24 小时内再次发送同样的内容',
    seen: '只处理这个版本（见 show）；默认为当前版本',
    'send-at': '例如 2026-12-01T09:00:00+08:00，默认立即发送',
    'spend-last': '使用当天最后一次 uploadnews 调用',
    split: '每个批次对半拆分',
    state: '只列出这种状态的任务',
    test: '测试消息；没有需要处理的事项',
    text: '文本消息',
    to: 'group:2、tag:2、everyone、followers、list:a_… 或 openids:文件',
    url: '代替 QUNFA_URL',
    webhook: '任务结束时通知该地址',
    without: '剔除这个 OpenID，可重复',
    yes: '发给全部用户之前不再询问',
  },

  things: {
    campaign: '任务编号',
    account: '公众号',
    id: '编号',
    file: '文件',
    shell: 'bash 或 zsh',
  },
  usage: {
    help: (command) => `用法见 qunfa ${command} --help`,
    noCommand: (name, near) =>
      `没有命令 ${name}；${near ? `是不是想用 ${near}？` : '全部命令见 qunfa --help'}`,
    unknownOption: (option, near) => `没有选项 ${option}${near ? `；是不是想用 --${near}？` : ''}`,
    takesNoValue: (option) => `${option} 不带值`,
    needsValue: (option) => `${option} 需要一个值`,
    missing: (what) => `缺少${what}`,
    tooMany: (what, more) => `只能有一个${what}，多余的内容：${more}`,
    testOnly: '告警由 worker 发送；加 --test 可发送一条测试消息',
    noAlertUrl: '未设置 ALERT_URL',
    nothingToHash: '标准输入没有内容',
    unexpected: (what) => `多余的内容：${what}`,
    notWhole: (option, least, most) => `--${option}：须为 ${least} 至 ${most} 的整数`,
    oneOf: (option, allowed) => `--${option}：须为 ${allowed} 之一`,
    noCampaign: '请指定任务的 JSON 文件，或同时使用 --text 和 --to',
    notObject: (path) => `${path} 不是任务：须为 JSON 对象`,
    audience: (to) =>
      `--to ${to}：须为 group:2、tag:2、everyone、followers、list:a_…、openids:文件 之一`,
    tester: '--to：openid:… 或 wechat:…',
    reason: '缺少 --note：请写明原因',
    times: '缺少 --send-at 或 --not-after',
    batch: '批次须为从 1 起的序号，或 all-held',
    msgIdMissing: '--as sent 须同时给出 --msg-id',
    msgIdExtra: '--msg-id 只能与 --as sent 同用',
    twice: '--may-be-received-twice 只能与 --as not-sent 同用',
    producerUrl: 'QUNFA_URL 或 --url：须为 producer 的地址，例如 http://127.0.0.1:3000',
    noAccount: (name) => `配置中没有公众号 ${name}`,
  },
  failure: {
    noFile: (path) => `没有这个文件：${path}`,
    otherVersion: (own, why) =>
      `无法解析 producer 的应答，它的版本是否与本程序（${own}）不同？（${why}）`,
    nowIs: (state) => `目前：${state}`,
  },

  confirm: {
    everyone: (account) => `${account ?? '该公众号'}的全部用户`,
    needsYes: (who) => `将发给${who}：确认请加上 --yes`,
    question: (who) => `将发给${who}。确认发送请输入 everyone：`,
    declined: '未发送',
  },
  accepted: (campaign, audience, account, isSandbox) =>
    `${campaign}  已提交：${account}，${audience}${isSandbox ? '（沙箱）' : ''}`,
  interrupted: (campaign) =>
    `任务会继续进行。查看：qunfa show ${campaign}，或 qunfa watch ${campaign}`,
  progress: {
    submitted: '已提交微信',
    confirmed: '已收到结果',
    line: (state, { total, taken, settled }) =>
      `${state}；共 ${total} 批，已提交微信 ${taken} 批，已收到结果 ${settled} 批`,
    waits: (state, why) => `${state}，${why}`,
  },

  campaign: {
    labels: {
      state: '状态',
      account: '公众号',
      audience: '群发对象',
      batches: '批次',
      result: '群发结果',
      sendAt: '发送时间',
      notAfter: '截止时间',
      ended: '结束时间',
      waits: '等待',
      paused: '暂停原因',
      error: '失败原因',
      warning: '!',
    },
    heads: ['编号', '公众号', '状态', '群发对象', '批次', '发送时间', '名称'],
    version: (version) => `版本 ${version}`,
    sandbox: '（沙箱：不会有真实用户收到）',
    recipients: (count) => `${count} 人`,
    count: (state, count) => `${state} ${count}`,
    result: (of) =>
      `成功 ${known(of.sent)} 人，失败 ${known(of.failed)} 人，可发送 ${known(of.eligible)} 人（共 ${known(of.total)} 人）`,
    until: (time) => `${time} 继续`,
    queue: (queue) => `（队列 ${queue}）`,
    late: '已晚于截止时间，任务将被取消',
    shown: (count, more) => `${count} 个任务${more ? '；更多请用 --limit' : ''}`,
  },
  audience: {
    group: (group) => `分组 ${group}`,
    tag: (tag) => `标签 ${tag}`,
    everyone: '全部用户',
    list: (list) => `名单 ${list}`,
    followers: '全部关注者（逐个 OpenID）',
  },
  batch: {
    no: (no) => `批次 ${no}`,
    size: (count) => `${count} 个 OpenID`,
    msgId: (msgId) => `消息 ID ${msgId}`,
    receipt: (of) => `成功 ${known(of.sent)} 人，失败 ${known(of.failed)} 人`,
  },
  inFlight: {
    calling: (no) => `批次 ${no} 正在提交，可能仍会发出`,
    unanswered: (no) => `批次 ${no} 提交后微信未应答，正在核对，可能仍会发出`,
    accepted: (no) => `批次 ${no} 已被微信接收，会发出`,
  },
  outcomes: {
    sent: '已发送',
    recalled: '已撤回',
    already: '此前已撤回',
    refused: '被微信拒绝',
    unknown: '结果不明',
    'not-sent': '未能连接微信',
    'not-tried': '未尝试',
  },
  left: {
    previews: (left, perDay) => `今日剩余预览 ${left}/${perDay} 次`,
    recalls: (left, perDay) => `今日剩余撤回 ${left}/${perDay} 次`,
  },

  plan: {
    labels: {
      account: '公众号',
      recipients: '人数',
      batches: '批次',
      calls: '调用次数',
      begins: '开始',
      ends: '结束',
      advice: '!',
    },
    calls: (calls, path) => `${calls} 次 ${path}`,
    left: (left, perDay) => `；今日剩余 ${left}/${perDay}`,
  },

  media: {
    line: (type, format, bytes) => `${type}（${format}），${bytes} 字节`,
    atWechat: (account, kind, until) =>
      `已上传到 ${account} 的微信素材（${kind}），${until ? `${until} 到期` : '永久有效'}`,
  },
  list: {
    recipients: (count) => `${count} 人`,
    received: (of) =>
      `收到 ${figures(of.received)} 个，重复 ${figures(of.duplicates)} 个，无效 ${figures(of.invalid)} 个，排除 ${figures(of.suppressed)} 个`,
    progress: (bytes) => `已上传 ${bytes} 字节 `,
  },

  alert: {
    test: '测试消息：告警会发送到这里。',
    delivered: '消息已送达',
    failed: (why) => `消息未送达：${why}`,
  },
  account: {
    heads: ['公众号', '类型', '状态', '今日剩余', '待提交', '最近一次推送', '原因'],
    labels: {
      kind: '类型',
      state: '状态',
      blocked: '受限',
      left: '今日剩余',
      event: '最近一次推送',
      warning: '!',
    },
    kinds: { service: '服务号', subscription: '订阅号' },
    sandbox: '（沙箱）',
    states: { open: '正常', asleep: '暂缓', paused: '群发已停' },
    toSubmit: (count) => `待提交 ${count} 个批次`,
    until: (time) => `${time} 自动继续`,
    toOpenIds: (why) => `不能按 OpenID 群发：${why}`,
    left: (left, perDay, path) => `${left}/${perDay}  ${path}`,
    event: (time, mode) => `${time}（${mode}）`,
    never: '尚未收到',
    summary: (all, open, asleep, paused) =>
      `${all} 个公众号：正常 ${open}，暂缓 ${asleep}，群发已停 ${paused}；详情：qunfa accounts <名称>`,
    noneResumed: '没有因 Redis 恢复自备份而暂停的公众号',
    adopted: (name, appId, origin) => `${name} 从现在起代表 ${origin} 上的 AppID ${appId}`,
    closing: (campaign) => `原 AppID 的任务 ${campaign} 已关闭`,
  },
};
