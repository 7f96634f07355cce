/** How the values of parameters are written (OpenAPI 3.1, 4.8.12.2; RFC 6570). */
import type { ApiParameter } from "./reading.ts";

/** One name and value of a query or form, not yet encoded but where `raw` says. */
export interface Pair {
  readonly name: string;
  readonly value: string;
}

/** Characters that mean something in a URL and stay when a parameter says so (RFC 3986, 2.2). */
const RESERVED = /%(?:3A|2F|3F|5B|5D|40|21|24|27|28|29|2A|2C|3B|3D)/gi;

/** A value for a path, in the style of its parameter; "." and ".." lead nowhere. */
export function pathText({ name, style, explode }: ApiParameter, value: unknown): string {
  const encode = encodeSegment;
  if (style === "label") return `.${parts(value, explode, encode).join(explode ? "." : ",")}`;
  if (style === "matrix") {
    if (!explode || !isCompound(value)) return `;${name}=${parts(value, false, encode).join(",")}`;
    const named = Array.isArray(value)
      ? value.map((item) => `${name}=${encode(text(item))}`)
      : parts(value, true, encode);
    return `;${named.join(";")}`;
  }
  if (style === "json") return encode(JSON.stringify(value));
  return parts(value, explode, encode).join(",");
}

/** A value for a header. Line ends would begin another header: they are refused by the HTTP client. */
export function headerText({ style, explode }: ApiParameter, value: unknown): string {
  if (style === "json") return JSON.stringify(value);
  return parts(value, explode, (part) => part).join(",");
}

/** A value's part of a query or cookie, encoded. */
export function queryPairs(parameter: ApiParameter, value: unknown): string[] {
  const { name, style, explode, reserved } = parameter;
  const encode = (part: string) => encodeQuery(part, reserved);
  const pair = (key: string, part: string) => `${encodeQuery(key, false)}=${part}`;
  if (style === "json") return [pair(name, encode(JSON.stringify(value)))];
  if (style === "deepObject" && isCompound(value)) {
    return deepPairs(name, value).map(([key, part]) => pair(key, encode(part)));
  }
  if (!isCompound(value)) return [pair(name, encode(text(value)))];
  if (explode) {
    return Array.isArray(value)
      ? value.map((item) => pair(name, encode(text(item))))
      : Object.entries(value).map(([key, item]) => pair(key, encode(text(item))));
  }
  const between = style === "spaceDelimited" ? "%20" : style === "pipeDelimited" ? "|" : ",";
  return [pair(name, parts(value, false, encode).join(between))];
}

/** name[key][key]=value, for as deep as it goes; what PHP, Rails and qs read. */
function deepPairs(name: string, value: object): [string, string][] {
  return Object.entries(value).flatMap(([key, item]) => {
    const inner = `${name}[${Array.isArray(value) ? "" : key}]`;
    return isCompound(item) ? deepPairs(inner, item) : [[inner, text(item)] as [string, string]];
  });
}

/** The items of a list; names and values of an object, joined by = if exploded. */
function parts(value: unknown, explode: boolean, encode: (part: string) => string): string[] {
  if (!isCompound(value)) return [encode(text(value))];
  if (Array.isArray(value)) return value.map((item) => encode(text(item)));
  return Object.entries(value).flatMap(([key, item]) =>
    explode ? [`${encode(key)}=${encode(text(item))}`] : [encode(key), encode(text(item))]
  );
}

/** A value as text: objects inside of lists have no style of their own, so they are JSON. */
export function text(value: unknown): string {
  return typeof value === "string" ? value : value === null ? "null" : JSON.stringify(value);
}

/** One name and value of an application/x-www-form-urlencoded body. */
export function formPairs(name: string, value: unknown): [string, string][] {
  if (!isCompound(value)) return [[name, text(value)]];
  if (Array.isArray(value) && !value.some(isCompound)) {
    return value.map((item) => [name, text(item)]);
  }
  return deepPairs(name, value);
}

const isCompound = (value: unknown): value is object => typeof value === "object" && value !== null;

function encodeSegment(part: string): string {
  const encoded = encodeText(part);
  return /^\.{1,2}$/.test(encoded) ? encoded.replaceAll(".", "%2E") : encoded;
}

/** Halves of a character, which JSON may hold, have no encoding. */
const encodeText = (part: string) => encodeURIComponent(part.toWellFormed());

function encodeQuery(part: string, reserved: boolean): string {
  const encoded = encodeText(part);
  return reserved ? encoded.replace(RESERVED, decodeURIComponent) : encoded;
}
