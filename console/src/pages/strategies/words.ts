// Says strategies in words: when they ask for a member, what they do, and by which channels.

import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "../../lib/use";
import { conditionText, useSpeech, type Speech } from "../rules/words";
import { daysOf, type Action, type Mode, type Names, type Playbook, type Step, type Strategy, type Trigger } from "./playbook";

export interface Say {
  speech: Speech;
  name: (names: Names | undefined, otherwise: string) => string;
  segment: (id: string | null | undefined) => string;
  trigger: (strategy: Strategy) => string;
  conditions: (part: Pick<Strategy, "when" | "conditions">) => string[];
  actions: (action: Action | null | undefined) => string[];
  channels: (part: Pick<Step, "channels" | "mode">) => string;
  day: (day: number, ahead: boolean) => string;
  /** A time with its unit, such as 3 days. */
  spell: (count: number, unit: "day" | "hour" | "minute") => string;
}

/** `segments`: the names of the programme's own, by id. */
export function useSay(document: Playbook, segments: Record<string, string> = {}): Say {
  const { t, i18n } = useTranslation();
  const speech = useSpeech("member");
  const format = useFormat();
  return useMemo(() => {
    const { word } = speech;
    const name: Say["name"] = (names, otherwise) => {
      const [first, second] = i18n.language === "zh-CN" ? [names?.["zh-CN"], names?.en] : [names?.en, names?.["zh-CN"]];
      return first || second || otherwise;
    };
    const segment: Say["segment"] = (id) => (id ? name(document.segments?.[id]?.name, segments[id] ?? id) : t("strategy.everybody"));
    const day: Say["day"] = (days, ahead) => (days === 0 ? t(ahead ? "strategy.onDay" : "strategy.atOnce") : t(ahead ? "strategy.before" : "strategy.after", { time: spell(days, "day") }));
    const spell: Say["spell"] = (count, unit) => new Intl.NumberFormat(i18n.language, { style: "unit", unit, unitDisplay: "long" }).format(count);
    const timing = (strategy: Strategy): string => {
      const days = daysOf(strategy);
      if (days.length === 1) return day(days[0] ?? 0, true);
      // 30 / 15 / 7 days: the unit stands once.
      const all = [...days.slice(0, -1).map(String), spell(days.at(-1) ?? 0, "day")].join(" / ");
      return days.length > 1 ? t("strategy.before", { time: all }) : "";
    };
    const details = (strategy: Strategy): string[] => {
      const trigger: Trigger = strategy.trigger;
      switch (trigger.kind) {
        case "points_expiring":
          return [trigger.within_days ? t("strategy.within", { time: spell(trigger.within_days, "day") }) : timing(strategy)];
        case "tier_ending":
          return [timing(strategy)];
        case "coupon_expiring":
          return [trigger.coupon ?? "", timing(strategy)];
        case "date":
          return [word("attribute", trigger.attribute), timing(strategy)];
        case "tier_changed":
          return [trigger.direction ? word("direction", trigger.direction) : "", trigger.to?.length ? t("strategy.toTiers", { tiers: trigger.to.join(", ") }) : ""];
        case "balance_changed":
          return [(trigger.points_at_least ?? 1) > 1 ? t("strategy.byPoints", { points: format.points(trigger.points_at_least) }) : ""];
        case "entered_segment":
        case "left_segment":
          return [segment(trigger.segment)];
        case "tag_added":
          return [trigger.tag];
        case "score":
          return [trigger.tag, `≥ ${trigger.at_least}`];
        case "behaviour":
          return [
            word("behaviour", trigger.behaviour),
            trigger.after_minutes ? t("strategy.minutesLater", { time: spell(trigger.after_minutes, "minute") }) : "",
            trigger.unless ? t("strategy.without", { what: word("behaviour", trigger.unless) }) : "",
            trigger.unless_entry ? t("strategy.without", { what: trigger.unless_entry === "order" ? t("conversion.order") : word("kind", trigger.unless_entry) }) : "",
          ];
        case "entry":
          return [word("kind", trigger.entry)];
        case "schedule":
          return [
            (trigger.weekdays ?? []).map((one) => speech.value("event.weekday", String(one))).join(", "),
            trigger.month_days?.length ? t("strategy.onMonthDays", { days: trigger.month_days.join(", ") }) : "",
            (trigger.months ?? []).map((one) => speech.value("event.month", String(one))).join(", "),
            trigger.at ?? "",
          ];
        default:
          return [JSON.stringify(trigger)];
      }
    };
    const actions: Say["actions"] = (action) => {
      const says: string[] = [];
      const recommend = action?.recommend;
      if (recommend) {
        const from = (recommend.from ?? []).map((one) => (one.startsWith("pool:") ? t("strategy.pool", { name: one.slice(5) }) : word("recommendFrom", one)));
        const bounds = [
          recommend.points_at_least != null ? t("strategy.pointsFrom", { points: format.points(recommend.points_at_least) }) : "",
          recommend.points_at_most != null ? t("strategy.pointsTo", { points: format.points(recommend.points_at_most) }) : "",
          recommend.with_cash ? t("strategy.withCash") : "",
        ].filter(Boolean);
        says.push(t("strategy.recommends", { count: recommend.count ?? 1, from: new Intl.ListFormat(i18n.language, { style: "short" }).format(from) }) + (bounds.length > 0 ? ` (${bounds.join(", ")})` : ""));
      }
      if (action?.grant) says.push(t("strategy.grants", { what: action.grant.coupon ?? action.grant.name ?? "–" }));
      if (action?.set_tag) says.push(t("strategy.tags", { tag: action.set_tag }));
      if (action?.set_attribute) says.push(t("strategy.sets", { name: word("attribute", action.set_attribute.name), value: action.set_attribute.value }));
      if (action?.task) says.push(t("strategy.asks", { who: action.task.name ? word("role", action.task.name) : word("taskTo", action.task.to), what: name(action.task.text, "–") }));
      return says;
    };
    return {
      speech,
      name,
      segment,
      day,
      spell,
      actions,
      trigger: (strategy) => [word("trigger", strategy.trigger.kind), ...details(strategy)].filter(Boolean).join(" · "),
      conditions: ({ when, conditions }) => [...(conditions ?? []).map((one) => conditionText(one as never, speech)), ...(when ? [when] : [])],
      channels: ({ channels = [], mode }) => channels.map((one) => word("contactChannel", one)).join(channelSign(mode ?? "all")),
    };
  }, [t, i18n, speech, format, document.segments, segments]);
}

/** All of them, or one after the other. */
function channelSign(mode: Mode): string {
  return mode === "all" ? " + " : " → ";
}
