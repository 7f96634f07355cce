/** Seeded strings that tokenizers disagree on: for conformance and round trips. */
import { randomInts } from "./random.ts";

const words = [
  "the quick brown fox jumps over the lazy dog. It's we'll THEY'RE I'd can't x'S 'tis",
  "Der Fluß fließt über Gräser; l'été où naïve cœur mañana žluťoučký kůň ŁÓDŹ",
  'function f(x){\n\treturn x?.y ?? [1,2,3].map((v)=>v*2);\n}\r\n// TODO: <div class="a">&amp;</div>',
  "def __init__(self, *args, **kwargs):\n    self.x_1 = 0x1F  # 3.14e-10\n\n\n        pass",
  "SELECT * FROM t WHERE a>=10 AND b!='it''s';  -- $1,234.56 100% #hash @user http://a.b/c?d=e&f=g",
  "今天天气很好，我们去公园玩吧。机器学习与自然语言处理！２０２６年１月",
  "日本語のテキスト、カタカナとひらがな「こんにちは」ﾊﾝｶｸ",
  "한국어 텍스트입니다. 안녕하세요 세계",
  "مرحبا بالعالم، كيف حالك؟ ١٢٣٤ السَّلامُ",
  "שלום עולם नमस्ते दुनिया สวัสดีชาวโลก ਸਤ ਸ੍ਰੀ ਅਕਾਲ Привет, мир! Γειά σου",
  "👩‍👩‍👧‍👦🏳️‍🌈👍🏽🇩🇪🇫🇷😀🎉❤️‍🔥☕️1️⃣",
  "e\u0301a\u0308o\u0302\u0323 Z\u0351\u036b\u0343a\u034d\u0321lgo \u200d\u200c\u200b\ufeff\u00ad",
  "<|im_start|>system\n<|im_end|><|endoftext|><|im_end|<|im_end|>> <repo_name><s></s>[INST]",
  '<tool_call>\n{"name": "f", "arguments": {}}\n</tool_call><|fim_prefix|><|vision_start|>',
  "123 4567 89012345678901234567890 1,000,000 ½ ² Ⅷ ৩৪ 𝟘𝟙 ①",
  "∀x∈ℝ: ⌈x⌉ = −⌊−x⌋ ≈ ± √ ∞ → ⇒ € £ ¥ © ® ™ « » “quotes” — dash… •",
];

const blanks = [" ", "\n", "\t", "\r\n", "\u00a0", "\u3000", "\u2003", "\u0085", "\u2028", "\v\f"];
/** Letters a run is made of. */
const runs = ["a", "0", "!", "-", "=", "é", "中", "😀", "\u0301", "'s", "ab", "\0", "\ufffd"];

/** `count` strings of at most some 2,000 characters. Same seed, same strings. */
export function variedTexts(seed: number, count: number): string[] {
  const pick = randomInts(seed);
  return Array.from({ length: count }, () => {
    const parts = Array.from({ length: 1 + pick(6) }, () => variedPart(pick));
    return parts.join(pick(3) === 0 ? "" : blanks[pick(blanks.length)]!);
  });
}

function variedPart(pick: (n: number) => number): string {
  switch (pick(7)) {
    case 0:
      return words[pick(words.length)]!;
    case 1:
      return cutAnywhere(words[pick(words.length)]!, pick);
    case 2:
      return blanks[pick(blanks.length)]!.repeat(1 + pick(40));
    case 3:
      return runs[pick(runs.length)]!.repeat(1 + pick(200));
    case 4:
      return letters(1 + pick(30), () => assignedCodePoint(pick));
    case 5:
      return letters(1 + pick(30), () => pick(0x180));
    default:
      return String.fromCharCode(0xd800 + pick(0x800)) + words[pick(words.length)]!.slice(0, 9);
  }
}

/** Any piece, even from within a surrogate pair. */
function cutAnywhere(text: string, pick: (n: number) => number): string {
  const start = pick(text.length);
  return text.slice(start, start + 1 + pick(text.length - start));
}

function letters(count: number, code: () => number): string {
  return Array.from({ length: count }, () => String.fromCodePoint(code())).join("");
}

/**
 * A code point of planes 0 to 3, 14 or 15 that old Unicode tables know too: llama.cpp's are of
 * Unicode 15, JavaScript's newer, and a letter that only one of them knows is cut differently.
 */
function assignedCodePoint(pick: (n: number) => number): number {
  const plane = [0, 0, 0, 1, 2, 3, 14, 15][pick(8)]!;
  return plane * 0x10000 + pick(0x10000);
}
