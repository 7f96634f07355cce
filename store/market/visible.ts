/** Who may see a listing. */
import type { Account } from "../people/accounts.ts";
import type { Groups } from "../people/groups.ts";
import type { Listing } from "./listing.ts";

/** Its publisher always; others what is listed for them; the owner also what he has to judge. */
export function maySee(
  { publisher, state, visibility, group }: Listing,
  account: Pick<Account, "id" | "role"> | undefined,
  groups: Pick<Groups, "isMember">,
): boolean {
  if (account?.id === publisher) return true;
  if (visibility === "private" || state === "withdrawn") return false;
  if (account?.role === "owner" && state !== "listed") return true;
  if (state !== "listed") return false;
  if (visibility !== "group") return true;
  return account !== undefined && group !== undefined && groups.isMember(account.id, group);
}
