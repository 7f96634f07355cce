/** Avatars: which drawing or emoji a word asks for, and one chosen from name and category. Pure. */
import type { Category } from "./categories.ts";

/** Emoji by the words that ask for them. */
const EMOJI: Readonly<Record<string, string>> = {
  "🦉": "owl|猫头鹰",
  "🐱": "cat|kitten|猫|小猫",
  "🐶": "dog|puppy|狗|小狗",
  "🦊": "fox|狐狸",
  "🐻": "bear|熊|小熊",
  "🐼": "panda|熊猫",
  "🦁": "lion|狮子",
  "🐯": "tiger|老虎",
  "🐰": "rabbit|bunny|兔子",
  "🐘": "elephant|大象",
  "🐵": "monkey|猴子",
  "🐧": "penguin|企鹅",
  "🐢": "turtle|tortoise|乌龟",
  "🐝": "bee|蜜蜂",
  "🦋": "butterfly|蝴蝶",
  "🐟": "fish|鱼",
  "🐬": "dolphin|海豚",
  "🐳": "whale|鲸鱼",
  "🦄": "unicorn|独角兽",
  "🐉": "dragon|龙",
  "🐴": "horse|pony|马",
  "🐦": "bird|鸟",
  "🐍": "snake|蛇",
  "🚀": "rocket|spaceship|火箭",
  "⭐": "star|星星",
  "🌙": "moon|月亮",
  "☀️": "sun|太阳",
  "🌈": "rainbow|彩虹",
  "🔥": "fire|flame|火焰|火",
  "💧": "water|drop|水滴",
  "🌍": "globe|earth|world|地球",
  "🌳": "tree|树",
  "🌸": "flower|blossom|花|樱花",
  "🌱": "plant|seedling|sprout|植物",
  "🍎": "apple|苹果",
  "🍳": "egg|pan|锅",
  "🍰": "cake|蛋糕",
  "☕": "coffee|cup|mug|咖啡",
  "🍵": "tea|茶",
  "📚": "books|书本",
  "📖": "book|书",
  "✏️": "pencil|铅笔",
  "🖋️": "pen|钢笔|笔",
  "🎨": "palette|paint|调色板",
  "🎵": "note|music|音乐",
  "🎸": "guitar|吉他",
  "🎹": "piano|钢琴",
  "🎲": "dice|die|骰子",
  "♟️": "chess|pawn|象棋",
  "🎮": "controller|手柄",
  "⚽": "football|soccer|ball|足球",
  "🏃": "runner|跑步",
  "💪": "muscle|arm|肌肉",
  "❤️": "heart|爱心|心",
  "🧠": "brain|大脑",
  "💡": "light ?bulb|bulb|lamp|灯泡",
  "🔬": "microscope|显微镜",
  "🔭": "telescope|望远镜",
  "🧪": "test tube|flask|试管",
  "🧮": "abacus|算盘",
  "💰": "money|coin|钱|金币",
  "📈": "chart|graph|图表",
  "🛒": "cart|购物车",
  "🏠": "house|home|房子",
  "✈️": "plane|airplane|飞机",
  "🚂": "train|locomotive|火车",
  "🚗": "car|汽车",
  "🚲": "bike|bicycle|自行车",
  "⛵": "boat|ship|sail|船",
  "🏴‍☠️": "pirate|海盗",
  "🤖": "robot|机器人",
  "👻": "ghost|幽灵|鬼",
  "🧙": "wizard|mage|巫师",
  "🧚": "fairy|精灵",
  "👑": "crown|queen|king|皇冠",
  "🎓": "graduate|graduation cap|学士帽",
  "🩺": "doctor|stethoscope|医生",
  "🕵️": "detective|侦探",
  "💎": "diamond|gem|钻石",
};

const BY_WORD = Object.entries(EMOJI).map(([emoji, words]) => ({
  emoji,
  latin: new RegExp(`\\b(?:${words.split("|").filter(isLatin).join("|")})s?\\b`, "iu"),
  han: words.split("|").filter((word) => !isLatin(word)),
}));

const ANY_EMOJI =
  /\p{Extended_Pictographic}(?:\ufe0f|\u200d\p{Extended_Pictographic}|\p{Emoji_Modifier})*\ufe0f?/u;

/** The avatar that a phrase asks for: its own emoji, or one for a word in it. */
export function namedAvatar(text: string): string | undefined {
  const own = ANY_EMOJI.exec(text)?.[0];
  if (own) return own;
  const drawing = /\bsvg:[a-z0-9-]{1,60}\b/.exec(text)?.[0];
  if (drawing) return drawing;
  const latin = BY_WORD.find((one) => one.latin.test(text));
  if (latin) return latin.emoji;
  const words = BY_WORD.flatMap(({ emoji, han }) => han.map((word) => ({ emoji, word })))
    .filter(({ word }) => text.includes(word));
  return words.sort((a, b) => b.word.length - a.word.length)[0]?.emoji;
}

/** Line drawings (their names in the lucide set) that suit a category. */
export const DRAWINGS: Readonly<Record<Category, readonly string[]>> = {
  writing: ["feather", "pen-tool", "notebook-pen", "scroll-text", "quote", "book-open-text"],
  productivity: ["list-checks", "calendar-check", "timer", "target", "inbox", "clipboard-check"],
  research: ["microscope", "telescope", "search", "library", "flask-conical", "atom"],
  programming: ["code", "terminal", "braces", "bug", "cpu", "git-branch"],
  education: ["graduation-cap", "book-open", "school", "pencil-ruler", "lightbulb", "shapes"],
  lifestyle: ["coffee", "leaf", "compass", "chef-hat", "plane", "gift"],
  design: ["palette", "brush", "layout-grid", "ruler", "swatch-book", "frame"],
  language: ["languages", "message-circle", "globe", "book-a", "speech", "earth"],
  finance: ["coins", "piggy-bank", "wallet", "calculator", "banknote", "scale"],
  "customer-support": [
    "headset",
    "life-buoy",
    "handshake",
    "bell",
    "message-square",
    "package-check",
  ],
  "market-analysis": ["chart-line", "chart-pie", "trending-up", "megaphone", "store", "radar"],
  health: ["heart-pulse", "dumbbell", "apple", "salad", "brain", "bed"],
  games: ["dices", "puzzle", "swords", "gamepad-2", "crown", "ghost"],
  other: ["sparkles", "star", "rocket", "gem", "flower", "anchor"],
};

/** A drawing by name and category: the same for the same, different for neighbours. */
export function drawnAvatar(name: string, category: Category): string {
  const choices = DRAWINGS[category];
  return `svg:${choices[hash(name) % choices.length]}`;
}

/** FNV-1a. */
function hash(text: string): number {
  let state = 2166136261;
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 16777619);
  return state >>> 0;
}

function isLatin(word: string): boolean {
  return /^[a-z ?]+$/.test(word);
}
