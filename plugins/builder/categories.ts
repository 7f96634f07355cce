/** Categories as people name them. Pure. */
import { CATEGORIES } from "../schema.ts";

/** A shelf of the store. */
export type Category = (typeof CATEGORIES)[number];

const NAMES: Readonly<Record<Category, string>> = {
  writing: "writing|copywriting|写作|文案",
  productivity: "productivity|office|work|效率|办公|工作",
  research: "research|academic|academia|science|研究|学术|科研",
  programming: "programming|coding|code|development|software|编程|程序|开发",
  education: "education|learning|teaching|school|教育|学习|教学",
  lifestyle: "lifestyle|life|travel|cooking|home|生活|旅行|美食",
  design: "design|art|设计|艺术",
  language: "languages?|translation|语言|外语|翻译",
  finance: "finance|money|financial|investing|财务|金融|理财",
  "customer-support":
    "customer[- ]support|customer[- ]service|support|help ?desk|客服|客户服务|售后",
  "market-analysis": "market[- ]analysis|marketing|markets?|business|市场分析|市场|营销|商业",
  health: "health|fitness|wellness|medical|medicine|健康|健身|医疗|养生",
  games: "games?|gaming|entertainment|fun|play|游戏|娱乐",
  other: "other|misc(?:ellaneous)?|general|else|其他|其它|通用|综合",
};

const EXACT = CATEGORIES.map((category) =>
  [category, new RegExp(`^(?:${NAMES[category]})$`, "iu")] as const
);

/** The category that a word or two name, such as "gaming" or "语言". */
export function namedCategory(text: string): Category | undefined {
  const name = text.trim().toLowerCase()
    .replace(/^(?:the|a|an|our|your)\s+/u, "")
    .replace(/\s*(?:category|shelf|section|shelves|types?|department)$/u, "")
    .replace(/(?:分类|类别|这一?类|类|栏目|里|下面|下|中|吧|那?里面)+$/u, "");
  return EXACT.find(([, pattern]) => pattern.test(name))?.[0];
}

/** A category's name for people. */
export function categoryName(category: Category, chinese: boolean): string {
  if (!chinese) return category.replace("-", " ");
  return NAMES[category].split("|").find((name) => /\p{Script=Han}/u.test(name))!;
}
