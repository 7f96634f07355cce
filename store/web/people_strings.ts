/** What is said of people and money: account, wallet, analytics, the owner's page. */

/** A part of the table in strings.ts. */
export const peopleStrings = {
  // wallet
  wallet: ["Wallet", "钱包"],
  balance: ["Balance", "余额"],
  held: ["Held for running answers", "为进行中的回答预留"],
  available: ["Available", "可用"],
  payIn: ["Pay in", "充值"],
  amountIn: ["Amount in {currency}", "金额（{currency}）"],
  payingWaits: ["It waits until the owner says that the money came.", "等待主人确认到账。"],
  subscriptions: ["Subscriptions", "订阅"],
  trialUntil: ["Trial until {date}", "试用至 {date}"],
  activeUntil: ["Renews on {date}", "{date} 续订"],
  endsOn: ["Ends on {date}", "{date} 结束"],
  endedOn: ["Ended on {date}", "已于 {date} 结束"],
  cancelPlan: ["Cancel {plan}", "取消 {plan}"],
  movements: ["What came and went", "收支明细"],
  noMovements: ["Nothing came or went yet.", "还没有收支。"],
  when: ["When", "时间"],
  what: ["What", "内容"],
  amount: ["Amount", "金额"],

  // analytics
  analytics: ["Analytics", "数据分析"],
  analyticsHint: [
    "How your assistants are used. Numbers alone: nothing of what was said.",
    "你的助手的使用情况。只有数字，不含任何对话内容。",
  ],
  analyticsOf: ["Use of {name}", "{name} 的使用情况"],
  listing: ["Listing", "助手"],
  conversationsCount: ["Conversations", "对话"],
  turns: ["Turns", "轮次"],
  people: ["People", "人数"],
  peopleHere: ["People", "人员"],
  tokens: ["Tokens", "词元"],
  paid: ["Paid", "收入"],
  lastDays: ["Last 30 days", "最近 30 天"],
  dailyTurns: ["Turns a day", "每日轮次"],
  retention: ["Who came back, week by week", "每周回访"],
  cohort: ["First came in the week of", "首次使用的周"],
  weekAfter: ["{n} later", "{n} 周后"],
  saveCsv: ["Save as CSV", "保存为 CSV"],

  // account
  apiKeys: ["API keys", "API 密钥"],
  newKey: ["What the key is for", "密钥用途"],
  makeKey: ["Make a key", "创建密钥"],
  keyMade: ["Copy this key now. It is shown this once:", "请立即复制此密钥，只显示这一次："],
  revoke: ["Revoke {name}", "撤销 {name}"],
  newPassword: ["New password", "新密码"],
  presentPassword: ["Present password", "当前密码"],
  setPassword: ["Set password", "设置密码"],

  // the owner's page
  admin: ["Administration", "管理"],
  adminHint: ["People, collections and the log of this store.", "本商店的用户、合集与日志。"],
  accountName: ["Account name, such as ada", "账户名，例如 ada"],
  letIn: ["Let somebody in", "添加账户"],
  signInLink: ["Make a link that signs {name} in", "生成 {name} 的登录链接"],
  linkMade: [
    "Hand this link over; it works once, for 15 minutes:",
    "把此链接交给对方，15 分钟内有效一次：",
  ],
  owner: ["owner", "主人"],
  member: ["member", "成员"],
  collectionId: [
    "Id, such as summer; featured opens the store",
    "标识，例如 summer；featured 显示在商店首页",
  ],
  collectionListings: ["Listings, by commas", "助手标识，用逗号分隔"],
  saveCollection: ["Save collection", "保存合集"],
  auditLog: ["What was done", "操作日志"],
  who: ["Who", "操作者"],
  subject: ["To what", "对象"],
} as const satisfies Record<string, readonly [string, string]>;
