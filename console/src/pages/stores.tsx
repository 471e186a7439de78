// The registry of stores, by region, and the stores that entries name though nobody registered them.

import { App, Button, DatePicker, Form, Input } from "antd";
import type { Dayjs } from "dayjs";
import dayjs from "dayjs";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask } from "../api/client";
import type { Page as Items, Store, UnassignedStore } from "../api/answers";
import { useChange, useFilters, useFormat, usePages } from "../lib/use";
import { may, useSignedIn } from "../session";
import { Dialog, Mark, Page, Section, Short } from "../ui/parts";
import { fieldOf, ProblemNote, showFaults } from "../ui/problem";
import { Export, List } from "../ui/table";
import { Buttons } from "./member-actions";

export default function Stores() {
  const { t } = useTranslation();
  const format = useFormat();
  const signedIn = useSignedIn();
  const [filters, setFilters] = useFilters(["region"]);
  const [edited, setEdited] = useState<Partial<Store> | null>(null);
  const [removing, setRemoving] = useState<Store | null>(null);
  const query = filters.region ? { region: filters.region } : {};
  const read = (cursor: string | undefined) => ask<Items<Store>>(api.GET("/v1/stores", { params: { query: { ...query, ...(cursor ? { cursor } : {}) } } }));
  const pages = usePages<Store>(["stores", query], read);
  const writes = may(signedIn);
  return (
    <Page
      title={t("stores.title")}
      extra={
        <>
          <Export
            name="stores"
            read={read}
            columns={[
              ["store_id", (row) => row.store_id],
              ["name", (row) => row.name],
              ["region", (row) => row.region],
              ["department", (row) => row.department],
              ["manager_id", (row) => row.manager_id],
              ["opened_on", (row) => row.opened_on],
              ["closed_on", (row) => row.closed_on],
            ]}
          />
          {writes && <Button type="primary" onClick={() => setEdited({})}>{t("stores.new")}</Button>}
        </>
      }
    >
      {may(signedIn, "marketing", "finance") && !signedIn.stores && <Unassigned onRegister={writes ? (id) => setEdited({ store_id: id }) : null} />}
      <Section flush>
        <div className="filters" role="search">
          <Input.Search
            key={filters.region}
            aria-label={t("stores.region")}
            placeholder={t("stores.regionHint")}
            defaultValue={filters.region}
            allowClear
            enterButton
            style={{ maxWidth: 320 }}
            onSearch={(region) => setFilters({ region: region.trim() })}
          />
        </div>
        <List
          pages={pages}
          label={t("stores.title")}
          id={(row) => row.store_id}
          empty={filters.region ? t("stores.noneThere") : t("stores.none")}
          columns={[
            { title: t("stores.store"), main: true, wrap: true, show: (row) => <>{row.name} <span className="soft small">{row.store_id}</span></> },
            { title: t("stores.region"), wrap: true, show: (row) => <Region path={row.region} onChoose={(region) => setFilters({ region })} /> },
            { title: t("stores.department"), show: (row) => row.department ?? "–" },
            { title: t("stores.manager"), show: (row) => row.manager_id ?? "–" },
            { title: t("stores.opened"), minor: true, show: (row) => row.opened_on ?? "–" },
            {
              title: t("members.state"),
              show: (row) => (row.closed_on && row.closed_on < format.day(new Date().toISOString()) ? <Mark>{t("stores.closed", { day: row.closed_on })}</Mark> : <Mark tone="good">{t("stores.open")}</Mark>),
            },
            ...(writes
              ? [{
                  title: t("do.title"),
                  show: (row: Store) => (
                    <span className="row">
                      <Button size="small" onClick={() => setEdited(row)}>{t("do.edit")}</Button>
                      <Button size="small" danger onClick={() => setRemoving(row)}>{t("stores.remove")}</Button>
                    </span>
                  ),
                }]
              : []),
          ]}
        />
      </Section>
      {edited && <Edit store={edited} onClose={() => setEdited(null)} />}
      {removing && <Remove store={removing} onClose={() => setRemoving(null)} />}
    </Page>
  );
}

/** Each part of the path lists what lies in it. */
function Region({ path, onChoose }: { path: string; onChoose: (region: string) => void }) {
  const parts = path.split("/");
  return (
    <span>
      {parts.map((part, index) => (
        <span key={index}>
          {index > 0 && " / "}
          <Button type="link" size="small" style={{ padding: 0, height: 24 }} onClick={() => onChoose(parts.slice(0, index + 1).join("/"))}>{part}</Button>
        </span>
      ))}
    </span>
  );
}

function Unassigned({ onRegister }: { onRegister: ((id: string) => void) | null }) {
  const { t } = useTranslation();
  const format = useFormat();
  const pages = usePages<UnassignedStore>(["unassigned-stores"], (cursor) =>
    ask<Items<UnassignedStore>>(api.GET("/v1/unassigned-stores", { params: { query: cursor ? { cursor } : {} } })),
  );
  if (pages.data?.length === 0) return null;
  return (
    <Section flush title={t("stores.unassigned")}>
      <p className="soft">{t("stores.unassignedLead")}</p>
      <List
        pages={pages}
        label={t("stores.unassigned")}
        id={(row) => row.store_id}
        columns={[
          { title: t("stores.store"), main: true, show: (row) => row.store_id },
          { title: t("stores.firstAt"), show: (row) => format.instant(row.first_entry_at) },
          { title: t("stores.firstEntry"), minor: true, show: (row) => <Short id={row.first_entry_id} /> },
          ...(onRegister ? [{ title: t("do.title"), show: (row: UnassignedStore) => <Button size="small" onClick={() => onRegister(row.store_id)}>{t("stores.register")}</Button> }] : []),
        ]}
      />
    </Section>
  );
}

interface Values {
  store_id: string;
  name: string;
  region: string;
  department?: string;
  manager_id?: string;
  opened_on?: Dayjs | null;
  closed_on?: Dayjs | null;
}

const FIELDS = ["name", "region", "department", "manager_id", "opened_on", "closed_on"];

function Edit({ store, onClose }: { store: Partial<Store>; onClose: () => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const [form] = Form.useForm<Values>();
  const change = useChange(
    ({ id, body }: { id: string; body: Record<string, string> }, key) =>
      ask<Store>(api.PUT("/v1/stores/{id}", { params: { path: { id }, header: { "Idempotency-Key": key } }, body: body as never })),
    () => {
      void message.success(t("stores.kept"));
      onClose();
    },
  );
  const submit = ({ store_id: id, opened_on: opened, closed_on: closed, ...rest }: Values) => {
    const filled = Object.fromEntries(Object.entries(rest).filter(([, value]) => value));
    const body = {
      ...filled,
      ...(opened ? { opened_on: opened.format("YYYY-MM-DD") } : {}),
      ...(closed ? { closed_on: closed.format("YYYY-MM-DD") } : {}),
    };
    change.mutate({ id, body }, { onError: (problem) => showFaults(form, problem, FIELDS) });
  };
  const required = [{ required: true, whitespace: true, message: t("form.required") }];
  return (
    <Dialog open title={store.name ?? t("stores.new")} onClose={onClose}>
      <Form
        form={form}
        layout="vertical"
        initialValues={{ ...store, opened_on: store.opened_on ? dayjs(store.opened_on) : null, closed_on: store.closed_on ? dayjs(store.closed_on) : null }}
        onFinish={submit}
      >
        <ProblemNote problem={change.error} except={(error) => FIELDS.includes(fieldOf(error))} />
        <Form.Item name="store_id" label={t("stores.id")} extra={t("stores.idHint")} rules={required}><Input maxLength={64} disabled={store.store_id !== undefined} /></Form.Item>
        <Form.Item name="name" label={t("rewards.name")} rules={required}><Input maxLength={100} /></Form.Item>
        <Form.Item name="region" label={t("stores.region")} extra={t("stores.regionRule")} rules={required}><Input maxLength={163} placeholder={t("stores.regionHint")} /></Form.Item>
        <Form.Item name="department" label={t("stores.department")}><Input maxLength={100} /></Form.Item>
        <Form.Item name="manager_id" label={t("stores.manager")}><Input maxLength={100} /></Form.Item>
        <div className="row" style={{ alignItems: "start" }}>
          <Form.Item name="opened_on" label={t("stores.opened")} style={{ flex: 1 }}><DatePicker style={{ width: "100%" }} /></Form.Item>
          <Form.Item name="closed_on" label={t("stores.closedOn")} style={{ flex: 1 }}><DatePicker style={{ width: "100%" }} /></Form.Item>
        </div>
        <Buttons busy={change.isPending} onClose={onClose} label={t("do.save")} />
      </Form>
    </Dialog>
  );
}

function Remove({ store, onClose }: { store: Store; onClose: () => void }) {
  const { t } = useTranslation();
  const change = useChange(
    (id: string, key) => ask(api.DELETE("/v1/stores/{id}", { params: { path: { id }, header: { "Idempotency-Key": key } } })),
    onClose,
  );
  return (
    <Dialog open title={t("stores.removeTitle", { name: store.name })} onClose={onClose}>
      <Form onFinish={() => change.mutate(store.store_id)}>
        <p className="quiet">{t("stores.removeLead")}</p>
        <ProblemNote problem={change.error} />
        <Buttons busy={change.isPending} onClose={onClose} danger label={t("stores.remove")} />
      </Form>
    </Dialog>
  );
}
