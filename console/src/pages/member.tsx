// Member 360: what a member has, what ends when, and everything that happened, with its reasons.

import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, Navigate, useLocation, useParams } from "react-router";
import { api, ask, type Problem } from "../api/client";
import type { Benefit, Coupon, Entry, Lot, Member as MemberAnswer, Page as Items } from "../api/answers";
import { countsMoney } from "../lib/format";
import { useFormat, usePages, useWord } from "../lib/use";
import { may, useSignedIn } from "../session";
import { Facts, Figure, Loading, Mark, Page, Section } from "../ui/parts";
import { ProblemNote } from "../ui/problem";
import { List, Table } from "../ui/table";
import { Adjust, CouponAction, Freeze, type CouponChange } from "./member-actions";
import { Behaviour, Known, Reach, Sets, Wishes } from "./member-view";
import { Timeline } from "./timeline";
import { TouchesOf } from "./touches/of-member";

export default function Member() {
  const { id = "" } = useParams();
  const { state } = useLocation();
  const typed: unknown = (state as { typed?: unknown } | null)?.typed;
  // Another member begins with closed dialogs.
  return <OneMember key={id} id={id} typed={typeof typed === "string" ? typed : null} />;
}

type Open = "adjust" | "freeze" | null;

/** `typed`: what somebody searched for, which leads here as a phone number or an address. */
function OneMember({ id, typed }: { id: string; typed: string | null }) {
  const { t } = useTranslation();
  const signedIn = useSignedIn();
  const [open, setOpen] = useState<Open>(null);
  const member = useQuery<MemberAnswer, Problem>({
    queryKey: ["member", id],
    queryFn: () => ask(api.GET("/v1/members/{id}", { params: { path: { id } } })),
  });
  const back = <Link to="/members" className="soft">{t("members.title")} /</Link>;
  const isUnknown = member.error?.status === 404 || member.error?.status === 400;
  if (isUnknown && !member.data && typed !== null && id.startsWith("~")) {
    return <Navigate to={`/members/${encodeURIComponent(typed)}`} replace />;
  }
  if (member.error && !member.data) {
    return (
      <Page title={id} back={back}>
        <ProblemNote problem={member.error} retry={() => void member.refetch()} />
      </Page>
    );
  }
  if (!member.data) return <Page title={id} back={back}><Loading rows={8} /></Page>;
  const { frozen, attributes } = member.data;
  const isFrozen = frozen.earning || frozen.spending;
  return (
    <Page
      title={member.data.member_id}
      back={back}
      extra={
        <>
          {may(signedIn, "service", "marketing", "approver", "department_head", "vice_president") && (
            <Button type="primary" onClick={() => setOpen("adjust")}>{t("member.adjust")}</Button>
          )}
          {may(signedIn, "service", "approver", "department_head", "vice_president") && (
            <Button danger={!isFrozen} onClick={() => setOpen("freeze")}>{isFrozen ? t("member.unfreeze") : t("member.freeze")}</Button>
          )}
        </>
      }
    >
      <Section>
        <div className="row" style={{ marginBottom: 12 }}>
          {attributes.name && <strong>{attributes.name}</strong>}
          {member.data.tier && <Mark tone="info">{member.data.tier.id}</Mark>}
          {frozen.earning && <Mark tone="bad">{t("member.frozenEarning")}</Mark>}
          {frozen.spending && <Mark tone="bad">{t("member.frozenSpending")}</Mark>}
          {member.data.pool_id && <Mark>{t("member.inPool")} <Link to={`/members/${encodeURIComponent(member.data.pool_id)}`}>{member.data.pool_id}</Link></Mark>}
        </div>
        <Balance member={member.data} />
      </Section>
      <div className="columns">
        <Tier member={member.data} />
        <Profile member={member.data} />
        <Wishes id={member.data.member_id} />
      </div>
      <Known id={member.data.member_id} />
      <Sets id={member.data.member_id} />
      <Reach id={member.data.member_id} />
      <Lots id={member.data.member_id} />
      <Coupons id={member.data.member_id} />
      <Behaviour id={member.data.member_id} />
      <TouchesOf id={member.data.member_id} />
      <History id={member.data.member_id} member={member.data} />
      {open === "adjust" && <Adjust member={member.data} onClose={() => setOpen(null)} />}
      {open === "freeze" && <Freeze member={member.data} onClose={() => setOpen(null)} />}
    </Page>
  );
}

function Balance({ member }: { member: MemberAnswer }) {
  const { t } = useTranslation();
  const format = useFormat();
  const next = member.expiring_next;
  return (
    <dl className="figures">
      <Figure label={t("member.balance")} value={format.points(member.balance)} hint={t("member.balanceHint")} />
      <Figure
        label={t("member.expiring")}
        value={next ? format.points(next.points) : "–"}
        hint={next ? t("member.through", { day: next.valid_through }) : t("member.nothingEnds")}
        tone={next ? "warn" : undefined}
      />
      <Figure label={t("member.pending")} value={format.points(member.pending)} hint={t("member.pendingHint")} />
      <Figure label={t("member.held")} value={format.points(member.held)} hint={t("member.heldHint")} />
      <Figure label={t("member.debt")} value={format.points(member.debt)} tone={member.debt > 0 ? "bad" : undefined} hint={t("member.debtHint")} />
      <Figure label={t("member.growth")} value={format.points(member.growth)} />
    </dl>
  );
}

function Tier({ member }: { member: MemberAnswer }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const tier = member.tier;
  if (!tier) return null;
  const amount = (value: number) => (countsMoney(tier.basis) ? format.money(value) : format.points(value));
  const share = tier.next ? Math.min(1, tier.value / tier.next.from) : 1;
  return (
    <Section title={t("member.tier")}>
      <Facts
        rows={[
          [t("member.level"), <strong key="level">{tier.id}</strong>],
          [t("member.since"), format.day(tier.since)],
          [t("member.until"), tier.until ? format.lastDay(tier.until) : t("member.forLife")],
          [word("basis", tier.basis), amount(tier.value)],
        ]}
      />
      {tier.benefits.length > 0 && (
        <div style={{ marginTop: 12 }}>
          <span className="soft small">{t("member.benefits")}</span>
          <ul className="small" style={{ margin: "4px 0 0", paddingInlineStart: 18 }}>
            {tier.benefits.map((benefit, place) => (
              <li key={place}>
                <OneBenefit benefit={benefit} />
              </li>
            ))}
          </ul>
        </div>
      )}
      {tier.next && (
        <div style={{ marginTop: 12 }}>
          <div className="bar" role="meter" aria-label={t("member.toNext")} aria-valuenow={Math.round(share * 100)} aria-valuemin={0} aria-valuemax={100}>
            <span style={{ width: `${share * 100}%` }} />
          </div>
          <span className="soft small">{t("member.missing", { amount: amount(tier.next.missing), tier: tier.next.tier })}</span>
          {(tier.next.missing_orders ?? 0) > 0 && (
            <span className="soft small"> {t("member.missingOrders", { count: tier.next.missing_orders })}</span>
          )}
        </div>
      )}
      {tier.keep && tier.keep.missing > 0 && (
        <p className="soft small">{t("member.keep", { amount: amount(tier.keep.missing), tier: tier.keep.tier, day: format.lastDay(tier.keep.by) })}</p>
      )}
    </Section>
  );
}

/** The name that the rulebook gives it, or what it is. */
function OneBenefit({ benefit }: { benefit: Benefit }) {
  const { t } = useTranslation();
  const format = useFormat();
  const percent = Number(benefit.percent_off);
  // Chinese prices name what is left of ten parts.
  const rate = format.language.startsWith("zh") ? (100 - percent) / 10 : percent;
  const name = benefit.names[format.language] ?? Object.values(benefit.names)[0];
  const kind = t(`member.benefit.${benefit.kind}`, { rate });
  const from = benefit.from_minor ? t("member.benefitFrom", { amount: format.money(benefit.from_minor) }) : "";
  return <>{[name ?? kind, from].filter(Boolean).join(" ")}</>;
}

function Profile({ member }: { member: MemberAnswer }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const names = member.aliases.filter((name) => !name.startsWith("id:"));
  return (
    <Section title={t("member.profile")}>
      <Facts
        rows={[
          [t("members.joined"), format.day(member.joined_at)],
          ...names.map((name): [string, string] => {
            const [kind = "", ...rest] = name.split(":");
            return [word("members.kind", kind), rest.join(":")];
          }),
          ...Object.entries(member.attributes).filter(([name]) => name !== "name").map(([name, value]): [string, string] => [word("attribute", name), value]),
        ]}
      />
    </Section>
  );
}

function Lots({ id }: { id: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const pages = usePages<Lot>(["lots", id], (cursor) =>
    ask<Items<Lot>>(api.GET("/v1/members/{id}/lots", { params: { path: { id }, query: { limit: 5 as never, ...(cursor ? { cursor } : {}) } } })),
  );
  return (
    <Section flush title={t("lots.title")}>
      <List
        pages={pages}
        label={t("lots.title")}
        id={(lot) => String(lot.lot)}
        empty={t("lots.none")}
        columns={[
          { title: t("lots.source"), main: true, show: (lot) => <>{source(lot.source, word)} <span className="soft small">#{lot.lot}</span></> },
          { title: t("lots.state"), show: (lot) => <Mark tone={lot.state === "active" ? "good" : "warn"}>{word("lotState", lot.state)}</Mark> },
          { title: t("lots.remaining"), number: true, show: (lot) => format.points(lot.remaining) },
          { title: t("lots.held"), number: true, show: (lot) => (lot.held > 0 ? format.points(lot.held) : "–") },
          { title: t("lots.granted"), number: true, minor: true, show: (lot) => format.points(lot.granted) },
          { title: t("lots.earned"), minor: true, show: (lot) => format.day(lot.earned_at) },
          { title: t("lots.available"), minor: true, show: (lot) => (lot.available_at ? format.instant(lot.available_at) : t("lots.waits")) },
          { title: t("lots.through"), show: (lot) => lot.valid_through ?? (lot.available_at ? t("lots.never") : "–") },
        ]}
      />
    </Section>
  );
}

export function source(text: string, word: ReturnType<typeof useWord>): string {
  const [, name] = /^(?:rule|grant):(.*)$/.exec(text) ?? [];
  if (name) return name;
  const known = word("source", text);
  return known === text ? word("event", text) : known;
}

function Coupons({ id }: { id: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const signedIn = useSignedIn();
  const [change, setChange] = useState<CouponChange | null>(null);
  const coupons = useQuery<Items<Coupon>, Problem>({
    queryKey: ["coupons", id],
    queryFn: () => ask(api.GET("/v1/members/{id}/coupons", { params: { path: { id } } })),
  });
  if (coupons.data?.items.length === 0) return null;
  return (
    <Section flush title={t("coupons.title")}>
      <ProblemNote problem={coupons.error} retry={() => void coupons.refetch()} />
      {coupons.isPending && <Loading rows={2} />}
      {coupons.data && (
        <Table
          label={t("coupons.title")}
          rows={coupons.data.items}
          id={(coupon) => coupon.code}
          columns={[
            { title: t("coupons.kind"), main: true, show: (coupon) => coupon.coupon },
            { title: t("coupons.code"), show: (coupon) => <code>{coupon.code}</code> },
            { title: t("coupons.off"), show: (coupon) => off(coupon, format, t) },
            { title: t("coupons.through"), show: (coupon) => coupon.valid_through ?? t("lots.never") },
            {
              title: t("do.title"),
              show: (coupon) =>
                may(signedIn, "storefront", "service", "marketing") ? (
                  <Button size="small" onClick={() => setChange({ what: "cancel", code: coupon.code })}>{t("coupons.cancel")}</Button>
                ) : "–",
            },
          ]}
        />
      )}
      {change && <CouponAction change={change} onClose={() => setChange(null)} />}
    </Section>
  );
}

function off(coupon: Coupon, format: ReturnType<typeof useFormat>, t: ReturnType<typeof useTranslation>["t"]): string {
  const what = coupon.off_minor !== null ? format.money(coupon.off_minor) : `${coupon.off_percent}%`;
  return coupon.min_minor > 0 ? t("coupons.offFrom", { off: what, from: format.money(coupon.min_minor) }) : what;
}

function History({ id, member }: { id: string; member: MemberAnswer }) {
  const { t } = useTranslation();
  const pages = usePages<Entry>(["entries", id], (cursor) =>
    ask<Items<Entry>>(api.GET("/v1/members/{id}/entries", { params: { path: { id }, query: { limit: 20 as never, ...(cursor ? { cursor } : {}) } } })),
  );
  return (
    <Section flush title={t("timeline.title")}>
      <Timeline pages={pages} member={member} />
    </Section>
  );
}
