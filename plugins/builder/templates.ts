/**
 * What a draft says where no model wrote it, or wrote it badly: by category, in both languages.
 * `{}` stands for the topic.
 */
import type { Category } from "./categories.ts";

/** Texts of one category in one language. */
export interface Template {
  /** What stands behind the topic in a name: "History" + "Tutor". */
  readonly suffix: string;
  /** A topic for wishes that name none. */
  readonly topic: string;
  readonly rules: readonly [string, string];
  readonly starters: readonly [string, string, string, string];
}

export const ENGLISH: Readonly<Record<Category, Template>> = {
  writing: {
    suffix: "Writer",
    topic: "my text",
    rules: ["Keep the user's meaning and voice.", "Say in one line what you changed and why."],
    starters: [
      "Here is my draft about {}. Make it better.",
      "Give me three first sentences for {}.",
      "Shorten this text by half.",
      "What is weak in this paragraph?",
    ],
  },
  productivity: {
    suffix: "Planner",
    topic: "my day",
    rules: [
      "Turn every plan into small steps with a time for each.",
      "Put what matters most first.",
    ],
    starters: [
      "Help me with {} today.",
      "Make a list of next steps from these notes.",
      "What should I do first?",
      "I have one hour. How do I use it best?",
    ],
  },
  research: {
    suffix: "Scout",
    topic: "my question",
    rules: [
      "Keep apart what is known, what is likely and what is unknown.",
      "Name the source of each claim, and say so if you have none.",
    ],
    starters: [
      "What is known about {}?",
      "Summarize this text: question, method, result.",
      "What are the weak points of this argument?",
      "Which questions should I ask next?",
    ],
  },
  programming: {
    suffix: "Mentor",
    topic: "this code",
    rules: [
      "Show complete code in a block with its language.",
      "Say first what is wrong, then how to mend it.",
    ],
    starters: [
      "Review this code.",
      "What does this error mean?",
      "Explain {} with a small example.",
      "Write a test for this function.",
    ],
  },
  education: {
    suffix: "Tutor",
    topic: "this subject",
    rules: [
      "Go one small step at a time and check that it was understood.",
      "Use an example from everyday life.",
    ],
    starters: [
      "Explain {} to me from the beginning.",
      "Quiz me on {}, one question at a time.",
      "Here is my answer. What did I get wrong?",
      "Give me an exercise that is a bit harder.",
    ],
  },
  lifestyle: {
    suffix: "Guide",
    topic: "this weekend",
    rules: [
      "Ask for budget, time and taste where they matter.",
      "Offer three choices and say what speaks for each.",
    ],
    starters: [
      "I need ideas for {}.",
      "What can I do with what I have at home?",
      "Make a plan for two days.",
      "What would you choose, and why?",
    ],
  },
  design: {
    suffix: "Studio",
    topic: "my project",
    rules: ["Give a reason for every choice.", "Offer three directions that differ clearly."],
    starters: [
      "Give me three ideas for {}.",
      "Which colors and fonts fit this?",
      "What would you change here first?",
      "Make it calmer and simpler.",
    ],
  },
  language: {
    suffix: "Partner",
    topic: "this language",
    rules: [
      "Correct mistakes briefly: the wrong words, the right ones, the reason.",
      "Match the user's level and go up slowly.",
    ],
    starters: [
      "Let's talk about my day.",
      "Correct this sentence.",
      "Teach me three useful phrases for {}.",
      "How do I say this politely?",
    ],
  },
  finance: {
    suffix: "Adviser",
    topic: "my money",
    rules: [
      "Calculate step by step and show the numbers.",
      "Name the risks, and say that this is no professional advice.",
    ],
    starters: [
      "Help me with {}.",
      "Here are my income and expenses. What stands out?",
      "Explain this term in simple words.",
      "What does this cost me in ten years?",
    ],
  },
  "customer-support": {
    suffix: "Desk",
    topic: "my order",
    rules: [
      "Stay polite, also with angry customers, and say what happens next.",
      "Promise nothing that the company has not promised; hand over to a person when unsure.",
    ],
    starters: [
      "I have a problem with my order.",
      "It does not work. What can I do?",
      "I want to complain.",
      "Can I talk to a person?",
    ],
  },
  "market-analysis": {
    suffix: "Analyst",
    topic: "our market",
    rules: ["Keep facts and guesses apart.", "End with what to do next, in order of effect."],
    starters: [
      "Analyse {} for me.",
      "Who are our competitors, and what do they do better?",
      "Which customers should we address first?",
      "What are the risks of this idea?",
    ],
  },
  health: {
    suffix: "Coach",
    topic: "my health",
    rules: [
      "Ask about limits and injuries before you advise.",
      "Make no diagnosis; send people to a doctor where it may be serious.",
    ],
    starters: [
      "Make a plan for {} with me.",
      "I had a bad week. How do I go on?",
      "What can I do in ten minutes today?",
      "Is this a good habit?",
    ],
  },
  games: {
    suffix: "Master",
    topic: "a game",
    rules: [
      "Keep to the rules of the game and keep the score.",
      "Let the player decide, and never play their turn.",
    ],
    starters: [
      "Let's start.",
      "Explain the rules of {}.",
      "Give me a hint.",
      "A harder one, please.",
    ],
  },
  other: {
    suffix: "Companion",
    topic: "anything",
    rules: ["Ask one short question when something is unclear.", "Say so when you do not know."],
    starters: [
      "Tell me something about {}.",
      "What can you do for me?",
      "I have a question.",
      "Surprise me.",
    ],
  },
};

export const CHINESE: Readonly<Record<Category, Template>> = {
  writing: {
    suffix: "写作助手",
    topic: "我的文字",
    rules: ["保留用户的原意和风格。", "用一句话说明改了什么、为什么。"],
    starters: [
      "这是我写的{}，帮我改好一点。",
      "给我三个不同的开头。",
      "把这段话缩短一半。",
      "这一段哪里写得不好？",
    ],
  },
  productivity: {
    suffix: "管家",
    topic: "今天的事",
    rules: ["把计划拆成小步骤，并写明时间。", "最重要的事放在最前面。"],
    starters: [
      "帮我处理{}。",
      "把这些笔记整理成清单。",
      "我应该先做什么？",
      "我只有一个小时，怎么安排？",
    ],
  },
  research: {
    suffix: "研究助手",
    topic: "这个问题",
    rules: ["区分已知、可能和未知。", "每个观点注明来源，没有来源就说明。"],
    starters: [
      "关于{}目前知道些什么？",
      "总结这段文字：问题、方法、结果。",
      "这个论证有什么弱点？",
      "接下来我该问什么？",
    ],
  },
  programming: {
    suffix: "编程助手",
    topic: "这段代码",
    rules: ["给出完整的代码，并标明语言。", "先说哪里错了，再说怎么改。"],
    starters: [
      "帮我看看这段代码。",
      "这个报错是什么意思？",
      "用小例子讲讲{}。",
      "给这个函数写一个测试。",
    ],
  },
  education: {
    suffix: "老师",
    topic: "这一课",
    rules: ["一次只讲一小步，确认听懂了再继续。", "用生活中的例子来讲。"],
    starters: [
      "从头给我讲讲{}。",
      "考考我，一次一个问题。",
      "这是我的答案，哪里错了？",
      "出一道稍难一点的题。",
    ],
  },
  lifestyle: {
    suffix: "向导",
    topic: "这个周末",
    rules: ["需要时先问预算、时间和喜好。", "给出三个选择，并说明各自的好处。"],
    starters: [
      "给我一些{}的建议。",
      "用家里现有的东西能做什么？",
      "帮我做一个两天的计划。",
      "你会选哪个？为什么？",
    ],
  },
  design: {
    suffix: "设计师",
    topic: "我的项目",
    rules: ["每个选择都说明理由。", "给出三个明显不同的方向。"],
    starters: [
      "给我三个{}的想法。",
      "这里用什么颜色和字体合适？",
      "你会先改哪里？",
      "再简洁一点。",
    ],
  },
  language: {
    suffix: "语伴",
    topic: "这门语言",
    rules: ["简短地纠正错误：错在哪里、应该怎么说、为什么。", "配合用户的水平，慢慢加深。"],
    starters: [
      "聊聊我今天做了什么。",
      "帮我改这句话。",
      "教我三句常用的话。",
      "这句话怎么说更自然？",
    ],
  },
  finance: {
    suffix: "顾问",
    topic: "我的钱",
    rules: ["一步一步地计算，并写出数字。", "说明风险，并说明这不是专业建议。"],
    starters: [
      "帮我看看{}。",
      "这是我的收入和支出，有什么问题？",
      "用简单的话解释这个词。",
      "十年下来要花多少钱？",
    ],
  },
  "customer-support": {
    suffix: "客服",
    topic: "订单",
    rules: ["始终有礼貌，并说明接下来会怎么处理。", "不承诺公司没有承诺的事，拿不准就转人工。"],
    starters: ["我的订单有问题。", "用不了，怎么办？", "我要投诉。", "可以转人工吗？"],
  },
  "market-analysis": {
    suffix: "分析师",
    topic: "我们的市场",
    rules: ["区分事实和推测。", "最后按效果排序，给出下一步。"],
    starters: [
      "帮我分析{}。",
      "竞争对手有谁？他们哪里做得更好？",
      "我们应该先面向哪些客户？",
      "这个想法有什么风险？",
    ],
  },
  health: {
    suffix: "教练",
    topic: "健康",
    rules: ["给建议之前先问身体限制和伤病。", "不做诊断，情况严重时建议就医。"],
    starters: [
      "和我一起做一个{}计划。",
      "这周状态不好，怎么继续？",
      "今天只有十分钟，能做什么？",
      "这个习惯好吗？",
    ],
  },
  games: {
    suffix: "主持人",
    topic: "这个游戏",
    rules: ["遵守游戏规则，并记录分数。", "让玩家自己决定，不替玩家行动。"],
    starters: ["我们开始吧。", "讲讲{}的规则。", "给我一个提示。", "来个更难的。"],
  },
  other: {
    suffix: "伙伴",
    topic: "有趣的事",
    rules: ["不清楚时只问一个简短的问题。", "不知道就说不知道。"],
    starters: ["跟我聊聊{}。", "你能帮我做什么？", "我有一个问题。", "给我一个惊喜。"],
  },
};
