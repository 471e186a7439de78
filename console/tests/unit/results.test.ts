import { expect, test } from "vitest";
import { addDays } from "../../src/lib/format";
import { CELLS, funnel, meaning, missing, onLine, suppressedOf, weeksOf, type Lift, type Result, type Side } from "../../src/pages/results/results";
import { logPath } from "../../src/pages/touches/touch";

const side = (members: number, converted: number, open = 0): Side => ({ members, converted, orders: 0, points: 0, open });
const compared = (verdict: Lift["verdict"], others: Partial<Lift> = {}): Lift => ({
  treated: side(9_800, 1_470), held_out: side(1_090, 131), verdict, treated_per_10000: 1_500, held_out_per_10000: 1_202,
  difference_per_10000: { value: 298, low: 83, high: 489 }, conversions: { value: 292, low: 81, high: 479 }, orders: 172, points: 51_193,
  cost_minor_per_1000_members: 5_235, cost_minor_per_order: 299, needed: { treated: 29_240, held_out: 3_253 }, is_large_enough: false, ...others,
});
const nobody = (treated: Side, held_out: Side): Lift => ({ treated, held_out, verdict: "nobody_to_compare" });
const result: Result = {
  strategy_id: "row_1", name: { "zh-CN": "高价值" },
  touches: { decided: 12_000, suppressed: { holdout_strategy: 1_140, no_contact: 600 }, due: 0, sending: 0, sent: 10_200, unknown: 20, failed: 40, delivered: 9_900, clicked: 830, converted: 700 },
  messages: 10_260, visits: 1_210, cost_minor: 51_300, granted_points: 0, credited: { redeem: 310, order: 420, login: 0, by_click: 520, points: 155_000, order_minor: 4_620_000 },
  settled: { occasions: 310, messages: 870, responded: 12, points_spent: 9_600, points_expired: 2_100 },
  lift: compared("more"),
};

test.each([
  ["an interval above zero", compared("more"), "more"],
  ["an interval below zero", compared("fewer"), "fewer"],
  ["chance, with too few members", compared("cannot_be_told"), "needs"],
  ["chance, though there were enough", compared("cannot_be_told", { is_large_enough: true }), "small"],
  ["chance, where nobody of the held out converted", compared("cannot_be_told", { needed: null }), "untold"],
  ["nobody yet, as their time is not over", nobody(side(0, 0, 40), side(0, 0, 4)), "waits"],
  ["nobody who was left alone", nobody(side(40, 3), side(0, 0)), "noHoldout"],
  ["nobody at all", nobody(side(0, 0), side(0, 0)), "nobody"],
] as const)("%s is said as it is", (_what, lift, says) => {
  expect(meaning(lift)).toBe(says);
});

test("what is missing is counted on both sides, and never less than nobody", () => {
  expect(missing(compared("cannot_be_told"))).toBe(29_240 - 9_800 + 3_253 - 1_090);
  expect(missing(compared("cannot_be_told", { needed: { treated: 9_000, held_out: 2_000 } }))).toBe(910);
  expect(missing(compared("cannot_be_told", { needed: null }))).toBe(0);
});

test("the funnel goes from the decision to what members did", () => {
  expect(suppressedOf(result)).toBe(1_740);
  expect(funnel(result).map(({ step, count }) => `${step} ${count}`)).toEqual(["decided 12000", "due 10260", "sent 10200", "delivered 9900", "clicked 830", "converted 700"]);
});

test.each([
  [{ value: 298, low: 83, high: 489 }],
  [{ value: -50, low: -90, high: -10 }],
  [{ value: 0, low: -100, high: 100 }],
  [{ value: 0, low: 0, high: 0 }],
])("zero and the interval %o stand on one line", (estimate) => {
  const line = onLine(estimate);
  for (const place of Object.values(line)) {
    expect(place).toBeGreaterThanOrEqual(0);
    expect(place).toBeLessThanOrEqual(100);
  }
  expect(line.low).toBeLessThanOrEqual(line.value);
  expect(line.value).toBeLessThanOrEqual(line.high);
  expect(Math.sign(line.low - line.zero)).toBe(Math.sign(estimate.low));
});

test("a span has its weeks, and the last one ends with it", () => {
  expect(weeksOf("2026-03-01", "2026-03-16", addDays)).toEqual([
    { from: "2026-03-01", to: "2026-03-07" }, { from: "2026-03-08", to: "2026-03-14" }, { from: "2026-03-15", to: "2026-03-16" },
  ]);
  expect(weeksOf("2026-03-01", "2026-05-31", addDays)).toHaveLength(14);
});

test("a file has each figure under its name", () => {
  const row = Object.fromEntries(CELLS.map(([name, cell]) => [name, cell(result)]));
  expect(row).toMatchObject({ strategy_id: "row_1", decided: 12_000, suppressed: 1_740, sent: 10_200, treated: 9_800, held_out_converted: 131, verdict: "more", difference_low: 83 });
  expect(CELLS.map(([, cell]) => cell({ ...result, lift: nobody(side(0, 0), side(0, 0)) })).filter((one) => one === null)).toHaveLength(3);
});

test("a number leads to its rows", () => {
  expect(logPath({ strategy: "row_1", state: "suppressed", reason: "no_contact", from: "2026-03-01", to: "2026-03-30" })).toBe("/touches?strategy=row_1&state=suppressed&reason=no_contact&from=2026-03-01&to=2026-03-30");
  expect(logPath({ member_id: "a b" })).toBe("/touches?member=a+b");
  expect(logPath({ strategy: "row_1", node: "0", state: "sent" })).toBe("/touches?strategy=row_1&node=0&state=sent");
});
