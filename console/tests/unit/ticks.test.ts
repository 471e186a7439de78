import { expect, test } from "vitest";
import { ticks } from "../../src/ui/ticks";

test.each([
  [[], [0, 1]],
  [[0, 0], [0, 1]],
  [[3], [0, 1, 2, 3]],
  [[12, 40], [0, 10, 20, 30, 40]],
  [[99_999], [0, 20_000, 40_000, 60_000, 80_000, 100_000]],
  [[-30, 45], [-40, -20, 0, 20, 40, 60]],
  [[1_234_567], [0, 500_000, 1_000_000, 1_500_000]],
])("an axis for %j has the steps %j", (values, steps) => {
  expect(ticks(values)).toEqual(steps);
});
