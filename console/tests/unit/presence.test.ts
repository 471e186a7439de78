import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LEFT_AFTER_MS, presence } from "../../src/lib/presence";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("somebody has left after a while without input, and is back with the next", () => {
  const told: boolean[] = [];
  const input = presence((isPresent) => told.push(isPresent));
  vi.advanceTimersByTime(LEFT_AFTER_MS - 1_000);
  input();
  vi.advanceTimersByTime(LEFT_AFTER_MS - 1_000);
  expect(told).toEqual([]);
  vi.advanceTimersByTime(1_000);
  expect(told).toEqual([false]);
  vi.advanceTimersByTime(10 * LEFT_AFTER_MS);
  expect(told).toEqual([false]);
  input();
  input();
  expect(told).toEqual([false, true]);
  vi.advanceTimersByTime(LEFT_AFTER_MS);
  expect(told).toEqual([false, true, false]);
});
