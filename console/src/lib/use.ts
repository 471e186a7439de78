// Hooks that every page uses.

import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { asProblem, newKey, type Problem } from "../api/client";
import type { Page, Sum } from "../api/answers";
import { useSignedIn } from "../session";
import * as format from "./format";

/** Formats in the language of the page and the zone and currency of the programme. */
export function useFormat() {
  const { i18n } = useTranslation();
  const { timeZone, currency } = useSignedIn();
  const language = i18n.language;
  return useMemo(
    () => ({
      language,
      timeZone,
      currency,
      points: (value: Sum | null | undefined) => format.points(value, language),
      signed: (value: Sum) => format.signed(value, language),
      compact: (value: Sum) => format.compact(value, language),
      money: (minor: Sum | null | undefined) => format.money(minor, currency, language),
      percent: (share: number) => format.percent(share, language),
      instant: (text: string | null | undefined) => format.instant(text, timeZone),
      day: (text: string | null | undefined) => format.day(text, timeZone),
      lastDay: (text: string | null | undefined) => format.lastDay(text, timeZone),
      span: (seconds: number) => format.span(seconds, language),
      lasts: (seconds: number) => format.lasts(seconds, language),
      daysAgo: (days: number) => format.daysAgo(days, language),
      midnight: (localDay: string) => format.midnight(localDay, timeZone),
    }),
    [language, timeZone, currency],
  );
}

/** The word for a value of the API, or the value itself where the strings have none. */
export function useWord() {
  const { t, i18n } = useTranslation();
  return useMemo(
    () => (group: string, value: string | null | undefined) => {
      if (!value) return "–";
      const key = `${group}.${value}`;
      return i18n.exists(key) ? String(t(key as never)) : value;
    },
    [t, i18n],
  );
}

/** Filters that stand in the address, so that a link shows the same list. */
export function useFilters<K extends string>(names: readonly K[]) {
  const [search, setSearch] = useSearchParams();
  const filters = Object.fromEntries(names.map((name) => [name, search.get(name) ?? ""])) as Record<K, string>;
  const set = (changes: Partial<Record<K, string>>) =>
    setSearch(
      (before) => {
        const next = new URLSearchParams(before);
        for (const [name, value] of Object.entries(changes) as [K, string | undefined][]) {
          if (value) next.set(name, value);
          else next.delete(name);
        }
        return next;
      },
      { replace: true },
    );
  return [filters, set] as const;
}

/** A list that is read page by page with a cursor. */
export function usePages<T>(key: readonly unknown[], read: (cursor: string | undefined) => Promise<Page<T>>, enabled = true) {
  const query = useInfiniteQuery<Page<T>, Problem, T[], readonly unknown[], string | undefined>({
    queryKey: key,
    queryFn: ({ pageParam }) => read(pageParam),
    initialPageParam: undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    select: (data) => data.pages.flatMap((page) => page.items),
    enabled,
  });
  return query;
}
export type Pages<T> = ReturnType<typeof usePages<T>>;

/**
 * A change, with one idempotency key for each form: a retry of the same values has the same key,
 * other values get another one.
 */
export function useChange<V, R>(change: (values: V, key: string) => Promise<R>, done?: (result: R, values: V) => void) {
  const queries = useQueryClient();
  const sent = useRef<{ values: string; key: string } | null>(null);
  return useMutation<R, Problem, V>({
    mutationFn: async (values) => {
      const text = JSON.stringify(values ?? null);
      if (sent.current?.values !== text) sent.current = { values: text, key: newKey() };
      try {
        return await change(values, sent.current.key);
      } catch (error) {
        throw asProblem(error);
      }
    },
    onSuccess: (result, values) => {
      sent.current = null;
      void queries.invalidateQueries();
      done?.(result, values);
    },
  });
}
