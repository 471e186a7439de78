// What a day would bring, as the server counts it in parts, and as rows to show.

export interface Counts {
  due: number;
  messages: number;
  cost_minor: number;
  points: number;
  channels: Record<string, number>;
  reasons: Record<string, number>;
}

export interface Example {
  member_id: string;
  node: number;
  due_at: string;
  channels: string[];
}

export interface OfStrategy extends Counts {
  strategy: string;
  nodes: (Counts & { node: number })[];
  /** For roles that may read members. */
  examples?: Example[];
}

/** Whether the account of a channel is fast enough for the messages of the day. */
export interface Speed {
  channel: string;
  /** Null: the channel has none. */
  account: string | null;
  is_paused: boolean;
  per_second: number | null;
  messages: number;
  seconds: number | null;
  open_seconds: number | null;
  drained_at: string | null;
  late: number;
}

export interface Rehearsal {
  day: string;
  at: string;
  playbook_version: number;
  done: boolean;
  members: number;
  totals: Counts;
  strategies: OfStrategy[];
  accounts: Speed[];
  next: string | null;
}

export interface Row extends Counts {
  strategy: string;
  /** Null: of the whole strategy. */
  node: number | null;
}

const NOTHING: Counts = { due: 0, messages: 0, cost_minor: 0, points: 0, channels: {}, reasons: {} };

/** One row for each strategy of the document, in its order, and below it one for each node where there are several. */
export function rowsOf({ strategies }: Rehearsal, ids: string[]): Row[] {
  const others = strategies.map((one) => one.strategy).filter((id) => !ids.includes(id));
  return [...ids, ...others].flatMap((id): Row[] => {
    const found = strategies.find((one) => one.strategy === id);
    const { due, messages, cost_minor, points, channels, reasons } = found ?? NOTHING;
    const whole: Row = { strategy: id, node: null, due, messages, cost_minor, points, channels, reasons };
    const nodes = found?.nodes ?? [];
    return [whole, ...(nodes.length > 1 ? nodes.map((node): Row => ({ ...node, strategy: id })) : [])];
  });
}

/** Which sentence tells it. */
export function verdictOf({ account, late, drained_at }: Speed): "none" | "inTime" | "late" | "allLate" {
  if (account === null) return "none";
  if (late === 0) return "inTime";
  return drained_at === null ? "allLate" : "late";
}

/** Counts with their names, the largest first. */
export function largest(counts: Record<string, number>): [string, number][] {
  return Object.entries(counts).filter(([, count]) => count > 0).sort(([, one], [, other]) => other - one);
}

/**
 * Asks for part after part until all members were looked at, or until it is stopped. Each part of a
 * rehearsal has the figures of all before it, so what was shown last stays true of those members.
 */
export async function rehearse<P extends { next: string | null }>(
  ask: (cursor: string | null) => Promise<P>,
  isStopped: () => boolean,
  show: (found: P) => void,
): Promise<void> {
  let cursor: string | null = null;
  do {
    const part: P = await ask(cursor);
    if (isStopped()) return;
    show(part);
    cursor = part.next;
  } while (cursor !== null);
}
