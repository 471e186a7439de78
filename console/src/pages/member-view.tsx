// What is known of a member beyond points: facts, tags and segments, where the member is reached and
// what the member said about it. Each part asks for itself, so one that fails or is not for the role
// leaves the others.

import { Button } from "antd";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, ask, type Problem } from "../api/client";
import type { Behaviour as BehaviourRow, Consent, Contact, MemberFacts, MemberSet, Money, Page as Items, Preferences, Role } from "../api/answers";
import { useFormat, usePages, useWord } from "../lib/use";
import { holds, may, useSignedIn } from "../session";
import { Facts, Figure, Loading, Mark, Section } from "../ui/parts";
import { ProblemNote } from "../ui/problem";
import { List, Table } from "../ui/table";
import { conditionText, useSpeech } from "./rules/words";

const READERS: Role[] = ["service", "marketing", "finance"];
const CONTACT_READERS: Role[] = [...READERS, "approver", "department_head", "vice_president"];
/** The roles that reach members by hand; an admin does not. */
const REVEALERS: Role[] = ["service", "approver", "department_head", "vice_president"];

const at = (id: string) => ({ path: { id } });

/** The part, or that sums of all stores are not for a person who acts for some. */
function Part({ title, extra, flush, permission, roles, children }: {
  title: string;
  extra?: ReactNode;
  flush?: boolean;
  permission: string;
  roles: Role[];
  children: () => ReactNode;
}) {
  const { t } = useTranslation();
  const signedIn = useSignedIn();
  if (!may(signedIn, ...roles) || !holds(signedIn, permission)) return null;
  if (signedIn.stores) return <Section title={title}><p className="soft">{t("view.otherStores")}</p></Section>;
  return <Section title={title} extra={extra} flush={flush ?? false}>{children()}</Section>;
}

function Asked<T>({ query, children }: { query: ReturnType<typeof useQuery<T, Problem>>; children: (data: T) => ReactNode }) {
  if (query.data) return children(query.data);
  return query.error ? <ProblemNote problem={query.error} retry={() => void query.refetch()} /> : <Loading rows={2} />;
}

/** Orders, spend, visits and scores. */
export function Known({ id }: { id: string }) {
  const { t } = useTranslation();
  return <Part title={t("view.known")} permission="facts:read" roles={READERS}>{() => <FactsOf id={id} />}</Part>;
}

function FactsOf({ id }: { id: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const found = useQuery<MemberFacts, Problem>({ queryKey: ["member", id, "facts"], queryFn: () => ask(api.GET("/v1/members/{id}/facts", { params: at(id) })) });
  return (
    <Asked query={found}>
      {(facts) => {
        const money = (sum: Money | null | undefined) => format.money(sum?.amount_minor);
        const ago = (days: number | null) => (days === null ? t("view.never") : format.daysAgo(days));
        const [month, year] = [30, 365].map((days) => facts.windows.find((one) => one.days === days));
        const categories = (year?.categories ?? []).filter((one) => one.percent > 0);
        const scores = facts.rfm;
        return (
          <>
            {!facts.is_current && <p className="row" style={{ marginBottom: 12 }}><Mark tone="warn">{t("view.behind")}</Mark></p>}
            <dl className="figures">
              <Figure label={t("view.lastOrder")} value={ago(facts.last_order.days_ago)} hint={facts.last_order.at && format.day(facts.last_order.at)} />
              <Figure label={t("view.orders", { days: 30 })} value={format.points(month?.orders ?? 0)} hint={money(month?.spend)} />
              <Figure label={t("view.orders", { days: 365 })} value={format.points(year?.orders ?? 0)} hint={money(year?.spend)} />
              <Figure label={t("view.average")} value={money(year?.average_order)} />
              <Figure
                label={t("rfm.title")}
                value={scores ? `${scores.r} · ${scores.f} · ${scores.m}` : "–"}
                hint={scores?.group ? word("rfmGroup", scores.group) : scores ? t("view.noOrder") : t("view.uncounted")}
              />
              <Figure label={t("view.expiring")} value={format.points(facts.expiring.find((one) => one.days === 30)?.points ?? 0)} />
            </dl>
            <div style={{ marginTop: 16 }}>
              <Facts
                rows={[
                  [t("view.ever"), t("view.ordersFor", { count: facts.ever.orders, spend: money(facts.ever.spend) })],
                  [t("view.firstOrder"), facts.first_order.at ? format.day(facts.first_order.at) : "–"],
                  [t("view.lastRedeem"), ago(facts.last_redemption.days_ago)],
                  [t("view.lastLogin"), ago(facts.last_login.days_ago)],
                  [t("view.lastSeen"), ago(facts.last_seen.days_ago)],
                  categories.length > 0 && [t("view.categories"), categories.map((one) => `${one.category || "…"} ${format.percent(one.percent / 100)}`).join(" · ")],
                ]}
              />
            </div>
          </>
        );
      }}
    </Asked>
  );
}

/** Tags and segments: since when, and why. */
export function Sets({ id }: { id: string }) {
  const { t, i18n } = useTranslation();
  const format = useFormat();
  const signedIn = useSignedIn();
  const speech = useSpeech("member");
  const language = i18n.language === "zh-CN" ? "zh-CN" : "en";
  const isFor = (permission: string) => may(signedIn, "storefront", ...READERS) && holds(signedIn, permission);
  const read = (what: "tags" | "segments") => async () => {
    const params = at(id);
    const call = what === "tags" ? api.GET("/v1/members/{id}/tags", { params }) : api.GET("/v1/members/{id}/segments", { params });
    return (await ask<Items<MemberSet>>(call)).items;
  };
  const tags = useQuery<MemberSet[], Problem>({ queryKey: ["member", id, "tags"], queryFn: read("tags"), enabled: isFor("tag:read") });
  const segments = useQuery<MemberSet[], Problem>({ queryKey: ["member", id, "segments"], queryFn: read("segments"), enabled: isFor("segment:read") });
  const reads = [tags, segments].filter((one) => one.fetchStatus !== "idle" || one.data || one.error);
  if (reads.length === 0) return null;
  const failed = reads.find((one) => one.error);
  const why = (set: MemberSet) => {
    if (set.by) return t("view.byHand", { who: set.by });
    return [...(set.conditions ?? []).map((one) => conditionText(one, speech)), set.when].filter(Boolean).join(t("say.both")) || "–";
  };
  return (
    <Section flush title={t("tags.ofMember")}>
      <ProblemNote problem={failed?.error} retry={() => void failed?.refetch()} />
      {reads.some((one) => one.isPending) && <Loading rows={2} />}
      {reads.every((one) => one.data) && (
        <Table
          label={t("tags.ofMember")}
          rows={reads.flatMap((one) => one.data ?? [])}
          id={(set) => set.path ?? `segment:${set.segment_id}`}
          empty={t("tags.noneOfMember")}
          columns={[
            {
              title: t("rewards.name"),
              main: true,
              show: (set) => (
                <>
                  <Mark tone={set.path ? "info" : "plain"}>{set.names[language]}</Mark> {set.score ?? ""}
                  <span className="soft small"> {set.path ?? t("view.segment")}</span>
                </>
              ),
            },
            { title: t("member.since"), show: (set) => format.day(set.since) },
            { title: t("member.until"), minor: true, show: (set) => (set.until ? format.lastDay(set.until) : "–") },
            { title: t("view.why"), wrap: true, show: why },
          ]}
        />
      )}
    </Section>
  );
}

/** Where the member is reached, and what the member said about it. */
export function Reach({ id }: { id: string }) {
  const { t } = useTranslation();
  const { role } = useSignedIn();
  // Each look at whole addresses is in the audit log: it takes a click, and nothing repeats or keeps it.
  const whole = useMutation<Items<Contact>, Problem>({ mutationFn: () => ask(api.GET("/v1/members/{id}/contacts", { params: { ...at(id), query: { reveal: true } } })) });
  const button = REVEALERS.includes(role) && (
    <Button size="small" loading={whole.isPending} aria-pressed={Boolean(whole.data)} onClick={() => (whole.data ? whole.reset() : whole.mutate())}>
      {whole.data ? t("view.mask") : t("view.reveal")}
    </Button>
  );
  return (
    <>
      <Part flush title={t("view.reach")} extra={button} permission="contact:read" roles={CONTACT_READERS}>{() => <><ProblemNote problem={whole.error} /><Addresses id={id} whole={whole.data} /></>}</Part>
      <Part flush title={t("view.consents")} permission="contact:read" roles={CONTACT_READERS}>{() => <Consents id={id} />}</Part>
    </>
  );
}

function Addresses({ id, whole }: { id: string; whole: Items<Contact> | undefined }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const found = useQuery<Items<Contact>, Problem>({
    queryKey: ["member", id, "contacts"],
    queryFn: () => ask(api.GET("/v1/members/{id}/contacts", { params: at(id) })),
  });
  const reachable = (because: string | null) => <Mark tone={because ? "plain" : "good"}>{because ? word("unreachable", because) : t("conditions.yes")}</Mark>;
  return (
    <Asked query={found}>
      {(masked) => (
        <Table
          label={t("view.reach")}
          rows={(whole ?? masked).items}
          id={(one) => one.channel}
          empty={t("view.noAddress")}
          columns={[
            { title: t("try.channel"), main: true, show: (one) => word("contactChannel", one.channel) },
            { title: t("log.address"), wrap: true, show: (one) => one.address ?? t("view.sealed") },
            { title: t("view.forService"), show: (one) => reachable(one.not_for_service_because) },
            { title: t("view.forMarketing"), show: (one) => reachable(one.not_for_marketing_because) },
            { title: t("members.state"), minor: true, show: (one) => word("contactState", one.state) },
            { title: t("view.verified"), minor: true, show: (one) => format.day(one.verified_at) },
          ]}
        />
      )}
    </Asked>
  );
}

/** A yes counts for the address that it was said of, a no for all. */
function said(consent: Consent, decision: string, other: string) {
  if (consent.decision !== "given") return <Mark tone="bad">{decision}</Mark>;
  if (consent.for_present_address === false) return <Mark tone="warn">{`${decision} · ${other}`}</Mark>;
  return <Mark tone="good">{decision}</Mark>;
}

function Consents({ id }: { id: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const pages = usePages<Consent>(["member", id, "consents"], (cursor) =>
    ask<Items<Consent>>(api.GET("/v1/members/{id}/consents", { params: { ...at(id), query: { limit: 5 as never, ...(cursor ? { cursor } : {}) } } })),
  );
  return (
    <List
      pages={pages}
      label={t("view.consents")}
      id={(one) => `${one.occurred_at}/${one.purpose}/${one.channel}/${one.decision}/${one.source}`}
      empty={t("view.noConsent")}
      columns={[
        { title: t("view.decision"), main: true, show: (one) => said(one, word("decision", one.decision), t("view.otherAddress")) },
        { title: t("view.purpose"), show: (one) => word("purpose", one.purpose) },
        { title: t("try.channel"), show: (one) => word("contactChannel", one.channel) },
        { title: t("log.at"), show: (one) => format.instant(one.occurred_at) },
        { title: t("adjust.evidence"), wrap: true, show: (one) => [one.source, one.evidence].filter(Boolean).join(" · ") },
        { title: t("entry.actor"), minor: true, show: (one) => one.recorded_by },
      ]}
    />
  );
}

/** How the member wants to be treated. */
export function Wishes({ id }: { id: string }) {
  const { t } = useTranslation();
  return <Part title={t("view.wishes")} permission="contact:read" roles={CONTACT_READERS}>{() => <WishesOf id={id} />}</Part>;
}

function WishesOf({ id }: { id: string }) {
  const { t } = useTranslation();
  const word = useWord();
  const found = useQuery<Preferences, Problem>({ queryKey: ["member", id, "preferences"], queryFn: () => ask(api.GET("/v1/members/{id}/preferences", { params: at(id) })) });
  return (
    <Asked query={found}>
      {(told) => (
        <Facts
          rows={[
            [t("staff.language"), word("language", told.language)],
            [t("view.quiet"), told.quiet_hours ? `${told.quiet_hours.from}–${told.quiet_hours.until}` : "–"],
            [t("view.personal"), told.personalised ? t("view.allowed") : <Mark key="no" tone="warn">{t("view.refused")}</Mark>],
            [t("view.home"), told.home_store_id ? <Link key="store" to="/stores">{told.home_store_id}</Link> : "–"],
          ]}
        />
      )}
    </Asked>
  );
}

/** What was reported of the member. Each look is in the audit log, so it takes a click. */
export function Behaviour({ id }: { id: string }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const button = <Button size="small" aria-expanded={open} onClick={() => setOpen(!open)}>{open ? t("view.hide") : t("view.show")}</Button>;
  return (
    <Part flush title={t("view.behaviour")} extra={button} permission="behaviour:read" roles={["service"]}>
      {() => (open ? <BehaviourOf id={id} /> : <p className="soft">{t("view.logged")}</p>)}
    </Part>
  );
}

function BehaviourOf({ id }: { id: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const pages = usePages<BehaviourRow>(["member", id, "behaviour"], (cursor) =>
    ask<Items<BehaviourRow>>(api.GET("/v1/members/{id}/behaviour", { params: { ...at(id), query: { limit: 20 as never, ...(cursor ? { cursor } : {}) } } })),
  );
  return (
    <List
      pages={pages}
      label={t("view.behaviour")}
      id={(one) => `${one.occurred_at}/${one.idempotency_key}`}
      columns={[
        { title: t("timeline.kind"), main: true, show: (one) => word("behaviour", one.kind) },
        { title: t("log.at"), show: (one) => format.instant(one.occurred_at) },
        { title: t("log.subject"), wrap: true, show: (one) => [one.category, one.item].filter(Boolean).join(" · ") || "–" },
        { title: t("try.channel"), minor: true, show: (one) => word("channel", one.channel) },
      ]}
    />
  );
}
