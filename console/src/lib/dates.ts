// What a date picker shows is wall-clock time, and it is meant in the programme's zone.

import dayjs, { type Dayjs } from "dayjs";
import { instant, wallClock } from "./format";

const MINUTE = "YYYY-MM-DD HH:mm";

/** The instant of what was picked, to the minute. */
export function atZone(picked: Dayjs, timeZone: string): string {
  return wallClock(picked.format(MINUTE), timeZone);
}

/** What a picker shows of an instant. */
export function fromZone(at: string | number, timeZone: string): Dayjs {
  return dayjs(instant(new Date(at).toISOString(), timeZone, true));
}

/** As `atZone`; but an instant that is shown as it was picked stays the same one, with its seconds. */
export function atZoneOrAsBefore(picked: Dayjs, before: (string | null)[], timeZone: string): string {
  const shown = picked.format(MINUTE);
  const same = before.find((one) => one !== null && fromZone(one, timeZone).format(MINUTE) === shown);
  return same ?? wallClock(shown, timeZone);
}
