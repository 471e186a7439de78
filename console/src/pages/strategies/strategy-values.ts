// A strategy of the document as the values of a form, and back. What the form does not show stays
// as it is, and a default that nobody told stays untold.

import dayjs, { type Dayjs } from "dayjs";
import type { Condition } from "../../api/answers";
import { conditionsForm, stated, type Conditions } from "../../conditions/forms";
import type { Unit } from "../../conditions/tree";
import { dayOf, DEFAULTS, isAhead, onDay, type Action, type Budget, type Channel, type Mode, type Names, type Send, type Sequence, type Step, type Stop, type Strategy, type Trigger, type TriggerKind } from "./playbook";

/** The fields of all kinds of triggers; those of the chosen one count. */
export interface TriggerValues {
  kind: TriggerKind;
  timing: "before" | "within";
  days?: number | null;
  direction?: string | null;
  to?: string[];
  coupon?: string | null;
  points_at_least?: number | null;
  segment?: string;
  tag?: string;
  behaviour?: string;
  after_minutes?: number | null;
  unless?: string | null;
  unless_entry?: string | null;
  entry?: string;
  attribute?: string;
  at?: string;
  weekdays?: number[];
  month_days?: number[];
  months?: number[];
  at_least?: number | null;
}

export interface StepValues {
  days: number;
  channels?: Channel[];
  mode?: Mode | null;
  template?: string;
  action?: Action | null;
}

export interface Values {
  id: string;
  name: Names;
  segment?: string | null;
  trigger: TriggerValues;
  condition: Conditions;
  recommends: boolean;
  recommend: { from?: string[]; points_at_least?: number | null; points_at_most?: number | null; with_cash?: boolean; count?: number | null };
  grant?: string | null;
  set_tag?: string | null;
  attribute: { name?: string; value?: string };
  task: { to?: string | null; name?: string | null; text?: Names; due_in_hours?: number | null };
  channels: Channel[];
  mode: Mode;
  template?: string;
  wait_hours?: number | null;
  within_hours?: number | null;
  several: boolean;
  steps: StepValues[];
  skip?: number | null;
  settle?: boolean;
  stop_when: Stop[];
  period?: [Dayjs | null, Dayjs | null] | null;
  priority?: number | null;
  first: boolean;
  spread_days?: number | null;
  budget: { messages?: number | null; cost_minor?: number | null; points?: number | null; per?: string };
  holdout_percent?: number | null;
  owner?: string;
}

export function valuesOf(strategy: Strategy | null, unit: Unit): Values {
  const { trigger, send, sequence, action, budget } = strategy ?? {};
  const { days_before, within_days, ...others } = (trigger ?? { kind: "points_expiring", days_before: 30 }) as { kind: TriggerKind; days_before?: number | null; within_days?: number | null };
  return {
    id: strategy?.id ?? "",
    name: strategy?.name ?? {},
    segment: strategy?.segment ?? null,
    trigger: { ...others, timing: within_days == null ? "before" : "within", days: within_days ?? days_before ?? null },
    condition: conditionsForm((strategy?.conditions ?? []) as Condition[], strategy?.when ?? "", unit),
    recommends: Boolean(action?.recommend),
    recommend: action?.recommend ?? { from: ["popular"], count: 3 },
    grant: action?.grant ? (action.grant.coupon ? `coupon:${action.grant.coupon}` : `name:${action.grant.name ?? ""}`) : null,
    set_tag: action?.set_tag ?? null,
    attribute: action?.set_attribute ?? {},
    task: (action?.task as Values["task"] | null | undefined) ?? {},
    channels: send?.channels ?? [],
    mode: send?.mode ?? DEFAULTS.mode,
    template: send?.template ?? "",
    wait_hours: send?.wait_hours ?? DEFAULTS.wait_hours,
    within_hours: send?.within_hours ?? DEFAULTS.within_hours,
    several: Boolean(sequence),
    steps: (sequence?.nodes ?? []).map((step) => ({ ...withoutDays(step), days: dayOf(step) })),
    skip: sequence?.skip_after_response_hours ?? null,
    settle: sequence?.settle ?? false,
    stop_when: strategy?.stop_when ?? [],
    period: strategy?.from || strategy?.until ? [strategy.from ? dayjs(strategy.from) : null, strategy.until ? dayjs(strategy.until) : null] : null,
    priority: strategy?.priority ?? DEFAULTS.priority,
    first: strategy?.match === "first",
    spread_days: strategy?.spread_days ?? DEFAULTS.spread_days,
    budget: budget ?? { per: "month" },
    holdout_percent: strategy?.holdout_percent ?? DEFAULTS.holdout_percent,
    owner: strategy?.owner ?? "",
  };
}

/** The strategy that the form says. */
export function strategyOf(before: Strategy | null, values: Values, unit: Unit): Strategy {
  const { conditions, when } = stated(values.condition, unit);
  const [from, until] = values.period ?? [null, null];
  const names = texts(values.name);
  const action = actionOf(values);
  const send = sendOf(before?.send ?? null, values);
  const ahead = isAhead(values.trigger.kind);
  const number = (name: "priority" | "spread_days" | "holdout_percent") => told(before?.[name], values[name] ?? DEFAULTS[name], DEFAULTS[name], name);
  const budget = numbers({ messages: values.budget.messages, cost_minor: values.budget.cost_minor, points: values.budget.points });
  return {
    id: values.id,
    ...(names ? { name: names } : {}),
    ...(from ? { from: from.format("YYYY-MM-DD") } : {}),
    ...(until ? { until: until.format("YYYY-MM-DD") } : {}),
    ...(values.segment ? { segment: values.segment } : {}),
    trigger: triggerOf(before, values),
    ...(when ? { when } : {}),
    ...(conditions.length > 0 ? { conditions: conditions as never } : {}),
    ...(action ? { action } : {}),
    ...(send ? { send } : {}),
    ...(values.several ? { sequence: sequenceOf(before?.sequence ?? null, values, ahead) } : {}),
    ...(values.stop_when.length > 0 ? { stop_when: values.stop_when } : {}),
    ...number("priority"),
    ...told<"match", "all" | "first">(before?.match, values.first ? "first" : "all", DEFAULTS.match, "match"),
    ...number("spread_days"),
    ...(Object.keys(budget).length > 0 ? { budget: { ...budget, per: (values.budget.per ?? "month") as Budget["per"] } } : {}),
    ...number("holdout_percent"),
    ...(values.owner?.trim() ? { owner: values.owner.trim() } : {}),
  };
}

function triggerOf(before: Strategy | null, { trigger, several, steps }: Values): Trigger {
  const { kind } = trigger;
  const days = trigger.days == null ? {} : { days_before: trigger.days };
  // The days of a sequence are those of its steps; a trigger that tells its own has the first.
  const toldDays = before?.trigger && "days_before" in before.trigger && before.trigger.days_before != null;
  const stepDays = several && steps[0] && toldDays ? { days_before: steps[0].days } : {};
  const timing = several ? stepDays : days;
  switch (kind) {
    case "points_expiring":
      return !several && trigger.timing === "within" ? { kind, ...numbers({ within_days: trigger.days }) } : { kind, ...timing };
    case "tier_ending":
      return { kind, ...timing };
    case "coupon_expiring":
      return { kind, ...timing, ...(trigger.coupon ? { coupon: trigger.coupon } : {}) };
    case "date":
      return { kind, attribute: trigger.attribute ?? "", ...timing };
    case "tier_changed":
      return { kind, ...(trigger.direction ? { direction: trigger.direction as "up" } : {}), ...list("to", trigger.to) };
    case "balance_changed":
      return { kind, ...numbers({ points_at_least: trigger.points_at_least }) };
    case "entered_segment":
    case "left_segment":
      return { kind, segment: trigger.segment ?? "" };
    case "tag_added":
      return { kind, tag: trigger.tag ?? "" };
    case "score":
      return { kind, tag: trigger.tag ?? "", at_least: trigger.at_least ?? 1 };
    case "behaviour":
      return { kind, behaviour: trigger.behaviour ?? "", ...numbers({ after_minutes: trigger.after_minutes }), ...(trigger.unless ? { unless: trigger.unless } : {}), ...(trigger.unless_entry ? { unless_entry: trigger.unless_entry } : {}) };
    case "entry":
      return { kind, entry: trigger.entry ?? "" };
    case "schedule":
      return { kind, ...list("weekdays", trigger.weekdays), ...list("month_days", trigger.month_days), ...list("months", trigger.months), ...(trigger.at?.trim() ? { at: trigger.at.trim() } : {}) };
  }
}

/** Whether the form asks which one. */
export function isNamed(to: string | null | undefined): boolean {
  return to === "role" || to === "person";
}

function actionOf({ recommends, recommend, grant, set_tag, attribute, task }: Values): Action | null {
  const [by, ...name] = (grant ?? "").split(":");
  const { from = [], with_cash, ...bounds } = recommend;
  const text = texts(task.text ?? {});
  const action: Action = {
    ...(recommends ? { recommend: { from, ...numbers({ points_at_least: bounds.points_at_least, points_at_most: bounds.points_at_most }), ...(with_cash ? { with_cash } : {}), ...numbers({ count: bounds.count }) } } : {}),
    ...(grant ? { grant: { [by ?? "coupon"]: name.join(":") } } : {}),
    ...(task.to ? { task: { to: task.to as "store", ...(isNamed(task.to) && task.name?.trim() ? { name: task.name.trim() } : {}), text: text ?? {}, ...numbers({ due_in_hours: task.due_in_hours }) } } : {}),
    ...(set_tag ? { set_tag } : {}),
    ...(attribute.name ? { set_attribute: { name: attribute.name, value: attribute.value ?? "" } } : {}),
  };
  return Object.keys(action).length > 0 ? action : null;
}

function sendOf(before: Send | null, { channels, mode, template, wait_hours, within_hours }: Values): Send | null {
  if (channels.length === 0 && !template?.trim()) return null;
  return {
    ...list("channels", channels),
    ...told(before?.mode, mode, DEFAULTS.mode, "mode"),
    template: template?.trim() ?? "",
    ...told(before?.wait_hours, wait_hours ?? DEFAULTS.wait_hours, DEFAULTS.wait_hours, "wait_hours"),
    ...told(before?.within_hours, within_hours ?? DEFAULTS.within_hours, DEFAULTS.within_hours, "within_hours"),
  };
}

function sequenceOf(before: Sequence | null, { steps, skip, settle }: Values, ahead: boolean): Sequence {
  const nodes = steps.map(({ days, channels, mode, template, action }): Step =>
    onDay({ ...list("channels", channels), ...(mode ? { mode } : {}), ...(template?.trim() ? { template: template.trim() } : {}), ...(action ? { action: action as never } : {}) }, days, ahead),
  );
  return { nodes, ...numbers({ skip_after_response_hours: skip }), ...told(before?.settle, settle ?? false, false, "settle") };
}

function withoutDays({ days_before: _before, days_after: _after, ...rest }: Step): Omit<StepValues, "days"> {
  return rest as Omit<StepValues, "days">;
}

/** A value that differs from the default, or that was told before. */
function told<N extends string, T>(before: T | null | undefined, value: T, otherwise: T, name: N): Partial<Record<N, T>> {
  return value !== otherwise || before != null ? ({ [name]: value } as Record<N, T>) : {};
}

function list<N extends string, T>(name: N, items: T[] | undefined): Partial<Record<N, T[]>> {
  return items && items.length > 0 ? ({ [name]: items } as Record<N, T[]>) : {};
}

function numbers<T extends Record<string, number | null | undefined>>(fields: T): { [K in keyof T]?: number } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value != null)) as { [K in keyof T]?: number };
}

function texts(names: Names): Names | null {
  const said = Object.entries(names).map(([language, text]) => [language, text?.trim() ?? ""]).filter(([, text]) => text !== "");
  return said.length > 0 ? (Object.fromEntries(said) as Names) : null;
}

/** Values as they were kept in the tab, whose dates are texts. */
export function revived(values: Values): Values {
  const [from, until] = values.period ?? [null, null];
  return { ...values, period: from || until ? [from ? dayjs(from) : null, until ? dayjs(until) : null] : null };
}
