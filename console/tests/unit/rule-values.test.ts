import dayjs from "dayjs";
import { expect, test } from "vitest";
import { ruleOf } from "../../src/pages/rules/rule-values";

const values = { id: "spring", event: "purchase", kind: "multiplier" as const, amount: 2.5 };

test("rows become conditions, money in minor units", () => {
  const rule = ruleOf(
    null,
    {
      ...values,
      conditions: [
        { field: "member.tier", operator: "one_of", values: ["gold"] },
        { field: "order.amount_minor", operator: "at_least", values: ["199.9"] },
        {},
      ],
      period: [dayjs("2026-03-01"), null],
      limit_times: 2,
      limit_per: "month",
      cap_points: 500,
      cap_per: "day",
    },
    100,
  );
  expect(rule).toEqual({
    id: "spring",
    event: "purchase",
    award: { kind: "multiplier", times: "2.5" },
    from: "2026-03-01",
    conditions: [
      { field: "member.tier", operator: "one_of", values: ["gold"] },
      { field: "order.amount_minor", operator: "at_least", values: ["19990"] },
    ],
    limit: { times: 2, per: "month" },
    caps: [{ points: 500, per: "day" }],
  });
});

test("what the form does not show stays, and what was emptied goes", () => {
  const before = {
    id: "spring", event: "purchase", award: { kind: "fixed", points: 5 }, group: "g", priority: 3, growth: 7, when: "true", coupon: "fifty",
    caps: [{ points: 9, per: "month", of: "programme" }, { points: 1, per: "day", of: "device" }],
  };
  expect(ruleOf(before, { ...values, kind: "fixed", amount: 6, cap_points: 10, cap_per: "month" }, 100)).toEqual({
    id: "spring", event: "purchase", award: { kind: "fixed", points: 6 }, group: "g", priority: 3, growth: 7,
    caps: [{ of: "programme", points: 10, per: "month" }, { points: 1, per: "day", of: "device" }],
  });
});
