// System health: whether the service is ready, and what the coming night would do.

import { Alert, Button } from "antd";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, ask, asProblem, type Problem } from "../api/client";
import type { Endpoint, Page as Items } from "../api/answers";
import { useFormat, useWord } from "../lib/use";
import { may, useSignedIn } from "../session";
import { Facts, Mark, Moved, Page, Section } from "../ui/parts";
import { ProblemNote } from "../ui/problem";
import { Table } from "../ui/table";

export default function System() {
  const { t } = useTranslation();
  const signedIn = useSignedIn();
  return (
    <Page title={t("system.title")}>
      <Health />
      {may(signedIn) && <Jobs />}
      <Rehearsal />
    </Page>
  );
}

function Health() {
  const { t } = useTranslation();
  const format = useFormat();
  const signedIn = useSignedIn();
  const probe = (path: string) => async () => {
    const begun = performance.now();
    const answer = await fetch(path).catch(() => null);
    return { ok: answer?.ok === true, ms: Math.round(performance.now() - begun) };
  };
  const process = useQuery({ queryKey: ["healthz"], queryFn: probe("/healthz"), refetchInterval: 30_000 });
  const ready = useQuery({ queryKey: ["readyz"], queryFn: probe("/readyz"), refetchInterval: 30_000 });
  const version = useQuery({
    queryKey: ["openapi-version"],
    queryFn: async () => ((await (await fetch("/openapi.json")).json()) as { info: { version: string } }).info.version,
    staleTime: Infinity,
  });
  const endpoints = useQuery<Items<Endpoint>, Problem>({
    queryKey: ["endpoints", "health"],
    queryFn: () => ask(api.GET("/v1/endpoints", { params: { query: { limit: 200 as never } } })),
    enabled: may(signedIn),
  });
  const mark = (state: { ok: boolean; ms: number } | undefined) =>
    state ? <Mark tone={state.ok ? "good" : "bad"}>{state.ok ? t("system.answers", { ms: state.ms }) : t("system.silent")}</Mark> : "…";
  const unwell = endpoints.data?.items.filter((one) => one.disabled_at || one.failures > 0 || one.dead > 0) ?? [];
  return (
    <Section title={t("system.health")}>
      <Facts
        rows={[
          [t("system.process"), mark(process.data)],
          [t("system.database"), mark(ready.data)],
          [t("system.version"), version.data ?? "…"],
          endpoints.data ? [t("menu.endpoints"), unwell.length === 0 ? <Mark key="well" tone="good">{t("system.allSending")}</Mark> : <Link key="unwell" to="/endpoints">{t("system.unwell", { count: unwell.length })}</Link>] : null,
          [t("system.checked"), format.instant(new Date(ready.dataUpdatedAt || Date.now()).toISOString())],
        ]}
      />
    </Section>
  );
}

const JOBS = ["night", "activate", "expire-sweep", "tier-upgrade", "remind", "notify", "publish"] as const;
/** Calls of one press of a button. */
const MOST_CALLS = 200;
type Report = Record<string, number | boolean | string>;

function Jobs() {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const [running, setRunning] = useState<string | null>(null);
  const [report, setReport] = useState<Report | null>(null);
  const [isDone, setIsDone] = useState(true);
  const [problem, setProblem] = useState<Problem | null>(null);
  const run = async (name: string) => {
    setRunning(name);
    setProblem(null);
    setReport(null);
    setIsDone(false);
    const sums: Report = { job: name };
    try {
      // A call does a bounded piece of work.
      for (let calls = 0, done = false; !done && calls < MOST_CALLS; calls += 1) {
        const part = await ask<Report>(api.POST("/v1/jobs/{name}", { params: { path: { name } } }));
        for (const [field, value] of Object.entries(part)) {
          if (typeof value === "number") sums[field] = Number(sums[field] ?? 0) + value;
        }
        done = part.done === true;
        setIsDone(done);
        setReport({ ...sums });
      }
    } catch (error) {
      setProblem(asProblem(error));
    }
    setRunning(null);
  };
  const figures = Object.entries(report ?? {}).filter(([name, value]) => typeof value === "number" && value > 0 && name !== "job");
  return (
    <Section title={t("system.jobs")}>
      <p className="quiet">{t("system.jobsLead")}</p>
      <ProblemNote problem={problem} />
      <div className="row" style={{ marginBottom: 12 }}>
        {JOBS.map((name) => (
          <Button key={name} loading={running === name} disabled={running !== null && running !== name} onClick={() => void run(name)}>{t(`job.${name}`)}</Button>
        ))}
      </div>
      <div role="status">
        {report && running === null && !isDone && !problem && (
          <Alert className="problem" type="warning" showIcon title={t("system.goesOn", { job: word("job", String(report.job)) })} />
        )}
        {report && (
          figures.length === 0
            ? isDone && <p className="soft">{t("system.nothingDue", { job: word("job", String(report.job)) })}</p>
            : <Facts rows={figures.map(([name, value]): [string, string] => [word("figure", name), format.points(value as number)])} />
        )}
      </div>
    </Section>
  );
}

interface Night {
  at: string;
  rulebook_version: number;
  done: boolean;
  totals: Record<string, number>;
  members: { member_id: string; balance: number; entries: { kind: string; points?: number; lots?: number }[] }[];
  next: string | null;
}

const SHOWN = 500;

function Rehearsal() {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const [running, setRunning] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [night, setNight] = useState<Night | null>(null);
  const run = async () => {
    setRunning(true);
    setProblem(null);
    let members: Night["members"] = [];
    let cursor: string | undefined;
    try {
      do {
        const query = { dry_run: true as never, ...(cursor ? { cursor } : {}) };
        const part: Night = await ask<Night>(api.POST("/v1/jobs/{name}", { params: { path: { name: "night" }, query } }));
        members = [...members, ...part.members].slice(0, SHOWN);
        cursor = part.next ?? undefined;
        setNight({ ...part, members });
      } while (cursor !== undefined);
    } catch (error) {
      setProblem(asProblem(error));
    }
    setRunning(false);
  };
  return (
    <Section flush title={t("system.rehearsal")} extra={<Button loading={running} onClick={() => void run()}>{t("system.rehearse")}</Button>}>
      <p className="soft">{t("system.rehearsalLead")}</p>
      <ProblemNote problem={problem} retry={() => void run()} />
      {night && (
        <>
          {!running && !night.done && <Alert className="problem" type="warning" role="status" showIcon title={t("system.stopped")} />}
          {night.members.length >= SHOWN && (night.totals.affected ?? 0) > night.members.length && (
            <Alert className="problem" type="info" role="status" showIcon title={t("system.cut", { shown: format.points(night.members.length), count: format.points(night.totals.affected) })} />
          )}
          <div style={{ padding: "0 20px 14px" }}>
            <Facts
              rows={[
                [t("system.at"), format.instant(night.at)],
                ...Object.entries(night.totals).filter(([name, value]) => value > 0 || name === "affected").map(([name, value]): [string, string] => [word("figure", name), format.points(value)]),
              ]}
            />
          </div>
          <Table
            label={t("system.rehearsal")}
            rows={night.members}
            id={(row) => row.member_id}
            empty={t("system.quietNight")}
            columns={[
              { title: t("members.member"), main: true, show: (row) => <Link to={`/members/${encodeURIComponent(row.member_id)}`}>{row.member_id}</Link> },
              { title: t("system.entries"), wrap: true, show: (row) => <span className="row">{row.entries.map((entry, index) => <span key={index}>{word("kind", entry.kind)} {entry.points ? entry.kind === "remind" ? format.points(entry.points) : <Moved points={entry.points} /> : null}</span>)}</span> },
              { title: t("system.after"), number: true, show: (row) => format.points(row.balance) },
            ]}
          />
        </>
      )}
    </Section>
  );
}
