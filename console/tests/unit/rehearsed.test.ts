import { expect, test } from "vitest";
import { largest, rehearse, rowsOf, verdictOf, type Counts, type Rehearsal, type Speed } from "../../src/pages/strategies/rehearsed";

const counts = (due: number, others: Partial<Counts> = {}): Counts => ({ due, messages: due, cost_minor: 5 * due, points: 0, channels: due ? { sms: due } : {}, reasons: {}, ...others });
const part = (members: number, next: string | null, strategies: Rehearsal["strategies"] = []): Rehearsal => ({
  day: "2026-03-11", at: "2026-03-10T17:00:00Z", playbook_version: 4, done: next === null, members, totals: counts(members), strategies, accounts: [], next,
});

test("parts are asked for by the cursor of the part before, to the end", async () => {
  const [asked, shown]: [(string | null)[], number[]] = [[], []];
  const parts = [part(100_000, "a"), part(200_000, "b"), part(241_200, null)];
  await rehearse(async (cursor) => {
    asked.push(cursor);
    return parts[asked.length - 1] as Rehearsal;
  }, () => false, (found) => shown.push(found.members));
  expect(asked).toEqual([null, "a", "b"]);
  expect(shown).toEqual([100_000, 200_000, 241_200]);
});

test("a person who stops it sees no later part, and nothing more is asked for", async () => {
  let asked = 0;
  const shown: number[] = [];
  await rehearse(async () => part((asked += 1), "on"), () => asked === 3, (found) => shown.push(found.members));
  expect([asked, shown]).toEqual([3, [1, 2]]);
});

test("what fails is told, and what was shown stays", async () => {
  const shown: number[] = [];
  const failing = rehearse(async (cursor) => {
    if (cursor) throw new Error("busy");
    return part(1, "a");
  }, () => false, (found) => shown.push(found.members));
  await expect(failing).rejects.toThrow("busy");
  expect(shown).toEqual([1]);
});

test("rows stand in the order of the document, with nodes where there are several", () => {
  const node = (days: number, due: number) => ({ node: days, ...counts(due) });
  const found = part(9, null, [
    { strategy: "gone", ...counts(1), nodes: [node(0, 1)] },
    { strategy: "ladder", ...counts(3), nodes: [node(-15, 2), node(-7, 1)] },
  ]);
  const rows = rowsOf(found, ["quiet", "ladder"]);
  expect(rows.map((row) => [row.strategy, row.node, row.due])).toEqual([["quiet", null, 0], ["ladder", null, 3], ["ladder", -15, 2], ["ladder", -7, 1], ["gone", null, 1]]);
  expect(rows[0]).toEqual({ strategy: "quiet", node: null, due: 0, messages: 0, cost_minor: 0, points: 0, channels: {}, reasons: {} });
});

test("counts are told the largest first, and none of nothing", () => {
  expect(largest({ no_contact: 1, budget: 0, no_consent: 7 })).toEqual([["no_consent", 7], ["no_contact", 1]]);
});

test("an account is in time, partly late, wholly late, or not there", () => {
  const speed: Speed = { channel: "sms", account: "main", is_paused: false, per_second: 20, messages: 9, seconds: 1, open_seconds: 9, drained_at: "2026-03-11T02:00:00Z", late: 0 };
  expect(verdictOf(speed)).toBe("inTime");
  expect(verdictOf({ ...speed, late: 1 })).toBe("late");
  expect(verdictOf({ ...speed, late: 9, drained_at: null })).toBe("allLate");
  expect(verdictOf({ ...speed, account: null, late: 9, drained_at: null })).toBe("none");
});
