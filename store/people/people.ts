/** All that is kept of the people of one store, opened together. */
import type { Kv } from "@flint/core";
import { type Accounts, openAccounts } from "./accounts.ts";
import { type Audit, openAudit } from "./audit.ts";
import { type Groups, openGroups } from "./groups.ts";
import { type Keys, openKeys } from "./keys.ts";
import { openPasswords, type Passwords } from "./passwords.ts";
import { openSessions, type Sessions } from "./sessions.ts";

/** Who they are, how they come in, and what was done. */
export interface People {
  readonly accounts: Accounts;
  readonly groups: Groups;
  readonly sessions: Sessions;
  readonly passwords: Passwords;
  readonly keys: Keys;
  readonly audit: Audit;
}

/** Opens all in `kv`. */
export function openPeople(kv: Kv): People {
  const audit = openAudit(kv), accounts = openAccounts(kv, audit);
  return {
    ...{ accounts, audit },
    groups: openGroups(kv, accounts),
    sessions: openSessions(kv),
    passwords: openPasswords(kv),
    keys: openKeys(kv, audit),
  };
}
