// A change from elsewhere takes nothing away that somebody has typed among the settings.

import { expect, test } from "vitest";
import { followed, touched, valuesOf, withSettings } from "../../src/pages/strategies/settings-values";

const base = valuesOf({ holdout_percent: 5, caps: [{ times: 1, per: "day", purpose: "marketing" }] } as never);

test("what was typed stays, and the other fields follow", () => {
  const typed = { ...base, holdout_percent: 8 };
  const undone = { ...base, holdout_percent: 3, send_at: "11:30", caps: [] };
  expect(followed(typed, base, undone)).toEqual({ ...undone, holdout_percent: 8 });
});

test("without anything typed all fields follow", () => {
  const next = { ...base, holdout_percent: 3 };
  expect(followed(base, base, next)).toEqual(next);
  expect(touched(followed(base, base, next), next)).toEqual([]);
});

test("a part of a cap that was emptied is no change, a number is", () => {
  const same = { ...base, caps: base.caps.map((one) => ({ per: one.per, channel: undefined, purpose: one.purpose, times: one.times })) };
  expect(touched(same as never, base)).toEqual([]);
  const more = { ...base, caps: base.caps.map((one) => ({ ...one, times: 2 })) };
  expect(touched(more, base)).toEqual(["caps"]);
});

test("without quiet hours their ends are no change", () => {
  const quiet = valuesOf({ quiet_hours: { from: "22:00", until: "08:00" } });
  const off = { ...quiet, quiet: false };
  expect(touched(off, quiet)).toEqual(["quiet"]);
  expect(touched(off, valuesOf(withSettings({}, off)))).toEqual([]);
});
