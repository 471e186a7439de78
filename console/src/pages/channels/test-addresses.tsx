// Addresses of staff, where templates may be tried.

import { App, Button, Form, Input, Select } from "antd";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, type Problem } from "../../api/client";
import { useChange, useFormat, useWord } from "../../lib/use";
import { Dialog, Loading, Mark, Section } from "../../ui/parts";
import { fieldOf, ProblemNote, showFaults } from "../../ui/problem";
import { Table } from "../../ui/table";
import { Buttons } from "../member-actions";

interface TestAddress {
  id: string;
  channel: string;
  address: string | null;
  is_of_member: boolean;
  updated_at: string;
  updated_by: string;
}

const CHANNELS = ["sms", "email", "push", "wecom", "wechat"];

export function TestAddresses() {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const { message } = App.useApp();
  const [adding, setAdding] = useState(false);
  const found = useQuery<{ items: TestAddress[] }, Problem>({ queryKey: ["test-addresses"], queryFn: () => ask(api.GET("/v1/test-addresses", {})) });
  const remove = useChange(
    (id: string, key) => ask(api.DELETE("/v1/test-addresses/{id}", { params: { path: { id }, header: { "Idempotency-Key": key } } })),
    () => void message.success(t("testAddresses.removed")),
  );
  return (
    <Section flush title={t("testAddresses.title")} extra={<Button onClick={() => setAdding(true)}>{t("testAddresses.new")}</Button>}>
      <p className="quiet">{t("testAddresses.lead")}</p>
      <ProblemNote problem={found.error ?? remove.error} retry={() => void found.refetch()} />
      {found.isPending && <Loading rows={2} />}
      {found.data && (
        <Table
          label={t("testAddresses.title")}
          rows={found.data.items}
          id={(row) => row.id}
          empty={t("testAddresses.none")}
          columns={[
            { title: t("endpoints.id"), main: true, show: (row) => row.id },
            { title: t("try.channel"), show: (row) => word("contactChannel", row.channel) },
            { title: t("log.address"), show: (row) => <span className="row">{row.address ?? t("view.sealed")}{row.is_of_member && <Mark tone="bad">{t("testAddresses.ofMember")}</Mark>}</span> },
            { title: t("rules.changedBy"), minor: true, show: (row) => `${row.updated_by} · ${format.instant(row.updated_at)}` },
            { title: t("do.title"), show: (row) => <Button size="small" danger loading={remove.isPending && remove.variables === row.id} aria-label={`${t("channels.remove")}: ${row.id}`} onClick={() => remove.mutate(row.id)}>{t("channels.remove")}</Button> },
          ]}
        />
      )}
      {adding && <Add onClose={() => setAdding(false)} />}
    </Section>
  );
}

interface Values {
  id: string;
  channel: string;
  address: string;
}

function Add({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const word = useWord();
  const { message } = App.useApp();
  const [form] = Form.useForm<Values>();
  const fields = ["channel", "address"];
  const change = useChange(
    ({ id, ...body }: Values, key) => ask(api.PUT("/v1/test-addresses/{id}", { params: { path: { id }, header: { "Idempotency-Key": key } }, body: body as never })),
    () => {
      void message.success(t("testAddresses.kept"));
      onClose();
    },
  );
  const required = [{ required: true, message: t("form.required") }];
  return (
    <Dialog open title={t("testAddresses.new")} onClose={onClose}>
      <Form form={form} name="test" layout="vertical" onFinish={(values) => change.mutate(values, { onError: (problem) => showFaults(form, problem, fields) })}>
        <p className="quiet">{t("testAddresses.addLead")}</p>
        <ProblemNote problem={change.error} except={(error) => fields.includes(fieldOf(error))} />
        <Form.Item name="id" label={t("endpoints.id")} rules={[{ required: true, pattern: /^[A-Za-z0-9._:@+=-]{1,64}$/, message: t("rules.nameRule") }]}><Input /></Form.Item>
        <Form.Item name="channel" label={t("try.channel")} rules={required}><Select options={CHANNELS.map((value) => ({ value, label: word("contactChannel", value) }))} /></Form.Item>
        <Form.Item name="address" label={t("log.address")} rules={required}><Input autoComplete="off" /></Form.Item>
        <Buttons busy={change.isPending} onClose={onClose} label={t("do.save")} />
      </Form>
    </Dialog>
  );
}
