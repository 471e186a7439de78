// What strategies brought: how far messages came, and what members did beyond those who were left alone.

import { Button, DatePicker } from "antd";
import { useQuery } from "@tanstack/react-query";
import dayjs, { type Dayjs } from "dayjs";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { api, ask, type Problem } from "../../api/client";
import { csv, download } from "../../lib/csv";
import { useFilters, useFormat } from "../../lib/use";
import { holds, may, useSignedIn } from "../../session";
import { Loading, Page, Section } from "../../ui/parts";
import { ProblemNote } from "../../ui/problem";
import { Table } from "../../ui/table";
import { inLanguage } from "../touches/names";
import { logPath, type Query } from "../touches/touch";
import { LiftMark, LiftOf } from "./lift";
import { CELLS, suppressedOf, type Result, type Results } from "./results";

export interface Span {
  from: string;
  to: string;
}

/** The span of the address, else the last 30 days. */
export function useSpan() {
  const format = useFormat();
  const [filters, setFilters] = useFilters(["from", "to"]);
  const today = format.day(new Date().toISOString());
  const to = filters.to || today;
  return { span: { from: filters.from || dayjs(to).subtract(29, "day").format("YYYY-MM-DD"), to }, today, setSpan: (span: Span) => setFilters(span) };
}

/** The days that the figures are of, at most 92. */
export function SpanFields() {
  const { t } = useTranslation();
  const { span, today, setSpan } = useSpan();
  const last = (days: number): [Dayjs, Dayjs] => [dayjs(today).subtract(days - 1, "day"), dayjs(today)];
  const month = dayjs(today).startOf("month");
  return (
    <DatePicker.RangePicker
      aria-label={t("overview.period")}
      allowClear={false}
      value={[dayjs(span.from), dayjs(span.to)]}
      // Further days than the server counts together cannot be chosen.
      disabledDate={(day, { from }) => from !== undefined && Math.abs(day.diff(from, "day")) > 91}
      onChange={(days) => days?.[0] && days[1] && setSpan({ from: days[0].format("YYYY-MM-DD"), to: days[1].format("YYYY-MM-DD") })}
      presets={[
        { label: t("results.lastDays", { days: 7 }), value: last(7) },
        { label: t("results.lastDays", { days: 30 }), value: last(30) },
        { label: t("results.lastDays", { days: 90 }), value: last(90) },
        { label: t("books.lastMonth"), value: [month.subtract(1, "month"), month.subtract(1, "day")] },
      ]}
    />
  );
}

/** Until when the figures are counted. */
export function Counted({ through }: { through: Results["counted_through"] }) {
  const { t } = useTranslation();
  const says = through.sent ? t("results.counted", { sent: through.sent, matured: through.matured ?? "–" }) : t("results.notCounted");
  return <p className="quiet">{says}</p>;
}

/** A number that leads to its rows in the touch log, for persons who may read it. */
export function Rows({ count, query }: { count: number; query: Query }) {
  const { t } = useTranslation();
  const format = useFormat();
  const signedIn = useSignedIn();
  const shown = format.points(count);
  if (count === 0 || !may(signedIn, "service", "marketing") || !holds(signedIn, "touches:read")) return <>{shown}</>;
  return <Link to={logPath(query)} aria-label={t("results.rows", { count: shown })}>{shown}</Link>;
}

export default function AllResults() {
  const { t } = useTranslation();
  const format = useFormat();
  const navigate = useNavigate();
  const { span } = useSpan();
  const found = useQuery<Results, Problem>({ queryKey: ["results", span], queryFn: () => ask(api.GET("/v1/strategies/results", { params: { query: span } })) });
  const save = () => found.data && download(`results-${span.from}-${span.to}.csv`, csv(CELLS.map(([name]) => name), found.data.items.map((row) => CELLS.map(([, cell]) => cell(row)))));
  const path = (row: Result) => `/results/${encodeURIComponent(row.strategy_id)}?${new URLSearchParams({ ...span }).toString()}`;
  const of = (row: Result, query: Query): Query => ({ strategy: row.strategy_id, ...span, ...query });
  return (
    <Page title={t("results.title")} extra={<><SpanFields /><Button disabled={!found.data} onClick={save}>{t("list.export")}</Button></>}>
      <p className="quiet">{t("results.lead")}</p>
      <ProblemNote problem={found.error} retry={() => void found.refetch()} />
      {found.isPending && <Loading rows={6} />}
      {found.data && (
        <>
          <Counted through={found.data.counted_through} />
          <Section flush title={t("results.byStrategy")}>
            <Table
              label={t("results.byStrategy")}
              rows={found.data.items}
              id={(row) => row.strategy_id}
              onOpen={(row) => void navigate(path(row))}
              empty={t("results.none")}
              columns={[
                { title: t("strategy.one"), main: true, wrap: true, show: (row) => <Link to={path(row)}>{inLanguage(row.name, format.language, row.strategy_id)}</Link> },
                { title: t("results.step.decided"), number: true, show: (row) => <Rows count={row.touches.decided} query={of(row, {})} /> },
                { title: t("rehearsal.notTold"), number: true, minor: true, show: (row) => <Rows count={suppressedOf(row)} query={of(row, { state: "suppressed" })} /> },
                { title: t("results.step.sent"), number: true, show: (row) => <Rows count={row.touches.sent} query={of(row, { state: "sent" })} /> },
                { title: t("results.step.delivered"), number: true, show: (row) => format.points(row.touches.delivered) },
                { title: t("results.step.clicked"), number: true, show: (row) => format.points(row.touches.clicked) },
                { title: t("results.step.converted"), number: true, show: (row) => format.points(row.touches.converted) },
                { title: t("rehearsal.cost"), number: true, minor: true, show: (row) => format.money(row.cost_minor) },
                { title: t("lift.title"), show: (row) => <LiftMark lift={row.lift} /> },
              ]}
            />
          </Section>
          <Section title={t("results.allMarketing")}>
            <p className="quiet">{t("results.allMarketingLead")}</p>
            <LiftOf lift={found.data.all_marketing.lift} whole />
          </Section>
        </>
      )}
    </Page>
  );
}
