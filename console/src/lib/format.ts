// Numbers, money and dates as people read them: in the language of the page, and in the time zone
// of the programme.

import type { Sum } from "../api/answers";

export interface Locale {
  language: string;
  timeZone: string;
  currency: string;
}

/** A sum beyond 64 bits is a text of digits; BigInt keeps it exact. */
export function points(value: Sum | null | undefined, language: string): string {
  if (value === null || value === undefined || value === "") return "–";
  return new Intl.NumberFormat(language).format(typeof value === "string" ? BigInt(value) : value);
}

/** With its sign, as a change of a balance. */
export function signed(value: Sum, language: string): string {
  const number = typeof value === "string" ? BigInt(value) : value;
  return new Intl.NumberFormat(language, { signDisplay: "exceptZero" }).format(number);
}

/** Short, such as 1.2万 or 12K, for tiles and axes. */
export function compact(value: Sum, language: string): string {
  const number = Number(value);
  if (Math.abs(number) < 100_000) return points(value, language);
  const options = { notation: "compact", maximumFractionDigits: 1 } as const;
  return new Intl.NumberFormat(language, options).format(number);
}

export function money(minor: Sum | null | undefined, currency: string, language: string): string {
  if (minor === null || minor === undefined) return "–";
  const format = new Intl.NumberFormat(language, { style: "currency", currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(Number(minor) / 10 ** digits);
}

/** Whether a ladder counts money, and not growth or orders. */
export function countsMoney(basis: string | undefined): boolean {
  return basis === "spend" || basis === "average_order";
}

export function percent(share: number, language: string): string {
  const options = { style: "percent", maximumFractionDigits: 1 } as const;
  return new Intl.NumberFormat(language, options).format(share);
}

/** `2026-03-10 10:00`: one width in every language, so that columns line up. */
export function instant(text: string | null | undefined, timeZone: string, seconds = false): string {
  if (!text) return "–";
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) return text;
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    ...(seconds ? { second: "2-digit" as const } : {}),
  }).formatToParts(date);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? "";
  const time = `${part("hour")}:${part("minute")}${seconds ? `:${part("second")}` : ""}`;
  return `${part("year")}-${part("month")}-${part("day")} ${time}`;
}

/** The local day of an instant, as `2026-03-10`. */
export function day(text: string | null | undefined, timeZone: string): string {
  if (!text) return "–";
  return /^\d{4}-\d{2}-\d{2}$/.test(text) ? text : instant(text, timeZone).slice(0, 10);
}

/** The last local day before an end that is not included. */
export function lastDay(end: string | null | undefined, timeZone: string): string {
  if (!end) return "–";
  return day(new Date(new Date(end).getTime() - 1).toISOString(), timeZone);
}

/** The instant of the local midnight that begins a day, `2026-03-10`. */
export function midnight(localDay: string, timeZone: string): string {
  return wallClock(`${localDay} 00:00`, timeZone);
}

/** The instant at which the zone's clocks show `2026-03-10 09:30`: the first of two, or as much later where they leave it out. */
export function wallClock(minute: string, timeZone: string): string {
  const wanted = Date.parse(`${minute.replace(" ", "T")}:00Z`);
  // No zone changes its clocks twice within two days.
  const before = wanted - offset(wanted - 86_400_000, timeZone);
  const after = wanted - offset(wanted + 86_400_000, timeZone);
  const found = [before, after].find((at) => at + offset(at, timeZone) === wanted);
  return new Date(found ?? before).toISOString();
}

/** How far the zone's clocks are ahead of UTC, in milliseconds. */
function offset(at: number, timeZone: string): number {
  const whole = Math.floor(at / 1000) * 1000;
  const text = instant(new Date(whole).toISOString(), timeZone, true);
  return Date.parse(`${text.replace(" ", "T")}Z`) - whole;
}

/** `2026-03-10` and a number of days: the day so much later. */
export function addDays(localDay: string, days: number): string {
  const at = Date.parse(`${localDay}T00:00:00Z`) + days * 86_400_000;
  return new Date(at).toISOString().slice(0, 10);
}

/** `3 days ago`, `yesterday`. */
export function daysAgo(days: number, language: string): string {
  return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(-days, "day");
}

/** A span of seconds in the largest unit that it fills, such as `4 hours`. */
export function span(seconds: number, language: string): string {
  const [unit, size] = seconds % 86_400 === 0 ? (["day", 86_400] as const) : seconds % 3_600 === 0 ? (["hour", 3_600] as const) : (["minute", 60] as const);
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(seconds / size);
}

/** How long something takes, rounded: `45 seconds`, `12 minutes`, `11.4 hours`. */
export function lasts(seconds: number, language: string): string {
  const [unit, size] = seconds < 120 ? (["second", 1] as const) : seconds < 7_200 ? (["minute", 60] as const) : (["hour", 3_600] as const);
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long", maximumFractionDigits: unit === "hour" ? 1 : 0 }).format(seconds / size);
}

export function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
