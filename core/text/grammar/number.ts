/**
 * Numbers within bounds, digit by digit: while the digits so far equal a bound's, the next one must
 * not leave it; once they differ, all digits are free.
 */
import { characterSet, plainCharacter } from "./characters.ts";
import { type JsonObject, refuse } from "./keywords.ts";
import { choice, literal, type Network, optional, type Part, repeat, sequence } from "./network.ts";

/** Digits a number may have where no bound says more: what a double can hold, and no endless row. */
const INTEGER_DIGITS_MAX = 16;
const FRACTION_DIGITS_MAX = 16;

/** Bounds of a JSON schema; undefined is open. */
interface NumberBounds {
  readonly integer: boolean;
  readonly low: number | undefined;
  readonly high: number | undefined;
  /** The bound itself is excluded. */
  readonly lowOpen: boolean;
  readonly highOpen: boolean;
}

/** The numbers that a schema of type number or integer allows. */
export function schemaNumber(schema: JsonObject, integer: boolean, pointer: string): Part {
  const bound = (word: string) => {
    const value = schema[word];
    if (value === undefined || (typeof value === "number" && Number.isFinite(value))) return value;
    return refuse(`${pointer}/${word}`, "is not a number");
  };
  if (schema.multipleOf !== undefined && schema.multipleOf !== 1) {
    refuse(`${pointer}/multipleOf`, "is not supported");
  }
  const [low, lowOpen] = tighter(bound("minimum"), bound("exclusiveMinimum"), (a, b) => a > b);
  const [high, highOpen] = tighter(bound("maximum"), bound("exclusiveMaximum"), (a, b) => a < b);
  try {
    return numberPart({ integer, low, high, lowOpen, highOpen });
  } catch (cause) {
    refuse(pointer, (cause as Error).message);
  }
}

/** The bound that says more, and whether it is excluded itself. */
function tighter(
  closed: number | undefined,
  open: number | undefined,
  inside: (a: number, b: number) => boolean,
): [bound: number | undefined, open: boolean] {
  if (open === undefined || (closed !== undefined && inside(closed, open))) return [closed, false];
  return [open, true];
}

const DIGIT = plainCharacter(characterSet([[0x30, 0x39]]));
const NONZERO = plainCharacter(characterSet([[0x31, 0x39]]));
const WHOLE = sequence(
  optional(literal("-")),
  choice(literal("0"), sequence(NONZERO, repeat(DIGIT, 0, INTEGER_DIGITS_MAX - 1))),
);
const FRACTION = sequence(literal("."), repeat(DIGIT, 1, FRACTION_DIGITS_MAX));
/** Two digits, so that no number is infinite. */
const EXPONENT = sequence(
  choice(literal("e"), literal("E")),
  optional(choice(literal("+"), literal("-"))),
  repeat(DIGIT, 1, 2),
);

/** All numbers of the bounds, whole and fraction within 16 digits. Throws Error for odd bounds. */
function numberPart(bounds: NumberBounds): Part {
  const { low, high } = bounds.integer ? wholeBounds(bounds) : bounds;
  if (low === undefined && high === undefined) {
    return bounds.integer ? WHOLE : sequence(WHOLE, optional(FRACTION), optional(EXPONENT));
  }
  const { integer } = bounds;
  const lowOpen = !integer && bounds.lowOpen, highOpen = !integer && bounds.highOpen;
  const parts: Part[] = [];
  if (high === undefined || high >= 0) {
    const inner = low !== undefined && low >= 0;
    parts.push(
      magnitude({ low: inner ? low : 0, high, lowOpen: inner && lowOpen, highOpen, integer }),
    );
  }
  if (low === undefined || low < 0) {
    const inner = high !== undefined && high < 0;
    const negative = { low: inner ? -high : 0, high: low === undefined ? undefined : -low };
    const open = { lowOpen: inner ? highOpen : true, highOpen: lowOpen, integer };
    parts.push(sequence(literal("-"), magnitude({ ...negative, ...open })));
  }
  return choice(...parts);
}

function wholeBounds({ low, high, lowOpen, highOpen }: NumberBounds) {
  const least = low === undefined ? undefined : Math.ceil(low) + (lowOpen && isWhole(low) ? 1 : 0);
  const most = high === undefined
    ? undefined
    : Math.floor(high) - (highOpen && isWhole(high) ? 1 : 0);
  return { low: least, high: most };
}

const isWhole = Number.isInteger;

/** A bound's decimal digits. */
interface Decimal {
  readonly whole: string;
  readonly fraction: string;
}

function decimal(value: number): Decimal {
  const text = String(value);
  if (text.includes("e")) throw new Error(`a bound of ${text} is too large or too small`);
  const [whole = "", fraction = ""] = text.split(".");
  return { whole, fraction };
}

type Magnitude = NumberBounds & { readonly low: number };

/** Numbers without a sign between two bounds that are not negative. */
function magnitude(bounds: Magnitude): Part {
  const low = decimal(bounds.low);
  const high = bounds.high === undefined ? undefined : decimal(bounds.high);
  const most = high?.whole.length ?? Math.max(INTEGER_DIGITS_MAX, low.whole.length);
  return (network, from) => {
    const end = network.state();
    for (let digits = low.whole.length; digits <= most; digits++) {
      new Digits(network, end, bounds, low, high, digits).add(from);
    }
    return end;
  };
}

/** Numbers of one length before the point. `low`, `high` true: equal to that bound so far. */
class Digits {
  readonly #network: Network;
  readonly #end: number;
  readonly #bounds: Magnitude;
  readonly #low: Decimal;
  readonly #high: Decimal | undefined;
  readonly #count: number;
  readonly #states = new Map<string, number>();

  constructor(
    network: Network,
    end: number,
    bounds: Magnitude,
    low: Decimal,
    high: Decimal | undefined,
    count: number,
  ) {
    this.#network = network;
    this.#end = end;
    this.#bounds = bounds;
    this.#low = low;
    this.#high = high;
    this.#count = count;
  }

  add(from: number): void {
    const low = this.#count === this.#low.whole.length;
    this.#wholeDigit(from, 0, low, this.#count === this.#high?.whole.length);
  }

  #wholeDigit(from: number, place: number, low: boolean, high: boolean): void {
    if (place === this.#count) {
      if (this.#mayEnd(0, low, high)) this.#network.free(from, this.#end);
      if (!this.#bounds.integer) {
        const point = literal(".")(this.#network, from);
        this.#fractionDigit(point, 0, low, high);
      }
      return;
    }
    const least = low ? Number(this.#low.whole[place]) : place === 0 && this.#count > 1 ? 1 : 0;
    const most = high ? Number(this.#high!.whole[place]) : 9;
    this.#each(least, most, low, high, (digits, low, high) => {
      const [to, isNew] = this.#state(`w${place + 1}`, low, high);
      this.#digits(from, digits, to);
      if (isNew) this.#wholeDigit(to, place + 1, low, high);
    });
  }

  #fractionDigit(from: number, place: number, low: boolean, high: boolean): void {
    if (place === FRACTION_DIGITS_MAX) return;
    const least = low ? Number(this.#low.fraction[place] ?? 0) : 0;
    const most = high ? Number(this.#high!.fraction[place] ?? 0) : 9;
    this.#each(least, most, low, high, (digits, low, high) => {
      const [to, isNew] = this.#state(`f${place + 1}`, low, high);
      this.#digits(from, digits, to);
      if (!isNew) return;
      if (this.#mayEnd(place + 1, low, high)) this.#network.free(to, this.#end);
      this.#fractionDigit(to, place + 1, low, high);
    });
  }

  /** Splits least..most into the bounds' own digits and those between. */
  #each(
    least: number,
    most: number,
    low: boolean,
    high: boolean,
    use: (digits: [number, number], low: boolean, high: boolean) => void,
  ): void {
    if (least > most) return;
    if (low && high && least === most) return use([least, least], true, true);
    if (low) use([least, least], true, false);
    const first = low ? least + 1 : least, last = high ? most - 1 : most;
    if (first <= last) use([first, last], false, false);
    if (high) use([most, most], false, true);
  }

  /** Whether the number may end after `places` fraction digits. */
  #mayEnd(places: number, low: boolean, high: boolean): boolean {
    const rest = (bound: Decimal) => /[1-9]/.test(bound.fraction.slice(places));
    const aboveLow = !low || (!rest(this.#low) && !this.#bounds.lowOpen);
    const belowHigh = !high || rest(this.#high!) || !this.#bounds.highOpen;
    return aboveLow && belowHigh;
  }

  #state(place: string, low: boolean, high: boolean): [state: number, isNew: boolean] {
    const key = `${place} ${low} ${high}`;
    const known = this.#states.get(key);
    if (known !== undefined) return [known, false];
    const state = this.#network.state();
    this.#states.set(key, state);
    return [state, true];
  }

  #digits(from: number, [first, last]: [number, number], to: number): void {
    this.#network.byte(from, 0x30 + first, 0x30 + last, to);
  }
}
