// Reads a list page by page until there is enough of it.

import type { Page } from "../api/answers";

/** A page may be short or empty while others follow: so many are asked for at once. */
export const MOST_PAGES = 20;

/** So many items or a few more, where there are so many, and whether there are others. */
export async function readPages<T>(read: (cursor: string | null) => Promise<Page<T>>, wanted: number, most = MOST_PAGES): Promise<{ items: T[]; hasMore: boolean }> {
  const items: T[] = [];
  let cursor: string | null = null;
  for (let pages = 0; pages < most; pages += 1) {
    const page: Page<T> = await read(cursor);
    items.push(...page.items);
    cursor = page.next;
    if (cursor === null || items.length >= wanted) break;
  }
  return { items, hasMore: cursor !== null };
}
