// Strategies: the playbook in force, its versions, drafts and publications.

import { Alert, Button, Form, Input, Modal } from "antd";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { api, ask, type Problem } from "../../api/client";
import type { Change, Page as Items, Version } from "../../api/answers";
import { useChange, useFilters, useFormat, usePages } from "../../lib/use";
import { may, useSignedIn } from "../../session";
import { Diff } from "../../ui/diff";
import { Dialog, Loading, Page, Section } from "../../ui/parts";
import { ProblemNote } from "../../ui/problem";
import { List } from "../../ui/table";
import { Tabs } from "../../ui/tabs";
import { Buttons } from "../member-actions";
import { Publications } from "../rules/publications";
import { FaultMark, Matrix } from "./matrix";
import { faultsOf, type Playbook, type PlaybookDraft, type PlaybookFault, type PublishedPlaybook, type Strategy } from "./playbook";
import { RehearsalOf } from "./rehearsal";
import { OwnSegments } from "./segments";
import { SettingsFacts } from "./settings";
import { useKnown } from "./use-known";
import { useSay } from "./words";

const FlowView = lazy(() => import("./flow-view"));
const BackTest = lazy(() => import("./back-test"));
const IN_FORCE = {};

export default function Strategies() {
  const { t } = useTranslation();
  const signedIn = useSignedIn();
  const [filters] = useFilters(["tab", "version"]);
  const reads = may(signedIn, "marketing", "finance", "approver", "department_head", "vice_president");
  const tabs = [
    { key: "published", label: t("rules.published") },
    { key: "versions", label: t("rules.versions") },
    ...(reads ? [{ key: "rehearsal", label: t("rehearsal.title") }, { key: "back-test", label: t("lookBack.title") }, { key: "drafts", label: t("rules.drafts") }, { key: "publications", label: t("rules.publications") }] : []),
  ];
  const wanted = filters.version ? "versions" : filters.tab;
  const active = tabs.some((tab) => tab.key === wanted) ? wanted : "published";
  return (
    <Page title={t("strategy.title")} extra={may(signedIn, "marketing") && <NewDraft />}>
      <Tabs tabs={tabs} active={active} />
      {active === "published" && <Published />}
      {active === "versions" && <Versions />}
      {active === "rehearsal" && <Rehearsed />}
      {active === "back-test" && <LookedBack />}
      {active === "drafts" && <Drafts />}
      {active === "publications" && <Publications document="playbook" />}
    </Page>
  );
}

function usePlaybook() {
  // Others publish, too: what another page has read is shown until it is read again.
  return useQuery<PublishedPlaybook, Problem>({ queryKey: ["playbook"], queryFn: () => ask(api.GET("/v1/playbook", {})), staleTime: 0 });
}

function Published() {
  const { t } = useTranslation();
  const format = useFormat();
  const found = usePlaybook();
  if (found.isPending) return <Loading rows={8} />;
  if (!found.data) return <ProblemNote problem={found.error} retry={() => void found.refetch()} />;
  const { version, published_at, playbook, problems, inherits } = found.data;
  return (
    <>
      <p className="row quiet">
        {version === 0 ? t("strategy.neverPublished") : t("rules.since", { version, at: format.instant(published_at) })}
        {problems.length > 0 && <FaultMark faults={problems} />}
        {inherits && <span>{t("strategy.inherits", { parent: inherits })}</span>}
      </p>
      <Book document={playbook} faults={problems} />
    </>
  );
}

/** What the playbook in force brings. */
function Rehearsed() {
  const found = usePlaybook();
  if (found.isPending) return <Loading rows={4} />;
  if (!found.data) return <ProblemNote problem={found.error} retry={() => void found.refetch()} />;
  return <RehearsalOf of={IN_FORCE} document={found.data.playbook} />;
}

/** What the playbook in force would have brought. */
function LookedBack() {
  const found = usePlaybook();
  if (found.isPending) return <Loading rows={4} />;
  if (!found.data) return <ProblemNote problem={found.error} retry={() => void found.refetch()} />;
  return <Suspense fallback={<Loading />}><BackTest of={IN_FORCE} document={found.data.playbook} /></Suspense>;
}

/** A playbook to read: its matrix, settings and segments. */
function Book({ document, faults }: { document: Playbook; faults: PlaybookFault[] }) {
  const { t } = useTranslation();
  const known = useKnown(document);
  const say = useSay(document, known.keptSegments);
  const [shown, setShown] = useState<Strategy | null>(null);
  return (
    <>
      <Section flush title={t("strategy.matrix")}><Matrix document={document} faults={faults} known={known} onFlow={setShown} /></Section>
      <SettingsFacts document={document} />
      {Object.keys(document.segments ?? {}).length > 0 && <OwnSegments document={document} faults={faults} />}
      <Modal open={shown !== null} title={shown ? say.name(shown.name, shown.id) : ""} footer={null} onCancel={() => setShown(null)} width={560} destroyOnHidden>
        {shown && (
          <Suspense fallback={<Loading />}>
            <FlowView strategy={shown} document={document} known={known} faults={faultsOf(faults, (document.strategies ?? []).indexOf(shown))} />
          </Suspense>
        )}
      </Modal>
    </>
  );
}

function Versions() {
  const { t } = useTranslation();
  const format = useFormat();
  const [filters, setFilters] = useFilters(["version"]);
  const [compared, setCompared] = useState<number | null>(null);
  const pages = usePages<Version>(["playbook-versions"], (cursor) => ask<Items<Version>>(api.GET("/v1/playbook/versions", { params: { query: cursor ? { cursor } : {} } })));
  if (filters.version) return <OneVersion version={Number(filters.version)} onClose={() => setFilters({ version: "" })} />;
  return (
    <div className="card flush">
      <List
        pages={pages}
        label={t("rules.versions")}
        id={(row) => String(row.version)}
        empty={t("strategy.neverPublished")}
        columns={[
          { title: t("rules.version"), main: true, show: (row) => <Link to={`/strategies?version=${row.version}`}>{t("overview.version", { version: row.version })}</Link> },
          { title: t("rules.publishedAt"), show: (row) => format.instant(row.published_at) },
          { title: t("rules.publishedBy"), show: (row) => row.published_by },
          { title: t("do.title"), show: (row) => <Button size="small" aria-label={`${t("rules.compare")}: ${row.version}`} onClick={() => setCompared(row.version)}>{t("rules.compare")}</Button> },
        ]}
      />
      {compared !== null && <VersionDiff version={compared} onClose={() => setCompared(null)} />}
    </div>
  );
}

function OneVersion({ version, onClose }: { version: number; onClose: () => void }) {
  const { t } = useTranslation();
  const found = useQuery<Version & { playbook: Playbook }, Problem>({
    queryKey: ["playbook-version", version],
    queryFn: () => ask(api.GET("/v1/playbook/versions/{version}", { params: { path: { version: String(version) } } })),
  });
  return (
    <>
      <p className="row" style={{ marginBottom: 12 }}>
        <Button onClick={onClose}>{t("rules.allVersions")}</Button>
        <strong>{t("overview.version", { version })}</strong>
      </p>
      <ProblemNote problem={found.error} />
      {found.data ? <Book document={found.data.playbook} faults={[]} /> : !found.error && <Loading />}
    </>
  );
}

function VersionDiff({ version, onClose }: { version: number; onClose: () => void }) {
  const { t } = useTranslation();
  const diff = useQuery<{ changes: Change[] }, Problem>({
    queryKey: ["playbook-version-diff", version],
    queryFn: () => ask(api.GET("/v1/playbook/versions/{version}/diff", { params: { path: { version: String(version) } } })),
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
  const path = (row: PlaybookDraft) => `/strategies/drafts/${encodeURIComponent(row.draft)}`;
  const pages = usePages<PlaybookDraft>(["playbook-drafts"], (cursor) => ask<Items<PlaybookDraft>>(api.GET("/v1/playbook/drafts", { params: { query: cursor ? { cursor } : {} } })));
  return (
    <div className="card flush">
      <List
        pages={pages}
        label={t("rules.drafts")}
        id={(row) => row.draft}
        onOpen={(row) => void navigate(path(row))}
        empty={t("strategy.noDrafts")}
        columns={[
          { title: t("rules.draft"), main: true, show: (row) => <Link to={path(row)}>{row.draft}</Link> },
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
  const found = usePlaybook();
  const change = useChange(
    ({ name }: { name: string }, key) =>
      ask<PlaybookDraft>(api.PUT("/v1/playbook/drafts/{name}", { params: { path: { name }, query: { revision: 0 as never }, header: { "Idempotency-Key": key } }, body: (found.data?.playbook ?? {}) as never })),
    (draft) => void navigate(`/strategies/drafts/${encodeURIComponent(draft.draft)}`),
  );
  return (
    <>
      <Button type="primary" disabled={!found.data} onClick={() => setOpen(true)}>{t("rules.newDraft")}</Button>
      <Dialog open={open} title={t("rules.newDraft")} onClose={() => setOpen(false)}>
        <Form layout="vertical" onFinish={(values) => change.mutate(values)}>
          <p className="quiet">{t("strategy.newDraftLead")}</p>
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
