// The fields that conditions may ask for, as the server lists them: types, operators and names.

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, type Problem } from "../api/client";
import type { ConditionField, ConditionFields, Translation, Condition } from "../api/answers";
import { useFormat, useWord } from "../lib/use";
import { useSignedIn } from "../session";

/** Conditions of a rule, of its lines, and of a tag or segment. */
export type Scope = ConditionField["scope"];

export function useFields(scope: Scope = "event") {
  const { i18n } = useTranslation();
  const word = useWord();
  const { role } = useSignedIn();
  const { currency } = useFormat();
  const { data, error } = useQuery<ConditionFields, Problem>({
    queryKey: ["condition-fields"],
    queryFn: () => ask(api.GET("/v1/conditions/fields", {})),
    staleTime: Infinity,
    enabled: role !== "job",
  });
  return useMemo(() => {
    const language = i18n.language === "zh-CN" ? "zh-CN" : "en";
    const unit = 10 ** digitsOf(currency);
    const all = (data?.items ?? []).filter((one) => one.scope === scope || (scope === "line" && one.scope === "event"));
    const named = all.filter((one) => one.takes_name);
    const known = new Map(all.map((one) => [one.field, one]));
    const get = (field: string) => known.get(field) ?? named.find((one) => field.startsWith(one.field));
    return {
      error,
      isReady: data !== undefined,
      get,
      /** Those that need no name. */
      plain: all.filter((one) => !one.takes_name).map((one) => one.field),
      /** The beginnings of those that do. */
      named: named.map((one) => one.field),
      name: (field: string) => {
        const found = get(field);
        if (!found) return field;
        return found.takes_name ? `${found.names[language]}: ${word("attribute", field.slice(found.field.length))}` : found.names[language];
      },
      unit: (field: string) => (get(field)?.money ?? field.endsWith("_minor") ? unit : 1),
    };
  }, [data, error, i18n.language, word, currency, scope]);
}

export type Fields = ReturnType<typeof useFields>;

export function digitsOf(currency: string): number {
  return new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
}

/** Asks the server for both forms of a condition. */
export function translate(body: { conditions?: Condition[]; when?: string; scope?: Scope }, signal?: AbortSignal): Promise<Translation> {
  return ask<Translation>(api.POST("/v1/conditions/translate", { body: body as never, ...(signal ? { signal } : {}) }));
}
