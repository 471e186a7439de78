import { expect, test } from "vitest";
import { daysOf, withPart, type Part, type Tested } from "../../src/pages/strategies/back-tested";

const counts = (due: number, reasons: Record<string, number> = {}): Tested => ({ due, messages: due, cost_minor: 5 * due, points: 2 * due, channels: due ? { sms: due } : {}, reasons });
const example = (member_id: string) => ({ member_id, node: -7, due_at: "2026-01-04T02:00:00Z", channels: ["sms"] });
const part = (members: number, next: string | null, others: Partial<Part>): Part => ({
  from: "2026-01-01", to: "2026-03-10", playbook_version: 4, done: next === null, members, left_out: { merged: 1, long: 2, unreadable: 0 },
  totals: counts(members), days: [], strategies: [], as_of_now: ["tags"], not_told: [], next, ...others,
});

const first = part(3, "on", {
  days: [
    { day: "2026-01-04", nodes: [{ strategy: "ladder", node: -7, ...counts(2, { no_consent: 1 }) }] },
    { day: "2026-02-01", nodes: [{ strategy: "row", node: 0, ...counts(1) }] },
  ],
  strategies: [{ strategy: "ladder", ...counts(2, { no_consent: 1 }), examples: [example("a")] }, { strategy: "row", ...counts(1) }],
});
const second = part(4, null, {
  days: [
    { day: "2026-01-03", nodes: [{ strategy: "row", node: 0, ...counts(1) }] },
    { day: "2026-01-04", nodes: [{ strategy: "ladder", node: -7, ...counts(1, { no_consent: 2, frozen: 1 }) }, { strategy: "row", node: 0, ...counts(2) }] },
  ],
  strategies: [{ strategy: "ladder", ...counts(1, { no_consent: 2, frozen: 1 }), examples: [example("b")] }, { strategy: "row", ...counts(3) }],
});

test("parts add up", () => {
  const whole = withPart(withPart(null, first), second);
  expect([whole.members, whole.done, whole.next, whole.left_out]).toEqual([7, true, null, { merged: 2, long: 4, unreadable: 0 }]);
  expect(whole.totals).toEqual(counts(7));
  expect(whole.days.map((one) => one.day)).toEqual(["2026-01-03", "2026-01-04", "2026-02-01"]);
  const [ladder, row] = whole.strategies;
  expect(ladder).toEqual({ strategy: "ladder", ...counts(3, { no_consent: 3, frozen: 1 }), examples: [example("a"), example("b")] });
  expect(row).toEqual({ strategy: "row", ...counts(4) });
  // What was shown before stays what it was.
  expect(first.days[0]?.nodes[0]?.due).toBe(2);
});

test("days are told of all strategies, or of one", () => {
  const whole = withPart(first, second);
  expect(daysOf(whole).map((row) => [row.day, row.due, row.reasons])).toEqual([["2026-01-03", 1, {}], ["2026-01-04", 5, { no_consent: 3, frozen: 1 }], ["2026-02-01", 1, {}]]);
  expect(daysOf(whole, "row").map((row) => [row.day, row.due])).toEqual([["2026-01-03", 1], ["2026-01-04", 2], ["2026-02-01", 1]]);
  expect(daysOf(whole, "gone")).toEqual([]);
});
