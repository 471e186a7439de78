// Rules: what is published, its versions, drafts, publications and back-tests.

import { Alert, Button, Form, Input, Modal } from "antd";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { api, ask, type Problem } from "../../api/client";
import type { BackTest, Change, Draft, Page as Items, Rulebook, Version } from "../../api/answers";
import { usePublished } from "../../lib/published";
import { useChange, useFilters, useFormat, usePages } from "../../lib/use";
import { may, useSignedIn } from "../../session";
import { Diff } from "../../ui/diff";
import { Dialog, Loading, Mark, Page } from "../../ui/parts";
import { ProblemNote } from "../../ui/problem";
import { Tabs } from "../../ui/tabs";
import { List } from "../../ui/table";
import { Buttons } from "../member-actions";
import { Book } from "./book";
import { Publications } from "./publications";

export default function Rules() {
  const { t } = useTranslation();
  const signedIn = useSignedIn();
  const [filters] = useFilters(["tab", "version"]);
  const drafts = may(signedIn, "marketing", "finance");
  const tabs = [
    { key: "published", label: t("rules.published") },
    { key: "versions", label: t("rules.versions") },
    ...(drafts ? [{ key: "drafts", label: t("rules.drafts") }] : []),
    { key: "publications", label: t("rules.publications") },
    ...(drafts ? [{ key: "back-tests", label: t("rules.backTests") }] : []),
  ];
  const wanted = filters.version ? "versions" : filters.tab;
  const active = tabs.some((tab) => tab.key === wanted) ? wanted : "published";
  return (
    <Page title={t("rules.title")} extra={may(signedIn, "marketing") && <NewDraft />}>
      <Tabs tabs={tabs} active={active} />
      {active === "published" && <Published />}
      {active === "versions" && <Versions />}
      {active === "drafts" && <Drafts />}
      {active === "publications" && <Publications document="rulebook" />}
      {active === "back-tests" && <BackTests />}
    </Page>
  );
}

function Published() {
  const { t } = useTranslation();
  const format = useFormat();
  const programme = usePublished();
  if (programme.isPending) return <Loading rows={8} />;
  if (!programme.data) return <ProblemNote problem={programme.error} retry={() => void programme.refetch()} />;
  return (
    <>
      <p className="quiet">{t("rules.since", { version: programme.data.rulebook_version, at: format.instant(programme.data.published_at) })}</p>
      <Book book={programme.data.rulebook} />
    </>
  );
}

function Versions() {
  const { t } = useTranslation();
  const format = useFormat();
  const { programme } = useSignedIn();
  const [filters, setFilters] = useFilters(["version"]);
  const [compared, setCompared] = useState<number | null>(null);
  const pages = usePages<Version>(["versions", programme.id], (cursor) =>
    ask<Items<Version>>(api.GET("/v1/programmes/{id}/rulebooks", { params: { path: { id: programme.id }, query: cursor ? { cursor } : {} } })),
  );
  if (filters.version) return <OneVersion version={Number(filters.version)} onClose={() => setFilters({ version: "" })} />;
  return (
    <div className="card flush">
      <List
        pages={pages}
        label={t("rules.versions")}
        id={(row) => String(row.version)}
        columns={[
          { title: t("rules.version"), main: true, show: (row) => <Link to={`/rules?version=${row.version}`}>{t("overview.version", { version: row.version })}</Link> },
          { title: t("rules.publishedAt"), show: (row) => format.instant(row.published_at) },
          { title: t("rules.publishedBy"), show: (row) => row.published_by },
          { title: t("do.title"), show: (row) => (row.version > 1 ? <Button size="small" onClick={() => setCompared(row.version)}>{t("rules.compare")}</Button> : "–") },
        ]}
      />
      {compared !== null && <VersionDiff version={compared} onClose={() => setCompared(null)} />}
    </div>
  );
}

function OneVersion({ version, onClose }: { version: number; onClose: () => void }) {
  const { t } = useTranslation();
  const { programme } = useSignedIn();
  const found = useQuery<Version & { rulebook: Rulebook }, Problem>({
    queryKey: ["version", programme.id, version],
    queryFn: () => ask(api.GET("/v1/programmes/{id}/rulebooks/{version}", { params: { path: { id: programme.id, version: String(version) } } })),
  });
  return (
    <>
      <p className="row" style={{ marginBottom: 12 }}>
        <Button onClick={onClose}>{t("rules.allVersions")}</Button>
        <strong>{t("overview.version", { version })}</strong>
      </p>
      <ProblemNote problem={found.error} />
      {found.data ? <Book book={found.data.rulebook} /> : !found.error && <Loading />}
    </>
  );
}

function VersionDiff({ version, onClose }: { version: number; onClose: () => void }) {
  const { t } = useTranslation();
  const { programme } = useSignedIn();
  const diff = useQuery<{ changes: Change[] }, Problem>({
    queryKey: ["diff", programme.id, version],
    queryFn: () => ask(api.GET("/v1/programmes/{id}/rulebooks/{version}/diff", { params: { path: { id: programme.id, version: String(version) } } })),
  });
  return (
    <Modal open title={t("rules.diffOf", { version, before: version - 1 })} footer={null} onCancel={onClose} width={820}>
      <ProblemNote problem={diff.error} />
      {diff.data ? <Diff changes={diff.data.changes} /> : !diff.error && <Loading />}
    </Modal>
  );
}

function Drafts() {
  const { t } = useTranslation();
  const format = useFormat();
  const navigate = useNavigate();
  const pages = usePages<Draft>(["drafts"], (cursor) => ask<Items<Draft>>(api.GET("/v1/rulebook/drafts", { params: { query: cursor ? { cursor } : {} } })));
  return (
    <div className="card flush">
      <List
        pages={pages}
        label={t("rules.drafts")}
        id={(row) => row.draft}
        onOpen={(row) => void navigate(`/rules/drafts/${encodeURIComponent(row.draft)}`)}
        empty={t("rules.noDrafts")}
        columns={[
          { title: t("rules.draft"), main: true, show: (row) => <Link to={`/rules/drafts/${encodeURIComponent(row.draft)}`}>{row.draft}</Link> },
          { title: t("rules.changedAt"), show: (row) => format.instant(row.updated_at) },
          { title: t("rules.changedBy"), show: (row) => row.updated_by },
        ]}
      />
    </div>
  );
}

function NewDraft() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const programme = usePublished();
  const change = useChange(
    ({ name }: { name: string }, key) =>
      ask<Draft>(
        api.PUT("/v1/rulebook/drafts/{name}", {
          params: { path: { name }, query: { revision: 0 as never }, header: { "Idempotency-Key": key } },
          body: programme.data?.rulebook as never,
        }),
      ),
    (draft) => void navigate(`/rules/drafts/${encodeURIComponent(draft.draft)}`),
  );
  return (
    <>
      <Button type="primary" disabled={!programme.data} onClick={() => setOpen(true)}>{t("rules.newDraft")}</Button>
      <Dialog open={open} title={t("rules.newDraft")} onClose={() => setOpen(false)}>
        <Form layout="vertical" onFinish={(values) => change.mutate(values)}>
          <p className="quiet">{t("rules.newDraftLead")}</p>
          {change.error?.slug === "conflict" ? <Alert className="problem" type="error" role="alert" showIcon title={t("rules.nameTaken")} /> : <ProblemNote problem={change.error} />}
          <Form.Item name="name" label={t("rules.draftName")} rules={[{ required: true, pattern: /^[A-Za-z0-9._:@+=-]{1,64}$/, message: t("rules.nameRule") }]}>
            <Input />
          </Form.Item>
          <Buttons busy={change.isPending} onClose={() => setOpen(false)} label={t("rules.make")} />
        </Form>
      </Dialog>
    </>
  );
}

function BackTests() {
  const { t } = useTranslation();
  const format = useFormat();
  const pages = usePages<BackTest>(["back-tests"], (cursor) =>
    ask<Items<BackTest>>(api.GET("/v1/rulebook/back-tests", { params: { query: cursor ? { cursor } : {} } })),
  );
  return (
    <div className="card flush">
      <List
        pages={pages}
        label={t("rules.backTests")}
        id={(row) => row.back_test_id}
        empty={t("rules.noBackTests")}
        columns={[
          { title: t("rules.draft"), main: true, show: (row) => <Link to={`/rules/drafts/${encodeURIComponent(row.draft)}?back-test=${row.back_test_id}`}>{row.draft}</Link> },
          { title: t("backTest.period"), show: (row) => `${format.day(row.from)} – ${format.lastDay(row.to)}` },
          { title: t("members.state"), show: (row) => <Mark tone={row.done ? "good" : "warn"}>{row.done ? t("backTest.done") : t("backTest.running")}</Mark> },
          { title: t("backTest.members"), number: true, show: (row) => format.points(row.members) },
          { title: t("backTest.affected"), number: true, show: (row) => format.points(row.affected) },
          { title: t("backTest.by"), show: (row) => row.by },
        ]}
      />
    </div>
  );
}
