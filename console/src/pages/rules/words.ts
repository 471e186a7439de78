// Says rules in sentences: what a rule awards, when, and within which bounds.

import type { TFunction } from "i18next";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Award, Cap, Condition, Limit, Rulebook } from "../../api/answers";
import { useChoices } from "../../conditions/choices";
import { useFields, type Scope } from "../../conditions/fields";
import { useFormat, useWord } from "../../lib/use";

export interface Speech {
  t: TFunction;
  word: ReturnType<typeof useWord>;
  format: ReturnType<typeof useFormat>;
  /** The name of a field of conditions. */
  field: (name: string) => string;
  /** What people call a value of it. */
  value: (field: string, value: string) => string;
}

export function useSpeech(scope?: Scope): Speech {
  const { t } = useTranslation();
  const word = useWord();
  const format = useFormat();
  const fields = useFields(scope);
  const choices = useChoices({});
  return useMemo(() => {
    const value = (field: string, text: string) => choices(field, fields.get(field)?.type ?? "text")?.find((one) => one.value === text)?.label ?? text;
    return { t, word, format, field: fields.name, value };
  }, [t, word, format, fields, choices]);
}

export function awardText(award: Award, { t, format }: Speech): string {
  switch (award.kind) {
    case "rate":
      return t("say.rate", { points: award.points_per_unit });
    case "fixed":
      return t("say.fixed", { points: format.points(award.points) });
    case "each":
      return t("say.each", { points: format.points(award.points) });
    case "multiplier":
      return t("say.times", { times: award.times });
    case "brackets":
      return (award.brackets ?? [])
        .map((bracket) => t("say.bracket", { from: format.money(bracket.from_minor), points: bracket.points_per_unit }))
        .join(t("say.and"));
    default:
      return JSON.stringify(award);
  }
}

export function limitText(limit: Limit, { t, word }: Speech): string {
  return t("say.limit", { times: limit.times, per: word("per", limit.per) });
}

export function capText(cap: Cap, { t, word, format }: Speech): string {
  return t("say.cap", { points: format.points(cap.points), per: word("per", cap.per), of: word("capOf", cap.of ?? "member") });
}

export function conditionText(condition: Condition, speech: Speech): string {
  const { t, word, format, field, value } = speech;
  const joined = (conditions: Condition[], by: string) =>
    conditions.map((one) => ("field" in one || "none" in one ? conditionText(one, speech) : `(${conditionText(one, speech)})`)).join(by);
  if ("all" in condition) return joined(condition.all, t("say.both"));
  if ("any" in condition) return joined(condition.any, t("say.or"));
  if ("none" in condition) return t("say.none", { what: joined(condition.none, t("say.or")) });
  const values = (condition.values ?? []).map((one) => {
    const text = String(one);
    return condition.field.endsWith("_minor") && /^\d+$/.test(text) ? format.money(Number(text)) : value(condition.field, text);
  });
  return `${field(condition.field)} ${word("operator", condition.operator)} ${values.join(", ")}`;
}

export function policyText(policy: Rulebook["expiry"][string] | undefined, { t, word }: Speech): string {
  if (!policy) return "–";
  const rounded = policy.round_up_to ? t("say.roundedUp", { unit: word("unit", String(policy.round_up_to)) }) : "";
  switch (policy.policy) {
    case "never":
      return t("lots.never");
    case "days":
      return t("say.days", { days: policy.days }) + rounded;
    case "months":
      return t("say.months", { months: policy.months }) + rounded;
    case "sliding":
      return t("say.sliding", { days: policy.days });
    case "fixed_dates":
      return t("say.dates", { dates: (policy.dates as string[]).join(", ") });
    default:
      return JSON.stringify(policy);
  }
}
