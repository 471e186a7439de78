// Accounts at vendors, by which messages go out: how each does, and what a person may do about it.

import { App, Button, Empty, Form, Input } from "antd";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, asProblem, type Problem } from "../../api/client";
import type { Page as Items } from "../../api/answers";
import { useChange, useFormat, usePages, useWord } from "../../lib/use";
import { Dialog, Facts, Loading, Mark, Page } from "../../ui/parts";
import { fieldOf, ProblemNote, showFaults } from "../../ui/problem";
import { Secret } from "../keys";
import { Buttons } from "../member-actions";
import { attempts, type Can, type ChannelAccount } from "./account";
import { AccountForm } from "./form";
import { TestAddresses } from "./test-addresses";

type Asked = { what: "edit" | "pause" | "remove" | "callback"; account: ChannelAccount };

export default function Channels() {
  const { t } = useTranslation();
  const [asked, setAsked] = useState<Asked | "new" | null>(null);
  const [address, setAddress] = useState<string | null>(null);
  const pages = usePages<ChannelAccount>(["channels"], (cursor) => ask<Items<ChannelAccount>>(api.GET("/v1/channels", { params: { query: cursor ? { cursor } : {} } })));
  const problem = pages.error ? asProblem(pages.error) : null;
  const close = () => setAsked(null);
  return (
    <Page title={t("channels.title")} extra={<Button type="primary" onClick={() => setAsked("new")}>{t("channels.new")}</Button>}>
      <p className="quiet">{t("channels.lead")}</p>
      <ProblemNote problem={problem} retry={() => void pages.refetch()} />
      {pages.isPending && !problem && <Loading rows={6} />}
      {pages.data?.length === 0 && <div className="card"><Empty className="empty" image={Empty.PRESENTED_IMAGE_SIMPLE} description={t("channels.none")} /></div>}
      <div className="inbox">
        {pages.data?.map((account) => <Account key={account.channel_id} account={account} onAsk={(what) => setAsked({ what, account })} />)}
      </div>
      {pages.hasNextPage && <div className="more"><Button loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>{t("list.more")}</Button></div>}
      <div style={{ marginTop: 16 }}><TestAddresses /></div>
      {asked === "new" && <AccountForm account={null} onClose={close} />}
      {asked !== null && asked !== "new" && (
        <>
          {asked.what === "edit" && <AccountForm account={asked.account} onClose={close} />}
          {asked.what === "pause" && <Pause account={asked.account} onClose={close} />}
          {asked.what === "remove" && <Remove account={asked.account} onClose={close} />}
          {asked.what === "callback" && <Callback account={asked.account} onClose={close} onMade={setAddress} />}
        </>
      )}
      {address && <Secret title={t("channels.callback")} text={address} note={t("channels.callbackOnce")} onClose={() => setAddress(null)} />}
    </Page>
  );
}

function Account({ account, onAsk }: { account: ChannelAccount; onAsk: (what: Asked["what"]) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const { message } = App.useApp();
  const { channel_id: id } = account;
  const found = useQuery<ChannelAccount, Problem>({ queryKey: ["channel", id], queryFn: () => ask(api.GET("/v1/channels/{id}", { params: { path: { id } } })) });
  const resume = useChange(
    (_: null, key) => ask(api.POST("/v1/channels/{id}/resume", { params: { path: { id }, header: { "Idempotency-Key": key } } })),
    () => void message.success(t("channels.resumed")),
  );
  const { last_day, can } = found.data ?? {};
  const name = (what: string) => `${what}: ${id}`;
  return (
    <article className="card" aria-label={id}>
      <div className="row">
        <Mark tone="info">{word("contactChannel", account.channel)}</Mark>
        <State account={account} />
      </div>
      <h2>{id} <span className="soft small">{word("vendor", account.vendor)}</span></h2>
      {account.paused_because !== null && <p className="fault">{account.paused_because} <span className="soft small">{format.instant(account.paused_at)}</span></p>}
      <ProblemNote problem={found.error ?? resume.error} />
      <Facts
        rows={[
          [t("channels.lastDay"), last_day ? <LastDay key="day" counts={last_day} /> : "–"],
          [t("channels.rate"), t("channels.rateOf", { count: account.per_second, burst: account.burst })],
          [t("channels.rank"), format.points(account.rank)],
          ...(can ? canRows(can) : []),
          [t("channels.callback"), account.has_callback ? t("channels.callbackIs") : t("channels.callbackIsNot")],
          [t("rules.changedBy"), `${account.updated_by} · ${format.instant(account.updated_at)}`],
        ]}
      />
      <div className="row">
        <Button aria-label={name(t("do.edit"))} onClick={() => onAsk("edit")}>{t("do.edit")}</Button>
        {account.paused_because === null ? (
          <Button aria-label={name(t("channels.pause"))} onClick={() => onAsk("pause")}>{t("channels.pause")}</Button>
        ) : (
          <Button type="primary" aria-label={name(t("channels.resume"))} loading={resume.isPending} onClick={() => resume.mutate(null)}>{t("channels.resume")}</Button>
        )}
        {can?.reports !== false && <Button aria-label={name(t("channels.callback"))} onClick={() => onAsk("callback")}>{t("channels.callback")}</Button>}
        <Button danger aria-label={name(t("channels.remove"))} onClick={() => onAsk("remove")}>{t("channels.remove")}</Button>
      </div>
    </article>
  );

  function canRows({ link, batch, templates, reports, repeats_within_s }: Can): [string, string][] {
    return [
      [t("channels.links"), word("linkPlace", link)],
      [t("channels.batch"), format.points(batch)],
      [t("channels.approved"), templates ? t("channels.ofVendor") : t("channels.whole")],
      [t("channels.reports"), reports ? t("conditions.yes") : t("conditions.no")],
      [t("channels.unknown"), repeats_within_s === null ? t("channels.never") : t("channels.again", { time: format.span(repeats_within_s) })],
    ];
  }
}

function State({ account }: { account: ChannelAccount }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (account.paused_because !== null) return <Mark tone="bad">{t("channels.paused")}</Mark>;
  const rests = account.rests_until !== null && Date.parse(account.rests_until) > Date.now();
  return (
    <>
      {rests && <Mark tone="warn">{t("channels.rests", { at: format.instant(account.rests_until) })}</Mark>}
      {account.failures > 0 && <Mark tone="warn">{t("endpoints.failing", { count: account.failures })}</Mark>}
      {!rests && account.failures === 0 && <Mark tone="good">{t("channels.sends")}</Mark>}
    </>
  );
}

function LastDay({ counts }: { counts: Record<string, number> }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const told = attempts(counts);
  if (told.length === 0) return <>{t("channels.nothingSent")}</>;
  return <>{told.map(([state, count]) => <span key={state} className="bit">{word("attempt", state)} {format.points(count)}</span>)}</>;
}

function Pause({ account, onClose }: { account: ChannelAccount; onClose: () => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const [form] = Form.useForm<{ reason?: string }>();
  const { channel_id: id } = account;
  const change = useChange(
    (body: { reason?: string }, key) => ask(api.POST("/v1/channels/{id}/pause", { params: { path: { id }, header: { "Idempotency-Key": key } }, body: body as never })),
    () => {
      void message.success(t("channels.pausedNow"));
      onClose();
    },
  );
  return (
    <Dialog open title={t("channels.pauseTitle", { id })} onClose={onClose}>
      <Form
        form={form}
        layout="vertical"
        onFinish={({ reason }) => change.mutate(reason?.trim() ? { reason: reason.trim() } : {}, { onError: (problem) => showFaults(form, problem, ["reason"]) })}
      >
        <p className="quiet">{t("channels.pauseLead")}</p>
        <ProblemNote problem={change.error} except={(error) => fieldOf(error) === "reason"} />
        <Form.Item name="reason" label={t("form.reason")}><Input maxLength={200} /></Form.Item>
        <Buttons busy={change.isPending} onClose={onClose} label={t("channels.pause")} />
      </Form>
    </Dialog>
  );
}

function Remove({ account, onClose }: { account: ChannelAccount; onClose: () => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const { channel_id: id } = account;
  const change = useChange(
    (_: null, key) => ask(api.DELETE("/v1/channels/{id}", { params: { path: { id }, header: { "Idempotency-Key": key } } })),
    () => {
      void message.success(t("channels.removed"));
      onClose();
    },
  );
  return (
    <Dialog open title={t("channels.removeTitle", { id })} onClose={onClose}>
      <Form onFinish={() => change.mutate(null)}>
        <p className="quiet">{t("channels.removeLead")}</p>
        <ProblemNote problem={change.error} />
        <Buttons busy={change.isPending} onClose={onClose} danger label={t("channels.remove")} />
      </Form>
    </Dialog>
  );
}

/** Each call makes another address, so somebody asks for it knowingly. */
function Callback({ account, onClose, onMade }: { account: ChannelAccount; onClose: () => void; onMade: (address: string) => void }) {
  const { t } = useTranslation();
  const { channel_id: id } = account;
  const change = useChange(
    () => ask<{ callback_path: string }>(api.POST("/v1/channels/{id}/callback", { params: { path: { id } } })),
    ({ callback_path }) => {
      onMade(location.origin + callback_path);
      onClose();
    },
  );
  return (
    <Dialog open title={t("channels.callbackTitle", { id })} onClose={onClose}>
      <Form onFinish={() => change.mutate(undefined)}>
        <p className="quiet">{t("channels.callbackLead")} {account.has_callback && <strong>{t("channels.callbackAnew")}</strong>}</p>
        <ProblemNote problem={change.error} />
        <Buttons busy={change.isPending} onClose={onClose} label={t("channels.callbackMake")} />
      </Form>
    </Dialog>
  );
}
