// What somebody types and has not saved yet, kept in this tab so that a reload loses nothing. It is
// gone with the tab, and with the sign-out.

import { useEffect } from "react";

const BEFORE = "accrue-unsaved/";

/** A document that is not saved yet, with what it was made from: it is saved over that version alone. */
export interface Unsaved<T> {
  document: T;
  /** What was read. */
  base: T;
  /** Which version or revision that was. */
  over: number;
}

export function kept<T>(key: string): T | null {
  try {
    const text = sessionStorage.getItem(BEFORE + key);
    return text === null ? null : (JSON.parse(text) as T);
  } catch {
    return null;
  }
}

function keep(key: string, value: unknown): void {
  try {
    if (value === null) sessionStorage.removeItem(BEFORE + key);
    else sessionStorage.setItem(BEFORE + key, JSON.stringify(value));
  } catch {
    // Without room nothing is kept; the page itself still has it.
  }
}

/** Keeps the value while it is there; null drops it. */
export function useKept(key: string, value: unknown): void {
  const text = JSON.stringify(value ?? null);
  useEffect(() => {
    // Typing is faster than this, and one write a pause is enough.
    const later = setTimeout(() => keep(key, JSON.parse(text)), value === null ? 0 : 150);
    return () => clearTimeout(later);
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [key, text]);
}

/** Keeps a document that is not saved yet, and asks before the tab goes; null drops it. */
export function useUnsaved<T>(key: string, unsaved: Unsaved<T> | null): void {
  useKept(key, unsaved);
  useAsked(unsaved !== null);
}

/** Asks before the tab goes, while something is not saved. */
export function useAsked(isUnsaved: boolean): void {
  useEffect(() => {
    if (!isUnsaved) return undefined;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, [isUnsaved]);
}

/** Drops what was kept, at once. */
export function drop(key: string): void {
  keep(key, null);
}

export function dropAll(): void {
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith(BEFORE)) sessionStorage.removeItem(key);
  }
}
