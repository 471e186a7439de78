import { expect, test } from "vitest";
import { cell, csv } from "../../src/lib/csv";

test("a cell is never a formula", () => {
  for (const [value, expected] of [
    ["=1+1", "'=1+1"],
    ["@cmd", "'@cmd"],
    ["-rf", "'-rf"],
    ["+8613800000000", "+8613800000000"],
    ["-12", "-12"],
    [-12, "-12"],
    ['say "hi"', '"say ""hi"""'],
    ["a,b", '"a,b"'],
    ["二\n行", '"二\n行"'],
    [null, ""],
  ] as const) {
    expect(cell(value)).toBe(expected);
  }
});

test("rows end as RFC 4180 says", () => {
  expect(csv(["id", "points"], [["m1", 5]])).toBe("id,points\r\nm1,5\r\n");
});
