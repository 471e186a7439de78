// The approvals inbox: a card for each request, made for a phone and one thumb.

import { App, Button, Form, Input, Segmented } from "antd";
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, ask, asProblem, type Problem } from "../api/client";
import type { Import, OwnRole, Person, Publication, Request, Review } from "../api/answers";
import { useInbox, useNamed, type Waiting } from "../inbox";
import { decisions } from "../lib/decides";
import { useRoleName, useRoleTitle } from "../lib/roles";
import { useChange, useFilters, useFormat, useWord } from "../lib/use";
import { holds, may, useSignedIn } from "../session";
import { Dialog, Facts, Loading, Mark, Moved, Page } from "../ui/parts";
import { changesOf, Diff } from "../ui/diff";
import { ProblemNote, showFaults } from "../ui/problem";
import { Buttons } from "./member-actions";
import { TaskActions, TaskContent } from "./inbox-task";
import { RoleText } from "./role-text";

const KINDS = ["task", "adjustment", "publication", "review", "reward", "key", "person", "role", "import"] as const;

export default function Inbox() {
  const { t } = useTranslation();
  const [rounds, setRounds] = useState(1);
  const inbox = useInbox(rounds);
  const [filters, setFilters] = useFilters(["kind", "id"]);
  const kinds = KINDS.filter((kind) => inbox.items.some((item) => item.kind === kind));
  const isListed = inbox.items.some((item) => item.kind === filters.kind && item.id === filters.id);
  const named = useNamed(filters.kind, filters.id, filters.id !== "" && !inbox.isPending && !isListed);
  const items = named.data && !isListed ? [...inbox.items, named.data] : inbox.items;
  const hasMore = filters.kind ? inbox.more.some((kind) => kind === filters.kind) : inbox.more.length > 0;
  const isPending = inbox.isPending || (named.isLoading && filters.id !== "");
  const shown = items.filter((item) => (!filters.kind || item.kind === filters.kind) && (!filters.id || item.id === filters.id));
  const fault = inbox.errors[0] ?? (named.error?.status === 404 ? null : named.error);
  const problem = fault ? asProblem(fault) : null;
  return (
    <Page title={t("inbox.title")} extra={filters.id && <Button onClick={() => setFilters({ id: "" })}>{t("inbox.all")}</Button>}>
      <ProblemNote
        problem={problem}
        retry={() => {
          inbox.refetch();
          if (named.error) void named.refetch();
        }}
      />
      {kinds.length > 1 && !filters.id && (
        <div className="filters">
          <Segmented
            aria-label={t("inbox.kinds")}
            value={filters.kind}
            onChange={(kind) => setFilters({ kind })}
            options={[
              { value: "", label: `${t("inbox.every")} ${inbox.items.length}` },
              ...kinds.map((kind) => ({ value: kind, label: `${t(`inbox.kind.${kind}`)} ${inbox.items.filter((item) => item.kind === kind).length}` })),
            ]}
          />
        </div>
      )}
      {isPending && shown.length === 0 && <Loading rows={6} />}
      {!isPending && shown.length === 0 && !problem && !hasMore && (
        <div className="card done"><p>{t("inbox.done")}</p><p className="soft">{t("inbox.doneHint")}</p></div>
      )}
      <div className="inbox">
        {shown.map((waiting) => <Card key={`${waiting.kind}/${waiting.id}`} waiting={waiting} />)}
      </div>
      {hasMore && !(filters.id && shown.length > 0) && (
        <p style={{ marginTop: 16 }}>
          {shown.length === 0 && <>{t("list.emptySoFar")} </>}
          <Button loading={inbox.isMore} onClick={() => setRounds(rounds + 1)}>{t("inbox.more")}</Button>
        </p>
      )}
    </Page>
  );
}

function Card({ waiting }: { waiting: Waiting }) {
  const { t } = useTranslation();
  const word = useWord();
  const signedIn = useSignedIn();
  const may = decisions(signedIn, waiting);
  const [deciding, setDeciding] = useState<"approve" | "reject" | null>(null);
  return (
    <article className="card" aria-label={t(`inbox.kind.${waiting.kind}`)}>
      <div className="row">
        <Mark tone="info">{t(`inbox.kind.${waiting.kind}`)}</Mark>
        {waiting.waitsFor && <span className="soft small">{t("inbox.waitsFor", { role: word("role", waiting.waitsFor) })}</span>}
      </div>
      <Content waiting={waiting} />
      {waiting.kind === "task" ? (
        may.approve && <TaskActions task={waiting.item} />
      ) : may.approve || may.reject ? (
        <div className="actions">
          {waiting.kind === "person" || waiting.kind === "role" ? (
            // Nothing rejects them: an admin changes the person or the role instead.
            <Link to={waiting.kind === "person" ? "/staff" : "/staff?tab=roles"}>{t("inbox.toStaff")}</Link>
          ) : (
            <Button onClick={() => setDeciding("reject")}>{waiting.kind === "key" ? t("keys.revoke") : t("inbox.reject")}</Button>
          )}
          {may.approve && <Button type="primary" onClick={() => setDeciding("approve")}>{t("inbox.approve")}</Button>}
        </div>
      ) : (
        may.withdraw && <Withdraw waiting={waiting} />
      )}
      {deciding && <Decide waiting={waiting} what={deciding} onClose={() => setDeciding(null)} />}
    </article>
  );
}

function Withdraw({ waiting }: { waiting: Waiting }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const change = useChange(
    (_: null, key) => {
      const params = { path: { id: waiting.id }, header: { "Idempotency-Key": key } };
      return ask(waiting.kind === "publication" ? api.POST("/v1/rulebook/publications/{id}/withdraw", { params }) : api.POST("/v1/adjustments/{id}/withdraw", { params }));
    },
    () => void message.success(t("inbox.withdrawn")),
  );
  return (
    <>
      <ProblemNote problem={change.error} />
      <Button loading={change.isPending} onClick={() => change.mutate(null)}>{t("inbox.withdraw")}</Button>
    </>
  );
}

function Content({ waiting }: { waiting: Waiting }) {
  switch (waiting.kind) {
    case "adjustment":
      return <AdjustmentContent request={waiting.item} />;
    case "publication":
      return <PublicationContent publication={waiting.item} />;
    case "review":
      return <ReviewContent review={waiting.item} />;
    case "reward":
      return <RewardContent waiting={waiting} />;
    case "key":
      return <KeyContent waiting={waiting} />;
    case "import":
      return <ImportContent staged={waiting.item} />;
    case "person":
      return <PersonContent person={waiting.item} />;
    case "role":
      return <OwnRoleContent role={waiting.item} />;
    case "task":
      return <TaskContent task={waiting.item} member={waiting.item.member_id && <MemberName id={waiting.item.member_id} />} />;
  }
}

function MemberName({ id }: { id: string }) {
  const signedIn = useSignedIn();
  return holds(signedIn, "member:read") && may(signedIn, "service", "marketing", "finance") ? <Link to={`/members/${encodeURIComponent(id)}`}>{id}</Link> : <>{id}</>;
}

function AdjustmentContent({ request }: { request: Request }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const detail = useQuery<Request, Problem>({
    queryKey: ["inbox", "adjustment", request.request_id],
    queryFn: () => ask(api.GET("/v1/adjustments/{id}", { params: { path: { id: request.request_id } } })),
  });
  const { adjustment } = request;
  const entry = detail.data?.entry;
  return (
    <>
      <ProblemNote problem={detail.error} retry={() => void detail.refetch()} />
      <div className="lead">
        <Moved points={adjustment.points} /> {t("inbox.for")} <MemberName id={request.member_id} />
      </div>
      {entry && <div className="soft">{t("inbox.effect", { before: format.points(entry.balance_after), after: format.points(entry.balance_after + adjustment.points) })}</div>}
      {entry?.reason && <q>{entry.reason}</q>}
      <Facts
        rows={[
          [t("adjust.code"), word("reason", adjustment.reason_code)],
          adjustment.evidence ? [t("adjust.evidence"), adjustment.evidence] : null,
          [t("inbox.askedBy"), adjustment.requested_by.name ?? adjustment.requested_by.actor],
          adjustment.valid_through ? [t("lots.through"), adjustment.valid_through] : null,
          adjustment.steps.length > 1 ? [t("inbox.steps"), adjustment.steps.map((role) => word("role", role)).join(" → ")] : null,
          adjustment.approvals.length > 0 ? [t("inbox.approvedBy"), adjustment.approvals.map((one) => one.by.name ?? one.by.actor).join(", ")] : null,
          adjustment.recovers ? [t("inbox.recovers"), t("inbox.entries", { count: adjustment.recovers.length })] : null,
          adjustment.merges ? [t("inbox.merges"), adjustment.merges] : null,
          [t("inbox.until"), format.instant(adjustment.until)],
        ]}
      />
    </>
  );
}

function PublicationContent({ publication }: { publication: Publication }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [open, setOpen] = useState(false);
  const detail = useQuery<Publication, Problem>({
    queryKey: ["publication", publication.publication_id],
    queryFn: () => ask(api.GET("/v1/rulebook/publications/{id}", { params: { path: { id: publication.publication_id } } })),
  });
  return (
    <>
      <ProblemNote problem={detail.error} retry={() => void detail.refetch()} />
      <div className="lead">{t("inbox.publish", { draft: publication.draft })}</div>
      <Facts
        rows={[
          [t("publications.of"), t(`publications.document.${publication.document}`)],
          [t("inbox.askedBy"), publication.asked_by],
          [t("inbox.askedAt"), format.instant(publication.asked_at)],
          [t("publications.at"), publication.at ? format.instant(publication.at) : t("publications.atOnce")],
          [t("publications.base"), t("overview.version", { version: publication.base_version })],
          [t("publications.major"), publication.major_changes.join(", ") || "–"],
        ]}
      />
      {detail.data?.changes && (
        <Button type="link" style={{ alignSelf: "start", padding: 0 }} aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? t("timeline.close") : t("inbox.changes", { count: detail.data.changes.length })}
        </Button>
      )}
      {open && detail.data?.changes && <Diff changes={detail.data.changes} />}
    </>
  );
}

function ReviewContent({ review }: { review: Review }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const detail = useQuery<Review, Problem>({
    queryKey: ["inbox", "review", review.review_id],
    queryFn: () => ask(api.GET("/v1/reviews/{id}", { params: { path: { id: review.review_id } } })),
  });
  const entry = detail.data?.entry;
  const sum = entry?.lines?.reduce((total, line) => total + line.amount_minor, 0);
  return (
    <>
      <ProblemNote problem={detail.error} retry={() => void detail.refetch()} />
      <div className="lead">
        {entry && <Moved points={entry.points} />} {t("inbox.for")} <MemberName id={review.member_id} />
      </div>
      <Facts
        rows={[
          [t("inbox.because"), because(review.because, word)],
          entry ? [t("entry.kind"), word("event", entry.event)] : null,
          sum === undefined ? null : [t("inbox.amount"), format.money(sum)],
          entry?.reference ? [t("inbox.order"), entry.reference] : null,
          entry?.store_id ? [t("entry.store"), entry.store_id] : null,
          entry ? [t("entry.occurred"), format.instant(entry.occurred_at)] : null,
          [t("inbox.reportedBy"), review.reported_by],
        ]}
      />
    </>
  );
}

function because(text: string, word: ReturnType<typeof useWord>): string {
  const [kind, event, period] = text.split(":");
  if (kind !== "velocity") return word("reviewBecause", text);
  return `${word("reviewBecause", "velocity")}: ${word("event", event)}, ${word("per", period)}`;
}

function RewardContent({ waiting }: { waiting: Extract<Waiting, { kind: "reward" }> }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { item } = waiting;
  const changed = item.change;
  if (!changed) return null;
  const money = (value: unknown) => (typeof value === "number" ? format.money(value) : value);
  const changes = changesOf(item.reward ?? {}, changed.reward).map((change) =>
    change.pointer === "/cash_minor" ? { ...change, before: money(change.before), after: money(change.after) } : change,
  );
  return (
    <>
      <div className="lead">{changed.reward.name}</div>
      <Facts rows={[[t("inbox.askedBy"), changed.asked_by], [t("inbox.askedAt"), format.instant(changed.asked_at)]]} />
      <Diff changes={changes} />
    </>
  );
}

function KeyContent({ waiting }: { waiting: Extract<Waiting, { kind: "key" }> }) {
  const { t } = useTranslation();
  const format = useFormat();
  const roleTitle = useRoleTitle();
  const { item } = waiting;
  return (
    <>
      <div className="lead">{item.label}</div>
      <Facts
        rows={[
          [t("keys.role"), roleTitle(item.role, item.base)],
          [t("keys.person"), item.person_id ?? "–"],
          [t("keys.prefix"), <code key="prefix">{item.prefix}</code>],
          [t("inbox.askedBy"), item.created_by],
          [t("inbox.askedAt"), format.instant(item.created_at)],
        ]}
      />
    </>
  );
}

/** What counts from the approval on: roles that wait, and a link that opens nothing until then. */
function PersonContent({ person }: { person: Person }) {
  const { t } = useTranslation();
  const format = useFormat();
  const roles = person.roles.filter((role) => role.waits);
  return (
    <>
      <div className="lead">{person.name} <span className="soft small">{person.person_id}</span></div>
      <Facts
        rows={[
          ...roles.map((role): [string, ReactNode] => [t("inbox.newRole"), <span key={role.role}><RoleText role={{ ...role, waits: false }} />{role.by && <span className="soft"> · {t("inbox.by", { who: role.by })}</span>}</span>]),
          person.invited_until !== null && [t("inbox.link"), `${format.instant(person.invited_until)}${person.invited_by ? ` · ${t("inbox.by", { who: person.invited_by })}` : ""}`],
        ]}
      />
      <p className="soft small">{person.password_set_at ? t("inbox.personKnown") : t("inbox.personNew")}</p>
    </>
  );
}

function OwnRoleContent({ role }: { role: OwnRole }) {
  const { t } = useTranslation();
  const word = useWord();
  const roleName = useRoleName();
  const wanted = role.wanted ?? [];
  return (
    <>
      <div className="lead">{roleName(role.role_id)} <span className="soft small">{role.role_id}</span></div>
      <Facts rows={[[t("roles.base"), word("role", role.base)], role.wanted_by !== null && [t("inbox.askedBy"), role.wanted_by]]} />
      <Diff
        changes={[...new Set([...wanted, ...role.permissions])]
          .filter((one) => wanted.includes(one) !== role.permissions.includes(one))
          .map((one) => ({ pointer: `/${one}`, before: role.permissions.includes(one), after: wanted.includes(one) }))}
      />
    </>
  );
}

function ImportContent({ staged }: { staged: Import }) {
  const { t } = useTranslation();
  const format = useFormat();
  const detail = useQuery<Import, Problem>({
    queryKey: ["inbox", "import", staged.import_id],
    queryFn: () => ask(api.GET("/v1/imports/{id}", { params: { path: { id: staged.import_id } } })),
  });
  const report = detail.data?.report;
  return (
    <>
      <ProblemNote problem={detail.error} retry={() => void detail.refetch()} />
      <div className="lead">{report ? t("inbox.import", { members: format.points(report.members), points: format.points(report.points) }) : staged.import_id}</div>
      <Facts
        rows={[
          [t("inbox.askedBy"), staged.asked_by],
          [t("inbox.askedAt"), format.instant(staged.asked_at)],
          report ? [t("inbox.clean"), format.percent(report.share_clean)] : null,
          report ? [t("inbox.faulty"), format.points(report.faulty)] : null,
        ]}
      />
    </>
  );
}

function Decide({ waiting, what, onClose }: { waiting: Waiting; what: "approve" | "reject"; onClose: () => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const [form] = Form.useForm();
  const change = useChange(
    ({ reason }: { reason?: string }, key) => decide(waiting, what, reason?.trim(), key),
    () => {
      void message.success(what === "approve" ? t("inbox.approved") : t("inbox.rejected"));
      onClose();
    },
  );
  const takesReason = !["key", "reward", "person", "role"].includes(waiting.kind);
  const title = what === "approve" ? t("inbox.approveTitle") : waiting.kind === "key" ? t("keys.revoke") : t("inbox.rejectTitle");
  return (
    <Dialog open title={title} onClose={onClose}>
      <Form form={form} layout="vertical" onFinish={(values) => change.mutate(values, { onError: (error) => showFaults(form, error, ["reason"]) })}>
        <div style={{ display: "grid", gap: 8, marginBottom: 16 }}><Short waiting={waiting} /></div>
        <ProblemNote problem={change.error} />
        {takesReason && (
          <Form.Item
            name="reason"
            label={what === "reject" ? t("form.reason") : t("form.note")}
            rules={what === "reject" ? [{ required: true, whitespace: true, message: t("inbox.reasonNeeded") }] : []}
          >
            <Input.TextArea maxLength={500} autoSize={{ minRows: 2, maxRows: 6 }} />
          </Form.Item>
        )}
        <Buttons
          busy={change.isPending}
          onClose={onClose}
          danger={what === "reject"}
          label={what === "approve" ? t("inbox.approve") : waiting.kind === "key" ? t("keys.revoke") : t("inbox.reject")}
        />
      </Form>
    </Dialog>
  );
}

/** What is decided on, once more. */
function Short({ waiting }: { waiting: Waiting }): ReactNode {
  const { t } = useTranslation();
  switch (waiting.kind) {
    case "adjustment":
      return <div className="lead"><Moved points={waiting.item.adjustment.points} /> {t("inbox.for")} {waiting.item.member_id}</div>;
    case "publication":
      return <div className="lead">{t("inbox.publish", { draft: waiting.item.draft })} <span className="soft small">{t(`publications.document.${waiting.item.document}`)}</span></div>;
    case "review":
      return <div className="lead">{waiting.item.member_id}</div>;
    case "reward":
      return <div className="lead">{waiting.item.change?.reward.name}</div>;
    case "key":
      return <div className="lead">{waiting.item.label}</div>;
    case "import":
      return <div className="lead">{waiting.item.asked_by}</div>;
    case "person":
      return <PersonContent person={waiting.item} />;
    case "role":
      return <OwnRoleContent role={waiting.item} />;
    case "task":
      return null;
  }
}

function decide(waiting: Waiting, what: "approve" | "reject", reason: string | undefined, key: string): Promise<unknown> {
  const header = { "Idempotency-Key": key };
  const params = { path: { id: waiting.id }, header };
  const said = reason ? { body: { reason } } : {};
  const approve = what === "approve";
  switch (waiting.kind) {
    case "adjustment":
      return ask(approve ? api.POST("/v1/adjustments/{id}/approve", { params, ...said }) : api.POST("/v1/adjustments/{id}/reject", { params, ...said }));
    case "publication":
      return ask(
        approve
          ? api.POST("/v1/rulebook/publications/{id}/approve", { params, ...said })
          : api.POST("/v1/rulebook/publications/{id}/reject", { params, ...said }),
      );
    case "review":
      return ask(approve ? api.POST("/v1/reviews/{id}/approve", { params, ...said }) : api.POST("/v1/reviews/{id}/reject", { params, ...said }));
    case "import":
      return ask(approve ? api.POST("/v1/imports/{id}/approve", { params, ...said }) : api.POST("/v1/imports/{id}/reject", { params, ...said }));
    case "reward": {
      const path = { id: waiting.item.reward_id, change: waiting.item.change?.change_id ?? "" };
      return ask(
        approve
          ? api.POST("/v1/rewards/{id}/changes/{change}/approve", { params: { path, header } })
          : api.POST("/v1/rewards/{id}/changes/{change}/reject", { params: { path, header } }),
      );
    }
    case "person":
      return ask(api.POST("/v1/staff/{id}/approve", { params, body: { waiting_id: waiting.item.waiting_id ?? "" } }));
    case "task":
      return Promise.resolve();
    case "role":
      return ask(api.POST("/v1/roles/{id}/approve", { params, body: { waiting_id: waiting.item.waiting_id ?? "" } }));
    case "key": {
      const path = { prefix: waiting.item.prefix };
      return ask(approve ? api.POST("/v1/keys/{prefix}/approve", { params: { path, header } }) : api.DELETE("/v1/keys/{prefix}", { params: { path, header } }));
    }
  }
}
