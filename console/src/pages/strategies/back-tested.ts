// Whom a playbook would have told what on past days. The server looks at some members at a time, and the
// figures of its parts add up.

import type { Counts, Example } from "./rehearsed";

export type Tested = Omit<Counts, "tasks">;

export interface Part {
  from: string;
  to: string;
  playbook_version: number;
  done: boolean;
  members: number;
  left_out: { merged: number; long: number; unreadable: number };
  totals: Tested;
  days: { day: string; nodes: (Tested & { strategy: string; node: number })[] }[];
  strategies: (Tested & { strategy: string; examples?: Example[] })[];
  as_of_now: string[];
  not_told: string[];
  next: string | null;
}

/** Members that are named of a strategy, as many as the server names of a part. */
const EXAMPLES = 10;

const numbers = (one: Record<string, number>, other: Record<string, number>): Record<string, number> => {
  const sum = { ...one };
  for (const [name, count] of Object.entries(other)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
};

function sum<T extends Tested>(one: T, other: Tested): T {
  return {
    ...one,
    due: one.due + other.due,
    messages: one.messages + other.messages,
    cost_minor: one.cost_minor + other.cost_minor,
    points: one.points + other.points,
    channels: numbers(one.channels, other.channels),
    reasons: numbers(one.reasons, other.reasons),
  };
}

/** Rows of both, those of one key as one. */
function merged<T extends Tested>(ones: T[], others: T[], key: (row: T) => string, also: (sum: T, other: T) => T = (row) => row): T[] {
  const rows = new Map(ones.map((row) => [key(row), row]));
  for (const other of others) {
    const own = rows.get(key(other));
    rows.set(key(other), own ? also(sum(own, other), other) : other);
  }
  return [...rows.values()];
}

/** All parts so far with the next one. */
export function withPart(before: Part | null, part: Part): Part {
  if (!before) return part;
  const days = new Map(before.days.map((one) => [one.day, one.nodes]));
  for (const { day, nodes } of part.days) days.set(day, merged(days.get(day) ?? [], nodes, (row) => `${row.strategy} ${row.node}`));
  return {
    ...part,
    members: before.members + part.members,
    left_out: {
      merged: before.left_out.merged + part.left_out.merged,
      long: before.left_out.long + part.left_out.long,
      unreadable: before.left_out.unreadable + part.left_out.unreadable,
    },
    totals: sum(before.totals, part.totals),
    days: [...days].map(([day, nodes]) => ({ day, nodes })).sort((one, other) => (one.day < other.day ? -1 : 1)),
    strategies: merged(before.strategies, part.strategies, (row) => row.strategy, (row, other) => {
      const examples = [...(row.examples ?? []), ...(other.examples ?? [])].slice(0, EXAMPLES);
      return { ...row, ...(row.examples || other.examples ? { examples } : {}) };
    }),
  };
}

const NOTHING: Tested = { due: 0, messages: 0, cost_minor: 0, points: 0, channels: {}, reasons: {} };

/** A row for each day on which something would have been decided; of one strategy, where its id is told. */
export function daysOf(found: Part, strategy = ""): (Tested & { day: string })[] {
  return found.days.flatMap(({ day, nodes }) => {
    const own = nodes.filter((node) => !strategy || node.strategy === strategy);
    return own.length > 0 ? [own.reduce((row, node) => sum(row, node), { day, ...NOTHING })] : [];
  });
}
