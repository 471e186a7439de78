import dayjs from "dayjs";
import { expect, test } from "vitest";
import { charactersBefore, conditionsForm, stated } from "../../src/conditions/forms";
import { revived, ruleOf, valuesOf, type Values } from "../../src/pages/rules/rule-values";

const unit = (field: string) => (field.endsWith("_minor") ? 100 : 1);
const values: Values = { id: "spring", event: "purchase", kind: "multiplier", amount: 2.5, conditions: conditionsForm([], "", unit) };
const rows = [
  { field: "member.tier", operator: "one_of", values: ["gold"] },
  { any: [{ field: "order.amount_minor", operator: "at_least", values: ["19990"] }, { field: "event.channel", operator: "is", values: ["app"] }] },
];

test("rows become conditions, money in minor units", () => {
  const rule = ruleOf(
    null,
    { ...values, conditions: conditionsForm(rows, "", unit), period: [dayjs("2026-03-01"), null], limit_times: 2, limit_per: "month", cap_points: 500, cap_per: "day" },
    unit,
  );
  expect(rule).toEqual({
    id: "spring",
    event: "purchase",
    award: { kind: "multiplier", times: "2.5" },
    from: "2026-03-01",
    conditions: rows,
    limit: { times: 2, per: "month" },
    caps: [{ points: 500, per: "day" }],
  });
});

test("what the form does not show stays, and what was emptied goes", () => {
  const before = {
    id: "spring", event: "purchase", award: { kind: "fixed", points: 5 }, group: "g", priority: 3, growth: 7, when: "true", coupon: "fifty",
    caps: [{ points: 9, per: "month", of: "programme" }, { points: 1, per: "day", of: "device" }],
  };
  expect(ruleOf(before, { ...values, kind: "fixed", amount: 6, cap_points: 10, cap_per: "month" }, unit)).toEqual({
    id: "spring", event: "purchase", award: { kind: "fixed", points: 6 }, group: "g", priority: 3, growth: 7,
    caps: [{ of: "programme", points: 10, per: "month" }, { points: 1, per: "day", of: "device" }],
  });
});

test("a rule that nobody changes stays the same, in whichever form its condition is", () => {
  for (const condition of [{ when: "member.is_new" }, { conditions: rows }, { conditions: rows, when: "1 == 1" }, {}]) {
    const rule = { id: "spring", event: "purchase", award: { kind: "fixed", points: 5 }, ...condition };
    expect(ruleOf(rule, valuesOf(rule, unit) as Values, unit)).toEqual(rule);
  }
});

test("rows that were put into CEL are the same rows, until the text changes", () => {
  const shown = { ...conditionsForm(rows, "", unit), form: "cel" as const, text: "x", from: "x" };
  expect(stated(shown, unit)).toEqual({ conditions: rows, when: "" });
  expect(stated({ ...shown, text: " y " }, unit)).toEqual({ conditions: [], when: "y" });
});

test("values that were kept in the tab have their dates again", () => {
  const kept = JSON.parse(JSON.stringify({ ...values, period: [dayjs("2026-03-01"), null] })) as Values;
  expect(ruleOf(null, revived(kept), unit).from).toBe("2026-03-01");
  expect(revived({ ...values, period: null }).period).toBeNull();
});

test("places count bytes, and texts have characters", () => {
  expect(charactersBefore('event.channel == "门店" && x', 30)).toBe(25);
  expect(charactersBefore("abc", 1)).toBe(0);
  expect(charactersBefore("abc", 99)).toBe(3);
});
