import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { chainOf, connected, flowOf, nodeOfFault, stepped, strategyOfFlow, withMessage, without } from "../../src/pages/strategies/flow";
import { faultsOf, withStrategies, type Playbook, type Step, type Strategy } from "../../src/pages/strategies/playbook";

const EXAMPLE = JSON.parse(readFileSync(new URL("../../../crates/reach/src/playbook/example.json", import.meta.url), "utf8")) as Playbook;
const strategies = EXAMPLE.strategies ?? [];
const named = (id: string) => strategies.find((one) => one.id === id) as Strategy;
const days = (strategy: Strategy) => strategy.sequence?.nodes.map((step) => [step.days_before ?? step.days_after, ...(step.channels ?? [])]);

/** Strategies of any shape, the same ones at every run. */
function random(seed: number): Strategy {
  let state = seed * 7919 + 1;
  const below = (count: number) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * count);
  };
  const maybe = <T extends object>(part: T): T | object => (below(2) === 0 ? part : {});
  const action = { ...maybe({ recommend: { from: ["popular"], count: 1 + below(5) } }), ...maybe({ grant: { coupon: "gift" } }), ...maybe({ set_tag: "a/b" }), ...maybe({ task: { to: "store", text: { en: "call" } } }) };
  const step = (place: number): Step => ({ days_after: place * 2, ...maybe({ channels: ["sms" as const] }), ...maybe({ template: "other" }), ...maybe({ action: { set_tag: "c" } }) });
  return {
    id: `s${seed}`,
    trigger: { kind: "entry", entry: "earn" },
    ...maybe({ segment: "a" }), ...maybe({ when: "member.orders > 1" }), ...maybe({ conditions: [{ field: "member.orders", operator: "above", values: ["1"] }] }),
    ...(Object.keys(action).length > 0 ? { action } : {}),
    ...maybe({ send: { template: "one", channels: ["push" as const] } }),
    ...maybe({ sequence: { nodes: Array.from({ length: below(4) }, (_, place) => step(place)), ...maybe({ settle: true }), ...maybe({ skip_after_response_hours: 72 }) } }),
    ...maybe({ stop_when: ["ordered" as const] }), ...maybe({ priority: 5 }), ...maybe({ budget: { points: 10, per: "day" as const } }), ...maybe({ holdout_percent: 20 }),
  } as Strategy;
}

describe("a strategy as a graph", () => {
  test.each(strategies)("$id: there and back is the same", (strategy) => {
    expect(strategyOfFlow(flowOf(strategy))).toEqual(strategy);
  });

  test("500 strategies of any shape: there and back is the same", () => {
    for (let seed = 0; seed < 500; seed += 1) {
      const strategy = random(seed);
      const flow = flowOf(strategy);
      expect(chainOf(flow)).toEqual(flow.nodes);
      expect(strategyOfFlow(flow)).toEqual(strategy);
    }
  });

  test("the ladder is a chain of its messages", () => {
    const { nodes, edges } = flowOf(named("expiry_ladder"));
    expect(nodes.map((node) => node.id)).toEqual(["trigger", "message-0", "message-1", "message-2", "message-3", "message-4", "end"]);
    expect(edges).toHaveLength(6);
    expect(flowOf(named("row_1")).nodes.map((node) => node.id)).toEqual(["trigger", "condition", "recommend", "grant", "message", "end"]);
  });

  test("what is no chain is no strategy", () => {
    const flow = flowOf(named("row_1"));
    expect(strategyOfFlow({ ...flow, edges: flow.edges.slice(1) })).toBeNull();
    expect(strategyOfFlow({ ...flow, edges: [...flow.edges, { source: "condition", target: "message" }] })).toBeNull();
    expect(strategyOfFlow({ ...flow, edges: [...flow.edges.slice(0, -1), { source: "message", target: "condition" }] })).toBeNull();
    const swapped = [{ source: "trigger", target: "grant" }, { source: "grant", target: "condition" }, { source: "condition", target: "recommend" }, { source: "recommend", target: "message" }];
    expect(strategyOfFlow({ ...flow, edges: [...swapped, { source: "message", target: "end" }] }), "a condition behind an action").toBeNull();
  });

  test("messages change places, and the days stay in order", () => {
    const ladder = named("expiry_ladder");
    const moved = connected(ladder, "trigger", "message-3");
    expect(days(moved)).toEqual([[30, "sms"], [15, "wechat"], [7, "email"], [3, "push"], [1, "push", "sms"]]);
    expect(days(connected(ladder, "message-1", "message-4"))?.map(([, channel]) => channel)).toEqual(["wechat", "email", "push", "push", "sms"]);
    expect(days(stepped(ladder, "message-0", 1))?.slice(0, 2)).toEqual([[30, "email"], [15, "wechat"]]);
    expect(stepped(ladder, "message-0", -1)).toBe(ladder);
    expect(connected(ladder, "message-0", "message-1")).toBe(ladder);
    expect(connected(ladder, "message-4", "trigger")).toBe(ladder);
    expect(connected(ladder, "end", "message-0")).toBe(ladder);
    expect(days(ladder)?.[0]).toEqual([30, "wechat"]);
  });

  test("a message more makes a sequence, and one less goes back", () => {
    const two = withMessage(named("row_1"));
    expect(two.trigger).toEqual({ kind: "points_expiring" });
    expect(days(two)).toEqual([[30, "push", "sms"], [15, "push", "sms"]]);
    expect(two.send).toEqual(named("row_1").send);
    expect(days(withMessage(two))).toEqual([[30, "push", "sms"], [15, "push", "sms"], [14, "push", "sms"]]);
    expect(days(withMessage(named("row_4")))).toEqual([[30, "wecom", "sms"], [15, "wecom", "sms"]]);
    expect(withMessage(named("row_4")).trigger).toEqual({ kind: "points_expiring" });
    expect(days(withMessage(named("tier_up")))?.map(([day]) => day)).toEqual([0, 1]);
    expect(days(withMessage(named("birthday")))?.map(([day]) => day)).toEqual([1, 0]);
    let full = named("expiry_ladder");
    for (let more = 0; more < 20; more += 1) full = withMessage(full);
    const all = days(full)?.map(([day]) => Number(day)) ?? [];
    expect(all).toHaveLength(10);
    expect([...all].sort((one, other) => other - one)).toEqual(all);
    expect(new Set(all).size).toBe(10);
    expect(full.trigger).toEqual({ kind: "points_expiring", days_before: all[0] });
  });

  test("what a node shows can go, but not the trigger", () => {
    const row = named("row_1");
    expect(without(row, "grant").action).toEqual({ recommend: row.action?.recommend });
    expect("action" in without(without(row, "grant"), "recommend")).toBe(false);
    const everybody = without(row, "condition");
    expect([everybody.segment, everybody.when]).toEqual([undefined, undefined]);
    expect("send" in without(row, "message")).toBe(false);
    expect(without(row, "trigger")).toBe(row);
    const shorter = without(named("expiry_ladder"), "message-0");
    expect(shorter.trigger).toEqual({ kind: "points_expiring", days_before: 15 });
    expect(days(shorter)?.map(([day]) => day)).toEqual([15, 7, 3, 1]);
  });

  test("a fault stands at its node", () => {
    const row = flowOf(named("row_1"));
    const ladder = flowOf(named("expiry_ladder"));
    expect(nodeOfFault("/segment", row)).toBe("condition");
    expect(nodeOfFault("/action/grant", row)).toBe("grant");
    expect(nodeOfFault("/send/template", row)).toBe("message");
    expect(nodeOfFault("/sequence/nodes/3/template", ladder)).toBe("message-3");
    expect(nodeOfFault("/sequence/nodes/9/template", ladder)).toBe("end");
    expect(nodeOfFault("/trigger/days_before", row)).toBe("trigger");
    expect(nodeOfFault("", row)).toBe("trigger");
  });
});

describe("a playbook", () => {
  test("takes strategies of the example with the segments that they need", () => {
    const taken = withStrategies({ strategies: [{ id: "row_1", trigger: { kind: "entry", entry: "earn" } }] }, EXAMPLE, ["row_1", "row_3", "tier_up"]);
    expect(taken.strategies?.map((one) => one.id)).toEqual(["row_1", "row_3", "tier_up"]);
    expect(taken.strategies?.[0]?.trigger.kind).toBe("entry");
    expect(Object.keys(taken.segments ?? {})).toEqual(["low_value"]);
    expect(withStrategies({}, EXAMPLE, ["birthday"]).segments).toBeUndefined();
  });

  test("tells each strategy its faults", () => {
    const faults = [{ pointer: "/strategies/1/send/template", detail: "a" }, { pointer: "/strategies/10/id", detail: "b" }, { pointer: "/strategies/1", detail: "c" }];
    expect(faultsOf(faults, 1)).toEqual([{ pointer: "/send/template", detail: "a" }, { pointer: "", detail: "c" }]);
  });
});
