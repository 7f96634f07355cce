/** The time, anywhere, and sums of dates: by the time zone rules that come with the engine. */
import { FlintError } from "@flint/core";
import { z } from "zod";
import { textResult, type Tool } from "../tools/tool.ts";
import { ownTool } from "./own_tool.ts";

const ZONE = z.string().min(1).max(64).describe('IANA name, such as "Asia/Shanghai"');
const DATE = z.string().min(4).max(40)
  .describe('Such as "2026-03-01" or "2026-03-01T14:30"');
const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
/** Amounts that lead out of the calendar are refused by it; larger ones need not reach it. */
const AMOUNT = z.int().min(-1_000_000).max(1_000_000).default(0);

/** The tools; `now` tells the time. */
export function clockTools(now: () => Temporal.Instant = Temporal.Now.instant): Tool[] {
  return [currentTime(now), convertTime(), addToDate(), dateDifference()];
}

const currentTime = (now: () => Temporal.Instant) =>
  ownTool({
    name: "current_time",
    description: "Tells the date, the day of the week and the time now, in a time zone.",
    input: z.object({ time_zone: ZONE.default("UTC") }),
    run: ({ time_zone }) => textResult(said(inZone(now(), time_zone))),
  });

const convertTime = () =>
  ownTool({
    name: "convert_time",
    description: "Tells what time it is in one time zone when it is a given time in another.",
    input: z.object({ time: DATE, from_zone: ZONE, to_zone: ZONE }),
    run: ({ time, from_zone, to_zone }) => {
      const there = understood(from_zone, () => dateTime(time).toZonedDateTime(from_zone));
      return textResult(said(inZone(there.toInstant(), to_zone)));
    },
  });

const addToDate = () =>
  ownTool({
    name: "add_to_date",
    description:
      "Adds years, months, weeks, days, hours or minutes to a date; negative ones go back.",
    input: z.object({
      date: DATE,
      ...{ years: AMOUNT, months: AMOUNT, weeks: AMOUNT, days: AMOUNT },
      ...{ hours: AMOUNT, minutes: AMOUNT },
    }),
    run: ({ date, ...amounts }) =>
      textResult(understood(date, () => {
        const sum = dateTime(date).add(amounts);
        const timed = /[T ]\d/.test(date) || amounts.hours !== 0 || amounts.minutes !== 0;
        const text = timed ? sum.toString({ smallestUnit: "minute" }) : String(sum.toPlainDate());
        return `${text}, ${DAYS[sum.dayOfWeek - 1]}`;
      })),
  });

const dateDifference = () =>
  ownTool({
    name: "date_difference",
    description:
      "Counts the time from one date to another: in days, and in years, months and days.",
    input: z.object({ from: DATE, to: DATE }),
    run: ({ from, to }) => {
      const [start, end] = [dateTime(from), dateTime(to)];
      const days = start.until(end, { largestUnit: "day" });
      const parts = start.until(end, { largestUnit: "year" });
      return {
        content: [{
          type: "json",
          value: {
            ...{ days: days.days, hours: days.hours, minutes: days.minutes },
            calendar: { years: parts.years, months: parts.months, days: parts.days },
          },
        }],
      };
    },
  });

const inZone = (instant: Temporal.Instant, zone: string) =>
  understood(zone, () => instant.toZonedDateTimeISO(zone));

const dateTime = (text: string) => understood(text, () => Temporal.PlainDateTime.from(text.trim()));

function said(time: Temporal.ZonedDateTime): string {
  const text = time.toString({ smallestUnit: "minute", timeZoneName: "never" });
  return `${text}, ${DAYS[time.dayOfWeek - 1]}, ${time.timeZoneId}`;
}

function understood<T>(text: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new FlintError("bad_input", `"${text}" is no date or time zone: ${cause.message}`, {
      cause,
    });
  }
}
