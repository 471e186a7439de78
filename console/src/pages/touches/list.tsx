// Touches as rows, and one touch with all that became of it.

import { Button } from "antd";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, ask, type Problem } from "../../api/client";
import { useNode } from "../../lib/nodes";
import { useFormat, useWord, type Pages } from "../../lib/use";
import { Dialog, Facts, Loading, Mark } from "../../ui/parts";
import { ProblemNote } from "../../ui/problem";
import { List, Table } from "../../ui/table";
import { TONES, type Touch } from "./touch";

export function Touches({ pages, name, ofMember }: { pages: Pages<Touch>; name: (strategy: string) => string; ofMember?: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const node = useNode();
  const [shown, setShown] = useState<Touch | null>(null);
  return (
    <>
      <List
        pages={pages}
        label={t("touches.title")}
        id={(row) => row.touch_id}
        onOpen={setShown}
        // The server looks at so many touches for a page, and the rows may come later.
        empty={t(pages.hasNextPage ? "touches.noneYet" : "touches.none")}
        columns={[
          { title: t("touches.day"), main: ofMember ?? false, show: (row) => row.day },
          ...(ofMember ? [] : [{ title: t("members.member"), main: true, show: (row: Touch) => <Link to={`/members/${encodeURIComponent(row.member_id)}`}>{row.member_id}</Link> }]),
          { title: t("strategy.one"), wrap: true, show: (row) => <>{name(row.strategy)} <span className="soft small">{node(row.node)}</span></> },
          { title: t("touches.state"), show: (row) => <span className="row"><State touch={row} />{row.responded_at && <Mark tone="good">{t("touches.responded")}</Mark>}</span> },
          { title: t("strategy.channels"), show: (row) => (row.channel ? word("contactChannel", row.channel) : row.channels.map((one) => word("contactChannel", one)).join(", ") || "–") },
          { title: t("touches.due"), minor: true, show: (row) => format.instant(row.due_at) },
          { title: t("touches.sent"), show: (row) => format.instant(row.sent_at) },
          { title: t("do.title"), show: (row) => <Button size="small" aria-label={`${t("log.details")}: ${row.member_id}, ${name(row.strategy)}, ${row.day}`} onClick={() => setShown(row)}>{t("log.details")}</Button> },
        ]}
      />
      {shown && <OneTouch touch={shown} name={name} onClose={() => setShown(null)} />}
    </>
  );
}

function State({ touch }: { touch: Touch }) {
  const word = useWord();
  const says = touch.reason ? `${word("touchState", touch.state)}: ${word("touchReason", touch.reason)}` : word("touchState", touch.state);
  return <Mark tone={TONES[touch.state] ?? "plain"}>{says}</Mark>;
}

function OneTouch({ touch, name, onClose }: { touch: Touch; name: (strategy: string) => string; onClose: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const node = useNode();
  // Each look is in the audit log, so nothing repeats it.
  const found = useQuery<Touch, Problem>({
    queryKey: ["touch", touch.touch_id],
    queryFn: () => ask(api.GET("/v1/touches/{id}", { params: { path: { id: touch.touch_id } } })),
    staleTime: Infinity,
  });
  const { attempts = [], links = [] } = found.data ?? {};
  return (
    <Dialog open title={`${name(touch.strategy)} · ${node(touch.node)}`} onClose={onClose} width={860}>
      <p className="row" style={{ marginBottom: 12 }}>
        <State touch={touch} />
        <Link to={`/members/${encodeURIComponent(touch.member_id)}`}>{touch.member_id}</Link>
      </p>
      <Facts
        rows={[
          [t("touches.day"), touch.day],
          [t("touches.decided"), format.instant(touch.decided_at)],
          [t("touches.due"), format.instant(touch.due_at)],
          [t("touches.deadline"), format.instant(touch.deadline_at)],
          [t("touches.sent"), format.instant(touch.sent_at)],
          [t("touches.respondedAt"), format.instant(touch.responded_at)],
          [t("strategy.template"), touch.template ?? "–"],
          [t("view.purpose"), word("purpose", touch.purpose)],
          [t("touches.playbook"), t("overview.version", { version: touch.playbook_version })],
          [t("touches.number"), touch.touch_id],
        ]}
      />
      <ProblemNote problem={found.error} retry={() => void found.refetch()} />
      {found.isPending && <Loading rows={3} />}
      {found.data && (
        <div className="report">
          <h3>{t("touches.attempts")}</h3>
          <Table
            label={t("touches.attempts")}
            rows={attempts}
            id={(one) => `${one.channel} ${one.attempt}`}
            empty={t("touches.noAttempt")}
            columns={[
              { title: t("try.channel"), main: true, show: (one) => `${word("contactChannel", one.channel)} ${one.attempt}` },
              { title: t("touches.account"), show: (one) => one.account ?? "–" },
              { title: t("touches.state"), show: (one) => word("attempt", one.state) },
              { title: t("touches.began"), show: (one) => format.instant(one.started_at) },
              { title: t("touches.settled"), minor: true, show: (one) => format.instant(one.settled_at) },
              { title: t("touches.error"), wrap: true, show: (one) => (one.error ? <span lang="en">{one.error}</span> : (one.provider_id ?? "–")) },
            ]}
          />
          {links.length > 0 && (
            <>
              <h3>{t("touches.links")}</h3>
              <Table
                label={t("touches.links")}
                rows={links}
                id={(one) => `${one.channel} ${one.made_at} ${one.target} ${one.is_trap}`}
                columns={[
                  { title: t("templates.text.link"), main: true, wrap: true, show: (one) => (one.is_trap ? t("touches.trap") : (one.target ?? t("touches.ends"))) },
                  { title: t("try.channel"), show: (one) => word("contactChannel", one.channel) },
                  { title: t("touches.visits"), number: true, show: (one) => format.points(one.visits) },
                  { title: t("touches.clicks"), number: true, show: (one) => format.points(one.clicks) },
                  { title: t("touches.firstClick"), show: (one) => format.instant(one.first_click_at) },
                ]}
              />
            </>
          )}
        </div>
      )}
    </Dialog>
  );
}
