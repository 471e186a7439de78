import dayjs from "dayjs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { atZone, atZoneOrAsBefore, fromZone } from "../../src/lib/dates";

const before = process.env.TZ;
afterEach(() => {
  process.env.TZ = before;
});

describe.each(["Asia/Tokyo", "America/New_York", "Europe/Berlin", "UTC"])("in a browser in %s", (browser) => {
  beforeEach(() => {
    process.env.TZ = browser;
  });

  test("a picked time is one of the programme's clocks", () => {
    expect(atZone(dayjs("2026-03-10T09:30"), "Asia/Shanghai")).toBe("2026-03-10T01:30:00.000Z");
    expect(atZone(dayjs("2026-01-10T09:30"), "America/New_York")).toBe("2026-01-10T14:30:00.000Z");
    expect(atZone(dayjs("2026-07-10T09:30"), "America/New_York")).toBe("2026-07-10T13:30:00.000Z");
  });

  test("also on days on which clocks change", () => {
    // New York: forward on 8 March at 02:00, back on 1 November at 02:00.
    expect(atZone(dayjs("2026-03-08T01:30"), "America/New_York")).toBe("2026-03-08T06:30:00.000Z");
    expect(atZone(dayjs("2026-03-08T12:00"), "America/New_York")).toBe("2026-03-08T16:00:00.000Z");
    expect(atZone(dayjs("2026-11-01T12:00"), "America/New_York")).toBe("2026-11-01T17:00:00.000Z");
    // Twice: the first counts.
    expect(atZone(dayjs("2026-11-01T01:30"), "America/New_York")).toBe("2026-11-01T05:30:00.000Z");
    expect(atZone(dayjs("2026-03-29T08:00"), "Europe/Berlin")).toBe("2026-03-29T06:00:00.000Z");
  });

  test("a picker shows an instant as the programme's clocks do", () => {
    expect(fromZone("2026-03-10T01:30:45Z", "Asia/Shanghai").format("YYYY-MM-DD HH:mm:ss")).toBe("2026-03-10 09:30:45");
    expect(fromZone("2026-07-10T13:30:00Z", "America/New_York").format("YYYY-MM-DD HH:mm")).toBe("2026-07-10 09:30");
    for (const at of ["2026-03-08T16:00:00.000Z", "2026-11-01T17:00:00.000Z", "2026-06-01T00:00:00.000Z"]) {
      for (const zone of ["America/New_York", "Asia/Shanghai", "Europe/London"]) expect(atZone(fromZone(at, zone), zone)).toBe(at);
    }
  });

  test("what nobody touched is sent as it was", () => {
    const known = ["2026-03-10T01:30:45.250Z", null];
    const shown = fromZone("2026-03-10T01:30:45.250Z", "Asia/Shanghai");
    expect(atZoneOrAsBefore(shown, known, "Asia/Shanghai")).toBe("2026-03-10T01:30:45.250Z");
    expect(atZoneOrAsBefore(shown.add(1, "minute"), known, "Asia/Shanghai")).toBe("2026-03-10T01:31:00.000Z");
    // The second of two hours that clocks show alike.
    const later = "2026-11-01T06:30:00.000Z";
    expect(atZoneOrAsBefore(fromZone(later, "America/New_York"), [later], "America/New_York")).toBe(later);
  });
});

test("a time that clocks leave out is as much later", () => {
  process.env.TZ = "Asia/Tokyo";
  expect(atZone(dayjs("2026-03-08T02:30"), "America/New_York")).toBe("2026-03-08T07:30:00.000Z");
});
