import { expect, test } from "vitest";
import { changesOf } from "../../src/ui/diff";

test("rules and levels are compared by their ids", () => {
  const before = { rules: [{ id: "a", points: 1 }, { id: "b", points: 2 }], rounding: "down" };
  const after = { rules: [{ id: "b", points: 3 }, { id: "a", points: 1 }, { id: "c" }], rounding: "down", caps: {} };
  expect(changesOf(before, after).map((change) => change.pointer)).toEqual(["/rules/b/points", "/rules/c", "/caps"]);
  expect(changesOf(before, structuredClone(before))).toEqual([]);
});
