// Reads a list to its end or to a limit, and goes on where it stopped.

import type { Page } from "../api/answers";

/** What was read so far. */
export interface Reading<T> {
  items: T[];
  /** Where the next page begins; null after the last one. */
  next: string | null;
}

/** Adds pages to what was read. `told` has each step, so that a fault loses none of them. */
export async function readOn<T>(read: (cursor: string | undefined) => Promise<Page<T>>, from: Reading<T> | null, most: number, told: (so: Reading<T>) => void): Promise<Reading<T>> {
  let so = from ?? { items: [], next: null };
  if (from?.next === null) return from;
  do {
    const page = await read(so.next ?? undefined);
    so = { items: so.items.concat(page.items), next: page.next };
    told(so);
  } while (so.next !== null && so.items.length < most);
  return so;
}
