/**
 * Which addresses a plugin may reach: public ones only. Names are resolved once and every address
 * they lead to is judged; the caller then connects to just these (no second look-up, so a name that
 * changes its mind meanwhile gains nothing).
 */
import { FlintError } from "@flint/core/errors";
import ipaddr from "ipaddr.js";
import { lookup } from "node:dns/promises";

/** One address of a host. */
export interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Finds the addresses of a name. */
export type Resolve = (host: string) => Promise<readonly Address[]>;

/** Public by number, yet answered by the machine's own provider. */
const PROVIDERS_OWN = ["168.63.129.16"];
/** Below 1024 only the web's own ports: mail, shells and databases do not speak HTTP. */
const WEB_PORTS = [80, 443];
const FREE_PORTS_FROM = 1024;

/** Asks the system's resolver. */
const resolveBySystem: Resolve = async (host) => {
  const { state } = await Deno.permissions.query({ name: "net", host });
  if (state !== "granted") throw noLeave(host); // lookup itself would say that there is no such host
  return (await lookup(host, { all: true, verbatim: true })) as Address[];
};

/**
 * The addresses behind a URL that may be connected to. `allowed` names hosts ("name" or
 * "name:port") that an operator opened: those may be private.
 * @throws FlintError bad_input for what is no plain web address, denied for where none may go
 */
export async function pin(
  url: URL,
  allowed: readonly string[],
  resolve: Resolve = resolveBySystem,
): Promise<readonly Address[]> {
  checkForm(url);
  const host = url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  const open = allowed.includes(url.host) || allowed.includes(url.hostname);
  if (!open) checkPort(url);
  const literal = ipaddr.isValid(host);
  const addresses = literal ? [addressOf(host)] : await resolved(host, resolve);
  for (const { address } of open ? [] : addresses) {
    const kind = unreachable(address);
    if (kind === undefined) continue;
    const what = literal ? `${host} is` : `${host} leads to ${address},`;
    throw new FlintError(
      "denied",
      `${what} ${kind}: plugins reach public addresses only, unless the operator allows the host`,
    );
  }
  return addresses;
}

/** What is said where Deno was not given leave for a host. */
export function noLeave(host: string): FlintError {
  return new FlintError(
    "denied",
    `this process has no leave to reach ${host}`,
  );
}

function checkForm(url: URL): void {
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new FlintError(
      "bad_input",
      `${url.protocol} is not spoken here: give an http(s) address`,
    );
  }
  if (url.username !== "" || url.password !== "") {
    throw new FlintError(
      "bad_input",
      `the address of ${url.host} holds a user name or password: set up authentication instead`,
    );
  }
}

function checkPort(url: URL): void {
  const port = Number(url.port || (url.protocol === "http:" ? 80 : 443));
  if (WEB_PORTS.includes(port) || port >= FREE_PORTS_FROM) return;
  throw new FlintError("denied", `port ${port} of ${url.hostname} is not one the web uses`);
}

const addressOf = (host: string): Address => ({
  address: host,
  family: ipaddr.parse(host).kind() === "ipv6" ? 6 : 4,
});

async function resolved(host: string, resolve: Resolve): Promise<readonly Address[]> {
  let addresses: readonly Address[];
  try {
    addresses = await resolve(host);
  } catch (cause) {
    if (cause instanceof FlintError) throw cause;
    throw new FlintError("unavailable", `there is no host ${host}`, { cause });
  }
  if (addresses.length === 0) throw new FlintError("unavailable", `${host} has no address`);
  return addresses;
}

/** What kind of place it is, when it is none that everyone can reach; undefined for public ones. */
function unreachable(address: string): string | undefined {
  if (!ipaddr.isValid(address)) return "no address";
  if (PROVIDERS_OWN.includes(address)) return "the provider's own";
  const parsed = ipaddr.process(address); // IPv4 in IPv6 form is judged as IPv4
  const range = parsed.range();
  // Only 2000::/3 was ever given out; what else claims to be unicast is an old form of IPv4.
  const given = parsed.kind() === "ipv4" || (parsed.toByteArray()[0]! & 0xe0) === 0x20;
  if (range === "unicast" && !given) return "reserved";
  // Translated and tunnelled ranges (NAT64, 6to4, Teredo) carry an IPv4 address that may be anything.
  return range === "unicast" ? undefined : KINDS[range] ?? `reserved (${range})`;
}

const KINDS: Readonly<Record<string, string>> = {
  loopback: "this machine",
  unspecified: "this machine",
  private: "a private network",
  uniqueLocal: "a private network",
  carrierGradeNat: "a private network",
  linkLocal: "link-local, where clouds keep their secrets",
  multicast: "a multicast group",
  broadcast: "everyone on this network",
};
