/**
 * Publisher keys: Ed25519 pairs by which others know what is whose. Private keys lie sealed among the
 * secrets (plugins/secrets.ts) and never leave this machine.
 */
import { createHash } from "node:crypto";
import type { Secrets } from "@flint/plugins";

/** A public key: 32 bytes. */
export type PublicKey = Uint8Array<ArrayBuffer>;
type Bytes = Uint8Array<ArrayBuffer>;

/** Bytes of a public key and of a signature. */
export const KEY_BYTES = 32, SIGNATURE_BYTES = 64;

/** Signs in somebody's name. */
export interface Signer {
  readonly publicKey: PublicKey;
  sign(bytes: Bytes): Promise<Bytes>;
}

/** The keys of one machine's publishers. */
export interface PublisherKeys {
  /** The key of an account; made when it is first asked for. */
  signer(name: string): Promise<Signer>;
}

const EXTRACTABLE = true;

/** Opens the keys that lie among `secrets`. */
export function openPublisherKeys(secrets: Pick<Secrets, "get" | "put">): PublisherKeys {
  // One making at a time for each name: two would leave one side with a key that is not kept.
  const making = new Map<string, Promise<Signer>>();
  async function open(name: string): Promise<Signer> {
    const place = `publisher/${name}`;
    const kept = secrets.get(place)?.key;
    if (kept !== undefined) return signerOf(await privateKey(Uint8Array.fromBase64(kept)));
    const pair = await crypto.subtle.generateKey("Ed25519", EXTRACTABLE, ["sign", "verify"]);
    const { privateKey: key } = pair as CryptoKeyPair;
    const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", key));
    await secrets.put(place, { key: pkcs8.toBase64() });
    return signerOf(key);
  }
  return {
    signer(name) {
      const known = making.get(name) ?? open(name);
      making.set(name, known);
      known.catch(() => making.delete(name));
      return known;
    },
  };
}

/** Whether `signature` is the key's, of just these bytes. */
export async function isSigned(key: PublicKey, signature: Bytes, bytes: Bytes): Promise<boolean> {
  if (key.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  try {
    const imported = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", imported, signature, bytes);
  } catch {
    return false; // the only failure there is: no point of the curve
  }
}

/** What people compare: eight groups of four hexadecimal digits, the beginning of the key's SHA-256. */
export function fingerprintOf(key: PublicKey): string {
  const hex = createHash("sha256").update(key).digest("hex").slice(0, 32);
  return hex.match(/.{4}/g)!.join("-");
}

const privateKey = (pkcs8: Bytes): Promise<CryptoKey> =>
  crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", EXTRACTABLE, ["sign"]);

async function signerOf(key: CryptoKey): Promise<Signer> {
  const { x } = await crypto.subtle.exportKey("jwk", key);
  const publicKey = Uint8Array.fromBase64(x!, { alphabet: "base64url" });
  return {
    publicKey,
    sign: async (bytes) => new Uint8Array(await crypto.subtle.sign("Ed25519", key, bytes)),
  };
}
