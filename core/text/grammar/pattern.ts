/**
 * A JSON schema `pattern` as a piece of grammar: the strings that contain a match, as JSON writes
 * them. Regular expressions proper; look-around, back references and inner anchors are refused.
 */
import { type AST, RegExpParser } from "@eslint-community/regexpp";
import {
  anyJsonCharacter,
  type CharacterRange,
  type CharacterSet,
  characterSet,
  complement,
  jsonCharacter,
} from "./characters.ts";
import { choice, type Part, repeat, sequence, shared } from "./network.ts";

const PATTERN_CHARS_MAX = 2000;

/** The string's content without its quotes. Throws Error with the reason of a refusal. */
export function patternContent(source: string): Part {
  if (source.length > PATTERN_CHARS_MAX) throw new Error(`longer than ${PATTERN_CHARS_MAX}`);
  const parser = new RegExpParser({ ecmaVersion: 2025 });
  const pattern = parser.parsePattern(source, 0, source.length, { unicode: true });
  return choice(...pattern.alternatives.map(anchored));
}

const ANYTHING = repeat(shared(anyJsonCharacter()), 0, Infinity);

/** One alternative of the whole pattern: unanchored ends may be anywhere in the string. */
function anchored({ elements }: AST.Alternative): Part {
  const starts = elements[0]?.type === "Assertion" && elements[0].kind === "start";
  const last = elements.at(-1);
  const ends = last?.type === "Assertion" && last.kind === "end";
  const inner = elements.slice(starts ? 1 : 0, ends ? -1 : undefined);
  return sequence(
    ...(starts ? [] : [ANYTHING]),
    ...inner.map(element),
    ...(ends ? [] : [ANYTHING]),
  );
}

function element(node: AST.Element): Part {
  switch (node.type) {
    case "Character":
    case "CharacterSet":
    case "CharacterClass":
      return jsonCharacter(members(node));
    case "Quantifier":
      if (node.element.type === "Assertion") break;
      return quantified(node);
    case "Group":
      if (node.modifiers !== null) break;
      return alternatives(node);
    case "CapturingGroup":
      return alternatives(node);
  }
  throw new Error(`${node.raw} is not supported`);
}

/** Few copies are simply made, many share a rule. */
function quantified({ element: inner, min, max }: AST.Quantifier): Part {
  const part = element(inner as AST.QuantifiableElement);
  const copies = max === Infinity ? min + 1 : max;
  return repeat(copies > 2 ? shared(part) : part, min, max);
}

function alternatives(node: AST.Group | AST.CapturingGroup): Part {
  return choice(...node.alternatives.map(({ elements }) => sequence(...elements.map(element))));
}

type Member = AST.Character | AST.CharacterSet | AST.CharacterClass | AST.CharacterClassElement;

function members(node: Member): CharacterSet {
  switch (node.type) {
    case "Character":
      return characterSet([[node.value, node.value]]);
    case "CharacterClassRange":
      return characterSet([[node.min.value, node.max.value]]);
    case "CharacterSet":
      return named(node);
    case "CharacterClass": {
      const set = characterSet(node.elements.flatMap((each) => members(each)));
      return node.negate ? complement(set) : set;
    }
  }
  throw new Error(`${node.raw} is not supported`);
}

const LINE_ENDS = characterSet([[0xa, 0xa], [0xd, 0xd], [0x2028, 0x2029]]);

/** Sets with a name, once looked up: there are some hundred Unicode properties. */
const namedSets = new Map<string, CharacterSet>();

/** `.`, \d, \p{L} and the like: JavaScript itself says what is in them. */
function named(node: AST.CharacterSet): CharacterSet {
  if (node.kind === "any") return complement(LINE_ENDS);
  const known = namedSets.get(node.raw);
  if (known) return known;
  const ranges = everyCharacter().matchAll(new RegExp(`${node.raw}+`, "gu"))
    .map(([run]): CharacterRange => [run.codePointAt(0)!, lastCodePoint(run)]);
  const set = characterSet([...ranges]);
  namedSets.set(node.raw, set);
  return set;
}

/** All characters in order, without half surrogates. */
function everyCharacter(): string {
  const parts: string[] = [];
  for (let code = 0; code <= 0x10ffff; code++) {
    if (code < 0xd800 || code > 0xdfff) parts.push(String.fromCodePoint(code));
  }
  return parts.join("");
}

function lastCodePoint(text: string): number {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xdc00 && last <= 0xdfff ? text.codePointAt(text.length - 2)! : last;
}
