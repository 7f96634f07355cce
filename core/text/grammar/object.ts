/** JSON objects as grammar: declared properties in order, then others under any other name. */
import { characterSet, complement, PLAIN, plainCharacter } from "./characters.ts";
import { BLANK, COMMA } from "./blank.ts";
import { literal, type Network, type Part, repeat, sequence } from "./network.ts";

/** A declared property. */
export interface Property {
  readonly name: string;
  readonly required: boolean;
  readonly value: Part;
}

/** Properties beyond the declared ones; `key` undefined: any name that is not declared. */
export interface Others {
  readonly key: Part | undefined;
  readonly value: Part;
}

/** The whole object with its braces. */
export function objectPart(properties: readonly Property[], others: Others | undefined): Part {
  return (network, from) => {
    /** Where nothing stands yet, and where something does, which a comma must follow. */
    let none: number | undefined = literal("{")(network, from);
    let some: number | undefined;
    for (const { name, required, value } of properties) {
      const start = entry(network, none, some);
      const end = sequence(literal(JSON.stringify(name)), COLON, value)(network, start);
      const behind = network.state();
      network.free(end, behind);
      if (!required && some !== undefined) network.free(some, behind);
      if (required) none = undefined;
      some = behind;
    }
    if (others) some = addOthers(network, others, properties, none, some);
    const last = network.state();
    for (const state of [none, some]) if (state !== undefined) network.free(state, last);
    return literal("}")(network, last);
  };
}

const COLON = sequence(literal(":"), BLANK);

/** Where an entry begins: at once, or behind a comma. */
function entry(network: Network, none: number | undefined, some: number | undefined): number {
  const start = network.state();
  if (none !== undefined) network.free(none, start);
  if (some !== undefined) network.free(COMMA(network, some), start);
  return start;
}

function addOthers(
  network: Network,
  { key, value }: Others,
  properties: readonly Property[],
  none: number | undefined,
  some: number | undefined,
): number {
  const behind = network.state();
  if (some !== undefined) network.free(some, behind);
  const name = key ?? otherName(properties.map(({ name }) => name));
  const end = sequence(name, COLON, value)(network, entry(network, none, behind));
  network.free(end, behind);
  return behind;
}

/** A name without escapes that is none of these. */
function otherName(names: readonly string[]): Part {
  return (network, from) => {
    const end = network.state();
    const quote = (state: number) => network.free(literal('"')(network, state), end);
    const open = literal('"')(network, from);
    const free = network.state();
    quote(repeat(plainCharacter(PLAIN), 0, Infinity)(network, free));
    const walk = (state: number, rests: readonly string[]) => {
      const byFirst = Map.groupBy(rests.filter((rest) => rest !== ""), (rest) => firstOf(rest));
      if (!rests.includes("")) quote(state);
      const firsts = [...byFirst.keys()].map((letter) => letter.codePointAt(0)!);
      const others = complement(characterSet([
        ...complement(PLAIN),
        ...firsts.map((code) => [code, code] as const),
      ]));
      network.free(plainCharacter(others)(network, state), free);
      for (const [letter, found] of byFirst) {
        walk(literal(letter)(network, state), found.map((rest) => rest.slice(letter.length)));
      }
    };
    // A name that needs an escape cannot be spelled without one.
    walk(open, names.filter((name) => JSON.stringify(name) === `"${name}"`));
    return end;
  };
}

const firstOf = (text: string): string => String.fromCodePoint(text.codePointAt(0)!);
