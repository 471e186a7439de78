// The playbook as the pages edit it. Its shape is that of the API; what has a default may be absent.

import type { components } from "../../../generated/schema";

type Schemas = components["schemas"];

export type Trigger = Schemas["Trigger"];
export type TriggerKind = Trigger["kind"];
export type Action = Omit<Schemas["Action"], "recommend" | "task"> & { recommend?: Recommend | null; task?: Task | null };
export type Task = Partial<Schemas["Task"]> & { to: Schemas["TaskTo"]; text: Names };
export type Recommend = Partial<Schemas["Recommend"]> & { from: string[] };
export type Step = Schemas["Node"];
export type Channel = Schemas["Channel"];
export type Mode = Schemas["Mode"];
export type Stop = Schemas["Stop"];
export type Cap = Schemas["Cap"];
export type Segment = Schemas["Segment"];
export type Names = { "zh-CN"?: string | null; en?: string | null };
export type Send = Partial<Schemas["Send"]> & { template: string };
export type Sequence = Partial<Schemas["Sequence"]> & { nodes: Step[] };
export type Budget = Schemas["Budget"];
export type Strategy = Omit<Partial<Schemas["Strategy"]>, "id" | "trigger" | "action" | "send" | "sequence"> & {
  id: string;
  trigger: Trigger;
  action?: Action;
  send?: Send | null;
  sequence?: Sequence | null;
};
export type Playbook = Omit<Partial<Schemas["Playbook"]>, "strategies"> & { strategies?: Strategy[] };

export interface PlaybookFault {
  pointer: string;
  detail: string;
}

export interface PublishedPlaybook {
  version: number;
  published_at: string | null;
  published_by: string | null;
  playbook: Playbook;
  problems: PlaybookFault[];
  inherits?: string;
}

export interface PlaybookDraft {
  draft: string;
  /** The version that it was begun from. */
  base_version?: number;
  /** Counts its changes. */
  revision: number;
  updated_at: string;
  updated_by: string;
  problems?: PlaybookFault[];
  playbook?: Playbook;
}

export const CHANNELS: Channel[] = ["sms", "email", "push", "wecom", "wechat"];
export const STOPS: Stop[] = ["redeemed", "ordered", "cycle_empty"];
export const TRIGGERS: TriggerKind[] = [
  "points_expiring", "tier_ending", "coupon_expiring", "date", "tier_changed", "balance_changed", "entered_segment",
  "left_segment", "tag_added", "score", "behaviour", "entry", "schedule",
];
/** Where a strategy without these fields stands. */
export const DEFAULTS = { wait_hours: 24, within_hours: 72, spread_days: 3, holdout_percent: 10, priority: 0, mode: "all", match: "all" } as const;
export const MAX_STEPS = 10;

const AHEAD: TriggerKind[] = ["points_expiring", "tier_ending", "coupon_expiring", "date"];

/** Whether steps are counted in days before the occasion, and not after it. */
export function isAhead(kind: TriggerKind): boolean {
  return AHEAD.includes(kind);
}

/** The day of a step, counted from the occasion. */
export function dayOf(step: Step): number {
  return step.days_before ?? step.days_after ?? 0;
}

/** The step on another day. */
export function onDay(step: Step, day: number, ahead: boolean): Step {
  const { days_before: _before, days_after: _after, ...rest } = step;
  return ahead ? { days_before: day, ...rest } : { days_after: day, ...rest };
}

/** The days of its messages, in their order. */
export function daysOf({ trigger, sequence }: Strategy): number[] {
  if (sequence) return sequence.nodes.map(dayOf);
  return "days_before" in trigger && typeof trigger.days_before === "number" ? [trigger.days_before] : [];
}

/** All channels that it names. */
export function channelsOf({ send, sequence }: Strategy): Channel[] {
  return [...new Set(sequence?.nodes.flatMap((step) => step.channels ?? send?.channels ?? []) ?? send?.channels)];
}

/** All templates that it names, each once. */
export function templatesOf({ send, sequence }: Strategy): string[] {
  const named = sequence ? sequence.nodes.map((step) => step.template ?? send?.template) : [send?.template];
  return [...new Set(named.filter((one): one is string => Boolean(one)))];
}

/** The faults of one strategy, with places within it. */
export function faultsOf(faults: PlaybookFault[], place: number): PlaybookFault[] {
  const at = `/strategies/${place}`;
  return faults.filter(({ pointer }) => pointer === at || pointer.startsWith(`${at}/`)).map((fault) => ({ ...fault, pointer: fault.pointer.slice(at.length) }));
}

/** The document with strategies of another one, and with the segments that they name. */
export function withStrategies(document: Playbook, from: Playbook, ids: string[]): Playbook {
  const taken = new Set((document.strategies ?? []).map((one) => one.id));
  const strategies = (from.strategies ?? []).filter((one) => ids.includes(one.id) && !taken.has(one.id));
  const needed = strategies.map((one) => one.segment).filter((id): id is string => Boolean(id));
  const segments = { ...document.segments };
  for (const id of needed) {
    const segment = from.segments?.[id];
    if (segment && !(id in segments)) segments[id] = segment;
  }
  return {
    ...document,
    ...(Object.keys(segments).length > 0 ? { segments } : {}),
    strategies: [...(document.strategies ?? []), ...strategies],
  };
}
