// A rulebook for people: each rule as a sentence. The JSON is one click away.

import { Button } from "antd";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Rule, Rulebook } from "../../api/answers";
import { countsMoney } from "../../lib/format";
import { useFormat, useWord } from "../../lib/use";
import { Facts, Mark, Section } from "../../ui/parts";
import { Table } from "../../ui/table";
import { awardText, capText, conditionText, limitText, policyText, useSpeech } from "./words";

export function Book({ book }: { book: Rulebook }) {
  const { t } = useTranslation();
  const speech = useSpeech();
  const { word, format } = speech;
  const [json, setJson] = useState(false);
  const actions = Object.entries(book.actions ?? {});
  const events = [...new Set((book.rules ?? []).map((rule) => rule.event))];
  const caps = book.caps as { points_per_day?: number | null; budget?: { points: number; per: string } | null } | undefined;
  return (
    <>
      <Section
        title={t("book.base")}
        extra={<Button size="small" aria-expanded={json} onClick={() => setJson(!json)}>{json ? t("book.words") : "JSON"}</Button>}
      >
        {json ? (
          <pre>{JSON.stringify(book, null, 2)}</pre>
        ) : (
          <Facts
            rows={[
              [t("book.purchase"), t("say.rate", { points: book.purchase.points_per_unit })],
              [t("book.life"), policyText(book.expiry[book.purchase.expiry], speech)],
              [t("book.growth"), book.purchase.growth_per_unit && book.purchase.growth_per_unit !== "0" ? t("say.growth", { growth: book.purchase.growth_per_unit }) : "–"],
              [t("book.zone"), `${book.time_zone} · ${book.currency}`],
              caps?.points_per_day ? [t("book.dayCap"), format.points(caps.points_per_day)] : null,
              caps?.budget ? [t("overview.budgets"), `${format.points(caps.budget.points)} ${word("per", caps.budget.per)}`] : null,
            ]}
          />
        )}
      </Section>
      {!json && (
        <>
          {events.map((event) => (
            <Section key={event} title={t("book.rulesOf", { event: word("event", event) })}>
              <ol className="rules">
                {(book.rules ?? []).filter((rule) => rule.event === event).map((rule) => <RuleRow key={rule.id} rule={rule} book={book} />)}
              </ol>
            </Section>
          ))}
          {events.length === 0 && <Section title={t("book.rules")}><p className="soft">{t("book.noRules")}</p></Section>}
          {actions.length > 0 && (
            <Section flush title={t("book.actions")}>
              <Table
                label={t("book.actions")}
                rows={actions}
                id={([name]) => name}
                columns={[
                  { title: t("book.action"), main: true, show: ([name]) => word("event", name) },
                  { title: t("points"), number: true, show: ([, action]) => format.points(action.points ?? 0) },
                  { title: t("book.limit"), show: ([, action]) => (action.limit ? limitText(action.limit, speech) : "–") },
                  { title: t("book.life"), wrap: true, show: ([, action]) => policyText(book.expiry[action.expiry], speech) },
                ]}
              />
            </Section>
          )}
          {book.tiers && (
            <Section flush title={t("book.tiers")} extra={<span className="soft small">{word("basis", book.tiers.basis)}</span>}>
              <Table
                label={t("book.tiers")}
                rows={book.tiers.levels}
                id={(level) => level.id}
                columns={[
                  { title: t("members.tier"), main: true, show: (level) => level.id },
                  { title: t("book.from"), number: true, show: (level) => (countsMoney(book.tiers?.basis) ? format.money(level.from) : format.points(level.from)) },
                  { title: t("book.multiplier"), number: true, show: (level) => `× ${level.multiplier ?? "1"}` },
                  { title: t("book.gift"), number: true, show: (level) => (level.gift_points ? format.points(level.gift_points) : "–") },
                  { title: t("coupons.kind"), show: (level) => String(level.gift_coupon ?? "–") },
                ]}
              />
            </Section>
          )}
          <Coupons book={book} />
          <Approvals book={book} />
        </>
      )}
    </>
  );
}

function RuleRow({ rule, book }: { rule: Rule; book: Rulebook }) {
  const { t } = useTranslation();
  const speech = useSpeech();
  const says: ReactNode[] = [];
  if (rule.from || rule.until) says.push(t("say.dated", { from: rule.from ?? "…", until: rule.until ?? "…" }));
  if (rule.growth) says.push(t("say.withGrowth", { growth: rule.growth }));
  if (rule.coupon) says.push(t("say.withCoupon", { coupon: rule.coupon }));
  if (rule.limit) says.push(limitText(rule.limit, speech));
  for (const cap of rule.caps ?? []) says.push(capText(cap, speech));
  if (rule.expiry) says.push(policyText(book.expiry[rule.expiry], speech));
  if (rule.group) says.push(t("say.group", { group: rule.group }));
  return (
    <li>
      <div className="row"><strong>{rule.id}</strong><Mark tone="good">{awardText(rule.award, speech)}</Mark></div>
      {(rule.conditions ?? []).map((condition) => <div key={JSON.stringify(condition)} className="says">{t("say.when", { what: conditionText(condition, speech) })}</div>)}
      {rule.when && <div className="says">{t("say.when", { what: "" })}<code>{rule.when}</code></div>}
      {rule.lines && <div className="says">{t("say.lines")}<code>{rule.lines}</code></div>}
      {says.length > 0 && <div className="soft small row">{says.map((text, index) => <span key={index}>{text}</span>)}</div>}
    </li>
  );
}

function Coupons({ book }: { book: Rulebook }) {
  const { t } = useTranslation();
  const speech = useSpeech();
  const rows = Object.entries(book.coupons ?? {});
  if (rows.length === 0) return null;
  const { format } = speech;
  return (
    <Section flush title={t("coupons.title")}>
      <Table
        label={t("coupons.title")}
        rows={rows}
        id={([name]) => name}
        columns={[
          { title: t("coupons.kind"), main: true, show: ([name]) => name },
          { title: t("coupons.off"), show: ([, coupon]) => (coupon.off_minor ? format.money(coupon.off_minor as number) : `${coupon.off_percent}%`) },
          { title: t("book.from"), number: true, show: ([, coupon]) => (coupon.min_minor ? format.money(coupon.min_minor as number) : "–") },
          { title: t("book.life"), wrap: true, show: ([, coupon]) => policyText(book.expiry[String(coupon.expiry)], speech) },
        ]}
      />
    </Section>
  );
}

function Approvals({ book }: { book: Rulebook }) {
  const { t } = useTranslation();
  const word = useWord();
  const format = useFormat();
  const steps = book.approvals?.steps ?? [];
  if (steps.length === 0) return null;
  return (
    <Section flush title={t("book.approvals")}>
      <Table
        label={t("book.approvals")}
        rows={steps}
        id={(step) => String(step.up_to ?? "more")}
        columns={[
          { title: t("book.upTo"), main: true, show: (step) => (step.up_to ? t("book.upToPoints", { points: format.points(step.up_to) }) : t("book.more")) },
          { title: t("inbox.steps"), wrap: true, show: (step) => step.roles.map((role) => word("role", role)).join(" → ") },
        ]}
      />
    </Section>
  );
}
