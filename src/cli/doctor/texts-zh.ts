import type { DoctorTexts } from './finding.ts';

const NTP = '请让两边都用 NTP 校时';
const UNCHANGED = '中间有代理改动了请求或应答：请原样转发 /wechat/…，包括 POST 的请求体和查询参数';

export const ZH: DoctorTexts = {
  about: {
    settings: '配置',
    Redis: 'Redis',
    clock: '时钟',
    workers: 'worker',
    producer: 'producer',
    account: (name) => `公众号 ${name}`,
    callback: (name) => `${name} 的回调`,
  },
  more: (shown, count) => `${shown} 及另外 ${count} 个`,
  semicolon: '；',
  noAnswer: (seconds) => `${seconds} 秒内没有应答`,
  calls: (calls) => (calls ? `调用过的微信接口：${calls}` : '没有调用微信接口'),
  summary: (fine, warnings, faults) => `正常 ${fine} 项，提醒 ${warnings} 项，故障 ${faults} 项`,
  fit: '可以群发',
  unfit: '不能群发：请先处理标有 ✖ 的问题',

  findings: {
    'settings-fine': (names) => [`有效；公众号：${names}`],
    'no-account': () => [
      '没有配置公众号，只能使用沙箱',
      '请在环境变量中设置 WECHAT_APP_ID 和 WECHAT_APP_SECRET，或 ACCOUNTS_FILE',
    ],
    'setting-wrong': (setting, message) => [`${setting}：${message}`],
    'address-open': (sentence) => [sentence],

    'redis-fine': () => ['连接正常，可以保存任务记录'],
    'redis-unfit': (sentence) => [sentence],
    'redis-unreached': (sentence) => [sentence, 'Redis 是否在 REDIS_URL 上运行，密码是否正确？'],
    'redis-absent': () => [
      'REDIS_URL 上没有 Redis；npm start 自带的 Redis 不在检查范围内',
      '配置公众号之前请先设置 REDIS_URL：任务保存在那里',
    ],
    'installation-differs': (sentence) => [sentence],

    'clock-fine': () => ['本机与 Redis 的时间一致'],
    'clock-off': (seconds) => [
      `本机与 Redis 的时钟相差 ${seconds} 秒`,
      `${NTP}：微信事件和 sendAt 都依赖时钟`,
    ],
    'worker-clock-off': (host, seconds) => [
      `主机 ${host} 上的 worker 已停止工作：它的时钟比 Redis 快 ${seconds} 秒`,
      `${NTP}，校准后会自动恢复`,
    ],

    'worker-alive': () => ['至少有一个在运行'],
    'worker-silent': (since) => [
      since === null ? '从未有 worker 运行过' : `worker 最后一次活动是在 ${since}`,
      '请用 npm run worker 启动：没有 worker 就不会发送',
    ],
    'queue-unserved': (queue) => [
      `没有 worker 处理队列 ${queue}`,
      '请启动一个，或在某个 worker 的 WORKER_QUEUES 中加上该队列',
    ],
    'settings-differ': (setting, values) => [
      `各 worker 的 ${setting} 配置不一致：${values}`,
      '请改成一致后重新启动',
    ],

    'producer-fine': (url) => [`${url} 有应答，工作正常`],
    'producer-away': (url) => [
      `${url} 上没有 producer 应答`,
      '请用 npm run producer 启动，或用 QUNFA_URL 指明它的地址',
    ],
    'producer-unfit': (url, findings) => [`${url} 不能正常工作：${findings}`],

    'token-fine': () => ['AppID、AppSecret 和本机地址均被微信接受，已取得 token'],
    'token-unreached': (where, cause) => [
      `没有从${where ? ` ${where} ` : ' token 中控'}取得 token：${cause}`,
      '本机能否访问该地址？由 HTTPS_PROXY 和 WECHAT_API_BASE_URL 决定',
    ],
    'token-unreadable': (where, cause) => [
      `没有从${where ? ` ${where} ` : ' token 中控'}取得 token：${cause}`,
      '应答的是否是其他服务？可能是代理的提示页、防火墙，或地址有误',
    ],
    'token-refused': (errcode, meaning) => [
      `没有取得 token：${meaning}（${errcode}）`,
      '请与公众平台核对配置中的 AppID 和 AppSecret；在公众平台重置后会生成新的 AppSecret',
    ],
    'address-refused': (errcode, meaning, host, ip) => [
      `没有取得 token：${meaning}（${errcode}）`,
      `请在公众平台该公众号的 IP 白名单中加上${ip ? ` ${ip}（微信看到的 ${host} 的地址）` : ` ${host} 的出口地址`}，或使用白名单中的代理（HTTPS_PROXY）`,
    ],
    'quota-left': (left, perDay, path) => [
      `据微信统计，今日 ${path} 还剩 ${left}/${perDay} 次`,
      left > 0 ? undefined : '任务会等待',
    ],
    'quota-unknown': (path, why) => [`微信没有给出 ${path} 的剩余次数：${why}`],

    'lane-open': (pending) => [`群发正常，待提交 ${pending} 个批次`],
    'last-event': (time, mode) => [`最近一次微信推送：${time}（${mode}）`],

    'lane-stopped': (why, account) => [why, `解决后恢复：qunfa accounts resume ${account}`],
    'account-trouble': (why) => [why],

    'callback-local': () => [
      '没有设置 CALLBACK_PUBLIC_URL，只检查了本机地址',
      '请设为公众平台中填写的地址，不含 /wechat/<公众号>',
    ],
    'callback-silent': (url, why) => [
      `${url} 没有应答：${why}`,
      '回调服务是否在运行（npm run callback），从这里能否访问？',
    ],
    'callback-fine': () => ['回调地址的应答符合微信的要求'],
    'callback-wrong': (url, status) => [
      `${url} 返回 ${status}`,
      status === 401
        ? '回调服务的配置中没有这个公众号，或 Token 不同：请使用同样的配置；也可能是它的时钟有误'
        : status === 404
          ? '该地址上是其他服务：请把 /wechat/… 原样转发给回调服务'
          : UNCHANGED,
    ],
    'push-fine': () => ['能接收微信格式的推送'],
    'push-silent': (url, why) => [`${url} 没有应答推送：${why}`, UNCHANGED],
    'push-wrong': (url, status) => [
      `${url} 对推送返回 ${status}`,
      status === 401
        ? '回调服务中该公众号的 EncodingAESKey、AppID 或原始 ID 与这里不同：请统一为公众平台上的配置'
        : UNCHANGED,
    ],
  },
};
