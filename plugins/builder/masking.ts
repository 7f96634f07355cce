/** Sets apart what a person quotes from what they say about it. Pure. */

/** Stands for a quoted value. */
export const VALUE = "§";

/** A message with its quoted values set apart, in order. */
export interface Masked {
  readonly bare: string;
  readonly values: readonly string[];
}

const QUOTED =
  /"([^"]+)"|“([^”]+)”|«([^»]+)»|「([^」]+)」|『([^』]+)』|(?<=^|[\s(])'([^']+)'(?=$|[\s.,;:!?)])/gu;
/** What follows a colon is a value too, but for the colon of a time or an address. */
const AFTER_COLON = /(?::\s+|：\s*)(?!§)(.+)$/su;

/** Takes the values out, so that their words are not read as orders. */
export function maskValues(text: string): Masked {
  const values: string[] = [];
  const bare = text.replaceAll(VALUE, " ").replace(QUOTED, (_, ...groups) => {
    values.push(groups.slice(0, 6).find((group) => group !== undefined));
    return VALUE;
  });
  if (values.length > 0) return { bare, values };
  return {
    bare: bare.replace(AFTER_COLON, (_, value) => {
      values.push(value.trim());
      return ` ${VALUE}`;
    }),
    values,
  };
}
