/** Trust on first use: a publisher is whoever signed first under a name, until the owner says otherwise. */
import { type Collection, FlintError, type Kv, type Transaction } from "@flint/core";
import { fingerprintOf, type PublicKey } from "./keys.ts";

/** How a key stands to a name. */
export type PinState = "new" | "known" | "changed";

/** The keys that names are known by. */
export interface Pins {
  state(name: string, key: PublicKey): PinState;
  /**
   * Keeps the key of a name that has none. Where it has another, that stays, unless `accepted` is the
   * new one's fingerprint. @throws FlintError denied, with both fingerprints
   */
  pin(transaction: Transaction, name: string, key: PublicKey, accepted?: string): void;
}

/** Opens the pins in `kv`. */
export function openPins(kv: Kv): Pins {
  /** Base64 of a key, and when it was first seen. */
  const pins: Collection<{ key: string; since: string }> = kv.collection("publisher_pins");
  const state = (name: string, key: PublicKey): PinState => {
    const known = pins.get(name);
    return !known ? "new" : known.key === key.toBase64() ? "known" : "changed";
  };
  return {
    state,
    pin(transaction, name, key, accepted) {
      const found = state(name, key), print = fingerprintOf(key);
      if (found === "known") return;
      if (found === "changed" && accepted !== print) {
        const { key: before, since } = pins.get(name)!;
        throw new FlintError(
          "denied",
          `THE KEY OF ${name} CHANGED. Since ${since.slice(0, 10)} it was ` +
            `${
              fingerprintOf(Uint8Array.fromBase64(before))
            }, this is signed by ${print}. Somebody ` +
            `else may have made it. If its publisher told you by another way that ${print} is ` +
            `theirs, give it by --trust ${print}`,
        );
      }
      transaction.put(pins, name, { key: key.toBase64(), since: new Date().toISOString() });
    },
  };
}
