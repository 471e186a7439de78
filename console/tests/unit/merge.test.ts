import { expect, test } from "vitest";
import { merged } from "../../src/pages/strategies/merge";
import type { Playbook, Strategy } from "../../src/pages/strategies/playbook";

const strategy = (id: string, days: number): Strategy => ({ id, trigger: { kind: "points_expiring", days_before: days } as Strategy["trigger"] });
const days = ({ strategies = [] }: Playbook) => strategies.map((one) => `${one.id} ${(one.trigger as { days_before?: number }).days_before}`);
const base: Playbook = { holdout_percent: 5, segments: { rich: { when: "a" } }, strategies: [strategy("one", 7), strategy("two", 7), strategy("gone", 7), strategy("dropped", 7)] } as Playbook;

test("each side's changes are there, and where both changed a place, the draft's", () => {
  const inForce = { ...base, holdout_percent: 8, segments: { rich: { when: "b" }, new: { when: "c" } }, strategies: [strategy("one", 15), strategy("two", 30), strategy("dropped", 7), strategy("added", 1)] } as Playbook;
  const draft = { ...base, caps: [{ times: 1, per: "day" }], strategies: [strategy("mine", 2), strategy("two", 3), strategy("one", 7), strategy("gone", 7)] } as Playbook;
  const { document, taken, both } = merged(base, inForce, draft);
  expect(days(document)).toEqual(["mine 2", "two 3", "one 15", "added 1"]);
  expect(document).toMatchObject({ holdout_percent: 8, caps: [{ times: 1, per: "day" }], segments: { rich: { when: "b" }, new: { when: "c" } } });
  expect(taken.sort()).toEqual(["/holdout_percent", "/segments/new", "/segments/rich", "/strategies/added", "/strategies/gone", "/strategies/one"]);
  expect(both).toEqual(["/strategies/two"]);
});

test("the same change on both sides is no conflict, and nothing changes where nothing was published", () => {
  const same = { ...base, strategies: [strategy("one", 9)] } as Playbook;
  expect(merged(base, same, same)).toEqual({ document: same, taken: [], both: [] });
  const draft = { ...base, holdout_percent: 0 } as Playbook;
  expect(merged(base, base, draft)).toEqual({ document: draft, taken: [], both: [] });
});

test("what was removed here and changed there stays removed, and is told", () => {
  const inForce = { ...base, strategies: [strategy("one", 1)] } as Playbook;
  const { document, both } = merged(base, inForce, { ...base, strategies: [] } as Playbook);
  expect([days(document), both]).toEqual([[], ["/strategies/one"]]);
});

test("a draft from before the first publication is merged with what was published", () => {
  expect(days(merged({}, { strategies: [strategy("one", 1)] }, { strategies: [strategy("two", 2)] }).document)).toEqual(["two 2", "one 1"]);
});
