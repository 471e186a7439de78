import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { begun, changed, redone, undone } from "../../src/pages/strategies/history";
import type { Playbook, Strategy, TriggerKind } from "../../src/pages/strategies/playbook";
import { TRIGGERS } from "../../src/pages/strategies/playbook";
import { strategyOf, valuesOf } from "../../src/pages/strategies/strategy-values";

const EXAMPLE = JSON.parse(readFileSync(new URL("../../../crates/reach/src/playbook/example.json", import.meta.url), "utf8")) as Playbook;
const unit = (field: string) => (field.startsWith("member.spend") ? 100 : 1);

test.each(EXAMPLE.strategies ?? [])("$id: the form changes nothing by itself", (strategy) => {
  expect(strategyOf(strategy, valuesOf(strategy, unit), unit)).toEqual(strategy);
});

const whole: Strategy = {
  id: "whole",
  name: { en: "Whole" },
  from: "2026-03-01",
  until: "2026-05-31",
  segment: "rich",
  trigger: { kind: "points_expiring", days_before: 30 },
  when: "member.orders > 1",
  conditions: [{ field: "member.spend_30", operator: "at_least", values: ["12345"] }] as never,
  action: {
    recommend: { from: ["pool:tea", "viewed"], points_at_least: 5, points_at_most: 90, with_cash: true, count: 2 },
    grant: { name: "gift:of_spring" }, task: { to: "role", name: "service", text: { "zh-CN": "回访" }, due_in_hours: 24 }, set_tag: "service/care", set_attribute: { name: "city", value: "上海" },
  },
  send: { channels: ["sms", "push"], mode: "first_possible", template: "one", wait_hours: 3, within_hours: 5 },
  sequence: {
    nodes: [{ days_before: 30, channels: ["sms"], mode: "all", template: "two", action: { set_tag: "x" } as never }, { days_before: 0 }],
    skip_after_response_hours: 12, settle: true,
  },
  stop_when: ["ordered"],
  priority: -5,
  match: "first",
  spread_days: 1,
  budget: { messages: 10, cost_minor: 500, points: 0, per: "day" },
  holdout_percent: 0,
  owner: "会员部",
};

test("only a role or a person is named in a task", () => {
  const values = valuesOf(whole, unit);
  values.task = { ...values.task, to: "store" };
  expect(strategyOf(whole, values, unit).action?.task).toEqual({ to: "store", text: { "zh-CN": "回访" }, due_in_hours: 24 });
});

test("every field of a strategy goes through the form", () => {
  expect(strategyOf(whole, valuesOf(whole, unit), unit)).toEqual(whole);
});

const TRIGGER_FIELDS: Partial<Record<TriggerKind, object>> = {
  points_expiring: { within_days: 30 }, tier_ending: { days_before: 0 }, coupon_expiring: { days_before: 3, coupon: "welcome" },
  date: { attribute: "birthday", days_before: 7 }, tier_changed: { direction: "down", to: ["gold"] }, balance_changed: { points_at_least: 100 },
  entered_segment: { segment: "a" }, left_segment: { segment: "b" }, tag_added: { tag: "a/b" }, score: { tag: "risk", at_least: 70 },
  behaviour: { behaviour: "add_to_cart", after_minutes: 60, unless: "order", unless_entry: "order" }, entry: { entry: "earn" },
  schedule: { weekdays: [1, 5], month_days: [1], months: [6], at: "09:30" },
};

test.each(TRIGGERS)("the trigger %s keeps its fields", (kind) => {
  const strategy = { id: "a", trigger: { kind, ...TRIGGER_FIELDS[kind] } } as Strategy;
  expect(strategyOf(strategy, valuesOf(strategy, unit), unit)).toEqual(strategy);
});

test("another trigger leaves no fields of the one before, and steps count from the occasion", () => {
  const values = valuesOf(whole, unit);
  const next = strategyOf(whole, { ...values, trigger: { ...values.trigger, kind: "entry", entry: "earn" } }, unit);
  expect(next.trigger).toEqual({ kind: "entry", entry: "earn" });
  expect(next.sequence?.nodes.map((step) => [step.days_after, step.days_before])).toEqual([[30, undefined], [0, undefined]]);
});

test("a new strategy is as short as what was typed", () => {
  const values = { ...valuesOf(null, unit), id: "new", template: "top_up", channels: ["sms" as const] };
  expect(strategyOf(null, values, unit)).toEqual({ id: "new", trigger: { kind: "points_expiring", days_before: 30 }, send: { channels: ["sms"], template: "top_up" } });
});

test("changes are undone and done again, until another change", () => {
  const edited = changed(changed(begun("a"), "b"), "c");
  expect(undone(undone(edited)).present).toBe("a");
  expect(undone(undone(undone(edited))).present).toBe("a");
  expect(redone(undone(edited))).toEqual(edited);
  expect(redone(changed(undone(edited), "d")).present).toBe("d");
  expect(changed(edited, "c")).toBe(edited);
});
