/** Random tokens: whoever shows one is let in, so only their hashes are kept. */
import { createHash, randomBytes } from "node:crypto";

/** 256 bits: nobody guesses one, so that a fast hash of it is enough. */
const TOKEN_BYTES = 32;

/** A new token, 43 characters that need no escaping in URLs. */
export const newToken = (): string => randomBytes(TOKEN_BYTES).toString("base64url");

/** What is kept of a token. */
export const tokenHash = (token: string): string =>
  createHash("sha256").update(token).digest("hex");
