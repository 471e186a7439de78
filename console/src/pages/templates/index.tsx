// The templates of the programme: what members are written, by purpose and channel.

import { Button, Checkbox, Form, Input, Radio } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { api, ask, asProblem, type Problem } from "../../api/client";
import type { Page as Items } from "../../api/answers";
import { useFormat, usePages, useWord } from "../../lib/use";
import { may, useSignedIn } from "../../session";
import { Dialog, Mark, Page, Section } from "../../ui/parts";
import { ProblemNote } from "../../ui/problem";
import { List } from "../../ui/table";
import { Buttons } from "../member-actions";
import { Remove } from "./remove";
import { CHANNELS, PURPOSES, TEMPLATE_ID, withChannel, type Channel, type Document, type Purpose, type TemplateRow } from "./template";

const pathOf = (id: string) => `/templates/${encodeURIComponent(id)}`;

export default function Templates() {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const navigate = useNavigate();
  const signedIn = useSignedIn();
  const [making, setMaking] = useState(false);
  const [removing, setRemoving] = useState<string | null>(null);
  const pages = usePages<TemplateRow>(["templates"], (cursor) => ask<Items<TemplateRow>>(api.GET("/v1/templates", { params: { query: cursor ? { cursor } : {} } })));
  const writes = may(signedIn, "marketing");
  return (
    <Page title={t("templates.title")} extra={writes && <Button type="primary" onClick={() => setMaking(true)}>{t("templates.new")}</Button>}>
      <Section flush>
        <List
          pages={pages}
          label={t("templates.title")}
          id={(row) => row.template_id}
          empty={t("templates.none")}
          onOpen={(row) => void navigate(pathOf(row.template_id))}
          columns={[
            { title: t("templates.id"), main: true, show: (row) => <Link to={pathOf(row.template_id)}>{row.template_id}</Link> },
            { title: t("templates.purpose"), show: (row) => <Mark tone={row.purpose === "marketing" ? "info" : "plain"}>{word("purpose", row.purpose)}</Mark> },
            { title: t("strategy.channels"), wrap: true, show: (row) => CHANNELS.filter((one) => row.channels.includes(one)).map((one) => word("contactChannel", one)).join(", ") },
            { title: t("rules.version"), number: true, show: (row) => format.points(row.version) },
            { title: t("rules.changedAt"), show: (row) => format.instant(row.updated_at) },
            { title: t("rules.changedBy"), minor: true, show: (row) => row.updated_by },
            ...(writes ? [{ title: t("do.title"), show: (row: TemplateRow) => <Button size="small" danger aria-label={`${t("templates.remove")}: ${row.template_id}`} onClick={() => setRemoving(row.template_id)}>{t("templates.remove")}</Button> }] : []),
          ]}
        />
      </Section>
      {making && <New onClose={() => setMaking(false)} />}
      {removing && <Remove id={removing} onClose={() => setRemoving(null)} />}
    </Page>
  );
}

/** Nothing is stored until the first text is saved. */
function New({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const word = useWord();
  const navigate = useNavigate();
  const [form] = Form.useForm<{ id: string; purpose: Purpose; channels: Channel[] }>();
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const begin = async ({ id, purpose, channels }: { id: string; purpose: Purpose; channels: Channel[] }) => {
    setBusy(true);
    setProblem(null);
    try {
      await ask(api.GET("/v1/templates/{id}", { params: { path: { id } } }));
      form.setFields([{ name: "id", errors: [t("strategy.idTaken")] }]);
    } catch (error) {
      const why = asProblem(error);
      const empty: Document = { purpose, texts: {} };
      if (why.slug === "resource-not-found") void navigate(pathOf(id), { state: { begun: channels.reduce(withChannel, empty) } });
      else setProblem(why);
    }
    setBusy(false);
  };
  return (
    <Dialog open title={t("templates.new")} onClose={onClose}>
      <Form form={form} name="template" layout="vertical" initialValues={{ purpose: "service", channels: ["sms"] }} onFinish={(values) => void begin(values)}>
        <ProblemNote problem={problem} />
        <Form.Item name="id" label={t("templates.id")} extra={t("templates.idHint")} rules={[{ required: true, pattern: TEMPLATE_ID, message: t("templates.idRule") }]}>
          <Input />
        </Form.Item>
        <Form.Item name="purpose" label={t("templates.purpose")} extra={t("templates.purposeHint")}>
          <Radio.Group options={PURPOSES.map((value) => ({ value, label: word("purpose", value) }))} />
        </Form.Item>
        <Form.Item name="channels" label={t("strategy.channels")} rules={[{ validator: (_, chosen: Channel[]) => (chosen.length > 0 ? Promise.resolve() : Promise.reject(new Error(t("form.required")))) }]}>
          <Checkbox.Group options={CHANNELS.map((value) => ({ value, label: word("contactChannel", value) }))} />
        </Form.Item>
        <Buttons busy={busy} onClose={onClose} label={t("templates.begin")} />
      </Form>
    </Dialog>
  );
}
