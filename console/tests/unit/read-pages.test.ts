import { expect, test } from "vitest";
import type { Page } from "../../src/api/answers";
import { readPages } from "../../src/lib/read-pages";

/** Pages of so many items each, in order. */
const pages = (sizes: number[]) => {
  let made = 0;
  const all = sizes.map((size): number[] => Array.from({ length: size }, () => (made += 1)));
  const asked: (string | null)[] = [];
  const read = async (cursor: string | null): Promise<Page<number>> => {
    asked.push(cursor);
    const place = Number(cursor ?? 0);
    return { items: all[place] ?? [], next: place + 1 < all.length ? String(place + 1) : null };
  };
  return { asked, read };
};

test.each([
  ["one page", [3], 200, 3, false, 1],
  ["none", [0], 200, 0, false, 1],
  ["the first of several", [200, 200, 9], 200, 200, true, 1],
  ["those that somebody asked for", [200, 200, 9], 400, 400, true, 2],
  ["all", [200, 200, 9], 600, 409, false, 3],
  ["empty pages before them", [0, 0, 7], 200, 7, false, 3],
  ["at most so many pages", Array.from({ length: 50 }, () => 1), 200, 20, true, 20],
] as const)("a list is read page by page: %s", async (_what, sizes, wanted, found, hasMore, calls) => {
  const { asked, read } = pages([...sizes]);
  const got = await readPages(read, wanted);
  expect([got.items.length, got.hasMore, asked.length]).toEqual([found, hasMore, calls]);
  expect(new Set(got.items).size).toBe(found);
});
