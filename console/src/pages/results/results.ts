// What strategies brought, as the API tells it, and what its figures say.

import type { Names } from "../strategies/playbook";

export interface Side {
  members: number;
  converted: number;
  orders: number;
  points: number;
  open: number;
}

export interface Estimate {
  value: number;
  low: number;
  high: number;
}

export interface Lift {
  treated: Side;
  held_out: Side;
  verdict: "more" | "fewer" | "cannot_be_told" | "nobody_to_compare";
  treated_per_10000?: number;
  held_out_per_10000?: number;
  difference_per_10000?: Estimate;
  conversions?: Estimate;
  orders?: number;
  points?: number;
  cost_minor_per_1000_members?: number;
  cost_minor_per_order?: number | null;
  needed?: { treated: number; held_out: number } | null;
  is_large_enough?: boolean;
}

export interface Reached {
  touches: {
    decided: number;
    suppressed: Record<string, number>;
    due: number;
    sending: number;
    sent: number;
    unknown: number;
    failed: number;
    delivered: number;
    clicked: number;
    converted: number;
  };
  messages: number;
  visits: number;
  cost_minor: number;
  granted_points: number;
  credited: { redeem: number; order: number; login: number; by_click: number; points: number; order_minor: number };
}

/** How occasions ended that the strategy settles. */
export interface Settled {
  occasions: number;
  messages: number;
  responded: number;
  points_spent: number;
  points_expired: number;
}

export interface Result extends Reached {
  strategy_id: string;
  name?: Names | null;
  settled: Settled;
  lift: Lift;
}

export interface OfChannel {
  channel: string;
  messages: number;
  delivered: number;
  visits: number;
  clicked: number;
  cost_minor: number;
}

interface Counted {
  from: string;
  to: string;
  counted_through: { sent: string | null; matured: string | null; settled: string | null };
}

export interface Results extends Counted {
  all_marketing: { lift: Lift };
  items: Result[];
}

export type OneResult = Counted & Result & { nodes: (Reached & { node: number; channels: OfChannel[] })[] };

export function suppressedOf({ touches }: Reached): number {
  return Object.values(touches.suppressed).reduce((sum, count) => sum + count, 0);
}

/** The steps from the decision to what members did, each with how many touches came so far. */
export function funnel(result: Reached): { step: "decided" | "due" | "sent" | "delivered" | "clicked" | "converted"; count: number }[] {
  const { decided, sent, delivered, clicked, converted } = result.touches;
  return [
    { step: "decided", count: decided }, { step: "due", count: decided - suppressedOf(result) }, { step: "sent", count: sent },
    { step: "delivered", count: delivered }, { step: "clicked", count: clicked }, { step: "converted", count: converted },
  ];
}

/** What a lift means, by the name of its sentence. */
export type Meaning = "more" | "fewer" | "small" | "needs" | "untold" | "waits" | "noHoldout" | "nobody";

export function meaning({ verdict, treated, held_out, needed, is_large_enough }: Lift): Meaning {
  if (verdict === "more" || verdict === "fewer") return verdict;
  if (verdict === "nobody_to_compare") {
    if (treated.open + held_out.open > 0) return "waits";
    return treated.members > 0 && held_out.members === 0 ? "noHoldout" : "nobody";
  }
  if (is_large_enough) return "small";
  return needed ? "needs" : "untold";
}

/** Members that are still missing on both sides. */
export function missing({ treated, held_out, needed }: Lift): number {
  if (!needed) return 0;
  return Math.max(0, needed.treated - treated.members) + Math.max(0, needed.held_out - held_out.members);
}

/** Where an interval and zero stand on one line, from 0 to 100. */
export function onLine({ value, low, high }: Estimate): { zero: number; low: number; high: number; value: number } {
  const [least, most] = [Math.min(0, low), Math.max(0, high)];
  const room = (most - least || 1) * 0.08;
  const place = (one: number) => Math.round(((one - least + room) / (most - least + 2 * room || 1)) * 1000) / 10;
  return { zero: place(0), low: place(low), high: place(high), value: place(value) };
}

/** The span in weeks from its first day on; the last one may be shorter. */
export function weeksOf(from: string, to: string, addDays: (day: string, days: number) => string): { from: string; to: string }[] {
  const weeks: { from: string; to: string }[] = [];
  for (let day = from; day <= to && weeks.length < 14; day = addDays(day, 7)) {
    const last = addDays(day, 6);
    weeks.push({ from: day, to: last < to ? last : to });
  }
  return weeks;
}

/** One row of a file: the same names as those of the API. */
export const CELLS: [string, (row: Result) => string | number | null][] = [
  ["strategy_id", (row) => row.strategy_id],
  ["decided", (row) => row.touches.decided],
  ["suppressed", suppressedOf],
  ["sent", (row) => row.touches.sent],
  ["failed", (row) => row.touches.failed],
  ["unknown", (row) => row.touches.unknown],
  ["delivered", (row) => row.touches.delivered],
  ["clicked", (row) => row.touches.clicked],
  ["converted", (row) => row.touches.converted],
  ["messages", (row) => row.messages],
  ["cost_minor", (row) => row.cost_minor],
  ["granted_points", (row) => row.granted_points],
  ["redemptions", (row) => row.credited.redeem],
  ["orders", (row) => row.credited.order],
  ["settled_occasions", (row) => row.settled.occasions],
  ["settled_messages", (row) => row.settled.messages],
  ["settled_points_spent", (row) => row.settled.points_spent],
  ["settled_points_expired", (row) => row.settled.points_expired],
  ["treated", (row) => row.lift.treated.members],
  ["treated_converted", (row) => row.lift.treated.converted],
  ["held_out", (row) => row.lift.held_out.members],
  ["held_out_converted", (row) => row.lift.held_out.converted],
  ["verdict", (row) => row.lift.verdict],
  ["difference_per_10000", (row) => row.lift.difference_per_10000?.value ?? null],
  ["difference_low", (row) => row.lift.difference_per_10000?.low ?? null],
  ["difference_high", (row) => row.lift.difference_per_10000?.high ?? null],
];
