// Webhook endpoints: where events are sent, how that goes, and what was given up.

import { App, Button, Form, Input, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, ask } from "../api/client";
import type { Endpoint, Page as Items } from "../api/answers";
import { en } from "../strings/en";
import { useChange, useFormat, usePages, useWord } from "../lib/use";
import { Dialog, Mark, Page, Section, Short } from "../ui/parts";
import { fieldOf, ProblemNote, showFaults } from "../ui/problem";
import { List } from "../ui/table";
import { Secret } from "./keys";
import { Buttons } from "./member-actions";

export default function Endpoints() {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const [edited, setEdited] = useState<Endpoint | "new" | null>(null);
  const [dead, setDead] = useState<Endpoint | null>(null);
  const [removing, setRemoving] = useState<Endpoint | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const pages = usePages<Endpoint>(["endpoints"], (cursor) => ask<Items<Endpoint>>(api.GET("/v1/endpoints", { params: { query: cursor ? { cursor } : {} } })));
  const rotate = useChange(
    (id: string, key) => ask<{ secret: string }>(api.POST("/v1/endpoints/{id}/rotate", { params: { path: { id }, header: { "Idempotency-Key": key } } })),
    (answer) => setSecret(answer.secret),
  );
  return (
    <Page title={t("endpoints.title")} extra={<Button type="primary" onClick={() => setEdited("new")}>{t("endpoints.new")}</Button>}>
      <ProblemNote problem={rotate.error} />
      <Section flush>
        <List
          pages={pages}
          label={t("endpoints.title")}
          id={(row) => row.endpoint_id}
          empty={t("endpoints.none")}
          columns={[
            { title: t("endpoints.id"), main: true, show: (row) => row.endpoint_id },
            { title: "URL", wrap: true, show: (row) => row.url },
            { title: t("endpoints.kinds"), wrap: true, show: (row) => row.kinds?.map((kind) => word("kind", kind)).join(", ") ?? t("timeline.all") },
            {
              title: t("members.state"),
              show: (row) =>
                row.disabled_at ? <Mark tone="bad">{t("endpoints.disabled")}</Mark>
                  : row.failures > 0 ? <Mark tone="warn">{t("endpoints.failing", { count: row.failures })}</Mark>
                    : <Mark tone="good">{t("endpoints.sending")}</Mark>,
            },
            { title: t("endpoints.retry"), show: (row) => format.instant(row.retry_at) },
            { title: t("endpoints.parked"), number: true, show: (row) => format.points(row.parked) },
            { title: t("endpoints.dead"), number: true, show: (row) => (row.dead > 0 ? <Button size="small" onClick={() => setDead(row)}>{format.points(row.dead)}</Button> : "0") },
            {
              title: t("do.title"),
              show: (row) => (
                <span className="row">
                  <Button size="small" onClick={() => setEdited(row)}>{t("do.edit")}</Button>
                  <Button size="small" loading={rotate.isPending && rotate.variables === row.endpoint_id} onClick={() => rotate.mutate(row.endpoint_id)}>{t("endpoints.rotate")}</Button>
                  <Button size="small" danger onClick={() => setRemoving(row)}>{t("endpoints.remove")}</Button>
                </span>
              ),
            },
          ]}
        />
      </Section>
      {edited && <Edit endpoint={edited === "new" ? null : edited} onClose={() => setEdited(null)} onSecret={setSecret} />}
      {dead && <Dead endpoint={dead} onClose={() => setDead(null)} />}
      {removing && <Remove endpoint={removing} onClose={() => setRemoving(null)} />}
      {secret && <Secret title={t("endpoints.secret")} text={secret} note={t("endpoints.secretOnce")} onClose={() => setSecret(null)} />}
    </Page>
  );
}

function Edit({ endpoint, onClose, onSecret }: { endpoint: Endpoint | null; onClose: () => void; onSecret: (secret: string) => void }) {
  const { t } = useTranslation();
  const word = useWord();
  const { message } = App.useApp();
  const [form] = Form.useForm<{ id: string; url: string; kinds?: string[] }>();
  const change = useChange(
    ({ id, url, kinds }: { id: string; url: string; kinds?: string[] }, key) =>
      ask<{ secret?: string }>(
        api.PUT("/v1/endpoints/{id}", { params: { path: { id }, header: { "Idempotency-Key": key } }, body: { url, ...(kinds?.length ? { kinds } : {}) } as never }),
      ),
    (answer) => {
      if (answer.secret) onSecret(answer.secret);
      else void message.success(t("endpoints.kept"));
      onClose();
    },
  );
  const fields = ["url", "kinds"];
  return (
    <Dialog open title={endpoint ? endpoint.endpoint_id : t("endpoints.new")} onClose={onClose}>
      <Form
        form={form}
        layout="vertical"
        initialValues={{ id: endpoint?.endpoint_id, url: endpoint?.url, kinds: endpoint?.kinds ?? [] }}
        onFinish={(values) => change.mutate(values, { onError: (problem) => showFaults(form, problem, fields) })}
      >
        <p className="quiet">{t("endpoints.lead")}</p>
        <ProblemNote problem={change.error} except={(error) => fields.includes(fieldOf(error))} />
        <Form.Item name="id" label={t("endpoints.id")} rules={[{ required: true, pattern: /^[A-Za-z0-9._:@+=-]{1,64}$/, message: t("rules.nameRule") }]}>
          <Input disabled={endpoint !== null} />
        </Form.Item>
        <Form.Item name="url" label="URL" rules={[{ required: true, message: t("form.required") }]}>
          <Input inputMode="url" placeholder="https://" />
        </Form.Item>
        <Form.Item name="kinds" label={t("endpoints.kinds")}>
          <Select mode="multiple" placeholder={t("timeline.all")} options={Object.keys(en.kind).map((kind) => ({ value: kind, label: word("kind", kind) }))} showSearch={{ optionFilterProp: "label" }} />
        </Form.Item>
        <Buttons busy={change.isPending} onClose={onClose} label={t("do.save")} />
      </Form>
    </Dialog>
  );
}

interface DeadEvent {
  entry_id: string;
  kind: string;
  member_id: string;
  recorded_at: string;
  attempts: number;
  last_error: string;
}

function Dead({ endpoint, onClose }: { endpoint: Endpoint; onClose: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const { message } = App.useApp();
  const id = endpoint.endpoint_id;
  const pages = usePages<DeadEvent>(["dead", id], (cursor) =>
    ask<Items<DeadEvent>>(api.GET("/v1/endpoints/{id}/dead", { params: { path: { id }, query: cursor ? { cursor } : {} } })),
  );
  const replay = useChange(
    (_: null, key) => ask<{ replayed: number }>(api.POST("/v1/endpoints/{id}/replay", { params: { path: { id }, header: { "Idempotency-Key": key } } })),
    (answer) => {
      void message.success(t("endpoints.replayed", { count: answer.replayed }));
      onClose();
    },
  );
  return (
    <Dialog open title={t("endpoints.deadOf", { id })} onClose={onClose} width={760}>
      <ProblemNote problem={replay.error} />
      <List
        pages={pages}
        label={t("endpoints.dead")}
        id={(row) => row.entry_id}
        columns={[
          { title: t("entry.recorded"), show: (row) => format.instant(row.recorded_at) },
          { title: t("entry.kind"), main: true, show: (row) => word("kind", row.kind) },
          { title: t("members.member"), show: (row) => <Link to={`/members/${encodeURIComponent(row.member_id)}`}>{row.member_id}</Link> },
          { title: t("entry.id"), show: (row) => <Short id={row.entry_id} /> },
          { title: t("endpoints.error"), wrap: true, show: (row) => row.last_error },
        ]}
      />
      <Form onFinish={() => replay.mutate(null)} style={{ marginTop: 12 }}>
        <Buttons busy={replay.isPending} onClose={onClose} label={t("endpoints.replay")} />
      </Form>
    </Dialog>
  );
}

function Remove({ endpoint, onClose }: { endpoint: Endpoint; onClose: () => void }) {
  const { t } = useTranslation();
  const change = useChange(
    (id: string, key) => ask(api.DELETE("/v1/endpoints/{id}", { params: { path: { id }, header: { "Idempotency-Key": key } } })),
    onClose,
  );
  return (
    <Dialog open title={t("endpoints.removeTitle", { id: endpoint.endpoint_id })} onClose={onClose}>
      <Form onFinish={() => change.mutate(endpoint.endpoint_id)}>
        <p className="quiet">{t("endpoints.removeLead")}</p>
        <ProblemNote problem={change.error} />
        <Buttons busy={change.isPending} onClose={onClose} danger label={t("endpoints.remove")} />
      </Form>
    </Dialog>
  );
}
