/** Months and days as money counts them: in UTC, so that no time zone moves an account. Pure. */

export const DAY_MS = 24 * 3600 * 1000;

/** The month that `at` lies in, such as 2026-11. */
export const monthOf = (at: Date): string => at.toISOString().slice(0, 7);

/** The month after, such as 2027-01 after 2026-12. */
export const monthAfter = (month: string): string => monthOf(addMonths(startOf(month), 1));

/** A month's first moment. */
const startOf = (month: string): Date => new Date(`${month}-01T00:00:00.000Z`);

/**
 * `months` after `anchor`, at the same day and time; in a shorter month at its last day. Counted from
 * one anchor, a month's end is found again after a short month: 31 January, 28 February, 31 March.
 */
export function addMonths(anchor: Date, months: number): Date {
  const end = new Date(anchor);
  end.setUTCDate(1);
  end.setUTCMonth(end.getUTCMonth() + months);
  const days = new Date(Date.UTC(end.getUTCFullYear(), end.getUTCMonth() + 1, 0)).getUTCDate();
  end.setUTCDate(Math.min(anchor.getUTCDate(), days));
  return end;
}
