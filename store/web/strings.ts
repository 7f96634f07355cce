/** Every sentence the pages say, in each language side by side; `{name}` is filled in by `say`. */
import { authorStrings } from "./author_strings.ts";

/** Languages the pages speak, in the order of the columns of `table`. */
export const languages = ["en", "zh"] as const;
/** One of the languages the pages speak. */
export type Language = typeof languages[number];

/** All sentences: English, then Chinese. */
export const table = {
  ...authorStrings,

  // shell
  tagline: ["Assistants on your own machine", "在你自己的机器上运行的助手"],
  skipToContent: ["Skip to content", "跳到正文"],
  openSidebar: ["Open sidebar", "打开侧栏"],
  closeSidebar: ["Close sidebar", "关闭侧栏"],
  newChat: ["New chat", "新对话"],
  assistants: ["Assistants", "助手"],
  conversations: ["Conversations", "对话"],
  noConversations: ["Your conversations will appear here.", "你的对话会出现在这里。"],
  allConversations: ["All conversations", "全部对话"],
  today: ["Today", "今天"],
  yesterday: ["Yesterday", "昨天"],
  lastWeek: ["Last 7 days", "过去 7 天"],
  older: ["Older", "更早"],
  theme: ["Theme", "主题"],
  light: ["Light", "浅色"],
  dark: ["Dark", "深色"],
  system: ["System", "跟随系统"],
  language: ["Language", "语言"],
  save: ["Save", "保存"],
  cancel: ["Cancel", "取消"],
  needsScript: [
    "Reading works without scripts; asking needs them. Please allow scripts for this page.",
    "不启用脚本也能阅读，但提问需要脚本。请允许此页面运行脚本。",
  ],

  // home
  greeting: ["What is on your mind?", "在想什么？"],
  localNote: [
    "Everything runs on this machine. What you write stays here.",
    "一切都在这台机器上运行，你写的内容不会离开这里。",
  ],
  chooseAssistant: ["Choose an assistant", "选择一个助手"],
  continueTitle: ["Pick up where you left off", "继续之前的对话"],
  noAssistants: ["No assistant yet", "还没有助手"],
  noAssistantsHint: [
    "Say what it shall do, and it will greet you here.",
    "说出它要做什么，它就会出现在这里。",
  ],

  // chat
  ask: ["Ask {name}", "向 {name} 提问"],
  send: ["Send", "发送"],
  stop: ["Stop", "停止"],
  keys: ["Enter to send, Shift + Enter for a new line", "Enter 发送，Shift + Enter 换行"],
  you: ["You", "你"],
  said: ["{name} said", "{name} 说"],
  youSaid: ["You said", "你说"],
  copy: ["Copy", "复制"],
  copied: ["Copied", "已复制"],
  chartTable: ["The numbers", "数据表"],
  chartFailed: ["This chart can't be drawn.", "无法绘制此图表。"],
  copyAnswer: ["Copy answer", "复制回答"],
  regenerate: ["Answer again", "重新回答"],
  retry: ["Try again", "重试"],
  stopped: ["You stopped this answer.", "你停止了这次回答。"],
  cutShort: ["The answer reached its length limit.", "回答达到了长度上限。"],
  brokeOff: ["The answer broke off here.", "回答在此中断。"],
  failed: ["No answer came.", "没有得到回答。"],
  unreachable: [
    "Flint does not answer. Is it still running?",
    "Flint 没有响应。它还在运行吗？",
  ],
  jump: ["Jump to the latest", "跳到最新"],
  reading: ["Reading what you wrote", "正在读你写的内容"],
  assistantGone: [
    "{name} was removed. The conversation stays readable.",
    "{name} 已被移除，对话仍可阅读。",
  ],
  untitled: ["New conversation", "新对话"],
  conversationMenu: ["Conversation menu", "对话菜单"],
  rename: ["Rename", "重命名"],
  renameTitle: ["Rename conversation", "重命名对话"],
  title: ["Title", "标题"],
  delete: ["Delete", "删除"],
  deleteTitle: ["Delete this conversation?", "删除这个对话？"],
  deleteHint: [
    "“{title}” and its messages will be gone for good.",
    "“{title}”及其所有消息将被永久删除。",
  ],

  // calls of tools in an answer
  callWaits: ["waits for you", "等待你的决定"],
  callRuns: ["called", "已调用"],
  callDone: ["done", "完成"],
  callFailed: ["failed", "失败"],
  callDenied: ["not allowed", "已拒绝"],
  callExpired: ["not allowed in time", "未及时允许"],
  callArguments: ["With", "参数"],
  callResult: ["Answer", "结果"],
  callImage: ["Picture from the tool", "工具返回的图片"],
  callMayIt: ["May {name} be called with this?", "允许以此调用 {name} 吗？"],
  callAllow: ["Allow", "允许"],
  callAllowAll: ["Allow in this conversation", "本次对话中都允许"],
  callDeny: ["Do not allow", "不允许"],
  callMissing: ["Not there now: {names}", "目前不可用：{names}"],
  callGive: ["Give", "提交"],
  callRefuse: ["Refuse", "拒绝"],

  // figures of an answer and of the core
  tokensPerSecond: ["Tokens per second", "每秒词元"],
  tokensShort: ["{n} tok/s", "{n} 词元/秒"],
  firstToken: ["First token", "首个词元"],
  hitRate: ["Found in memory", "内存命中"],
  hitShort: ["{n} from memory", "{n} 来自内存"],
  readPerToken: ["Read per token", "每词元读取"],
  model: ["Model", "模型"],
  fidelity: ["Fidelity", "保真度"],
  exact: ["exact", "精确"],
  balanced: ["balanced", "均衡"],
  fast: ["fast", "快速"],
  answerFigures: ["Figures of this answer", "本次回答的数据"],
  shownTitle: ["What the model was shown", "模型看到了什么"],
  layer: ["Layer", "层"],
  layerTokens: ["Tokens", "词元"],
  layerCut: ["Left out", "省略"],
  layerUse: ["{tokens} of {budget} tokens", "{tokens} / {budget} 词元"],
  layerLeft: ["{cut} of {all} left out", "省略 {cut} / {all}"],
  layerInstructions: ["Instructions", "指令"],
  layerTools: ["Tools", "工具"],
  layerRules: ["Flint's rules", "Flint 的规则"],
  layerMemory: ["Memory", "记忆"],
  layerEarlier: ["Notes on earlier turns", "早先对话的笔记"],
  layerKnowledge: ["Knowledge", "知识"],
  layerConversation: ["Conversation", "对话"],
  notesTitle: ["Notes stand in for the first {n} messages", "前 {n} 条消息由笔记代替"],
  notesByModel: [
    "All messages no longer fit what the model can read at once. It wrote these notes for itself; the messages below stay.",
    "全部消息已超出模型一次能读的长度。这些是它为自己写的笔记；下面的消息仍然保留。",
  ],
  notesByExtract: [
    "All messages no longer fit what the model can read at once. It is shown their first sentences instead; the messages below stay.",
    "全部消息已超出模型一次能读的长度，因此只给它看每条的第一句；下面的消息仍然保留。",
  ],
  core: ["Core", "核心"],
  coreHint: [
    "How the model core spends the memory it was given. What does not fit is read from flash.",
    "模型核心如何使用分配给它的内存；放不下的部分从闪存读取。",
  ],
  memory: ["Memory", "内存"],
  budgetOf: ["{used} of {limit}", "{used} / {limit}"],
  resident: ["Resident weights", "常驻权重"],
  pinned: ["Pinned window", "固定窗口"],
  window: ["Window of neurons or experts", "神经元或专家窗口"],
  staging: ["Staging", "暂存区"],
  kv: ["Conversation cache", "对话缓存"],
  activations: ["Activations", "激活值"],
  threads: ["Threads", "线程"],
  queue: ["Answering / waiting", "回答中 / 等待中"],
  noEngine: ["No model is open yet", "还没有模型就绪"],

  // the window
  windowTitle: ["What the core is doing", "核心正在做什么"],
  windowMore: ["More about the core", "更多核心数据"],
  windowHint: [
    "The model is larger than the memory it may use. Part of it stays in memory, the rest is read from flash for each step. Here is how well that goes, measured on what was said since the start.",
    "模型比它可用的内存更大：一部分常驻内存，其余的每一步都从闪存读取。下面是自启动以来的实测数据。",
  ],
  nothingSaidYet: [
    "Nothing was said yet. Ask something, and the figures appear.",
    "还没有对话。提一个问题，数据就会出现。",
  ],
  paceTitle: ["Speed, and what bounds it", "速度与瓶颈"],
  readRate: ["Read from flash", "闪存读取速度"],
  waitedForFlash: ["Time spent waiting for flash", "等待闪存的时间"],
  perStep: ["One step takes", "每步用时"],
  boundByFlash: [
    "The disk is what holds this machine back: {share} of the time the threads waited for it. More memory, several chats at once, or a lower fidelity make it faster.",
    "瓶颈是磁盘：线程有 {share} 的时间在等待它。增加内存、同时进行多个对话，或降低保真度可以更快。",
  ],
  boundByCompute: [
    "Computing is what takes the time; only {share} of it was spent waiting for the disk.",
    "时间主要花在计算上；只有 {share} 的时间在等待磁盘。",
  ],
  memoryTitle: ["Memory", "内存"],
  choiceHint: [
    "Not every weight is exact here: some are kept in fewer bits, chosen by what their errors cost. Calibration expects the answers' probabilities to differ by {kl} nats a token (KL divergence).",
    "这里并非所有权重都是精确的：一部分以更少的比特保存，按误差代价选出。校准预计回答的概率分布每词元相差 {kl} nat（KL 散度）。",
  ],
  weights: ["Weights", "权重"],
  inMemory: ["In memory", "在内存中"],
  readEachStep: ["Read for each step", "每步读取"],
  choiceExact: ["exact", "精确"],
  choiceCoarse: ["coarser", "较粗"],
  neurons: ["neurons", "神经元"],
  experts: ["experts", "专家"],
  reuseTitle: ["Do neighbouring tokens use the same {items}?", "相邻的词元会用到相同的{items}吗？"],
  reuseHint: [
    "A window of the last tokens' {items} is worth its memory if it hits more than a random set of the same size, and more than the most used {items} of this assistant.",
    "若最近几个词元的{items}窗口比同样大小的随机集合、比该助手最常用的{items}命中更多，它才值得占用内存。",
  ],
  reuseNotYet: [
    "Not measured yet: it takes some dozens of tokens said by one chat alone.",
    "尚未测得：需要单个对话生成几十个词元。",
  ],
  reuseGain: [
    "Yes, beyond chance: the previous token's {items} hit {hit}, a random set of the same size {random}, a fixed set of the most used ones {static} ({tokens} tokens).",
    "会，且高于偶然：前一个词元的{items}命中 {hit}，同样大小的随机集合命中 {random}，固定的最常用集合命中 {static}（{tokens} 个词元）。",
  ],
  reuseNone: [
    "Not beyond chance: the previous token's {items} hit {hit}, a random set of the same size {random}, a fixed set of the most used ones {static} ({tokens} tokens).",
    "不高于偶然：前一个词元的{items}命中 {hit}，同样大小的随机集合命中 {random}，固定的最常用集合命中 {static}（{tokens} 个词元）。",
  ],
  reuseByLayer: ["Layer by layer, for the previous token alone", "逐层，仅前一个词元"],
  layerFigures: [
    "Layer {layer}: window {hit}, most used {static}, random {random}",
    "第 {layer} 层：窗口 {hit}，最常用 {static}，随机 {random}",
  ],
  span: ["Window", "窗口"],
  spanTokens: ["last {n}", "最近 {n} 个"],
  windowSize: ["Share of all {items}", "占全部{items}"],
  seriesWindow: ["The window hits", "窗口命中"],
  seriesStatic: ["Most used ones hit", "最常用集合命中"],
  seriesRandom: ["A random set hits", "随机集合命中"],
  newNeurons: ["New per token", "每词元新增"],

  // models on their way
  meanwhile: ["{serving} answers meanwhile.", "暂由 {serving} 回答。"],
  modelState: ["State of the model", "模型状态"],
  nobodyYet: ["Answers have to wait a moment.", "回答需要稍等片刻。"],
  pulling: ["{model} is being downloaded", "正在下载 {model}"],
  importing: ["{model} is being laid out on flash", "正在把 {model} 写入闪存"],
  opening: ["{model} is opening", "正在打开 {model}"],
  absent: ["{model} is not here yet", "{model} 尚未就绪"],
  modelFailed: ["{model} could not be prepared.", "{model} 未能准备好。"],
  modelReady: ["{model} answers from now on.", "从现在起由 {model} 回答。"],

  // plugins
  plugins: ["Plugins", "插件"],
  pluginsHint: [
    "What assistants can call. Calls leave this machine only through a guarded door.",
    "助手可以调用的工具。调用只会经由受控的出口离开这台机器。",
  ],
  addApi: ["Add an HTTP API", "添加 HTTP API"],
  apiName: ["Name", "名称"],
  apiUrl: [
    "Address of its OpenAPI document or ai-plugin.json",
    "OpenAPI 文档或 ai-plugin.json 的地址",
  ],
  apiText: ["Or the document itself, JSON or YAML", "或直接粘贴文档（JSON 或 YAML）"],
  apiFile: ["Or a file", "或选择文件"],
  apiServer: [
    "Address of the API, if the document does not say",
    "API 的地址（文档未注明时填写）",
  ],
  add: ["Add", "添加"],
  serverOf: ["Address of the API", "API 地址"],
  remarks: ["Notes about the document ({count})", "关于文档的说明（{count}）"],
  access: ["Authentication", "身份验证"],
  accessReady: ["set", "已设置"],
  accessMissing: ["not set", "未设置"],
  signIn: ["Sign in", "登录"],
  signInHint: [
    "Save the client's id and secret first. At the API, register this address: {back}",
    "请先保存客户端 ID 和密钥，并在 API 方登记此地址：{back}",
  ],
  toolsOf: ["Tools ({count})", "工具（{count}）"],
  none: ["asks nobody", "不访问外部"],
  reads: ["reads", "读取"],
  writes: ["writes", "写入"],
  removePlugin: ["Remove this plugin", "移除此插件"],
  tryIt: ["Try it", "试一下"],
  triedDone: ["What it brought", "调用结果"],
  triedFailed: ["It could not do it", "调用失败"],
  request: ["Request", "请求"],
  result: ["Result", "结果"],
  picture: ["Picture", "图片"],

  // pages that are not there
  notFound: ["This page is not here", "这个页面不存在"],
  notFoundHint: [
    "The conversation may have been deleted, or the address is mistyped.",
    "对话可能已被删除，或者地址有误。",
  ],
  broken: ["Something broke on our side", "我们这边出了问题"],
  brokenHint: ["The log of the server says what.", "服务器日志里有详情。"],
  home: ["Back to the start", "回到首页"],

  // knowledge
  knowledge: ["Knowledge", "知识库"],
  knowledgeHint: [
    "Documents that assistants answer from, with the place of each answer.",
    "助手据以回答的文档，每个回答都标明出处。",
  ],
  documentsCount: ["{count} documents", "{count} 个文档"],
  passagesCount: ["{count} passages", "{count} 个段落"],
  byWordsAlone: ["found by words alone", "只能按词语查找"],
  collectionName: ["Name of a new collection", "新文档集的名称"],
  createCollection: ["Create", "创建"],
  removeCollection: ["Remove this collection", "删除这个文档集"],
  noDocuments: ["No documents yet", "还没有文档"],
  noDocumentsHint: [
    "Add PDF, Word, HTML, Markdown, text, CSV or JSON files below.",
    "在下面添加 PDF、Word、HTML、Markdown、文本、CSV 或 JSON 文件。",
  ],
  addFiles: ["Add files", "添加文件"],
  fileAdded: ["{name} is there", "{name} 已加入"],
  removeDocument: ["Remove {name}", "删除 {name}"],
  searchDocuments: ["Search these documents", "搜索这些文档"],
  search: ["Search", "搜索"],
  sources: ["Sources", "出处"],
  pageNumber: ["page {n}", "第 {n} 页"],
  unsupported: ["No source supports: {words}", "没有出处支持：{words}"],
  nothingFound: ["Nothing was found.", "没有找到。"],
} as const satisfies Record<string, readonly [string, string]>;

/** Names one sentence. */
export type StringKey = keyof typeof table;
/** Says a sentence in the language it was made for. */
export type Say = (key: StringKey, values?: Readonly<Record<string, string>>) => string;

/** Gives the speaker of one language. */
export function speak(language: Language): Say {
  const column = languages.indexOf(language) as 0 | 1;
  return (key, values = {}) =>
    table[key][column].replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}
