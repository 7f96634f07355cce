/** Reads a Chinese message about a draft as an operation, by rules alone. Pure. */
import type { Manifest } from "../schema.ts";
import { namedAvatar } from "./avatars.ts";
import { namedCategory } from "./categories.ts";
import { findLine, mostAlike } from "./instructions.ts";
import { LANGUAGE_ZH, languageTag } from "./languages.ts";
import type { Operation } from "./operation.ts";
import { ordinalIn } from "./ordinal.ts";
import { after, firstRead, has, maskValues, type Rule, VALUE } from "./said.ts";
import { asRule, toneOf } from "./tones.ts";

const LEAD =
  /^(?:请|麻烦|帮我|能不能|可以|可不可以|你能|我想要?|我要|我希望|希望|嗯|不对|不行|好的?|那|还有|另外|然后|再|[，,、\s])+(?=.)/u;
const TAIL = /(?:吧|呢|啊|呀|哦|谢谢|好吗|可以吗|行吗|行不行|[。！!～~，,\s])+$/u;

const DROP =
  "(?:删掉|删除|删去|删了|去掉|去除|移除|移走|不要|不需要|拿掉|取消|清除|划掉|扔掉|忘掉)";
const ADD = "(?:加上?|添加|增加|新增|补充|再来|多一?[个条]|再给)";
const BECOME = "(?:改成|改为|换成|换为|替换成|替换为|变成|设为|设成|写成|改叫|叫做?|为|是)";
const STARTER =
  "(?:开场白|开场问题|开场|开头语|起始问题|引导语|引导问题|示例问题|对话开头|推荐问题|预设问题)";

/** The operation that the rules see; undefined where they see none. */
export function readChinese(message: string, draft: Manifest): Operation | undefined {
  const text = stripped(message);
  return firstRead(RULES, { text, ...maskValues(text), draft });
}

const history: Rule = ({ bare }) => {
  if (/^恢复$|重做|取消撤[销回]|(?:恢复|找回|还原).*撤[销回]/u.test(bare)) return { kind: "redo" };
  const undo =
    /^(?:撤[销回]|回退|退回|还原|恢复(?:原样|原来|之前|上一)|回到(?:上一步|之前|刚才)|取消(?:刚才|上一步|上次|这次)|(?:刚才|上一步|上次)[^。]{0,8}(?:不算|不要|取消|撤[销回]))/u;
  return undo.test(bare) ? { kind: "undo" } : undefined;
};

const starters: Rule = ({ bare, values, text, draft }) => {
  if (!has(bare, STARTER)) return undefined;
  const list = draft.starters;
  const ordinal = ordinalIn(bare, list.length);
  const value = values.at(-1) ?? after(text, new RegExp(`${BECOME}(.+)$`, "u"));
  if (ordinal !== undefined && has(bare, "改|换|替换|变")) {
    return { kind: "replace_starter", at: ordinal, ...given(value) };
  }
  if (has(bare, DROP)) {
    const about = values[0] ?? after(bare, /(?:关于|有关|讲|说)(.+?)(?:的|那)/u);
    const alike = about === undefined ? undefined : mostAlike(list, about);
    const at = ordinal ?? (alike === undefined ? undefined : list.indexOf(alike));
    return { kind: "drop_starter", ...(at === undefined ? {} : { at }) };
  }
  return { kind: "add_starter", ...given(values[0]) };
};

const tags: Rule = ({ bare, values, text }) => {
  if (!has(bare, "标签|关键词|关键字")) return undefined;
  const named = values[0] ??
    after(text, new RegExp(`${DROP}(.{1,12}?)(?:这个|那个)?的?(?:标签|关键词)`, "u")) ??
    after(text, new RegExp(`(?:${ADD})(.{1,12}?)(?:这个|为|作为|做)的?(?:标签|关键词)`, "u")) ??
    after(
      text,
      /(?:标签|关键词|关键字)(?:里|中)?(?:加上?|去掉|删掉|是|为|叫)?(.{1,20}?)(?:去掉|删掉|删除|去除|移除)?$/u,
    );
  return { kind: has(bare, DROP) ? "remove_tag" : "add_tag", ...given(named) };
};

const tools: Rule = ({ bare, values, text }) => {
  if (!has(bare, "插件|工具|扩展")) return undefined;
  const value = values[0] ??
    after(
      text,
      /(?:加上?|添加|启用|接入|用上?|装上?|去掉|删掉|关掉|停用|移除|禁用|断开)(?:一?个)?(.{1,12}?)(?:的)?(?:插件|工具|扩展)/u,
    );
  if (has(bare, `${DROP}|关掉|停用|禁用|断开|卸载`)) {
    return { kind: "remove_tool", ...given(value) };
  }
  return has(bare, `${ADD}|启用|接入|用|装|连|打开|给`)
    ? { kind: "add_tool", ...given(value) }
    : undefined;
};

const description: Rule = ({ bare, values, text }) => {
  if (
    !has(
      bare,
      "(?:描述|简介|介绍)(?:文字|语)?(?:要|应该|太|不|改|换|写|为|是|成|重|§)|(?:改|换|写|重写).{0,6}(?:描述|简介|介绍)",
    )
  ) return undefined;
  const value = values.at(-1) ??
    after(text, new RegExp(`(?:描述|简介|介绍).*?${BECOME}(.+)$`, "u"));
  return { kind: "set_description", ...given(value) };
};

const part: Rule = ({ bare, values, draft: { instructions } }) => {
  if (values.length === 2 && has(bare, `${VALUE}.*(?:改|换|替换|变).*${VALUE}`)) {
    const [old, to] = values as [string, string];
    return instructions.includes(old) ? { kind: "replace_instruction", old, text: to } : undefined;
  }
  if (!has(bare, `${DROP}.*(?:规则|要求|那句|这句|那条|这条|指令|规定)`)) return undefined;
  const about = values[0] ??
    after(
      bare,
      new RegExp(
        `${DROP}(?:关于|有关)?(.+?)(?:的|这|那)?(?:一?条|一?句)?(?:规则|要求|指令|规定|那句|这句|那条|这条)`,
        "u",
      ),
    );
  const old = about === undefined ? undefined : findLine(instructions, about);
  return { kind: "replace_instruction", ...(old ? { old, text: "" } : {}) };
};

const avatar: Rule = ({ bare, text }) => {
  const emojiAlone = /^[\p{Extended_Pictographic}\ufe0f\u200d\p{Emoji_Modifier}\s]+$/u.test(text);
  if (!emojiAlone && !has(bare, "头像|图标")) return undefined;
  const drawn = namedAvatar(text);
  return { kind: "set_avatar", ...given(drawn) };
};

const name: Rule = ({ bare, values, text }) => {
  const asks =
    /改名|改个名|换个名|起个名|取个名|取名|起名|命名|名字|名称|^(?:就|改)?叫(?:它|他|她|这个|作|做)?|把(?:它|他|她)改?叫|改叫/u;
  if (!asks.test(bare) || /用户的?名字|学生的?名字|对方的?名字/u.test(bare)) return undefined;
  const value = values.at(-1) ??
    after(
      text,
      /(?:改名|取名|起名|命名|名字|名称|改个名字?|换个名字?|起个名字?|取个名字?)(?:就|要)?[，,]?(?:改成|改为|换成|叫做?|为|成|是|叫作)(.+)$/u,
    ) ??
    after(text, /(?:就|改)?叫(?:它|他|她|这个助手|做|作(?!业|文))?(.+)$/u);
  return { kind: "set_name", ...given(value) };
};

const visibility: Rule = ({ bare }) =>
  has(
      bare,
      "^(?:把它|将它|现在)?(?:设[为成])?(?:公开|发布|上架|设为私有|设成私有|取消公开|分享给所有人|让所有人)",
    )
    ? { kind: "set_visibility" }
    : undefined;

const category: Rule = ({ bare, values, text }) => {
  const keyword = has(bare, "分类|类别|归类|归到|归入");
  const phrase = values[0] ??
    after(text, new RegExp(`(?:分类|类别|归类)(?:到|${BECOME})?(.+)$`, "u")) ??
    after(text, /(?:放到?|归到|归入|移到|属于)(.+?)(?:这?一?类|分类|类别|里|下面|下|中|$)/u);
  const found = phrase === undefined ? undefined : namedCategory(phrase);
  if (found) return { kind: "set_category", text: found };
  return keyword ? { kind: "set_category" } : undefined;
};

const language: Rule = ({ bare }) => {
  if (has(bare, "翻译|学习")) return undefined;
  const spoken = new RegExp(
    `(?:用|说|讲|使用|改用|换成|改成)(${LANGUAGE_ZH})(?:来|跟我|和我)?(?:回答|回复|说|交流|对话|讲|聊|写|作答|答)?|语言.{0,4}(${LANGUAGE_ZH})`,
    "u",
  ).exec(bare);
  const tag = languageTag(spoken?.[1] ?? spoken?.[2] ?? "");
  return tag ? { kind: "set_language", text: tag } : undefined;
};

const nothing: Rule = ({ bare }) =>
  has(
      bare,
      "^(?:谢谢|多谢|感谢|不错|很好|挺好|好的|可以了|行了|你好|您好|太棒|完美|没问题|就这样)[^要]{0,12}$",
    ) ||
    has(bare, "^(?:你是|你能|你会|你可以|什么是|怎么|为什么|有哪些|多少|哪|谁)|[吗呢么][？?]$")
    ? { kind: "none" }
    : undefined;

/** Words by which people lay down rules. */
const ORDER =
  /不要|不能|不可|不许|别|必须|一定|要|应该|应当|总是|始终|永远|只|先|再|每次|当|如果|的时候|时候|回答|回复|语气|多|少|举例|避免|提醒|鼓励|解释|记得|尽量|一点|使用|给|让/u;

const instruction: Rule = ({ text }) =>
  ORDER.test(text) || toneOf(text) ? { kind: "add_instruction", text: asRule(text) } : undefined;

const RULES: readonly Rule[] = [
  history,
  starters,
  tags,
  tools,
  description,
  part,
  avatar,
  name,
  visibility,
  category,
  language,
  nothing,
  instruction,
];

function stripped(message: string): string {
  const text = message.trim();
  const shorter = text.replace(TAIL, "");
  // What is only a courtesy stays.
  const led = shorter.replace(LEAD, "");
  return /\p{Script=Han}{2}|[\p{Extended_Pictographic}]/u.test(led) ? led : shorter || text;
}

/** The value as a field, without quotes and particles. */
function given(value: string | undefined): { text?: string } {
  const text = value?.replace(/^[“"「『]+|[”"」』。！!]+$/gu, "").trim();
  return text ? { text } : {};
}
