/** Blanks between the parts of a JSON text. */
import { choice, literal, type Part, sequence } from "./network.ts";

/** Nothing at all. */
export const NOTHING: Part = (_, from) => from;
/** At most one: small models like one, and would go on for ever with more. */
export const BLANK: Part = choice(literal(" "), literal("\n"), NOTHING);
/** Between two items. */
export const COMMA: Part = sequence(literal(","), BLANK);
