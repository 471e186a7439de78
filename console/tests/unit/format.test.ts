import { expect, test } from "vitest";
import { addDays, compact, day, instant, lastDay, lasts, midnight, money, points, signed } from "../../src/lib/format";

test("sums beyond 64 bits stay exact", () => {
  expect(points("18446744073709551614", "en")).toBe("18,446,744,073,709,551,614");
  expect(points(-1234, "zh-CN")).toBe("-1,234");
  expect(points(null, "en")).toBe("–");
  expect(signed(5, "en")).toBe("+5");
  expect(signed(0, "en")).toBe("0");
  expect(compact(134400, "zh-CN")).toBe("13.4万");
  expect(compact(99_999, "en")).toBe("99,999");
});

test("money has the digits of its currency", () => {
  expect(money(12850, "CNY", "zh-CN")).toBe("¥128.50");
  expect(money(12850, "JPY", "en")).toBe("¥12,850");
  expect(money(12850, "KWD", "en")).toContain("12.850");
});

test("instants are shown in the programme's zone", () => {
  expect(instant("2026-03-10T16:30:00Z", "Asia/Shanghai")).toBe("2026-03-11 00:30");
  expect(instant("2026-03-10T16:30:00Z", "America/New_York")).toBe("2026-03-10 12:30");
  expect(day("2026-03-10T16:30:00Z", "Asia/Shanghai")).toBe("2026-03-11");
  expect(lastDay("2026-03-31T16:00:00Z", "Asia/Shanghai")).toBe("2026-03-31");
  expect(instant(null, "Asia/Shanghai")).toBe("–");
});

test("a day begins at its local midnight, also where clocks change", () => {
  for (const [local, zone, at] of [
    ["2026-03-11", "Asia/Shanghai", "2026-03-10T16:00:00.000Z"],
    ["2026-03-08", "America/New_York", "2026-03-08T05:00:00.000Z"],
    ["2026-03-09", "America/New_York", "2026-03-09T04:00:00.000Z"],
    ["2026-10-25", "Europe/Berlin", "2026-10-24T22:00:00.000Z"],
    ["2026-10-26", "Europe/Berlin", "2026-10-25T23:00:00.000Z"],
  ] as const) {
    expect(midnight(local, zone), `${local} ${zone}`).toBe(at);
  }
  expect(addDays("2026-02-28", 1)).toBe("2026-03-01");
});

test("how long something takes is rounded to what people ask for", () => {
  expect([0, 1, 119, 120, 7_199, 41_000].map((seconds) => lasts(seconds, "en"))).toEqual(["0 seconds", "1 second", "119 seconds", "2 minutes", "120 minutes", "11.4 hours"]);
  expect(lasts(41_000, "zh-CN")).toBe("11.4小时");
});
