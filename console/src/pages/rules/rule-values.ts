// A rule of the document as the values of a form, and back: rows become `conditions`. What the form
// does not show stays as it is.

import dayjs, { type Dayjs } from "dayjs";
import type { Award, Rule } from "../../api/answers";
import { conditionsForm, stated, type Conditions } from "../../conditions/forms";
import type { Unit } from "../../conditions/tree";

export interface Values {
  id: string;
  event: string;
  kind: "multiplier" | "fixed" | "each" | "rate";
  amount: number;
  period?: [Dayjs | null, Dayjs | null] | null;
  conditions: Conditions;
  lines?: string;
  coupon?: string;
  limit_times?: number | null;
  limit_per?: string;
  cap_points?: number | null;
  cap_per?: string;
  expiry?: string;
}

export function valuesOf(rule: Rule | null, unit: Unit): Partial<Values> {
  if (!rule) return { event: "purchase", kind: "multiplier", conditions: conditionsForm([], "", unit), limit_per: "day", cap_per: "month" };
  const { award } = rule;
  const amount = award.kind === "multiplier" ? award.times : award.kind === "rate" ? award.points_per_unit : award.points;
  return {
    id: rule.id,
    event: rule.event,
    kind: award.kind as Values["kind"],
    amount: Number(amount ?? 0),
    period: rule.from || rule.until ? [rule.from ? dayjs(rule.from) : null, rule.until ? dayjs(rule.until) : null] : null,
    conditions: conditionsForm(rule.conditions ?? [], rule.when ?? "", unit),
    ...(rule.lines ? { lines: rule.lines } : {}),
    ...(rule.coupon ? { coupon: rule.coupon } : {}),
    ...(rule.expiry ? { expiry: rule.expiry } : {}),
    limit_times: rule.limit?.times ?? null,
    limit_per: rule.limit?.per ?? "day",
    cap_points: rule.caps?.[0]?.points ?? null,
    cap_per: rule.caps?.[0]?.per ?? "month",
  };
}

/** The rule of the document that the form says, with all that the form does not show. */
export function ruleOf(before: Rule | null, values: Values, unit: Unit): Rule {
  const rest: Partial<Rule> = { ...before };
  for (const shown of ["from", "until", "when", "conditions", "lines", "coupon", "limit", "expiry"] as const) delete rest[shown];
  const [from, until] = values.period ?? [null, null];
  const caps = (before?.caps ?? []).slice(1);
  const first = before?.caps?.[0];
  if (values.cap_points) caps.unshift({ ...(first?.of ? { of: first.of } : {}), points: values.cap_points, per: values.cap_per ?? "month" });
  delete rest.caps;
  const { conditions, when } = stated(values.conditions, unit);
  return {
    ...rest,
    id: values.id,
    event: values.event,
    award: before?.award.kind === "brackets" ? before.award : awardOf(values),
    ...(from ? { from: from.format("YYYY-MM-DD") } : {}),
    ...(until ? { until: until.format("YYYY-MM-DD") } : {}),
    ...(conditions.length > 0 ? { conditions } : {}),
    ...(when ? { when } : {}),
    ...(values.lines?.trim() ? { lines: values.lines.trim() } : {}),
    ...(values.coupon ? { coupon: values.coupon } : {}),
    ...(values.expiry ? { expiry: values.expiry } : {}),
    ...(values.limit_times ? { limit: { times: values.limit_times, per: values.limit_per ?? "day" } } : {}),
    ...(caps.length > 0 ? { caps } : {}),
  };
}

function awardOf({ kind, amount }: Values): Award {
  switch (kind) {
    case "multiplier":
      return { kind, times: String(amount) };
    case "rate":
      return { kind, points_per_unit: String(amount) };
    default:
      return { kind, points: amount };
  }
}

/** Values as they were kept in the tab, whose dates are texts. */
export function revived(values: Values): Values {
  const [from, until] = values.period ?? [null, null];
  return { ...values, period: from || until ? [from ? dayjs(from) : null, until ? dayjs(until) : null] : null };
}
