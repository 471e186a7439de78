// A member's entries, newest first. Each explains itself: the rules that fired and those that did
// not, and the lots that it changed.

import { Button, Checkbox, Empty, Select } from "antd";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useQuery } from "@tanstack/react-query";
import { api, ask, asProblem, type Problem } from "../api/client";
import type { Entry, Member } from "../api/answers";
import { useFilters, useFormat, useWord, type Pages } from "../lib/use";
import { may, useSignedIn } from "../session";
import { en } from "../strings/en";
import { Copy, Facts, Loading, Mark, Moved, Short, type Tone } from "../ui/parts";
import { ProblemNote } from "../ui/problem";
import { CouponAction, Recover, type CouponChange } from "./member-actions";
import { source } from "./member";

/** Also those that none of the entries that were read has: the list is read page by page. */
const KINDS = Object.keys(en.kind);
const SPENT = ["redeem", "capture", "donate"];

export function Timeline({ pages, member }: { pages: Pages<Entry>; member: Member }) {
  const { t } = useTranslation();
  const word = useWord();
  const signedIn = useSignedIn();
  const [filters, setFilters] = useFilters(["kind"]);
  const [chosen, setChosen] = useState<string[]>([]);
  const [recovering, setRecovering] = useState(false);
  const [coupon, setCoupon] = useState<CouponChange | null>(null);
  if (pages.isPending) return <Loading rows={6} />;
  const problem = pages.error ? asProblem(pages.error) : null;
  const entries = pages.data ?? [];
  const shown = entries.filter((entry) => !filters.kind || entry.kind === filters.kind);
  const mayRecover = may(signedIn, "approver", "department_head", "vice_president");
  const recoverable = (entry: Entry) => SPENT.includes(entry.kind) || (entry.kind === "transfer" && entry.points < 0);
  return (
    <>
      <div className="filters">
        <Select
          aria-label={t("timeline.kind")}
          value={filters.kind || ""}
          style={{ minWidth: 140 }}
          onChange={(kind) => setFilters({ kind })}
          options={[{ value: "", label: t("timeline.all") }, ...[...new Set([...KINDS, ...entries.map((entry) => entry.kind), ...(filters.kind ? [filters.kind] : [])])].map((kind) => ({ value: kind, label: word("kind", kind) }))]}
        />
        {mayRecover && entries.some(recoverable) && (
          <Button disabled={chosen.length === 0} onClick={() => setRecovering(true)}>
            {t("recover.chosen", { count: chosen.length })}
          </Button>
        )}
      </div>
      {shown.length === 0 && <Empty className="empty" image={Empty.PRESENTED_IMAGE_SIMPLE} description={t(pages.hasNextPage ? "list.emptySoFar" : "list.empty")} />}
      <ol className="timeline">
        {shown.map((entry) => (
          <Row
            key={entry.entry_id}
            entry={entry}
            choose={mayRecover && recoverable(entry) ? {
              on: chosen.includes(entry.entry_id),
              set: (on) => setChosen((before) => (on ? [...before, entry.entry_id] : before.filter((one) => one !== entry.entry_id))),
            } : null}
            onCoupon={may(signedIn, "storefront", "service", "marketing") ? setCoupon : null}
          />
        ))}
      </ol>
      <ProblemNote problem={problem} retry={() => void pages.fetchNextPage()} />
      {pages.hasNextPage && (
        <div className="more">
          <Button loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>{t("list.more")}</Button>
        </div>
      )}
      {recovering && (
        <Recover
          member={member}
          entries={entries.filter((entry) => chosen.includes(entry.entry_id))}
          onClose={() => setRecovering(false)}
          onDone={() => setChosen([])}
        />
      )}
      {coupon && <CouponAction change={coupon} onClose={() => setCoupon(null)} />}
    </>
  );
}

export const KIND_TONES: Record<string, Tone> = {
  earn: "good",
  opening: "good",
  redeem: "info",
  capture: "info",
  donate: "info",
  grant: "good",
  hold: "warn",
  expire: "plain",
  reverse: "warn",
  freeze: "bad",
  reject: "bad",
  erase: "bad",
  adjust: "info",
  tier_change: "info",
};

function Row({ entry, choose, onCoupon }: {
  entry: Entry;
  choose: { on: boolean; set: (on: boolean) => void } | null;
  onCoupon: ((change: CouponChange) => void) | null;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const [open, setOpen] = useState(false);
  const subject = entry.event ?? entry.charity ?? entry.grant;
  return (
    <li>
      <time className="when" dateTime={entry.occurred_at}>{format.instant(entry.occurred_at)}</time>
      <div className="what">
        <div className="row">
          {choose && <Checkbox aria-label={t("recover.choose", { what: word("kind", entry.kind) })} checked={choose.on} onChange={(event) => choose.set(event.target.checked)} />}
          <Mark tone={KIND_TONES[entry.kind] ?? "plain"}>{word("kind", entry.kind)}</Mark>
          {subject && <strong>{word("event", subject)}</strong>}
          {entry.review && <Mark tone="warn">{t("timeline.review")}</Mark>}
          {entry.reference && <code>{entry.reference}</code>}
          {entry.store_id && <span className="soft">{entry.store_id}</span>}
          {entry.channel && <span className="soft">{word("channel", entry.channel)}</span>}
          <Button type="link" size="small" aria-expanded={open} onClick={() => setOpen(!open)}>{open ? t("timeline.close") : t("timeline.explain")}</Button>
        </div>
        <Summary entry={entry} />
      </div>
      <div className="sum">
        {entry.points !== 0 ? <Moved points={entry.points} /> : <span className="soft">0</span>}
        <small>{t("timeline.after", { points: format.points(entry.balance_after) })}</small>
      </div>
      {open && <Explain entry={entry} onCoupon={onCoupon} />}
    </li>
  );
}

/** One line that says what is special about the entry. */
function Summary({ entry }: { entry: Entry }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const parts: ReactNode[] = [];
  if (entry.tier) parts.push(`${entry.tier.from ?? "–"} → ${entry.tier.to ?? "–"}${entry.tier.until ? ` · ${t("member.through", { day: format.lastDay(entry.tier.until) })}` : ""}`);
  if (entry.reward) parts.push(t("timeline.reward", { reward: entry.reward.reward_id, count: entry.reward.quantity }));
  if (entry.deduction) parts.push(t("timeline.deduction", { money: format.money(entry.deduction.money_minor), order: format.money(entry.deduction.order_minor) }));
  if (entry.discount) parts.push(t("timeline.discount", { money: format.money(entry.discount.off_minor), order: format.money(entry.discount.order_minor) }));
  if (entry.coupons?.length) parts.push(t("timeline.coupons", { coupons: entry.coupons.map((one) => one.coupon).join(", ") }));
  if (entry.counterparty) parts.push(<Link key="other" to={`/members/${encodeURIComponent(entry.counterparty)}`}>{entry.counterparty}</Link>);
  if (entry.adjustment) parts.push(t("timeline.adjustment", { points: format.signed(entry.adjustment.points), reason: word("reason", entry.adjustment.reason_code), who: entry.adjustment.requested_by.name ?? entry.adjustment.requested_by.actor }));
  if (entry.hold) parts.push(t("timeline.hold", { points: format.points(entry.hold.points), until: format.instant(entry.hold.until) }));
  if (entry.reminder) parts.push(t("timeline.reminder", { points: format.points(entry.reminder.points), day: entry.reminder.first_valid_through }));
  if (entry.debt) parts.push(t("timeline.debt", { points: format.signed(entry.debt) }));
  if (entry.reason) parts.push(<q key="reason">{entry.reason}</q>);
  if (parts.length === 0) return null;
  return <div className="soft row small">{parts.map((part, index) => <span key={index}>{part}</span>)}</div>;
}

export function Explain({ entry, onCoupon, isStored = true }: {
  entry: Entry;
  onCoupon: ((change: CouponChange) => void) | null;
  /** A simulation is in no books. */
  isStored?: boolean;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const life = (lot: NonNullable<Entry["lots"]>[number]) =>
    lot.valid_through ? t("member.through", { day: lot.valid_through }) : "expires_at" in lot && lot.available_at ? t("lots.never") : null;
  return (
    <div className="explain">
      {entry.rules && (
        <>
          <h4>{t("explain.fired")}</h4>
          <ul>
            {entry.rules.map((rule) => (
              <li key={rule.rule}>
                <span>{[ruleName(rule.rule, entry.kind, word), ...(rule.tags ?? [])].join(" · ")}</span>
                <span className="end">
                  {String(rule.granted) === rule.desired
                    ? format.signed(rule.granted)
                    : t("explain.cut", { granted: format.signed(rule.granted), desired: rule.desired })}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
      {entry.silent_rules && (
        <>
          <h4>{t("explain.silent")}</h4>
          <ul>
            {entry.silent_rules.map((rule) => (
              <li key={rule.rule}>
                <span>{ruleName(rule.rule, entry.kind, word)}</span>
                <span className="end soft">{word("because", rule.because)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      {entry.lots && (
        <>
          <h4>{t("explain.lots")}</h4>
          <ul>
            {entry.lots.map((lot, index) => (
              <li key={index}>
                <span>#{lot.lot} {word("lotChange", lot.change)}{lot.source ? ` · ${source(lot.source, word)}` : ""}</span>
                {life(lot) && <span className="soft">{life(lot)}</span>}
                <span className="end">{lot.points !== 0 && <Moved points={lot.points} />}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      {entry.lines && (
        <>
          <h4>{t("explain.lines")}</h4>
          <ul>
            {entry.lines.map((line) => (
              <li key={line.line_id}>
                <span>{[line.category, line.sku].filter(Boolean).join(" · ") || line.line_id} × {line.quantity}</span>
                <span className="soft">{format.money(line.amount_minor)}</span>
                <span className="end"><Moved points={line.granted} /></span>
              </li>
            ))}
          </ul>
        </>
      )}
      {entry.coupons && (
        <>
          <h4>{t("coupons.title")}</h4>
          <ul>
            {entry.coupons.map((coupon) => (
              <li key={coupon.code}>
                <span>{coupon.coupon}</span>
                <code>{coupon.code}</code>
                {entry.kind === "coupon_redeem" && onCoupon && (
                  <span className="end">
                    <Button size="small" onClick={() => onCoupon({ what: "restore", code: coupon.code, entry: entry.entry_id })}>{t("coupons.restore")}</Button>
                  </span>
                )}
              </li>
            ))}
          </ul>
        </>
      )}
      {isStored && entry.kind === "hold" && <HoldOf id={entry.entry_id} />}
      {isStored && <h4>{t("explain.record")}</h4>}
      {isStored && <Facts
        rows={[
          [t("entry.id"), <span key="id"><Short id={entry.entry_id} /> <Copy text={entry.entry_id} /></span>],
          [t("entry.recorded"), format.instant(entry.recorded_at)],
          [t("entry.actor"), entry.actor ?? "–"],
          entry.rulebook_version !== undefined && [t("entry.rulebook"), <Link key="book" to={`/rules?version=${entry.rulebook_version}`}>{t("overview.version", { version: entry.rulebook_version })}</Link>],
          entry.corrects !== undefined && [t("entry.corrects"), <Short key="corrects" id={entry.corrects} />],
          entry.growth !== undefined && [t("member.growth"), format.signed(entry.growth)],
          [t("entry.hash"), <Short key="hash" id={entry.hash} />],
        ]}
      />}
    </div>
  );
}

/** `tier:gold` is the level's multiplier in an earn, and its gift where the level is reached. */
function ruleName(rule: string, kind: string, word: ReturnType<typeof useWord>): string {
  if (rule.startsWith("rule:")) return rule.slice(5);
  if (rule.startsWith("tier:")) return `${word("explain", kind === "earn" ? "multiplier" : "tier")} ${rule.slice(5)}`;
  return word("event", rule);
}

interface Hold {
  state: string;
  points: number;
  captured?: number;
  until: string;
}

/** What became of a hold, by the clock. */
function HoldOf({ id }: { id: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const hold = useQuery<Hold, Problem>({
    queryKey: ["hold", id],
    queryFn: () => ask(api.GET("/v1/holds/{id}", { params: { path: { id } } })),
  });
  if (!hold.data) return <ProblemNote problem={hold.error} />;
  return (
    <>
      <h4>{t("explain.hold")}</h4>
      <p className="row">
        <Mark tone={hold.data.state === "open" ? "warn" : "plain"}>{word("holdState", hold.data.state)}</Mark>
        {t("timeline.hold", { points: format.points(hold.data.points), until: format.instant(hold.data.until) })}
      </p>
    </>
  );
}
