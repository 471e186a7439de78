// What the form of the settings shows of a playbook, and the playbook with what the form says.

import type { Cap, Playbook } from "./playbook";

export const CONVERSIONS = ["redeem", "order", "login"] as const;

export interface Values {
  send_at: string;
  quiet: boolean;
  quiet_from: string;
  quiet_until: string;
  holdout_percent: number;
  click_days: number;
  delivery_days: number;
  conversions: (typeof CONVERSIONS)[number][];
  caps: Cap[];
}

export function valuesOf(document: Playbook): Values {
  const { quiet_hours: quiet } = document;
  return {
    send_at: document.send_at ?? "10:00",
    quiet: quiet !== null,
    quiet_from: quiet?.from ?? "21:00",
    quiet_until: quiet?.until ?? "09:00",
    holdout_percent: document.holdout_percent ?? 5,
    click_days: document.attribution?.click_days ?? 7,
    delivery_days: document.attribution?.delivery_days ?? 3,
    conversions: document.attribution?.conversions ?? [...CONVERSIONS],
    caps: document.caps ?? [],
  };
}

/** The document with the settings of the form. */
export function withSettings(document: Playbook, values: Values): Playbook {
  const { caps: _caps, ...rest } = document;
  const caps = values.caps.map(({ channel, purpose, times, per }): Cap => ({ ...(channel ? { channel } : {}), ...(purpose ? { purpose } : {}), times, per }));
  return {
    ...rest,
    send_at: values.send_at,
    ...(caps.length > 0 ? { caps } : {}),
    quiet_hours: values.quiet ? { from: values.quiet_from, until: values.quiet_until } : null,
    holdout_percent: values.holdout_percent,
    attribution: { click_days: values.click_days, delivery_days: values.delivery_days, conversions: values.conversions },
  };
}

/** As text. A part of a cap that was emptied is the same as one that was never set. */
function comparable(value: unknown): string {
  const sorted = (one: object) => Object.entries(one).filter(([, part]) => part !== undefined && part !== null).sort();
  return JSON.stringify(Array.isArray(value) ? value.map((one: unknown) => (typeof one === "object" && one !== null ? sorted(one) : one)) : value) ?? "";
}

/** The fields whose values differ. Without quiet hours, their ends say nothing. */
export function touched(values: Values, base: Values): (keyof Values)[] {
  const counts = (name: keyof Values) => values.quiet || (name !== "quiet_from" && name !== "quiet_until");
  return (Object.keys(base) as (keyof Values)[]).filter((name) => counts(name) && comparable(values[name]) !== comparable(base[name]));
}

/** The values after a change from elsewhere, such as an undo: fields that somebody has touched keep what was typed. */
export function followed(values: Values, base: Values, next: Values): Values {
  return { ...next, ...Object.fromEntries(touched(values, base).map((name) => [name, values[name]])) };
}
