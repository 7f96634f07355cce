/** Groups of accounts: a listing may be for one alone. */
import { type Collection, FlintError, type Kv } from "@flint/core";
import { parse, plainText, Slug } from "@flint/plugins";
import { z } from "zod";
import type { Accounts } from "./accounts.ts";

/** People who share something. Its founder rules it, and is a member. */
const MEMBERS_MAX = 1000;
export const Group = z.strictObject({
  id: Slug,
  name: plainText(1, 80),
  founder: Slug,
  members: z.array(Slug).max(MEMBERS_MAX),
  createdAt: z.iso.datetime(),
}).meta({ id: "Group" });
export type Group = z.infer<typeof Group>;

/** What a group is made from. */
export const GroupDraft = Group.pick({ id: true, name: true, members: true })
  .partial({ name: true, members: true }).meta({ id: "GroupDraft" });

/** The groups of one store. To who is not in it, a group is not there. */
export interface Groups {
  /** `draft` is checked here (GroupDraft). "conflict" if the id is taken. */
  make(founder: string, draft: unknown): Promise<Group>;
  /** Sets its members; the founder stays one. "not_found" but for its founder. */
  setMembers(founder: string, id: string, members: unknown): Promise<Group>;
  /** "not_found" but for its members. */
  get(account: string, id: string): Group;
  /** Those that an account is in; at most 100. */
  list(account: string): Group[];
  isMember(account: string, id: string): boolean;
}

const LIST_MAX = 100;

/** Opens the groups in `kv`. */
export function openGroups(
  kv: Kv,
  accounts: Pick<Accounts, "get">,
  { now = () => new Date() } = {},
): Groups {
  const groups: Collection<Group> = kv.collection("groups");
  /** [account, group] */
  const byMember: Collection<true> = kv.collection("groups_by_member");
  const isMember = (account: string, id: string) => byMember.get([account, id]) === true;
  const get = (account: string, id: string) => {
    if (isMember(account, id)) return groups.get(id)!;
    throw new FlintError("not_found", `there is no group "${id}" that you are in`);
  };
  const save = (before: Group | undefined, after: Group) =>
    kv.transaction((transaction) => {
      if (!before && groups.get(after.id)) {
        throw new FlintError("conflict", `there is a group "${after.id}": choose another id`);
      }
      for (const member of after.members) accounts.get(member); // "not_found"
      for (const member of before?.members ?? []) transaction.remove(byMember, [member, after.id]);
      for (const member of after.members) transaction.put(byMember, [member, after.id], true);
      transaction.put(groups, after.id, after);
      return after;
    });
  const withFounder = (founder: string, members: readonly string[]) => [
    ...new Set([founder, ...members]),
  ];
  return {
    async make(founder, value) {
      const { id, name = id, members = [] } = parse(GroupDraft, value);
      const createdAt = now().toISOString();
      const all = withFounder(founder, members);
      return await save(undefined, { id, name, founder, members: all, createdAt });
    },
    async setMembers(founder, id, value) {
      const { members } = parse(Group.pick({ members: true }), { members: value });
      const before = get(founder, id);
      if (before.founder !== founder) {
        throw new FlintError("denied", `only ${before.founder} may change "${id}"`);
      }
      return await save(before, { ...before, members: withFounder(founder, members) });
    },
    get,
    list: (account) =>
      byMember.list({ prefix: [account], limit: LIST_MAX }).entries
        .map(({ key }) => groups.get((key as string[])[1]!)!),
    isMember,
  };
}
