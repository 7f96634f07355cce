/** Reads a Chinese wish for an assistant. Pure. */
import { chineseTerms } from "./glossary.ts";
import { asRule } from "./tones.ts";
import type { WishParts } from "./wish.ts";

const FRAME_ZH =
  /^(?:请|麻烦|帮我|给我|我想要|我想|我要|我需要|我希望有|希望有|来|能不能|可以)*(?:(?:做|建|创建|设计|制作|弄|开发)(?:一个|一位|个|位)?|写(?:一个|一位)|一个|一位)?(?:帮忙|用来)?/u;
const ROLE_ZH =
  /([\p{Script=Han}A-Za-z0-9+# ]{0,16}?(?:助手|助理|老师|教练|搭档|伙伴|顾问|客服|主持人|朋友|陪练|专家|小帮手|帮手|导师|管家|设计师|分析师|医生|律师|编辑|翻译))$/u;

/** Terms for what is done, and for whom, rather than what it is about. */
const NO_TOPIC =
  /^(?:润色|整理|安排|总结|讲解|提醒|写作|创作|分析|审查|校对|改写|编辑|教|讲题|聊天?|什么都|随便|陪我|每天|计划|学生|小学生|中学生|孩子|朋友|老师|玩|互译|翻译|设计|开发|缓解|猜|给)$/u;

/** Takes a Chinese wish apart. */
export function readChineseWish(text: string): WishParts {
  const [first = text, ...others] = text.trim().split(/[，,。；;！!？?]+/u).filter((part) =>
    part.trim() !== ""
  );
  const bare = first.replace(FRAME_ZH, "").trim() || first;
  const role = ROLE_ZH.exec(bare)?.[1]?.split("的").at(-1)?.trim();
  const told = aboutUserZh(bare);
  const job = role ? `你是一位${told.replace(/^一[个位]/u, "")}。` : `你的任务：${told}。`;
  const later = others.map((part) => part.trim()).filter((part) => part !== role);
  const namedLater = later.map((part) => ROLE_ZH.exec(part)?.[1]).find((found) => found);
  return {
    job,
    rules: later.map((part) => asRule(aboutUserZh(part))),
    topic: chineseTerms(text).find((term) => !NO_TOPIC.test(term)) ?? "",
    role: role ?? namedLater,
  };
}

function aboutUserZh(text: string): string {
  return text.replaceAll("我们", "用户").replaceAll("我的", "用户的").replaceAll("我", "用户");
}
