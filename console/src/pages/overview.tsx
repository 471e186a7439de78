// The overview: what the programme owes, what moved lately, budgets, and what needs a person.

import { useQueries, useQuery } from "@tanstack/react-query";
import { Segmented } from "antd";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, ask, type Problem } from "../api/client";
import type { Budgets, Page as Items, Sum, TrialBalance } from "../api/answers";
import { addDays, countsMoney } from "../lib/format";
import { useFilters, useFormat, useWord } from "../lib/use";
import { holds, may, useSignedIn } from "../session";
import { Figure, Loading, Mark, Page, Section } from "../ui/parts";
import { ProblemNote } from "../ui/problem";
import { Table } from "../ui/table";
import { useInboxCount } from "../inbox";
import { usePublished } from "../lib/published";

const Trend = lazy(() => import("../ui/trend"));

export default function Overview() {
  const { t } = useTranslation();
  const signedIn = useSignedIn();
  const seesBooks = may(signedIn, "finance");
  // Budgets are of the whole programme.
  const seesBudgets = may(signedIn, "finance", "marketing") && !signedIn.stores;
  return (
    <Page title={t("overview.title")}>
      <Today />
      {seesBooks && <Movements />}
      <div className="columns">
        {seesBudgets && <BudgetList />}
        {seesBooks && <Accounts />}
        {may(signedIn, "service", "marketing", "finance") && <Ladder />}
      </div>
    </Page>
  );
}

function balance(from?: string, to?: string): Promise<TrialBalance> {
  const query = { ...(from ? { from } : {}), ...(to ? { to } : {}) };
  return ask<TrialBalance>(api.GET("/v1/reports/trial-balance", { params: { query } }));
}

function account(books: TrialBalance | undefined, name: string): Sum | undefined {
  return books && (books.accounts.find((one) => one.account === name)?.points ?? 0);
}

/** From the members' side: points issued are above zero. */
function negated(sum: Sum | undefined): Sum | undefined {
  if (sum === undefined) return undefined;
  return typeof sum === "number" ? 0 - sum : String(-BigInt(sum));
}

function Today() {
  const { t } = useTranslation();
  const format = useFormat();
  // What is not known is no zero.
  const sum = (value: Sum | undefined) => (value === undefined ? "–" : format.compact(value));
  const signedIn = useSignedIn();
  const seesBooks = may(signedIn, "finance");
  const books = useQuery<TrialBalance, Problem>({ queryKey: ["books"], queryFn: () => balance(), enabled: seesBooks });
  const ready = useQuery({
    queryKey: ["ready"],
    queryFn: async () => (await fetch("/readyz")).ok,
    refetchInterval: 60_000,
  });
  const waiting = useInboxCount();
  const programme = usePublished();
  return (
    <Section>
      <ProblemNote problem={books.error} retry={() => void books.refetch()} />
      <dl className="figures">
        {seesBooks && (
          <>
            <Figure label={t("overview.pool")} value={<Link to="/books">{sum(account(books.data, "members"))}</Link>} hint={t("overview.poolHint")} />
            <Figure label={t("overview.issued")} value={sum(negated(account(books.data, "issued")))} />
            <Figure label={t("overview.redeemed")} value={sum(account(books.data, "redeemed"))} />
            <Figure label={t("overview.expired")} value={sum(account(books.data, "expired"))} />
          </>
        )}
        <Figure
          label={t("overview.waiting")}
          value={waiting === null ? "–" : waiting === 0 ? "0" : <Link to="/inbox">{waiting > 99 ? "99+" : waiting}</Link>}
          tone={waiting ? "warn" : undefined}
        />
        {programme.data && (
          <Figure label={t("overview.rulebook")} value={t("overview.version", { version: programme.data.rulebook_version })} hint={format.instant(programme.data.published_at)} />
        )}
        <Figure
          label={t("overview.health")}
          value={ready.isPending ? "…" : ready.data ? t("overview.healthy") : t("overview.unwell")}
          tone={ready.isPending ? undefined : ready.data ? "good" : "bad"}
        />
      </dl>
    </Section>
  );
}

const PERIODS = ["7", "14", "28"] as const;

function Movements() {
  const { t } = useTranslation();
  const format = useFormat();
  const [filters, setFilters] = useFilters(["days"]);
  const days = Number(PERIODS.includes(filters.days as "7") ? filters.days : "14");
  const today = format.day(new Date().toISOString());
  const list = Array.from({ length: days }, (_, index) => addDays(today, index - days + 1));
  const results = useQueries({
    queries: list.map((day) => ({
      queryKey: ["books", day],
      // Days that are over do not change.
      staleTime: day === today ? 15_000 : 3_600_000,
      queryFn: () => balance(format.midnight(day), format.midnight(addDays(day, 1))),
    })),
  });
  const failed = results.find((one) => one.error)?.error as Problem | undefined;
  const done = results.every((one) => one.data);
  const value = (name: string, sign: number) => results.map((one) => sign * Number(account(one.data, name) ?? 0));
  const series = [
    { name: t("overview.issued"), values: value("issued", -1) },
    { name: t("overview.redeemed"), values: value("redeemed", 1) },
    { name: t("overview.expired"), values: value("expired", 1) },
  ];
  const sums = series.map((one) => one.values.reduce((sum, point) => sum + point, 0));
  return (
    <Section
      title={t("overview.movements")}
      extra={
        <Segmented
          aria-label={t("overview.period")}
          value={String(days)}
          onChange={(choice) => setFilters({ days: choice })}
          options={PERIODS.map((period) => ({ value: period, label: t("overview.days", { count: Number(period) }) }))}
        />
      }
    >
      <ProblemNote problem={failed} retry={() => results.forEach((one) => void one.refetch())} />
      {done ? (
        <>
          <Suspense fallback={<Loading />}>
            <Trend days={list} series={series} label={t("overview.movements")} />
          </Suspense>
          <p className="soft small">
            {t("overview.sums", { issued: format.points(sums[0]), redeemed: format.points(sums[1]), expired: format.points(sums[2]), zone: format.timeZone })}
          </p>
        </>
      ) : (
        !failed && <Loading rows={6} />
      )}
    </Section>
  );
}

function BudgetList() {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const budgets = useQuery<Budgets, Problem>({
    queryKey: ["budgets"],
    queryFn: () => ask(api.GET("/v1/reports/budgets")),
  });
  return (
    <Section title={t("overview.budgets")}>
      <ProblemNote problem={budgets.error} retry={() => void budgets.refetch()} />
      {budgets.isPending && <Loading rows={2} />}
      {budgets.data?.budgets.length === 0 && <p className="soft">{t("overview.noBudgets")}</p>}
      <ul className="rules">
        {budgets.data?.budgets.map((budget) => {
          const most = budget.points ?? budget.times ?? 0;
          const share = most === 0 ? 1 : budget.granted / most;
          const owner = budget.grant ?? budget.rule ?? t("overview.wholeProgramme");
          return (
            <li key={`${budget.grant ? "grant" : "rule"}/${owner}/${budget.per}`}>
              <div className="row">
                <strong>{owner}</strong>
                <span className="soft">{word("per", budget.per)}</span>
                {budget.red && <Mark tone="bad">{t("overview.red", { percent: budget.red_line_percent })}</Mark>}
              </div>
              <div
                className={budget.red ? "bar bad" : "bar"}
                role="meter"
                aria-label={owner}
                aria-valuenow={Math.round(share * 100)}
                aria-valuemin={0}
                aria-valuemax={100}
              >
                <span style={{ width: `${Math.min(100, share * 100)}%` }} />
              </div>
              <span className="soft small">
                {t("overview.spent", { granted: format.points(budget.granted), points: format.points(most), left: format.points(budget.left) })}
              </span>
            </li>
          );
        })}
      </ul>
    </Section>
  );
}

/** The levels, each with how many members it has and the list of them. */
function Ladder() {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const signedIn = useSignedIn();
  const tiers = usePublished().data?.rulebook.tiers;
  // Of all stores, so not for a person who acts for some.
  const counted = useQuery<Items<{ tier: string; members: number }>, Problem>({
    queryKey: ["tiers"],
    queryFn: () => ask(api.GET("/v1/tiers")),
    enabled: Boolean(tiers) && !signedIn.stores && holds(signedIn, "find:read"),
  });
  if (!tiers) return null;
  const members = (tier: string) => (counted.data ? format.points(counted.data.items.find((one) => one.tier === tier)?.members ?? 0) : "–");
  return (
    <Section flush title={t("overview.tiers")} extra={<span className="soft small">{word("basis", tiers.basis)}</span>}>
      <ProblemNote problem={counted.error} retry={() => void counted.refetch()} />
      <Table
        label={t("overview.tiers")}
        rows={tiers.levels}
        id={(level) => level.id}
        columns={[
          { title: t("members.tier"), main: true, show: (level) => level.id },
          { title: t("members.title"), number: true, show: (level) => <Link to={`/members?tier=${encodeURIComponent(level.id)}`} aria-label={`${level.id}: ${members(level.id)}`}>{members(level.id)}</Link> },
          { title: t("book.from"), number: true, minor: true, show: (level) => (countsMoney(tiers.basis) ? format.money(level.from) : format.points(level.from)) },
          { title: t("book.multiplier"), number: true, show: (level) => `× ${level.multiplier ?? "1"}` },
        ]}
      />
    </Section>
  );
}

function Accounts() {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const books = useQuery<TrialBalance, Problem>({ queryKey: ["books"], queryFn: () => balance() });
  if (!books.data) return null;
  const isClean = String(books.data.sum) === "0";
  return (
    <Section
      flush
      title={t("overview.accounts")}
      extra={<Mark tone={isClean ? "good" : "bad"}>{t("overview.sum", { sum: format.points(books.data.sum) })}</Mark>}
    >
      <Table
        label={t("overview.accounts")}
        rows={books.data.accounts}
        id={(row) => row.account}
        columns={[
          { title: t("overview.account"), show: (row) => word("account", row.account), main: true },
          { title: t("points"), show: (row) => format.points(row.points), number: true },
        ]}
      />
    </Section>
  );
}
