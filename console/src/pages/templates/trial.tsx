// Sends a template to an address of staff, as it would go out, and says what became of it.

import { Alert, Button, Form, Select } from "antd";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, ask, type Problem } from "../../api/client";
import { useChange, useFormat, useWord } from "../../lib/use";
import { Dialog, LeaveButton, Loading } from "../../ui/parts";
import { ProblemNote } from "../../ui/problem";
import { MessageShown, occasionOf, type Occasion } from "./shown";
import { LANGUAGES, type Channel, type Language, type Message } from "./template";

interface Places {
  items: { id: string; channel: Channel; address: string | null }[];
  accounts: { channel_id: string; channel: Channel; vendor: string; is_paused: boolean }[];
}

interface Told {
  outcome: "accepted" | "not_now" | "refused" | "account_refused" | "unknown";
  detail: string | null;
  after_s: number | null;
  message: Message;
}

interface Values {
  to: string;
  channel_id?: string;
  language: Language;
}

const TONES = { accepted: "success", not_now: "warning", refused: "error", account_refused: "error", unknown: "warning" } as const;

export function Trial({ id, occasion, onClose }: { id: string; occasion: Occasion; onClose: () => void }) {
  const { t } = useTranslation();
  const found = useQuery<Places, Problem>({ queryKey: ["template-test", id], queryFn: () => ask(api.GET("/v1/templates/{id}/test", { params: { path: { id } } })) });
  return (
    <Dialog open title={t("trial.title", { id })} onClose={onClose} width={640}>
      <ProblemNote problem={found.error} retry={() => void found.refetch()} />
      {found.isPending && <Loading />}
      {found.data?.items.length === 0 && <Alert type="info" showIcon title={t("trial.none")} />}
      {found.data && found.data.items.length > 0 && <Sends id={id} places={found.data} occasion={occasion} onClose={onClose} />}
    </Dialog>
  );
}

function Sends({ id, places, occasion, onClose }: { id: string; places: Places; occasion: Occasion; onClose: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const [form] = Form.useForm<Values>();
  const to = Form.useWatch("to", form) ?? places.items[0]?.id;
  const channel = places.items.find((one) => one.id === to)?.channel;
  const accounts = places.accounts.filter((one) => one.channel === channel);
  const send = useChange((body: object, key) => ask<Told>(api.POST("/v1/templates/{id}/test", { params: { path: { id }, header: { "Idempotency-Key": key } }, body: body as never })));
  const told = send.data;
  return (
    <Form
      form={form}
      layout="vertical"
      initialValues={{ to: places.items[0]?.id, language: format.language === "zh-CN" ? "zh-CN" : "en" }}
      onFinish={({ to: address, channel_id, language }) =>
        send.mutate({ to: address, language, ...(channel_id ? { channel_id } : {}), ...(occasion.member.trim() ? { member_id: occasion.member.trim() } : {}), ...occasionOf(occasion) })}
    >
      <p className="quiet">{t("trial.lead")}</p>
      <ProblemNote problem={send.error} />
      <Form.Item name="to" label={t("trial.to")}>
        <Select onChange={() => form.resetFields(["channel_id"])} options={places.items.map((one) => ({ value: one.id, label: `${one.id} · ${word("contactChannel", one.channel)} · ${one.address ?? "–"}` }))} />
      </Form.Item>
      <div className="row" style={{ alignItems: "start" }}>
        <Form.Item name="language" label={t("staff.language")} style={{ flex: "1 1 140px" }}>
          <Select options={LANGUAGES.map((value) => ({ value, label: word("language", value) }))} />
        </Form.Item>
        <Form.Item name="channel_id" label={t("touches.account")} style={{ flex: "2 1 220px" }}>
          <Select allowClear placeholder={t("trial.usual")} options={accounts.map((one) => ({ value: one.channel_id, label: `${one.channel_id} · ${word("vendor", one.vendor)}`, disabled: one.is_paused }))} />
        </Form.Item>
      </div>
      <div role="status">
        {told && (
          <Alert
            className="problem"
            type={TONES[told.outcome]}
            showIcon
            title={t(`trial.outcome.${told.outcome}`)}
            description={(told.detail || told.after_s) && (
              <>
                {told.after_s !== null && <div>{t("trial.after", { time: format.span(told.after_s) })}</div>}
                {told.detail && <div lang="en">{told.detail}</div>}
              </>
            )}
          />
        )}
      </div>
      {told && channel && <MessageShown message={told.message} channel={channel} needs={[]} />}
      <div className="row" style={{ justifyContent: "flex-end", marginTop: 12 }}>
        {told ? <Button onClick={onClose}>{t("trial.close")}</Button> : <LeaveButton onClose={onClose}>{t("do.cancel")}</LeaveButton>}
        {/* Another press is another test: the values are the same, and the key is a new one. */}
        <Button type="primary" htmlType="submit" loading={send.isPending}>{t(told ? "trial.again" : "trial.send")}</Button>
      </div>
    </Form>
  );
}
