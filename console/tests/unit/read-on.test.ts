// A list that could not be read to its end is gone on with, and nothing is read twice.

import { expect, test } from "vitest";
import type { Page } from "../../src/api/answers";
import { readOn, type Reading } from "../../src/lib/read-on";

const list = (pages: number, failAt?: number) => {
  const asked: (string | undefined)[] = [];
  let isFailing = failAt !== undefined;
  const read = async (cursor: string | undefined): Promise<Page<number>> => {
    asked.push(cursor);
    const place = Number(cursor ?? 0);
    if (isFailing && place === failAt) {
      isFailing = false;
      throw new Error("offline");
    }
    return { items: [place * 2, place * 2 + 1], next: place + 1 < pages ? String(place + 1) : null };
  };
  return { asked, read };
};

test("a fault keeps the pages before it", async () => {
  const { asked, read } = list(4, 2);
  let so: Reading<number> | null = null;
  await expect(readOn(read, null, 100, (step) => (so = step))).rejects.toThrow("offline");
  expect(so).toEqual({ items: [0, 1, 2, 3], next: "2" });
  const whole = await readOn(read, so, 100, () => undefined);
  expect(whole).toEqual({ items: [0, 1, 2, 3, 4, 5, 6, 7], next: null });
  expect(asked).toEqual([undefined, "1", "2", "2", "3"]);
});

test("a fault at the first page begins anew", async () => {
  const { read } = list(1, 0);
  await expect(readOn(read, null, 100, () => undefined)).rejects.toThrow("offline");
  expect(await readOn(read, null, 100, () => undefined)).toEqual({ items: [0, 1], next: null });
});

test("a limit leaves the place where others follow", async () => {
  const { read } = list(4);
  expect(await readOn(read, null, 3, () => undefined)).toEqual({ items: [0, 1, 2, 3], next: "2" });
});
