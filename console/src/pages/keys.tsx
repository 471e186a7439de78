// API keys: who has which, and what they may do. A key is shown once, when it is made.

import { Alert, App, Button, Form, Input, Modal, Select } from "antd";
import type { Dayjs } from "dayjs";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask } from "../api/client";
import { ROLES, type Key, type Page as Items } from "../api/answers";
import { useOwnRoles, useRoleName, useRoleTitle } from "../lib/roles";
import { SEPARATORS } from "../lib/separators";
import { useChange, useFilters, useFormat, usePages } from "../lib/use";
import { Copy, Dialog, Mark, Page, Section } from "../ui/parts";
import { fieldOf, ProblemNote, showFaults } from "../ui/problem";
import { InstantPicker } from "../ui/instant";
import { Export, List } from "../ui/table";
import { Buttons } from "./member-actions";
import { atZone } from "../lib/dates";

const read = (cursor: string | undefined) => ask<Items<Key>>(api.GET("/v1/keys", { params: { query: { limit: 100 as never, ...(cursor ? { cursor } : {}) } } }));

export default function Keys() {
  const { t } = useTranslation();
  const format = useFormat();
  const roleTitle = useRoleTitle();
  const { message } = App.useApp();
  const [filters, setFilters] = useFilters(["show"]);
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<Key | null>(null);
  const [revoking, setRevoking] = useState<Key | null>(null);
  const pages = usePages<Key>(["keys"], read);
  const rows = { ...pages, data: pages.data?.filter((key) => filters.show === "all" || !key.revoked_at) } as typeof pages;
  const rotate = useChange(
    (prefix: string, key) => ask<Key>(api.POST("/v1/keys/{prefix}/rotate", { params: { path: { prefix }, header: { "Idempotency-Key": key } } })),
    setMade,
  );
  const approve = useChange(
    (prefix: string, key) => ask<Key>(api.POST("/v1/keys/{prefix}/approve", { params: { path: { prefix }, header: { "Idempotency-Key": key } } })),
    () => void message.success(t("inbox.approved")),
  );
  const state = (key: Key) =>
    key.revoked_at ? <Mark>{t("keys.revoked")}</Mark>
      : key.waits ? <Mark tone="warn">{t("keys.waits")}</Mark>
        : key.expires_at && Date.parse(key.expires_at) < Date.now() ? <Mark>{t("keys.ended")}</Mark>
          : <Mark tone="good">{t("keys.counts")}</Mark>;
  return (
    <Page
      title={t("keys.title")}
      extra={
        <>
          <Export
            name="keys"
            read={read}
            columns={[
              ["prefix", (key) => key.prefix],
              ["role", (key) => key.role],
              ["label", (key) => key.label],
              ["person_id", (key) => key.person_id],
              ["stores", (key) => key.stores?.join(" ")],
              ["created_at", (key) => key.created_at],
              ["created_by", (key) => key.created_by],
              ["last_used_at", (key) => key.last_used_at],
              ["expires_at", (key) => key.expires_at],
              ["revoked_at", (key) => key.revoked_at],
            ]}
          />
          <Button type="primary" onClick={() => setMaking(true)}>{t("keys.new")}</Button>
        </>
      }
    >
      <ProblemNote problem={rotate.error ?? approve.error} />
      <Section flush>
        <div className="filters">
          <Select
            aria-label={t("members.state")}
            value={filters.show || ""}
            style={{ minWidth: 140 }}
            onChange={(show) => setFilters({ show })}
            options={[{ value: "", label: t("keys.inUse") }, { value: "all", label: t("keys.withRevoked") }]}
          />
        </div>
        <List
          pages={rows}
          label={t("keys.title")}
          id={(key) => key.prefix}
          columns={[
            { title: t("keys.label"), main: true, wrap: true, show: (key) => key.label },
            { title: t("keys.prefix"), show: (key) => <code>{key.prefix}</code> },
            { title: t("keys.role"), show: (key) => roleTitle(key.role, key.base) },
            { title: t("keys.person"), show: (key) => key.person_id ?? "–" },
            { title: t("keys.stores"), wrap: true, show: (key) => key.stores?.join(", ") ?? t("keys.allStores") },
            { title: t("members.state"), show: state },
            { title: t("keys.lastUsed"), show: (key) => format.instant(key.last_used_at) },
            { title: t("keys.expires"), minor: true, show: (key) => format.instant(key.expires_at) },
            { title: t("keys.madeBy"), minor: true, show: (key) => key.created_by },
            {
              title: t("do.title"),
              show: (key) =>
                key.revoked_at || key.prefix.startsWith("key_") ? "–" : (
                  <span className="row">
                    {key.waits && <Button size="small" type="primary" onClick={() => approve.mutate(key.prefix)}>{t("inbox.approve")}</Button>}
                    {!key.waits && <Button size="small" loading={rotate.isPending && rotate.variables === key.prefix} onClick={() => rotate.mutate(key.prefix)}>{t("keys.rotate")}</Button>}
                    <Button size="small" danger onClick={() => setRevoking(key)}>{t("keys.revoke")}</Button>
                  </span>
                ),
            },
          ]}
        />
      </Section>
      {making && <Make onClose={() => setMaking(false)} onMade={setMade} />}
      {made?.key && <Secret title={t("keys.made")} text={made.key} note={made.waits ? t("keys.madeWaits") : t("keys.once")} onClose={() => setMade(null)} />}
      {revoking && <Revoke item={revoking} onClose={() => setRevoking(null)} />}
    </Page>
  );
}

/** Shows what is shown only once; it closes by its button alone. */
export function Secret({ title, text, note, onClose }: { title: string; text: string; note: string; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal open title={title} closable={false} mask={{ closable: false }} keyboard={false} footer={<Button type="primary" onClick={onClose}>{t("keys.kept")}</Button>}>
      <Alert className="problem" type="warning" showIcon title={note} />
      <p className="row"><code style={{ overflowWrap: "anywhere" }}>{text}</code><Copy text={text} /></p>
    </Modal>
  );
}

const FIELDS = ["role", "label", "person_id", "stores", "expires_at"];
const NEEDS_PERSON: string[] = ["approver", "department_head", "vice_president", "admin"];

function Make({ onClose, onMade }: { onClose: () => void; onMade: (key: Key) => void }) {
  const { t } = useTranslation();
  const roleName = useRoleName();
  const own = useOwnRoles();
  const format = useFormat();
  const [form] = Form.useForm<{ role: string; label: string; person_id?: string; stores?: string[]; expires_at?: Dayjs }>();
  const chosen = Form.useWatch("role", form);
  const role = own.find((one) => one.role_id === chosen)?.base ?? chosen;
  const change = useChange(
    (body: { role: string; label: string; person_id?: string; stores?: string[]; expires_at?: string }, key) =>
      ask<Key>(api.POST("/v1/keys", { params: { header: { "Idempotency-Key": key } }, body: body as never })),
    (key) => {
      onMade(key);
      onClose();
    },
  );
  return (
    <Dialog open title={t("keys.new")} onClose={onClose}>
      <Form
        form={form}
        layout="vertical"
        onFinish={({ expires_at: end, person_id: person, stores, ...rest }) =>
          change.mutate(
            {
              ...rest,
              ...(person ? { person_id: person } : {}),
              ...(stores?.length ? { stores } : {}),
              ...(end ? { expires_at: atZone(end, format.timeZone) } : {}),
            },
            { onError: (problem) => showFaults(form, problem, FIELDS) },
          )
        }
      >
        <ProblemNote problem={change.error} except={(error) => FIELDS.includes(fieldOf(error))} />
        <Form.Item name="role" label={t("keys.role")} rules={[{ required: true, message: t("form.required") }]}>
          <Select options={[...ROLES, ...own.map((one) => one.role_id)].map((value) => ({ value, label: roleName(value) }))} />
        </Form.Item>
        <Form.Item name="label" label={t("keys.label")} rules={[{ required: true, whitespace: true, message: t("form.required") }]}>
          <Input maxLength={100} placeholder={t("keys.labelHint")} />
        </Form.Item>
        <Form.Item name="person_id" label={t("keys.person")} extra={t("keys.personHint")} rules={role && NEEDS_PERSON.includes(role) ? [{ required: true, message: t("form.required") }] : []}>
          <Input maxLength={100} />
        </Form.Item>
        {role !== "admin" && role !== "job" && (
          <Form.Item name="stores" label={t("keys.stores")}>
            <Select mode="tags" placeholder={t("keys.allStores")} tokenSeparators={SEPARATORS} open={false} suffixIcon={null} />
          </Form.Item>
        )}
        <Form.Item name="expires_at" label={t("keys.expires")}>
          <InstantPicker placeholder={t("keys.never")} />
        </Form.Item>
        <Buttons busy={change.isPending} onClose={onClose} label={t("keys.new")} />
      </Form>
    </Dialog>
  );
}

function Revoke({ item, onClose }: { item: Key; onClose: () => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const change = useChange(
    (prefix: string, key) => ask(api.DELETE("/v1/keys/{prefix}", { params: { path: { prefix }, header: { "Idempotency-Key": key } } })),
    () => {
      void message.success(t("keys.revokedDone"));
      onClose();
    },
  );
  return (
    <Dialog open title={t("keys.revokeTitle", { label: item.label })} onClose={onClose}>
      <Form onFinish={() => change.mutate(item.prefix)}>
        <p className="quiet">{t("keys.revokeLead")}</p>
        <p style={{ marginBottom: 12 }}><code>{item.prefix}</code></p>
        <ProblemNote problem={change.error} />
        <Buttons busy={change.isPending} onClose={onClose} danger label={t("keys.revoke")} />
      </Form>
    </Dialog>
  );
}
