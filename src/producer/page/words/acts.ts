/** What an operator may do: the button, what comes of it, and the button that does it. */
const batches = (count: number): string => `${count} ${count === 1 ? 'batch' : 'batches'}`;

const en = {
  about: (name: string, account: string, people: string) => `${name} · ${account} · ${people}`,
  campaign: {
    pause: {
      label: 'Pause',
      consequence:
        'Batches that WeChat has accepted go on to their result. The others wait until you resume.',
      confirm: 'Pause campaign',
    },
    resume: {
      label: 'Resume',
      consequence: (when: string) => `The remaining batches go out ${when}.`,
      confirm: 'Resume campaign',
    },
    cancel: {
      label: 'Cancel',
      consequence:
        'Batches not yet submitted are never sent. What WeChat has accepted cannot be stopped. A cancelled campaign cannot be resumed.',
      confirm: 'Cancel campaign',
    },
    approve: {
      label: 'Approve',
      consequence: (when: string) =>
        `The campaign goes out to its audience ${when}. A mass send cannot be undone.`,
      confirm: 'Approve and send',
    },
    reject: {
      label: 'Reject',
      consequence: 'The campaign is cancelled, and nothing of it is sent.',
      confirm: 'Reject campaign',
    },
    retry: {
      label: 'Retry rejected batches',
      consequence: (count: number) =>
        `Only ${batches(count)} rejected by WeChat on submission ${count === 1 ? 'is' : 'are'} submitted again. Nothing of them was sent.`,
      confirm: 'Submit again',
    },
    split: {
      label: 'Retry in halves',
      consequence:
        'WeChat rejects a whole batch for one OpenID of another account and does not say which. Each rejected batch is submitted again in two halves: the good half goes out, the other is rejected again.',
      confirm: 'Submit in halves',
    },
    without: {
      label: 'Retry without some OpenIDs',
      consequence: 'The rejected batches are submitted again without these OpenIDs.',
      field: 'OpenIDs to leave out, one a line',
      confirm: 'Submit without them',
    },
    recall: {
      label: 'Recall',
      consequence:
        'WeChat deletes the page behind the article or video. The cards stay in the chats. A fresh account has 10 recalls a day.',
      field: 'Which article (empty: all of them)',
      confirm: 'Recall from WeChat',
    },
    acknowledge: {
      label: 'Leave it so',
      consequence:
        'What failed or was rejected stays as it is, and leaves the list of what needs attention.',
      confirm: 'Leave it so',
    },
    reschedule: {
      label: 'Change the time',
      consequence: 'Nothing has been sent yet. The campaign begins at the new time.',
      field: 'Begin (Beijing time)',
      confirm: 'Change the time',
    },
    'webhook-replay': {
      label: 'Notify the webhook again',
      consequence: 'The receiver is told once more how the campaign ended.',
      confirm: 'Notify again',
    },
  },
  now: 'at once',
  at: (time: string) => `at ${time}`,
  decisions: {
    sent: {
      label: 'It was sent',
      consequence:
        'Give the message id from WeChat’s console or from its push. WeChat is asked about this id. The batch then waits for that message’s result; nothing is sent.',
      confirm: 'Sent, with this message id',
    },
    'not-sent': {
      label: 'It was not sent',
      consequence:
        'The batch is submitted again under a new key. If it did go out after all, these people receive it twice: check WeChat’s console first.',
      confirm: 'Confirmed not sent: send again',
    },
    'given-up': {
      label: 'Stop following it up',
      consequence:
        'Nothing more is done about this batch. Its outcome stays unknown, and can be corrected later.',
      confirm: 'Stop following it up',
    },
    'send-again': {
      label: 'Send again',
      consequence:
        'This batch was given up, and it is unknown whether it was sent. It is submitted again under a new key: these people may receive it twice.',
      confirm: 'Send again',
    },
  },
  tooLate: (time: string) =>
    `The campaign expired ${time}, so it cannot be sent again: say that it was sent, or stop following it up.`,
  mayBeReceivedTwice: 'I know that these people may receive it twice',
  msgId: 'Message id',
  anyway: 'Use this message id all the same',
  allHeld: (count: number) => `All ${batches(count)} at once`,
  account: {
    pause: {
      label: 'Pause account',
      consequence: (queued: number) =>
        `Nothing new is sent for this account until it is resumed${queued > 0 ? `; ${batches(queued)} wait` : ''}.`,
      confirm: 'Pause account',
    },
    resume: {
      label: 'Resume account',
      consequence: (queued: number) =>
        `The cause of the stop is cleared${queued > 0 ? `, and ${batches(queued)} go out at once` : ''}. Fix the cause first.`,
      confirm: 'Resume account',
    },
    resumeRestored: {
      label: 'Resume all of these accounts',
      consequence:
        'Their waiting batches go out. What was sent after the backup was made is sent again, so compare with WeChat’s console first.',
      confirm: 'Resume all of them',
    },
  },
};

const zh: typeof en = {
  about: (name, account, people) => `${name} · ${account} · ${people}`,
  campaign: {
    pause: {
      label: '暂停',
      consequence: '微信已接收的批次继续等待结果，其余批次等您恢复后再发。',
      confirm: '确认暂停任务',
    },
    resume: {
      label: '恢复',
      consequence: (when) => `剩余批次将${when}发出。`,
      confirm: '确认恢复发送',
    },
    cancel: {
      label: '取消任务',
      consequence: '尚未提交的批次不再发送；微信已接收的无法阻止。取消后不能恢复。',
      confirm: '确认取消任务',
    },
    approve: {
      label: '审批通过',
      consequence: (when) => `任务将${when}发给群发对象。群发后无法收回。`,
      confirm: '通过并发送',
    },
    reject: {
      label: '驳回',
      consequence: '任务会被取消，不会发出任何内容。',
      confirm: '确认驳回',
    },
    retry: {
      label: '重试被拒批次',
      consequence: (count) =>
        `只重新提交 ${count} 个提交时被微信拒绝的批次，这些批次此前没有发出。`,
      confirm: '确认重新提交',
    },
    split: {
      label: '拆分后重试',
      consequence:
        '只要有一个 OpenID 不属于该号，微信就会拒绝整批，且不说明是哪一个。每个被拒批次将拆成两半重新提交：没有问题的一半会发出，另一半会再次被拒。',
      confirm: '确认拆分提交',
    },
    without: {
      label: '剔除部分 OpenID 后重试',
      consequence: '被拒批次将剔除以下 OpenID 后重新提交。',
      field: '要剔除的 OpenID，每行一个',
      confirm: '确认剔除并提交',
    },
    recall: {
      label: '撤回',
      consequence: '微信会删除文章或视频页面，但用户会话中的卡片仍会保留。新账号每天可撤回 10 次。',
      field: '第几篇文章（不填则全部撤回）',
      confirm: '确认从微信撤回',
    },
    acknowledge: {
      label: '不再处理',
      consequence: '失败或被拒绝的部分保持原样，不再列入待处理。',
      confirm: '确认不再处理',
    },
    reschedule: {
      label: '改期',
      consequence: '任务尚未发出任何内容，将改在新的时间开始。',
      field: '开始时间（北京时间）',
      confirm: '确认改期',
    },
    'webhook-replay': {
      label: '重新通知 webhook',
      consequence: '再次把任务的结果通知接收方。',
      confirm: '确认重新通知',
    },
  },
  now: '立即',
  at: (time) => `于 ${time} `,
  decisions: {
    sent: {
      label: '已经发出',
      consequence:
        '请填写公众平台或微信推送中的消息 ID，系统会向微信核对。该批次随后等待这条消息的结果，不会再发送。',
      confirm: '确认已发出，消息 ID 如上',
    },
    'not-sent': {
      label: '没有发出',
      consequence:
        '该批次将换一个新的 clientmsgid 重新提交。若其实已经发出，这些用户会收到两次：请先到公众平台核对。',
      confirm: '确认未发出，重新发送',
    },
    'given-up': {
      label: '不再跟进',
      consequence: '不再跟进该批次，结果记为「不明」；以后查明了仍可更正。',
      confirm: '确认不再跟进',
    },
    'send-again': {
      label: '重新发送',
      consequence:
        '该批次此前已放弃跟进，是否发出不明。现在将换一个新的 clientmsgid 重新提交，这些用户可能收到两次。',
      confirm: '确认重新发送',
    },
  },
  tooLate: (time) => `任务已于 ${time} 截止，不能重新发送：请判定为已发出，或不再跟进。`,
  mayBeReceivedTwice: '我知道这些用户可能收到两次',
  msgId: '消息 ID',
  anyway: '仍然使用该消息 ID',
  allHeld: (count) => `${count} 个结果不明的批次一起处理`,
  account: {
    pause: {
      label: '暂停该号群发',
      consequence: (queued) =>
        `恢复之前，该号不会再发送新内容${queued > 0 ? `，${queued} 批将继续等待` : ''}。`,
      confirm: '确认暂停该号群发',
    },
    resume: {
      label: '恢复该号群发',
      consequence: (queued) =>
        `将解除停发状态${queued > 0 ? `，等待中的 ${queued} 批会立即发出` : ''}。请先排除停发的原因。`,
      confirm: '确认恢复该号群发',
    },
    resumeRestored: {
      label: '恢复这些公众号的群发',
      consequence: '等待中的批次会继续发送。备份之后已发出的内容会再发一次，请先与公众平台核对。',
      confirm: '确认全部恢复',
    },
  },
};

export const ACTS = { en, zh };
