/**
 * Patterns for the `format`s that strings are held to; others are annotations, as JSON schema has
 * it. Each is a little narrower than its RFC, never wider: no leap seconds, no 29 February in a
 * year that ends in 00.
 */
const DAY = "(\\d{4}-((0[13578]|1[02])-(0[1-9]|[12]\\d|3[01])" +
  "|(0[469]|11)-(0[1-9]|[12]\\d|30)|02-(0[1-9]|1\\d|2[0-8]))" +
  "|\\d\\d(0[48]|[2468][048]|[13579][26])-02-29)";
const TIME = "([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,6})?(Z|[+-]([01]\\d|2[0-3]):[0-5]\\d)";
const BYTE = "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?";

export const formats: ReadonlyMap<string, string> = new Map([
  ["date", `^${DAY}$`],
  ["time", `^${TIME}$`],
  ["date-time", `^${DAY}T${TIME}$`],
  ["uuid", "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"],
  [
    "email",
    `^[A-Za-z0-9_+-]{1,32}(\\.[A-Za-z0-9_+-]{1,32}){0,3}@(${LABEL}\\.){1,4}[A-Za-z]{2,12}$`,
  ],
  ["ipv4", `^(${BYTE}\\.){3}${BYTE}$`],
]);
