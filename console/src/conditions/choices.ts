// Values that people choose instead of typing: tiers, weekdays, months, yes and no.

import { useMemo } from "react";
import { useTranslation } from "react-i18next";

export type Choices = (field: string, type: string) => { value: string; label: string }[] | undefined;

/** `values`: what the page knows, by field. */
export function useChoices(values: Record<string, string[]>): Choices {
  const { i18n, t } = useTranslation();
  const known = JSON.stringify(values);
  return useMemo(() => {
    const given = JSON.parse(known) as Record<string, string[]>;
    const named = (count: number, label: (index: number) => string) => Array.from({ length: count }, (_, index) => ({ value: String(index + 1), label: label(index) }));
    // 1 January 2024 was a Monday.
    const day = (index: number, format: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(i18n.language, { timeZone: "UTC", ...format }).format(Date.UTC(2024, 0, 1 + index));
    const weekdays = named(7, (index) => day(index, { weekday: "long" }));
    const months = named(12, (index) => day(index * 31, { month: "long" }));
    return (field, type) => {
      if (type === "boolean") return [{ value: "true", label: t("conditions.yes") }, { value: "false", label: t("conditions.no") }];
      if (field === "event.weekday") return weekdays;
      if (field === "event.month" || field === "member.birth_month") return months;
      const list = given[field];
      return list && list.length > 0 ? list.map((value) => ({ value, label: value })) : undefined;
    };
  }, [i18n.language, t, known]);
}
