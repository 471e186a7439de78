// The books of a period: accounts and kinds of entries, and the audit that proves them.

import { Alert, Button, DatePicker } from "antd";
import { useQuery } from "@tanstack/react-query";
import dayjs from "dayjs";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, ask, asProblem, type Problem } from "../api/client";
import type { TrialBalance } from "../api/answers";
import { csv, download } from "../lib/csv";
import { addDays } from "../lib/format";
import { useFilters, useFormat, useWord } from "../lib/use";
import { Loading, Mark, Page, Section } from "../ui/parts";
import { ProblemNote } from "../ui/problem";
import { Table } from "../ui/table";

export default function Books() {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const [filters, setFilters] = useFilters(["from", "to"]);
  const query = {
    ...(filters.from ? { from: format.midnight(filters.from) } : {}),
    ...(filters.to ? { to: format.midnight(addDays(filters.to, 1)) } : {}),
  };
  const books = useQuery<TrialBalance, Problem>({
    queryKey: ["books", query],
    queryFn: () => ask(api.GET("/v1/reports/trial-balance", { params: { query } })),
  });
  const save = () => {
    if (!books.data) return;
    const rows = [
      ...books.data.accounts.map((row) => ["account", row.account, row.points, ""]),
      ...books.data.kinds.map((row) => ["kind", row.kind, row.points, row.entries]),
    ];
    download(`trial-balance-${filters.from || "all"}-${filters.to || "all"}.csv`, csv(["what", "name", "points", "entries"], rows));
  };
  const today = dayjs(format.day(new Date().toISOString()));
  return (
    <Page title={t("books.title")} extra={<Button disabled={!books.data} onClick={save}>{t("list.export")}</Button>}>
      <Section>
        <div className="filters" style={{ marginBottom: 0 }}>
          <DatePicker.RangePicker
            aria-label={t("overview.period")}
            allowEmpty={[true, true]}
            value={[filters.from ? dayjs(filters.from) : null, filters.to ? dayjs(filters.to) : null]}
            onChange={(days) => setFilters({ from: days?.[0]?.format("YYYY-MM-DD") ?? "", to: days?.[1]?.format("YYYY-MM-DD") ?? "" })}
            presets={[
              { label: t("books.thisMonth"), value: [today.startOf("month"), today] },
              { label: t("books.lastMonth"), value: [today.subtract(1, "month").startOf("month"), today.subtract(1, "month").endOf("month")] },
              { label: t("books.thisYear"), value: [today.startOf("year"), today] },
            ]}
          />
          <span className="soft small">{t("books.zone", { zone: format.timeZone })}</span>
        </div>
      </Section>
      <ProblemNote problem={books.error} retry={() => void books.refetch()} />
      {books.isPending && <Loading />}
      {books.data && (
        <div className="columns">
          <Section flush title={t("overview.accounts")} extra={<Mark tone={String(books.data.sum) === "0" ? "good" : "bad"}>{t("overview.sum", { sum: format.points(books.data.sum) })}</Mark>}>
            <Table
              label={t("overview.accounts")}
              rows={books.data.accounts}
              id={(row) => row.account}
              columns={[
                { title: t("overview.account"), main: true, show: (row) => word("account", row.account) },
                { title: t("points"), number: true, show: (row) => format.points(row.points) },
              ]}
            />
          </Section>
          <Section flush title={t("books.kinds")}>
            <Table
              label={t("books.kinds")}
              rows={books.data.kinds}
              id={(row) => row.kind}
              columns={[
                { title: t("entry.kind"), main: true, show: (row) => word("kind", row.kind) },
                { title: t("points"), number: true, show: (row) => format.points(row.points) },
                { title: t("books.entries"), number: true, show: (row) => format.points(row.entries) },
              ]}
            />
          </Section>
        </div>
      )}
      <Audit />
    </Page>
  );
}

/** Violations that the page lists; it counts all of them. */
const MOST_LISTED = 500;

interface AuditPage {
  clean: boolean;
  violations: { member_id?: string; entry_id?: string; what: string }[];
  members_checked: number;
  entries_checked: number;
  next: string | null;
}

/** Replays every entry, page by page. Leaving the page stops it. */
function Audit() {
  const { t } = useTranslation();
  const format = useFormat();
  const [running, setRunning] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [found, setFound] = useState<{ members: number; entries: number; done: boolean; count: number; violations: AuditPage["violations"] } | null>(null);
  const run = async () => {
    setRunning(true);
    setProblem(null);
    let so = { members: 0, entries: 0, done: false, count: 0, violations: [] as AuditPage["violations"] };
    let cursor: string | undefined;
    try {
      do {
        const query = { limit: 200 as never, ...(cursor ? { cursor } : {}) };
        const page: AuditPage = await ask<AuditPage>(api.GET("/v1/reports/audit", { params: { query } }));
        cursor = page.next ?? undefined;
        so = {
          members: so.members + page.members_checked,
          entries: so.entries + page.entries_checked,
          done: cursor === undefined,
          count: so.count + page.violations.length,
          violations: [...so.violations, ...page.violations].slice(0, MOST_LISTED),
        };
        setFound(so);
      } while (cursor !== undefined);
    } catch (error) {
      setProblem(asProblem(error));
    }
    setRunning(false);
  };
  return (
    <Section title={t("books.audit")} extra={<Button loading={running} onClick={() => void run()}>{t("books.runAudit")}</Button>}>
      <p className="quiet">{t("books.auditLead")}</p>
      <ProblemNote problem={problem} retry={() => void run()} />
      <div role="status">
        {found && (
          <p className="row">
            {found.count > 0 && <Mark tone="bad">{t("books.violations", { count: found.count })}</Mark>}
            {found.done
              ? found.count === 0 && <Mark tone="good">{t("books.clean")}</Mark>
              : <Mark tone={running ? "info" : "warn"}>{t(running ? "backTest.running" : "books.auditStopped")}</Mark>}
            <span>{t("books.checked", { members: format.points(found.members), entries: format.points(found.entries) })}</span>
          </p>
        )}
      </div>
      {found && found.count > found.violations.length && (
        <Alert className="problem" type="info" role="status" showIcon title={t("books.violationsCut", { shown: format.points(found.violations.length), count: format.points(found.count) })} />
      )}
      {found?.violations.map((violation, index) => (
        <p key={index}>
          {violation.member_id && <Link to={`/members/${encodeURIComponent(violation.member_id)}`}>{violation.member_id}</Link>} <span lang="en">{violation.what}</span>
        </p>
      ))}
    </Section>
  );
}
