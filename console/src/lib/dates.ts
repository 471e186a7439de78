// What a date picker shows is wall-clock time, and it is meant in the programme's zone.

import type { Dayjs } from "dayjs";

export function atZone(picked: Dayjs, midnight: (day: string) => string): string {
  const begin = Date.parse(midnight(picked.format("YYYY-MM-DD")));
  return new Date(begin + (picked.hour() * 60 + picked.minute()) * 60_000).toISOString();
}
