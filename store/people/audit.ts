/** The log of what was done to accounts and listings, by whom: added to, never changed. */
import { type Collection, type Kv, type Transaction } from "@flint/core";
import { given, type ListPart, pageOf } from "@flint/plugins";
import { z } from "zod";

/** An act worth remembering. */
export const AuditEntry = z.strictObject({
  number: z.int().min(0).meta({ description: "Its place, from 0, without gaps" }),
  at: z.iso.datetime(),
  actor: z.string().meta({ description: "Id of the account that did it" }),
  act: z.string().meta({ description: "Such as listing.removed or account.signed_in" }),
  subject: z.string().meta({ description: "Id of what it was done to" }),
  detail: z.string().optional().meta({ description: "Such as the reason that was given" }),
}).meta({ id: "AuditEntry" });
export type AuditEntry = z.infer<typeof AuditEntry>;
/** An act as it is handed in; the log numbers and dates it. */
export type Act = Omit<AuditEntry, "number" | "at">;

/** Some entries, newest first; `next`, if there are more, is the cursor of the following ones. */
export interface AuditList {
  readonly entries: readonly AuditEntry[];
  readonly next?: string;
}

/** The log of one store. */
export interface Audit {
  /** Writes within a transaction of the caller's, so that nothing is done that is not logged. */
  write(transaction: Transaction, act: Act): void;
  /** Writes an act that needs no transaction. */
  log(act: Act): Promise<void>;
  /** Newest first; 1..100, default 50. `subject`: of this thing alone. */
  list(options?: ListPart & { readonly subject?: string }): AuditList;
}

/** Opens the log in `kv`. */
export function openAudit(kv: Kv, { now = () => new Date() } = {}): Audit {
  const entries: Collection<AuditEntry> = kv.collection("audit");
  /** [subject, number] */
  const bySubject: Collection<true> = kv.collection("audit_by_subject");
  const write = (transaction: Transaction, act: Act) => {
    const last = entries.list({ reverse: true, limit: 1 }).entries[0]?.value.number ?? -1;
    const entry = { number: last + 1, at: now().toISOString(), ...act };
    transaction.put(entries, entry.number, entry);
    transaction.put(bySubject, [act.subject, entry.number], true);
  };
  return {
    write,
    log: (act) => kv.transaction((transaction) => write(transaction, act)),
    list({ subject, ...part } = {}) {
      if (subject === undefined) {
        const { entries: found, next } = pageOf(entries, part, { reverse: true });
        return { entries: found.map(({ value }) => value), ...given({ next }) };
      }
      const { entries: found, next } = pageOf(bySubject, part, {
        prefix: [subject],
        reverse: true,
      });
      const numbers = found.map(({ key }) => (key as [string, number])[1]);
      return { entries: numbers.map((number) => entries.get(number)!), ...given({ next }) };
    },
  };
}
