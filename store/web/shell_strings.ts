/** What the shell says around every page, the start and the pages that are not there, in each language side by side. */

/** A part of the table in strings.ts. */
export const shellStrings = {
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
  pages: ["Pages", "页面"],
  pinnedChats: ["Pinned", "已置顶"],
  searchConversations: ["Search conversations", "搜索对话"],
  foundFor: ["Conversations with “{query}”", "含“{query}”的对话"],
  noneFound: ["No conversation has all these words.", "没有对话包含所有这些词。"],
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
  store: ["Store", "商店"],
  done: ["Done", "完成"],
  palette: ["Go to or do", "前往或执行"],
  paletteAsk: ["Search pages, assistants, conversations", "搜索页面、助手和对话"],
  paletteNone: ["Nothing like it.", "没有匹配项。"],
  shortcuts: ["Keyboard shortcuts", "键盘快捷键"],
  keyPalette: ["Search everywhere", "全局搜索"],
  keyNewChat: ["Begin a new chat", "开始新对话"],
  keyAsk: ["Write a message", "输入消息"],
  keyCopy: ["Copy the last answer", "复制最后一个回答"],
  keyHelp: ["Show these shortcuts", "显示快捷键"],
  offline: ["Flint is not running", "Flint 没有运行"],
  offlineHint: [
    "Start it on this machine, then try again. Nothing you wrote is lost.",
    "请在这台机器上启动它，然后重试。你写的内容不会丢失。",
  ],
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

  // pages that are not there
  notFound: ["This page is not here", "这个页面不存在"],
  notFoundHint: [
    "The conversation may have been deleted, or the address is mistyped.",
    "对话可能已被删除，或者地址有误。",
  ],
  broken: ["Something broke on our side", "我们这边出了问题"],
  brokenHint: ["The log of the server says what.", "服务器日志里有详情。"],
  home: ["Back to the start", "回到首页"],
} as const satisfies Record<string, readonly [string, string]>;
