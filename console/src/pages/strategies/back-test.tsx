// The back-test of a playbook: whom it would have told what over past days. The server looks at the members
// in parts; this adds them up and can be stopped.

import { Button, DatePicker, Select } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask } from "../../api/client";
import { csv, download } from "../../lib/csv";
import { useFormat, useWord } from "../../lib/use";
import { Section } from "../../ui/parts";
import { ProblemNote } from "../../ui/problem";
import { Table } from "../../ui/table";
import { daysOf, withPart, type Part, type Tested } from "./back-tested";
import { Examples } from "./examples";
import { HowFar, useParts } from "./in-parts";
import type { Playbook } from "./playbook";
import { Lines, Totals, type Rehearsed } from "./rehearsal";
import { largest } from "./rehearsed";
import { useSay } from "./words";

type Days = [Dayjs, Dayjs];

/** Days of a back-test, at most, and how far back the first of them may lie. */
const MOST_DAYS = 92;
const DAYS_BACK = 180;

function useBackTest(of: Rehearsed) {
  const part = useCallback(
    ([from, to]: Days, cursor: string | null, signal: AbortSignal) => {
      const body = { ...of, ...(cursor ? { cursor } : { from: from.format("YYYY-MM-DD"), to: to.format("YYYY-MM-DD") }) };
      return ask<Part>(api.POST("/v1/playbook/back-test", { body: body as never, signal }));
    },
    [of],
  );
  return useParts(part, withPart);
}

export default function BackTest({ of, document }: { of: Rehearsed; document: Playbook }) {
  const { t } = useTranslation();
  const format = useFormat();
  const today = format.day(new Date().toISOString());
  const yesterday = dayjs(today).subtract(1, "day");
  const [days, setDays] = useState<Days>([yesterday.subtract(89, "day"), yesterday]);
  const { found, state, problem, begin, stop } = useBackTest(of);
  const isRunning = state === "running";
  const cannot = (day: Dayjs, from?: Dayjs) => {
    const isKnown = day.isBefore(dayjs(today), "day") && dayjs(today).diff(day, "day") <= DAYS_BACK;
    return !isKnown || (from !== undefined && Math.abs(day.diff(from, "day")) >= MOST_DAYS);
  };
  return (
    <>
      <Section>
        <p className="quiet">{t("lookBack.lead")}</p>
        <div className="filters" style={{ marginBottom: 0 }}>
          <DatePicker.RangePicker
            aria-label={t("overview.period")}
            allowClear={false}
            value={days}
            disabled={isRunning}
            disabledDate={(day, { from }) => cannot(day, from)}
            onChange={(next) => next?.[0] && next[1] && setDays([next[0], next[1]])}
          />
          {isRunning ? (
            <Button onClick={stop}>{t("rehearsal.stop")}</Button>
          ) : (
            <Button type="primary" onClick={() => void begin(days)}>{t(found ? "lookBack.again" : "lookBack.begin")}</Button>
          )}
          {found && !isRunning && <Button onClick={() => save(found)}>{t("list.export")}</Button>}
        </div>
      </Section>
      <ProblemNote problem={problem} {...(problem?.mayPass ? { retry: () => void begin(days) } : {})} />
      <HowFar found={found} state={state} of={(part) => t("lookBack.of", { from: part.from, to: part.to })} />
      {found && <Found found={found} document={document} />}
    </>
  );
}

function Found({ found, document }: { found: Part; document: Playbook }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const say = useSay(document);
  const [strategy, setStrategy] = useState("");
  const name = (id: string) => say.name(document.strategies?.find((one) => one.id === id)?.name, id);
  const examples = found.strategies.flatMap((one) => (one.examples ?? []).map((example) => ({ ...example, strategy: one.strategy })));
  const counts = [
    { title: t("rehearsal.due"), number: true, show: (row: Tested) => format.points(row.due) },
    { title: t("rehearsal.messages"), number: true, show: (row: Tested) => format.points(row.messages) },
    { title: t("strategy.channels"), show: (row: Tested) => <div><Lines counts={row.channels} group="contactChannel" /></div> },
    { title: t("rehearsal.cost"), number: true, show: (row: Tested) => format.money(row.cost_minor) },
    { title: t("points"), number: true, show: (row: Tested) => format.points(row.points) },
    { title: t("rehearsal.notTold"), wrap: true, show: (row: Tested) => <div><Lines counts={row.reasons} group="touchReason" /></div> },
  ];
  const { merged, long, unreadable } = found.left_out;
  return (
    <>
      <Section><Totals totals={found.totals} /></Section>
      <Section flush title={t("lookBack.byStrategy")}>
        <Table
          label={t("lookBack.byStrategy")}
          rows={found.strategies}
          id={(row) => row.strategy}
          empty={t("strategy.none")}
          columns={[{ title: t("strategy.one"), main: true, wrap: true, show: (row) => <><strong>{name(row.strategy)}</strong> <span className="soft small bit">{row.strategy}</span></> }, ...counts]}
        />
      </Section>
      <Section
        flush
        title={t("lookBack.byDay")}
        extra={
          <Select
            aria-label={t("strategy.one")}
            value={strategy}
            onChange={setStrategy}
            style={{ minWidth: 160 }}
            options={[{ value: "", label: t("touches.allStrategies") }, ...found.strategies.map((one) => ({ value: one.strategy, label: name(one.strategy) }))]}
          />
        }
      >
        <Table
          label={t("lookBack.byDay")}
          rows={daysOf(found, strategy)}
          id={(row) => row.day}
          empty={t("lookBack.noDay")}
          columns={[{ title: t("touches.day"), main: true, show: (row) => row.day }, ...counts]}
        />
      </Section>
      <Examples examples={examples} name={name} />
      <Section title={t("lookBack.known")}>
        <p>{t("lookBack.asOfNow", { what: new Intl.ListFormat(format.language).format(found.as_of_now.map((one) => word("asOfNow", one))) })}</p>
        <p>{t("lookBack.budgets")}</p>
        {found.not_told.length > 0 && <p>{t("lookBack.notTold", { strategies: new Intl.ListFormat(format.language).format(found.not_told.map(name)) })}</p>}
        {merged + long + unreadable > 0 && <p>{t("lookBack.leftOut", { merged: format.points(merged), long: format.points(long), unreadable: format.points(unreadable) })}</p>}
      </Section>
    </>
  );
}

const HEADINGS = ["day", "strategy", "node", "due", "messages", "cost_minor", "points", "channels", "reasons"];

function save(found: Part): void {
  const told = (counts: Record<string, number>) => largest(counts).map(([name, count]) => `${name} ${count}`).join("; ");
  const rows = found.days.flatMap(({ day, nodes }) => nodes.map((row) => [day, row.strategy, row.node, row.due, row.messages, row.cost_minor, row.points, told(row.channels), told(row.reasons)]));
  download(`back-test-${found.from}-${found.to}.csv`, csv(HEADINGS, rows));
}
