// The rehearsal of a playbook: what the coming night, or another day, would bring. The server looks at
// all members in parts; this shows the figures so far and can be stopped.

import { Button, DatePicker } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask } from "../../api/client";
import { csv, download } from "../../lib/csv";
import { useNode } from "../../lib/nodes";
import { useFormat, useWord } from "../../lib/use";
import { Figure, Mark, Section } from "../../ui/parts";
import { ProblemNote } from "../../ui/problem";
import { Table } from "../../ui/table";
import { Examples } from "./examples";
import { HowFar, useParts } from "./in-parts";
import type { Playbook } from "./playbook";
import { largest, rowsOf, verdictOf, type Counts, type Rehearsal, type Row, type Speed } from "./rehearsed";
import { useSay } from "./words";

/** A draft that is kept, a document as it is typed, or the playbook in force. */
export type Rehearsed = { draft: string } | { playbook: Playbook } | Record<string, never>;

const newest = (_: Rehearsal | null, part: Rehearsal) => part;

function useRehearsal(of: Rehearsed) {
  const part = useCallback(
    (day: string | null, cursor: string | null, signal: AbortSignal) => {
      const body = { ...of, ...(cursor ? { cursor } : day ? { day } : {}) };
      return ask<Rehearsal>(api.POST("/v1/playbook/rehearsal", { body: body as never, signal }));
    },
    [of],
  );
  return useParts(part, newest);
}

/** The page's part: a day is chosen, and all figures are shown. */
export function RehearsalOf({ of, document }: { of: Rehearsed; document: Playbook }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [day, setDay] = useState<Dayjs | null>(null);
  const { found, state, problem, begin, stop } = useRehearsal(of);
  const today = format.day(new Date().toISOString());
  const isRunning = state === "running";
  return (
    <>
      <Section>
        <p className="quiet">{t("rehearsal.lead")}</p>
        <div className="filters" style={{ marginBottom: 0 }}>
          <label>
            {t("rehearsal.day")}
            <DatePicker
              aria-label={t("rehearsal.day")}
              placeholder={t("rehearsal.coming")}
              value={day}
              onChange={(next) => setDay(next)}
              disabled={isRunning}
              style={{ width: 180 }}
              disabledDate={(one) => one.format("YYYY-MM-DD") < today || one.diff(dayjs(today), "day") > 366}
            />
          </label>
          {isRunning ? (
            <Button onClick={stop}>{t("rehearsal.stop")}</Button>
          ) : (
            <Button type="primary" onClick={() => void begin(day?.format("YYYY-MM-DD") ?? null)}>{t(found ? "rehearsal.again" : "rehearsal.begin")}</Button>
          )}
          {found && !isRunning && <Button onClick={() => save(found, document)}>{t("list.export")}</Button>}
        </div>
      </Section>
      <ProblemNote problem={problem} {...(problem?.mayPass ? { retry: () => void begin(day?.format("YYYY-MM-DD") ?? null) } : {})} />
      <HowFar found={found} state={state} of={(part) => t("rehearsal.of", { day: part.day })} />
      {found && <Found found={found} document={document} />}
    </>
  );
}

export function Totals({ totals }: { totals: Counts }) {
  const { t } = useTranslation();
  const format = useFormat();
  const kept = Object.values(totals.reasons).reduce((sum, count) => sum + count, 0);
  return (
    <dl className="figures">
      <Figure label={t("rehearsal.due")} value={format.points(totals.due)} />
      <Figure label={t("rehearsal.messages")} value={format.points(totals.messages)} />
      <Figure label={t("rehearsal.cost")} value={format.money(totals.cost_minor)} />
      <Figure label={t("points")} value={format.points(totals.points)} />
      <Figure label={t("rehearsal.notTold")} value={format.points(kept)} />
    </dl>
  );
}

/** Counts by name, each on a line of its own. */
export function Lines({ counts, group }: { counts: Record<string, number>; group: string }) {
  const format = useFormat();
  const word = useWord();
  const lines = largest(counts);
  if (lines.length === 0) return <>–</>;
  return <>{lines.map(([name, count]) => <span key={name} className="bit">{word(group, name)} {format.points(count)}</span>)}</>;
}

/** Whether accounts are fast enough, a sentence for each. */
function Accounts({ accounts }: { accounts: Speed[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  if (accounts.length === 0) return null;
  return (
    <Section title={t("rehearsal.speed.title")}>
      {accounts.map((one) => {
        const verdict = verdictOf(one);
        const says = {
          channel: word("contactChannel", one.channel), account: one.account ?? "", messages: format.points(one.messages), late: format.points(one.late),
          rate: format.points(one.per_second), needs: format.lasts(one.seconds ?? 0), open: format.lasts(one.open_seconds ?? 0), at: format.instant(one.drained_at),
        };
        return (
          <p key={one.channel} className="row" style={{ marginBottom: 8 }}>
            <Mark tone={verdict === "inTime" ? (one.is_paused ? "warn" : "good") : "bad"}>{t(verdict === "inTime" ? "rehearsal.speed.enough" : "rehearsal.speed.notEnough")}</Mark>
            <span>{t(`rehearsal.speed.${verdict}`, says)}{one.is_paused && ` ${t("rehearsal.speed.paused", says)}`}</span>
          </p>
        );
      })}
      <p className="soft small">{t("rehearsal.speed.note")}</p>
    </Section>
  );
}

function Found({ found, document }: { found: Rehearsal; document: Playbook }) {
  const { t } = useTranslation();
  const format = useFormat();
  const say = useSay(document);
  const node = useNode();
  const ids = (document.strategies ?? []).map((one) => one.id);
  const name = (id: string) => say.name(document.strategies?.find((one) => one.id === id)?.name, id);
  const examples = found.strategies.flatMap((one) => (one.examples ?? []).map((example) => ({ ...example, strategy: one.strategy })));
  return (
    <>
      <Section><Totals totals={found.totals} /></Section>
      <Accounts accounts={found.accounts} />
      <Section flush title={t("rehearsal.byStrategy")}>
        <Table
          label={t("rehearsal.byStrategy")}
          rows={rowsOf(found, ids)}
          id={(row) => `${row.strategy} ${row.node}`}
          empty={t("strategy.none")}
          columns={[
            { title: t("strategy.one"), main: true, wrap: true, show: (row) => (row.node === null ? <><strong>{name(row.strategy)}</strong> <span className="soft small bit">{row.strategy}</span></> : <span className="soft">{node(row.node)}</span>) },
            { title: t("rehearsal.due"), number: true, show: (row) => format.points(row.due) },
            { title: t("rehearsal.messages"), number: true, show: (row) => format.points(row.messages) },
            { title: t("strategy.channels"), show: (row) => <div><Lines counts={row.channels} group="contactChannel" /></div> },
            { title: t("rehearsal.cost"), number: true, show: (row) => format.money(row.cost_minor) },
            { title: t("points"), number: true, show: (row) => format.points(row.points) },
            { title: t("rehearsal.notTold"), wrap: true, show: (row) => <div><Lines counts={row.reasons} group="touchReason" /></div> },
          ]}
        />
      </Section>
      <Examples examples={examples} name={name} />
    </>
  );
}

const HEADINGS = ["day", "strategy", "node", "due", "messages", "cost_minor", "points", "channels", "reasons"];

function save(found: Rehearsal, document: Playbook): void {
  const told = (counts: Record<string, number>) => largest(counts).map(([name, count]) => `${name} ${count}`).join("; ");
  const cells = (row: Row) => [found.day, row.strategy, row.node, row.due, row.messages, row.cost_minor, row.points, told(row.channels), told(row.reasons)];
  download(`rehearsal-${found.day}.csv`, csv(HEADINGS, rowsOf(found, (document.strategies ?? []).map((one) => one.id)).map(cells)));
}

/** For the request to publish: it begins by itself, and says in short what the coming night brings. */
export function ComingNight({ draft, document }: { draft: string; document: Playbook }) {
  const { t } = useTranslation();
  const format = useFormat();
  const say = useSay(document);
  const [of] = useState({ draft });
  const { found, state, problem, begin, stop } = useRehearsal(of);
  useEffect(() => {
    void begin(null);
  }, [begin]);
  const told = (found?.strategies ?? []).filter((one) => one.due > 0);
  return (
    <section className="card" aria-label={t("rehearsal.coming")}>
      <div className="title">
        <h2>{t("rehearsal.coming")}</h2>
        {state === "running" && <div className="extra"><Button size="small" onClick={stop}>{t("rehearsal.stop")}</Button></div>}
      </div>
      <ProblemNote problem={problem} />
      <HowFar found={found} state={state} of={(part) => t("rehearsal.of", { day: part.day })} />
      {found && <Totals totals={found.totals} />}
      {(found?.accounts ?? []).some((one) => one.late > 0) && <Accounts accounts={(found?.accounts ?? []).filter((one) => one.late > 0)} />}
      {told.map((one) => (
        <p key={one.strategy} className="soft small" style={{ marginTop: 8 }}>{say.name(document.strategies?.find((other) => other.id === one.strategy)?.name, one.strategy)}: {format.points(one.due)}</p>
      ))}
    </section>
  );
}
