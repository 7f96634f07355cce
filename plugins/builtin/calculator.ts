/** Numbers and units. Runs in a process of its own: some sums never end. */
import { definePlugin, tool } from "@flint/plugin";
import {
  all,
  type BigNumber,
  create,
  type Fraction,
  type MathType,
  type Unit,
  type UnitDefinition,
} from "mathjs";
import { z } from "zod";

/** Digits computed with, and digits shown of what has no end. */
const DIGITS = 64, SHOWN = 20;

const fractions = create(all!, { number: "Fraction" });
const decimals = create(all!, { number: "BigNumber", precision: DIGITS });

/** Units the library lacks or has rounded, by their definitions (BIPM, NIST SP 811, IAU). */
const DEFINITIONS = {
  acre: { definition: "4046.8564224 m^2", aliases: ["acres"] },
  mmHg: { definition: "133.322387415 Pa" },
  torr: { definition: "133.32236842105263157894736842105 Pa" },
  psi: { definition: "6894.7572931683613367 Pa" },
  hp: { definition: "745.69987158227022 W" },
  cal: { definition: "4.184 J", prefixes: "short", aliases: ["calorie", "calories"] },
  knot: { definition: "1852 m/hour", aliases: ["knots"] },
  nauticalmile: { definition: "1852 m", aliases: ["nauticalmiles", "nmi"] },
  lightyear: { definition: "9460730472580800 m", aliases: ["lightyears", "ly"] },
  au: { definition: "149597870700 m" },
} as const;
for (const math of [fractions, decimals]) {
  for (const [name, unit] of Object.entries(DEFINITIONS)) {
    math.createUnit(name, unit as UnitDefinition, { override: true });
  }
}

export default definePlugin({
  name: "Calculator",
  description: "Calculates exactly and converts units.",
  tools: [
    tool({
      name: "calculate",
      description:
        "Calculates an expression exactly: + - * / ^ %, brackets, sqrt, sin, log, factorial, units. " +
        "Use it for every sum, percentage or formula instead of calculating yourself.",
      input: z.object({
        expression: z.string().min(1).max(1000)
          .describe('Such as "(12.5 + 7) * 3", "15% of 80", "sqrt(2)", "5 km + 300 m"'),
      }),
      run: ({ expression }) => calculate(expression),
    }),
    tool({
      name: "convert_units",
      description:
        "Converts a measured value to another unit: length, mass, time, temperature, area, volume, " +
        "speed, pressure, energy, data.",
      input: z.object({
        value: z.string().max(100).describe('The number, such as "5" or "1.75"'),
        from: z.string().max(100).describe('Its unit, such as "mile", "kg", "degF", "km/h"'),
        to: z.string().max(100).describe('The unit wanted, such as "km", "lb", "degC", "m/s"'),
      }),
      run: ({ value, from, to }) => {
        const unit = decimals.unit(decimals.bignumber(value), unitName(from));
        return `${value} ${from} = ${shown(unit.toNumeric(unitName(to)) as BigNumber)} ${to}`;
      },
    }),
  ],
});

/** By fractions as far as they go; roots, logarithms and the like by decimals. */
function calculate(expression: string): string {
  const plain = expression.replace(/%\s+of\s+/gi, "% * ").replaceAll("×", "*").replaceAll("÷", "/")
    .replaceAll("−", "-");
  try {
    const exact: unknown = fractions.evaluate(plain);
    if (fractions.isFraction(exact)) return ofFraction(exact as Fraction);
  } catch {
    /* not all functions know fractions: the next line says what is wrong, if anything is */
  }
  return shown(decimals.evaluate(plain));
}

/** Whole where it ends, else as a fraction beside its first digits. */
function ofFraction(value: Fraction): string {
  let rest = value.d;
  for (const prime of [2n, 5n]) while (rest % prime === 0n) rest /= prime;
  if (rest === 1n) return value.toString();
  const sign = value.s < 0n ? "-" : "";
  const [n, d] = [value.n, value.d].map((part) => decimals.bignumber(part.toString()));
  return `${sign}${value.n}/${value.d} ≈ ${sign}${shown(decimals.divide(n!, d!))}`;
}

function shown(value: MathType | unknown): string {
  if (typeof value === "function" || value === undefined) throw new Error("that is no number");
  if (decimals.isBigNumber(value)) {
    return value.toSignificantDigits(value.isInteger() ? DIGITS : SHOWN).toFixed();
  }
  if (decimals.isUnit(value)) return (value as Unit).format({ precision: SHOWN });
  return decimals.format(value, { precision: SHOWN });
}

/** Names as people write them. */
function unitName(text: string): string {
  const name = text.trim().replaceAll("°", "deg").replace(/^(kilo)?met(re|er)s?$/i, "$1meter")
    .replaceAll("²", "^2").replaceAll("³", "^3");
  return NAMES[name.toLowerCase()] ?? name;
}

const NAMES: Readonly<Record<string, string>> = {
  celsius: "degC",
  fahrenheit: "degF",
  c: "degC",
  f: "degF",
  degc: "degC",
  degf: "degF",
  mph: "mile/hour",
  kmh: "km/hour",
  kph: "km/hour",
  "km/h": "km/hour",
  "nautical mile": "nauticalmile",
  "nautical miles": "nauticalmile",
  "light year": "lightyear",
  "light years": "lightyear",
};
