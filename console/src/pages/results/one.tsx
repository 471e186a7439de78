// What one strategy brought: the way from the decision to what members did, its lift, and its nodes.

import { Button } from "antd";
import { useQueries, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { api, ask, type Problem } from "../../api/client";
import { csv, download } from "../../lib/csv";
import { addDays } from "../../lib/format";
import { useNode } from "../../lib/nodes";
import { useFormat, useWord } from "../../lib/use";
import { Facts, Figure, Loading, Page, Section } from "../../ui/parts";
import { ProblemNote } from "../../ui/problem";
import { Table } from "../../ui/table";
import { largest } from "../strategies/rehearsed";
import { inLanguage } from "../touches/names";
import { Counted, Rows, SpanFields, useSpan, type Span } from "./index";
import { LiftMark, LiftOf } from "./lift";
import { funnel, suppressedOf, weeksOf, type OneResult, type Settled } from "./results";

function asked(id: string, span: Span) {
  return {
    queryKey: ["results", id, span],
    queryFn: () => ask<OneResult>(api.GET("/v1/strategies/{id}/results", { params: { path: { id }, query: span } })),
  };
}

export default function OneStrategy() {
  const { t } = useTranslation();
  const format = useFormat();
  const { id = "" } = useParams();
  const { span } = useSpan();
  const found = useQuery<OneResult, Problem>(asked(id, span));
  const search = new URLSearchParams({ ...span }).toString();
  const title = inLanguage(found.data?.name, format.language, id);
  const save = () => found.data && download(`results-${id}-${span.from}-${span.to}.csv`, file(found.data));
  return (
    <Page
      title={title}
      back={<Link to={`/results?${search}`} className="soft">{t("results.title")} /</Link>}
      extra={<><SpanFields /><Button disabled={!found.data} onClick={save}>{t("list.export")}</Button></>}
    >
      <ProblemNote problem={found.error} retry={() => void found.refetch()} />
      {found.isPending && <Loading rows={8} />}
      {found.data && (
        <>
          <Counted through={found.data.counted_through} />
          <Section title={t("lift.title")}><LiftOf lift={found.data.lift} /></Section>
          <div className="columns">
            <Funnel result={found.data} span={span} />
            <NotTold result={found.data} span={span} />
          </div>
          <SettledOf settled={found.data.settled} />
          <Nodes result={found.data} span={span} />
          <Weeks id={id} span={span} />
        </>
      )}
    </Page>
  );
}

function Funnel({ result, span }: { result: OneResult; span: Span }) {
  const { t } = useTranslation();
  const format = useFormat();
  const steps = funnel(result);
  const most = Math.max(1, steps[0]?.count ?? 0);
  const { credited } = result;
  // What the log can be filtered by leads there; the rest are figures.
  const rows = (step: string, count: number) => {
    const of = { strategy: result.strategy_id, ...span };
    if (step === "decided") return <Rows count={count} query={of} />;
    return step === "sent" ? <Rows count={count} query={{ ...of, state: "sent" }} /> : format.points(count);
  };
  return (
    <Section title={t("results.funnel")}>
      <dl className="bars" style={{ marginTop: 0 }}>
        {steps.map(({ step, count }) => (
          <div key={step}>
            <dt>{t(`results.step.${step}`)}</dt>
            <dd>
              <span className="soft small">{format.percent(count / most)}</span>
              <span className="bar"><span style={{ width: `${Math.min(100, (count / most) * 100)}%` }} /></span>
              <span>{rows(step, count)}</span>
            </dd>
          </div>
        ))}
      </dl>
      <div style={{ marginTop: 16 }}>
        <Facts
          rows={[
            [t("results.messages"), format.points(result.messages)],
            [t("results.visits"), format.points(result.visits)],
            [t("rehearsal.cost"), format.money(result.cost_minor)],
            result.granted_points > 0 && [t("results.granted"), format.points(result.granted_points)],
            [t("results.redemptions"), t("results.redemptionsOf", { count: format.points(credited.redeem), points: format.points(credited.points) })],
            [t("results.orders"), t("results.ordersOf", { count: format.points(credited.order), sum: format.money(credited.order_minor) })],
            credited.login > 0 && [t("results.logins"), format.points(credited.login)],
            [t("results.byClick"), format.points(credited.by_click)],
          ]}
        />
      </div>
    </Section>
  );
}

function NotTold({ result, span }: { result: OneResult; span: Span }) {
  const { t } = useTranslation();
  const word = useWord();
  const of = { strategy: result.strategy_id, ...span };
  const { due, sending, unknown, failed } = result.touches;
  const reasons = largest(result.touches.suppressed);
  return (
    <Section flush title={t("results.notTold")}>
      <Table
        label={t("results.notTold")}
        rows={[
          ...reasons.map(([reason, count]) => ({ name: word("touchReason", reason), count, query: { state: "suppressed", reason } })),
          ...Object.entries({ due, sending, unknown, failed }).filter(([, count]) => count > 0).map(([state, count]) => ({ name: word("touchState", state), count, query: { state } })),
        ]}
        id={(row) => row.name}
        empty={t("results.allTold")}
        columns={[
          { title: t("touches.reason"), main: true, show: (row) => row.name },
          { title: t("results.touches"), number: true, show: (row) => <Rows count={row.count} query={{ ...of, ...row.query }} /> },
        ]}
      />
    </Section>
  );
}

/** How occasions ended; nothing where the strategy settles none. */
function SettledOf({ settled }: { settled: Settled }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (settled.occasions === 0) return null;
  return (
    <Section title={t("results.settled.title")}>
      <p className="quiet">{t("results.settled.lead")}</p>
      <dl className="figures">
        <Figure label={t("results.settled.occasions")} value={format.points(settled.occasions)} />
        <Figure label={t("results.settled.messages")} value={format.points(settled.messages)} />
        <Figure label={t("results.settled.responded")} value={format.points(settled.responded)} />
        <Figure label={t("results.settled.spent")} value={format.points(settled.points_spent)} />
        <Figure label={t("results.settled.expired")} value={format.points(settled.points_expired)} />
      </dl>
    </Section>
  );
}

interface Line {
  node: number;
  channel: string | null;
  decided: number | null;
  suppressed: number | null;
  sent: number;
  delivered: number;
  clicked: number;
  converted: number | null;
  cost_minor: number;
}

/** One line for each node, and below it one for each channel. */
function linesOf({ nodes }: OneResult): Line[] {
  return nodes.flatMap(({ node, channels, ...of }): Line[] => [
    { node, channel: null, decided: of.touches.decided, suppressed: suppressedOf(of), sent: of.touches.sent, delivered: of.touches.delivered, clicked: of.touches.clicked, converted: of.touches.converted, cost_minor: of.cost_minor },
    ...channels.map(({ channel, messages, delivered, clicked, cost_minor }): Line => ({ node, channel, decided: null, suppressed: null, sent: messages, delivered, clicked, converted: null, cost_minor })),
  ]);
}

function Nodes({ result, span }: { result: OneResult; span: Span }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const node = useNode();
  // What the log can be filtered by leads there; messages of a channel are no rows of it.
  const rows = (row: Line, count: number | null, state?: string) =>
    row.channel || count === null ? format.points(count) : <Rows count={count} query={{ strategy: result.strategy_id, node: String(row.node), ...span, ...(state ? { state } : {}) }} />;
  return (
    <Section flush title={t("results.byNode")}>
      <Table
        label={t("results.byNode")}
        rows={linesOf(result)}
        id={(row) => `${row.node} ${row.channel}`}
        empty={t("results.none")}
        columns={[
          { title: t("results.node"), main: true, show: (row) => (row.channel ? <span className="soft">{word("contactChannel", row.channel)}</span> : <strong>{node(row.node)}</strong>) },
          { title: t("results.step.decided"), number: true, show: (row) => rows(row, row.decided) },
          { title: t("rehearsal.notTold"), number: true, minor: true, show: (row) => rows(row, row.suppressed, "suppressed") },
          { title: t("results.step.sent"), number: true, show: (row) => rows(row, row.sent, "sent") },
          { title: t("results.step.delivered"), number: true, show: (row) => format.points(row.delivered) },
          { title: t("results.step.clicked"), number: true, show: (row) => format.points(row.clicked) },
          { title: t("results.step.converted"), number: true, show: (row) => format.points(row.converted) },
          { title: t("rehearsal.cost"), number: true, show: (row) => format.money(row.cost_minor) },
        ]}
      />
    </Section>
  );
}

/** The same by weeks: each is a question of its own, so it takes a click. */
function Weeks({ id, span }: { id: string; span: Span }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [open, setOpen] = useState(false);
  const weeks = weeksOf(span.from, span.to, addDays);
  const found = useQueries({ queries: open ? weeks.map((week) => asked(id, week)) : [] });
  const failed = found.find((one) => one.error);
  return (
    <Section flush title={t("results.byWeek")} extra={<Button size="small" aria-expanded={open} aria-label={`${t(open ? "view.hide" : "view.show")}: ${t("results.byWeek")}`} onClick={() => setOpen(!open)}>{t(open ? "view.hide" : "view.show")}</Button>}>
      {open && failed && <ProblemNote problem={failed.error as Problem} retry={() => void failed.refetch()} />}
      {open && !failed && found.some((one) => one.isPending) && <Loading rows={3} />}
      {open && found.length > 0 && found.every((one) => one.data) && (
        <Table
          label={t("results.byWeek")}
          rows={found.flatMap((one) => (one.data ? [one.data] : []))}
          id={(row) => row.from}
          columns={[
            { title: t("overview.period"), main: true, show: (row) => `${row.from} – ${row.to}` },
            { title: t("results.step.decided"), number: true, show: (row) => <Rows count={row.touches.decided} query={{ strategy: id, from: row.from, to: row.to }} /> },
            { title: t("results.step.sent"), number: true, show: (row) => format.points(row.touches.sent) },
            { title: t("results.step.delivered"), number: true, show: (row) => format.points(row.touches.delivered) },
            { title: t("results.step.clicked"), number: true, show: (row) => format.points(row.touches.clicked) },
            { title: t("results.step.converted"), number: true, show: (row) => format.points(row.touches.converted) },
            { title: t("lift.title"), show: (row) => <LiftMark lift={row.lift} /> },
          ]}
        />
      )}
    </Section>
  );
}

/** The whole first, then each node and channel. */
function file(result: OneResult): string {
  const names = ["node", "channel", "decided", "suppressed", "sent", "delivered", "clicked", "converted", "cost_minor"] as const;
  const [whole] = linesOf({ ...result, nodes: [{ ...result, node: 0, channels: [] }] });
  return csv([...names], [{ ...whole, node: null }, ...linesOf(result)].map((line) => names.map((name) => line[name])));
}
